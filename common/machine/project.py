"""Where the project is published: the address that its requests to others name."""

#: The first release writes the account in the place of OWNER (deploy/release/account.py).
PROJECT = "https://github.com/OWNER/teleinfo-monitor"


def account() -> str | None:
    """Return the account that publishes the project; None: none is named yet."""
    name = PROJECT.split("/")[3]
    return None if name == "owner".upper() else name
