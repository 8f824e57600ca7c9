"""Keeps the items that are not confirmed in a SQLite file on disk: each row a block of a minute, compressed.

There is a file only while something is in it. What is committed survives a power cut. Confirmations are not written: a
row is deleted some time after its last item was confirmed, and what is left after a restart is sent again, which does
no harm. A full spool is decimated, and never cut: registers are cumulative, so energy stays right.
"""

import contextlib
import os
import sqlite3
import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from reader.buffer.item import Item, ItemKind
from reader.buffer.store import Row, Store, primary_code

LONGEST_BLOCK = 120  # items; two minutes of a standard meter
_SPAN = 600_000_000  # microseconds; no block crosses a multiple of it
_INSERT = "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM blocks WHERE id = ?"
_DELETED_TOGETHER = 100  # rows, with one sync
_DECIMATED_TOGETHER = 32  # blocks

Span = tuple[ItemKind, str, int]  # kind, meter, and the number of the span


@dataclass(slots=True, eq=False)
class Block:
    """Items of one kind and meter in one row; `pending` has a bit for each that is not confirmed."""

    row: int
    kind: ItemKind
    meter: str
    first: int  # microseconds since 1970
    offsets: "array[int]"  # microseconds from the first item, increasing
    pending: int
    generation: int = 0  # how often it was decimated

    @property
    def span(self) -> Span:
        """Where all of its items are."""
        return self.kind, self.meter, self.first // _SPAN

    def bit_of(self, kind: ItemKind, meter: str, time_us: int) -> int:
        """Return the bit of an item, as in `pending`; 0 if it is not in this block, or not pending."""
        offset = time_us - self.first
        if (kind, meter) != (self.kind, self.meter) or not self.pending or not 0 <= offset <= self.offsets[-1]:
            return 0
        index = bisect_left(self.offsets, offset)
        return self.pending & 1 << index if self.offsets[index] == offset else 0


