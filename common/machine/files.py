"""Replaces files: whatever happens in between, the old one or the new one is there, whole."""

import os
import tempfile
from pathlib import Path


def replace_file(file: Path, content: bytes, *, mode: int, owner: os.stat_result | None = None) -> None:
    """Write a file anew; `owner` has the user and the group that it belongs to, else it is ours.

    Raises:
        OSError: it cannot be written; it is as it was.
    """
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # others may run at the same time
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            if owner is not None:
                os.fchown(handle, owner.st_uid, owner.st_gid)
            os.fchmod(handle, mode)
            os.fsync(handle)
        Path(name).replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
