"""Writes files for programs that run as other users: atomically, and readable by one group."""

import os
from pathlib import Path


def write(path: Path, content: str | bytes, *, group: int | None = None) -> bool:
    """Replace the file by `content` if that differs; return whether it changed.

    Only its owner can read it, and `group` if given; the process must be in that group.
    """
    mode = 0o600 if group is None else 0o640
    data = content.encode() if isinstance(content, str) else content
    if _read(path) == data and path.stat().st_mode & 0o777 == mode:
        return False
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        if group is not None:
            os.fchown(file.fileno(), -1, group)
            os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    part.rename(path)
    return True


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
