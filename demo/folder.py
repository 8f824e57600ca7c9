"""The demo's folder: used by one demo at a time; it can be emptied while none runs."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.runtime.file_lock import try_lock

_LOCK = "lock"


class FolderInUse(Exception):
    """Another demo uses the folder; the text says which, in one line."""


@contextmanager
def locked(folder: Path, *, fresh: bool) -> Iterator[None]:
    """Keep the folder for ourselves; with `fresh`, delete what is in it first.

    Raises:
        FolderInUse: a demo runs there.
        OSError: the folder is not ours to write.
    """
    folder.mkdir(exist_ok=True)
    with (folder / _LOCK).open("a+") as file:
        if not try_lock(file.fileno()):
            file.seek(0)
            raise FolderInUse(f"a demo already runs here, process {file.read().strip() or 'unknown'}")
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        if fresh:
            _empty(folder)
        yield


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != _LOCK:  # whoever locked another file of this name would not notice us
            path.unlink()
