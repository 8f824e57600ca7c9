"""Facts of the disk that a folder is on: free space, read-only, in memory. The folder need not exist yet."""

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")


def free_space(folder: Path) -> int | None:
    """Return the bytes that are free for users on the disk that a folder is or would be on; None if unknown."""
    try:
        status = os.statvfs(nearest_existing(folder))
    except OSError:
        return None
    return status.f_bavail * status.f_frsize


def is_read_only(folder: Path) -> bool:
    """Return whether the disk that a folder is or would be on is mounted read-only."""
    try:
        return bool(os.statvfs(nearest_existing(folder)).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def nearest_existing(folder: Path) -> Path:
    """Return the folder itself, or the nearest one above it that exists."""
    for place in (folder, *folder.parents):
        try:
            place.stat()
        except OSError:
            continue
        return place
    return Path("/")


def memory_backed(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Return whether what is written into this folder stays in memory (tmpfs or ramfs)."""
    try:
        lines = mounts.read_text(errors="surrogateescape").rstrip("\n").split("\n")
    except OSError:
        return False
    folder = folder.resolve()
    deepest, backed = -1, False
    for line in lines:
        # A dash ends the optional fields: 36 35 98:0 /root /mnt options shared:1 - tmpfs source options
        left, _, right = line.partition(" - ")
        point = Path(_unescape(left.split(" ")[4]))
        # Of two on the same point, the later one is on top.
        if folder.is_relative_to(point) and len(point.parts) >= deepest:
            deepest, backed = len(point.parts), right.split(" ")[0] in ("tmpfs", "ramfs")
    return backed


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)