class Spool(Store):
    """Blocks on a disk, and which of their items are not confirmed. Call `open` first."""

    FILE, KIND = "spool.sqlite", 0x544D5331  # TMS1
    TABLES: ClassVar = {
        "blocks": "id INTEGER PRIMARY KEY, kind INTEGER, meter TEXT, first INTEGER, generation INTEGER, crc INTEGER,"
        " offsets BLOB, payloads BLOB"
    }
    PAGE, SYNCHRONOUS, PRIVATE = 8192, "FULL", False  # three blocks of a minute share a page

    def __init__(self, folder: Path, *, max_size: int, lock: bool = True) -> None:
        """Prepare the spool in this folder; without `lock`, the caller ensures that no other process uses it."""
        super().__init__(folder)
        self.max_size = max_size  # bytes of the file, at most
        self.pending = 0
        """Frames that are not confirmed."""
        self.decimated = 0  # frames discarded since the start, because there was no room
        self.lost = 0  # frames whose block was damaged
        self._blocks: dict[int, Block] = {}  # with pending items, by row, which is the order of writing
        self._by_span: dict[Span, list[Block]] = {}
        self._done: list[tuple[int]] = []  # rows to delete
        self._locks = lock

    @property
    def oldest(self) -> int | None:
        """Time of the first frame that is not confirmed, in order of writing; microseconds since 1970."""
        block = next((block for block in self._blocks.values() if block.kind is ItemKind.FRAME), None)
        return block.first + block.offsets[next(bits_of(block.pending))] if block else None

    @property
    def meters(self) -> set[str]:
        """The meters with items that are not confirmed."""
        return {block.meter for block in self._blocks.values()}

    def open(self) -> None:
        """Lock the folder and index what is there.

        Raises:
            InUse: another process uses it.
            OSError: the folder cannot be made or read, or belongs to another user.
        """
        with contextlib.ExitStack() as on_error:
            on_error.callback(super().close)  # what is not indexed yet is not to be deleted
            self._open_folder(lock=self._locks)
            if os.path.lexists(self.path) or self._new.exists():
                self._open_file()
            on_error.pop_all()

    def append(self, items: Iterable[Item]) -> None:
        """Write these items, all or none; one that is here already is replaced.

        Raises:
            OSError: the disk is full, read-only or broken; none was written.
        """
        latest = {item.identity: item for item in items}
        if not latest:
            return
        if self._connection is None:
            self._open_file()
        row = max(self._blocks, default=0)
        rows = [_row_of(row + number, chunk, 0) for number, chunk in enumerate(_chunks(latest.values()), 1)]
        try:
            self._make_room(sum(len(offsets) + len(payloads) for *_, offsets, payloads in rows))
            with self._transaction() as connection:
                connection.executemany(_DELETE, self._done)
                connection.executemany(_INSERT, rows)
        except OSError:
            self._delete_done()  # with nothing in it, the file goes
            raise
        self._done.clear()
        for each in rows:
            self._add(_block_of(each))

    def has(self, kind: ItemKind, meter: str, time_us: int) -> bool:
        """Whether an item is here and not confirmed."""
        return self._find(kind, meter, time_us) is not None

    def confirm(self, kind: ItemKind, meter: str, time_us: int) -> bool:
        """Drop an item that is confirmed; return whether it was here."""
        place = self._find(kind, meter, time_us)
        return place is not None and bool(self.drop(*place))

    def drop(self, block: Block, bits: int) -> int:
        """Drop these items of a block, which are confirmed; return how many were pending."""
        dropped = self._drop(block, bits)
        self._delete_done()
        return dropped

    def undelivered(self) -> Iterator[Block]:
        """Yield the blocks with unconfirmed items, in order of writing; the spool may change meanwhile."""
        return (block for block in list(self._blocks.values()) if block.pending)

    def read(self, block: Block) -> list[Item]:
        """Return the items of a block that are not confirmed; none if they are damaged.

        Raises:
            OSError: the disk cannot be read.
        """
        if not block.pending:
            return []
        assert self._connection is not None
        payloads: list[bytes] = []  # damaged
        try:
            row = self._connection.execute("SELECT payloads FROM blocks WHERE id = ?", (block.row,)).fetchone()
            payloads = zlib.decompress(row[0]).split(b"\n")
        except sqlite3.Error as error:
            if primary_code(error) != sqlite3.SQLITE_CORRUPT:
                raise self._os_error(error) from error
        except (zlib.error, TypeError):
            pass
        if len(payloads) != len(block.offsets):
            dropped = self._drop(block, block.pending)
            self.lost += dropped if block.kind is ItemKind.FRAME else 0
            return []
        times = ((index, block.first + block.offsets[index]) for index in bits_of(block.pending))
        return [Item(block.kind, block.meter, time_us, payloads[index]) for index, time_us in times]

    def close(self) -> None:
        """Close the file and release the lock; the items stay."""
        self._delete_done(least=1)
        super().close()

    def _open_file(self) -> None:
        super()._open_file()
        with self._transaction() as connection:
            columns = "id, kind, meter, first, generation, crc, offsets"
            for row in connection.execute(f"SELECT {columns} FROM blocks ORDER BY id"):  # noqa: S608
                try:
                    self._add(_block_of(row))
                except ValueError:
                    self._done.append((row[0],))

    def _find(self, kind: ItemKind, meter: str, time_us: int) -> tuple[Block, int] | None:
        for block in self._by_span.get((kind, meter, time_us // _SPAN), ()):
            if bit := block.bit_of(kind, meter, time_us):
                return block, bit
        return None

    def _add(self, block: Block) -> None:
        """Index a block; its items replace those of earlier ones."""
        for other in list(self._by_span.get(block.span, ())):
            if other.first <= block.first + block.offsets[-1] and other.first + other.offsets[-1] >= block.first:
                for offset in block.offsets:
                    self._drop(other, other.bit_of(block.kind, block.meter, block.first + offset))
        self._by_span.setdefault(block.span, []).append(block)
        self._blocks[block.row] = block
        if block.kind is ItemKind.FRAME:
            self.pending += block.pending.bit_count()

    def _drop(self, block: Block, bits: int) -> int:
        bits &= block.pending
        block.pending &= ~bits
        if block.kind is ItemKind.FRAME:
            self.pending -= bits.bit_count()
        if bits and not block.pending:
            del self._blocks[block.row]
            self._by_span[block.span].remove(block)
            if not self._by_span[block.span]:
                del self._by_span[block.span]
            self._done.append((block.row,))
        return bits.bit_count()

    def _delete_done(self, least: int = _DELETED_TOGETHER) -> None:
        """Delete the rows whose items are all confirmed, and the file with the last one."""
        if self._connection is None or (self._blocks and len(self._done) < least):
            return
        with contextlib.suppress(OSError):  # they are sent again after a restart
            if self._blocks:
                with self._transaction() as connection:
                    connection.executemany(_DELETE, self._done)
            else:
                self._connection.close()
                self._connection = None
                self.path.unlink()
            self._done.clear()

    def _make_room(self, size: int) -> None:
        while self.size + size + 2 * self.PAGE > self.max_size:
            if self._done:
                with self._transaction() as connection:
                    connection.executemany(_DELETE, self._done)
                self._done.clear()
            elif not self._decimate():
                return

    def _decimate(self) -> bool:
        """Discard every second frame of what was decimated least of the older half; False if there is none."""
        frames = [block for block in self._blocks.values() if block.kind is ItemKind.FRAME]
        frames = frames[: (len(frames) + 1) // 2]
        generation = min((block.generation for block in frames), default=0)
        oldest = [block for block in frames if block.generation == generation][:_DECIMATED_TOGETHER]
        done = len(self._done)
        meters: dict[str, list[Item]] = {}
        for block in oldest:
            meters.setdefault(block.meter, []).extend(self.read(block))
        kept = [item for items in meters.values() for item in items[1::2]]
        rows = [_row_of(block.row, chunk, generation + 1) for block, chunk in zip(oldest, _chunks(kept), strict=False)]
        with self._transaction() as connection:
            connection.executemany(_DELETE, [(block.row,) for block in oldest])
            connection.executemany(_INSERT, rows)
        before = self.pending
        for block in oldest:
            self._drop(block, block.pending)
        del self._done[done:]  # the transaction has deleted them
        for row in rows:
            self._add(_block_of(row))
        self.decimated += before - self.pending
        self._blocks = dict(sorted(self._blocks.items()))
        return bool(oldest)


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Divide items by kind, meter and span, in order of writing, into blocks in order of time."""
    groups: dict[tuple[ItemKind, str, int], list[Item]] = {}
    for item in items:
        groups.setdefault((item.kind, item.meter, item.time_us // _SPAN), []).append(item)
    for group in groups.values():
        group.sort(key=lambda item: item.time_us)
        for start in range(0, len(group), LONGEST_BLOCK):
            yield group[start : start + LONGEST_BLOCK]


def _row_of(row: int, items: Sequence[Item], generation: int) -> Row:
    kind, meter, first, _ = items[0]
    offsets = struct.pack(f"<{len(items)}I", *(item.time_us - first for item in items))
    payloads = zlib.compress(b"\n".join(item.payload for item in items), 6)  # JSON has no newline
    return row, int(kind), meter, first, generation, _crc(int(kind), meter, first, offsets), offsets, payloads


def _block_of(row: Row) -> Block:
    """Return the block of a row.

    Raises:
        ValueError: it is damaged.
    """
    number, kind, meter, first, generation, crc, offsets = row[:7]
    if not isinstance(offsets, bytes) or crc != _crc(kind, meter, first, offsets):
        raise ValueError(f"row {number} is damaged")
    times = array("I", struct.unpack(f"<{len(offsets) // 4}I", offsets))
    return Block(number, ItemKind(kind), meter, first, times, (1 << len(times)) - 1, generation)


def _crc(kind: object, meter: object, first: object, offsets: bytes) -> int:
    return zlib.crc32(offsets, zlib.crc32(f"{kind} {meter} {first}".encode()))


def bits_of(bits: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set.

    >>> list(bits_of(0b1101))
    [0, 2, 3]
    """
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
