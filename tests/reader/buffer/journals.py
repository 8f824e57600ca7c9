"""Helpers for tests of the journal."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reader.buffer.item import HOUR, Item, ItemKind
from reader.buffer.journal import Journal

METER = "031961123456"
NOON = 1_790_000_000_000_000 // HOUR * HOUR


def frame(number: int, *, meter: str = METER, size: int = 40) -> Item:
    return Item(ItemKind.FRAME, meter, NOON + number * 1_000_000, b'{"frame": "%0*d"}' % (size, number))


def tally(number: int, text: bytes = b'{"frames": 3600}') -> Item:
    return Item(ItemKind.TALLY, METER, NOON + number * HOUR, text)


@contextmanager
def journal_in(folder: Path, *, reader: str = "pi") -> Iterator[tuple[Journal, list[Item]]]:
    journal = Journal(folder, reader)
    recovered = journal.open()
    try:
        yield journal, recovered
    finally:
        journal.close()
