"""What leaves the memory, and in which order: its rules alone, with a journal that only counts."""

from typing import cast

from reader.buffer.item import Item, ItemKind
from reader.buffer.journal import Journal
from reader.delivery.held import JOURNAL_SIZE, MEMORY_SIZE, Memory, Pending


class CountingJournal:
    def __init__(self) -> None:
        self.size = 0
        self.released: list[int] = []

    def release(self, rows: list[int]) -> None:
        self.released += rows
        self.size -= len(rows)


def memory(size: int = 0) -> tuple[Memory, CountingJournal]:
    journal = CountingJournal()
    journal.size = size
    return Memory(cast("Journal", journal)), journal


def entry(number: int, *, meter: str = "1", kind: ItemKind = ItemKind.FRAME, size: int = 1) -> Pending:
    """An item that was created at second `number`, in the row of that number."""
    return Pending(Item(kind, meter, number * 1_000_000, b"x" * size), number, float(number))


def pending(found: Memory, *entries: Pending) -> None:
    found.pending.update((one.item.identity, one) for one in entries)


def numbers(entries: object) -> list[int | None]:
    return [one.row for one in entries]  # type: ignore[attr-defined]


def test_held_items_leave_when_they_are_older_and_no_others() -> None:
    found, journal = memory()
    found.held.update((one.item.identity, one) for one in map(entry, range(1, 6)))
    found.release_held(3.0)
    assert journal.released == [1, 2, 3]
    assert numbers(found.held.values()) == [4, 5]
    found.release_held(100.0)
    assert (found.held, journal.released) == ({}, [1, 2, 3, 4, 5])


def test_while_the_journal_is_full_young_held_items_leave_too_and_no_more_than_needed() -> None:
    found, journal = memory(JOURNAL_SIZE + 2)
    found.held.update((one.item.identity, one) for one in map(entry, range(1, 6)))
    found.release_held(0.0)
    assert journal.released == [1, 2]
    assert (journal.size, found.journal_full) == (JOURNAL_SIZE, False)


def test_held_items_are_pending_again_in_the_order_in_which_they_were_made() -> None:
    found, _ = memory()
    found.held.update((one.item.identity, one) for one in (entry(1, meter="9"), entry(4), entry(5, meter="0")))
    pending(found, entry(2), entry(3, meter="7"), entry(6))
    assert numbers(found.unhold()) == [1, 4, 5]
    assert numbers(found.pending.values()) == [1, 2, 3, 4, 5, 6]
    assert not found.held


def test_the_oldest_frame_is_that_of_the_first_item_which_is_a_frame() -> None:
    found, _ = memory()
    assert (found.oldest, found.oldest_frame, found.pending_frames) == (None, None, 0)
    pending(found, entry(1, kind=ItemKind.TALLY), entry(2), entry(3))
    assert found.oldest is not None
    assert (found.oldest.row, found.oldest_frame, found.pending_frames) == (1, 2_000_000, 2)


def test_with_too_many_bytes_every_second_frame_of_the_older_half_of_each_meter_goes() -> None:
    found, journal = memory()
    size = MEMORY_SIZE // 20
    # Of ten frames of a meter 1 ... 5 are the older half: 2 and 4 go. Of four: the second.
    pending(found, *(entry(number, size=size) for number in range(1, 11)))
    pending(found, *(entry(number, meter="2", size=size) for number in range(11, 15)))
    pending(found, *(entry(number, kind=ItemKind.TALLY, size=size) for number in range(15, 21)))
    assert found.decimate() == []  # exactly as many bytes as there is room for
    pending(found, entry(21, kind=ItemKind.TALLY))
    assert numbers(found.decimate()) == journal.released == [2, 4, 12]
    assert numbers(found.pending.values()) == [n for n in range(1, 22) if n not in (2, 4, 12)]
