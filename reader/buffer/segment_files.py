"""Reads, replaces and syncs the files of the spool, so that a power cut or a bad sector costs as little as possible."""

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

from reader.buffer.folder import no_link

_DAMAGED_KEPT = 8  # files
_PAGE = 4096  # bytes that are skipped where the disk cannot read


def read_readable(path: Path, pread: Callable[[int, int, int], bytes] = os.pread) -> bytes:
    """Return the bytes of a file, with zeros for pages that the disk cannot read.

    Raises:
        OSError: the file cannot be opened, or reading fails for another reason than a bad sector.
    """
    file = no_link(path, os.O_RDONLY)
    try:
        pages = []
        for offset in range(0, os.fstat(file).st_size, _PAGE):
            try:
                pages.append(pread(file, _PAGE, offset))
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                pages.append(bytes(_PAGE))
        return b"".join(pages)
    finally:
        os.close(file)


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file's contents atomically, and sync it.

    Raises:
        OSError: there is no room; the file is as it was.
    """
    part = path.with_suffix(".part")
    try:
        with open(part, "wb", opener=no_link) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make new and renamed files of a folder survive a power cut."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def save_damaged(folder: Path, number: int, data: bytes) -> None:
    """Append the damaged bytes of a segment to a file of their own; the oldest of many such files go."""
    with open(folder / f"{number:08}.damaged", "ab", opener=no_link) as file:
        file.write(data)
    files = sorted(folder.glob("*.damaged"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in files[:-_DAMAGED_KEPT]:
        path.unlink()
