"""The reason why a release stops."""


class ReleaseError(Exception):
    """Something is missing or contradicts the rest; its text says what."""
