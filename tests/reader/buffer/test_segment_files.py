"""The files of the spool, on disks with bad sectors."""

import errno
import os
import random
from pathlib import Path

from reader.buffer.segment_files import read_readable


def test_pages_that_the_disk_cannot_read_become_zeros(tmp_path: Path) -> None:
    path = tmp_path / "00000001.spool"
    path.write_bytes(random.Random(1).randbytes(20_000))

    def pread(file: int, size: int, offset: int) -> bytes:
        if offset == 8192:
            raise OSError(errno.EIO, "bad sector")
        return os.pread(file, size, offset)

    data = path.read_bytes()
    assert read_readable(path) == data
    assert read_readable(path, pread) == data[:8192] + bytes(4096) + data[12_288:]
