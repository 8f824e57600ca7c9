"""Helpers for tests of the spool."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reader.buffer.item import Item, ItemKind
from reader.buffer.spool import Spool

METER = "031961123456"
NOON = 1_790_000_000_000_000
SECOND = 1_000_000
LARGE = 64_000_000  # bytes


def frame(number: int, *, meter: str = METER, size: int = 200) -> Item:
    """A frame whose payload cannot be compressed to less than `size` bytes."""
    text = random.Random(number).randbytes(size).hex().encode()
    return Item(ItemKind.FRAME, meter, NOON + number * SECOND, b'{"number": %d, "text": "%b"}' % (number, text))


def tally(number: int) -> Item:
    return Item(ItemKind.TALLY, METER, NOON + number * 3600 * SECOND, b'{"frames": 3600}')


def frames(*numbers: int) -> list[Item]:
    return [frame(number) for number in range(*numbers)]


@contextmanager
def spool_in(folder: Path, *, max_size: int = LARGE, segment_size: int = 5000, lock: bool = True) -> Iterator[Spool]:
    spool = Spool(folder, max_size=max_size, segment_size=segment_size, lock=lock)
    spool.open()
    try:
        yield spool
    finally:
        spool.close()


def everything(spool: Spool) -> list[Item]:
    return [item for block in spool.undelivered() for item in spool.read(block)]


def confirm(spool: Spool, item: Item) -> bool:
    return spool.confirm(*item.identity)


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in segments(folder))


def filled(folder: Path) -> Path:
    """Make one segment of 30 records of 10 frames."""
    with spool_in(folder, segment_size=500_000) as spool:
        for start in range(0, 300, 10):
            spool.append(frames(start, start + 10))
    (path,) = segments(folder)
    return path
