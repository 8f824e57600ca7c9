"""Hashes of passwords for the page, as `teleinfo-monitor password` writes them but quick to check."""

import base64
import hashlib
import secrets
from pathlib import Path


def quick_hash(password: str) -> str:
    """Return a line of little strength: n is 16."""
    salt = secrets.token_bytes(18)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=16, r=8, p=1, dklen=32)
    return f"$scrypt$ln=4,r=8,p=1${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode().rstrip('=')}"


def lock(file: Path, password: str = "correct horse") -> Path:
    """Write the file; return it."""
    file.write_text(quick_hash(password) + "\n", encoding="utf-8")
    return file
