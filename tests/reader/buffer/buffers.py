"""Journal and spool behind one interface, frames for them, disks that refuse, and programs that are killed."""

import os
import random
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from reader.buffer.item import HOUR, Item, ItemKind
from reader.buffer.journal import Journal
from reader.buffer.spool import Spool

KINDS = ("journal", "spool")
FILE = {"journal": Journal.FILE, "spool": Spool.FILE}
PAGE = {"journal": Journal.PAGE, "spool": Spool.PAGE}
METER = "031961123456"
NOON = 1_790_000_000_000_000 // HOUR * HOUR
SECOND = 1_000_000
LARGE = 64_000_000  # bytes
ROOT = Path(__file__).resolve().parents[3]


def frame(number: int, *, meter: str = METER, size: int = 200) -> Item:
    """A frame whose payload cannot be compressed to less than `size` bytes."""
    text = random.Random(number).randbytes(size).hex().encode()
    return Item(ItemKind.FRAME, meter, NOON + number * SECOND, b'{"number": %d, "text": "%b"}' % (number, text))


def tally(number: int, frames: int = 3600) -> Item:
    return Item(ItemKind.TALLY, METER, NOON + number * HOUR, b'{"frames": %d}' % frames)


def frames(*numbers: int) -> list[Item]:
    return [frame(number) for number in range(*numbers)]


class Buffer:
    """A journal or a spool that is open."""

    def __init__(self, kind: str, folder: Path, *, reader: str = "pi", max_size: int = LARGE) -> None:
        self.journal, self.spool = Journal(folder, reader), Spool(folder, max_size=max_size)
        self.store: Journal | Spool = self.journal if kind == "journal" else self.spool
        self._rows: dict[Item, int] = {}  # of the journal
        if kind == "journal":
            self._rows = {item: row for row, item in self.journal.open().items()}
        else:
            self.spool.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()

    @property
    def items(self) -> list[Item]:
        """What is not confirmed, in order."""
        if self.store is self.journal:
            return list(self._rows)
        return [item for block in self.spool.undelivered() for item in self.spool.read(block)]

    def append(self, items: Sequence[Item]) -> None:
        if self.store is self.spool:
            return self.spool.append(items)
        for item in items:
            self._rows[item] = self.journal.append(item)
        return None

    def confirm(self, *items: Item) -> None:
        for item in items:
            if self.store is self.spool:
                assert self.spool.confirm(*item.identity)
            else:
                self.journal.release([self._rows.pop(item)])


def found_in(kind: str, folder: Path) -> list[Item]:
    """Return what a start of the program would find."""
    with Buffer(kind, folder) as buffer:
        return buffer.items


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
def program(code: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """Run a program that may import this project, until the end of the block at the latest."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()
