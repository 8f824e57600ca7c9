"""Files and disks that refuse to be written, for tests of journal and spool."""

import array
import fcntl
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Let the kernel refuse what would make any file longer, in the middle of a write where it begins before."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def append_only(path: Path) -> Iterator[None]:
    """Let the kernel refuse to truncate, replace or delete a file."""
    get_flags, set_flags, only_append = 0x80086601, 0x40086602, 0x20
    with path.open("rb") as file:
        flags = array.array("l", [0])
        try:
            fcntl.ioctl(file, get_flags, flags)
            fcntl.ioctl(file, set_flags, array.array("l", [flags[0] | only_append]))
        except OSError as error:
            pytest.skip(f"not here: {error}")
        try:
            yield
        finally:
            fcntl.ioctl(file, set_flags, flags)
