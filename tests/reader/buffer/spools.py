"""Helpers for tests of the spool."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reader.buffer.item import Item, ItemKind
from reader.buffer.spool import Spool

METER = "031961123456"
NOON = 1_790_000_000_000_000 // 3_600_000_000 * 3_600_000_000
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
def spool_in(folder: Path, *, max_size: int = LARGE, lock: bool = True) -> Iterator[Spool]:
    spool = Spool(folder, max_size=max_size, lock=lock)
    spool.open()
    try:
        yield spool
    finally:
        spool.close()


def everything(spool: Spool) -> list[Item]:
    return [item for block in spool.undelivered() for item in spool.read(block)]


def confirm(spool: Spool, item: Item) -> bool:
    return spool.confirm(*item.identity)
