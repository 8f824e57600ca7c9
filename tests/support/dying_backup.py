"""A backup that is killed at a point: `python -m tests.support.dying_backup POINT backup --config FILE FOLDER`.

Points are before and after each file gets its name, and before each statement of a dump; with fewer, it ends well.
"""

import itertools
import os
import signal
import sys
from pathlib import Path

from storer.backup.folder import Writer
from storer.commands import main

_last = -1
_points, _rename, _write = itertools.count(), Path.rename, Writer.write


def point() -> None:
    """Die, if it is the one."""
    if next(_points) == _last:
        os.kill(os.getpid(), signal.SIGKILL)


def rename(path: Path, target: Path) -> Path:
    """Rename a file between two points."""
    point()
    renamed = _rename(path, target)
    point()
    return renamed


def write(writer: Writer, lines: bytes) -> None:
    """Write a line, of a dump after a point."""
    if lines.startswith(b"INSERT"):
        point()
    _write(writer, lines)


if __name__ == "__main__":
    _last = int(sys.argv.pop(1))
    Path.rename, Writer.write = rename, write  # type: ignore[assignment,method-assign]
    sys.exit(main())
