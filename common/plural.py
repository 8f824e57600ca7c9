"""Formats a number with its noun. Pure."""


def plural(count: int, noun: str) -> str:
    """Return the number and the noun, in the plural unless the number is 1.

    >>> plural(1, "frame"), plural(0, "frame"), plural(1204, "byte")
    ('1 frame', '0 frames', '1204 bytes')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
