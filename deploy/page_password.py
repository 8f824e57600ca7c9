"""The file with the hash of the page's password. Pure: no I/O."""

from monitor.web.password import SHORTEST, hashed, matches

__all__ = ["SHORTEST", "password_file"]


def password_file(password: str, existing: str) -> str:
    """Return the file; the existing one as long as it is right: another hash would end all sessions."""
    return existing if matches(password, existing.rstrip("\n")) else hashed(password) + "\n"
