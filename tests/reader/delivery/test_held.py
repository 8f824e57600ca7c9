"""The items in memory: examples, then any order of events."""

import errno
import json
import logging
import os
from pathlib import Path
from typing import cast

import pytest

from reader.buffer.item import Item, ItemKind
from reader.buffer.journal import Journal
from reader.delivery.delivery import DISK_PAUSE, SPILL_AGE
from reader.delivery.held import JOURNAL_SIZE, MEMORY_SIZE, Memory, Pending
from reader.delivery.replay import CONFIRM_TIMEOUT
from tests.reader.delivery.deliveries import FRAME, METER, NOON, REFUSED, REPLAY, SECOND, Reader, logged, of, payloads


def no_room(item: Item) -> int:
    """Fail as the journal's `append` does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_all_items_in_memory_move_to_disk_with_the_oldest(served: Reader) -> None:
    served.frame()
    served.wait(SPILL_AGE - 1)
    served.frames(5)
    served.wait(1)
    assert served.frames_on_disk == 6
    assert served.delivery.is_empty


def test_the_announced_wait_of_an_online_storer_delays_the_move_to_disk(served: Reader) -> None:
    served.confirm([served.frame()])
    served.status("main", wait=60.0)
    served.frame()
    served.wait(SPILL_AGE + 59)
    assert served.on_disk == []
    served.wait(1)
    assert served.frames_on_disk == 1


def test_a_full_journal_moves_to_disk(served: Reader) -> None:
    served.status("main", wait=3600.0)
    while served.journal.size <= JOURNAL_SIZE:
        served.tick()
        assert served.frames_on_disk == 0
        served.frame(200_000)
    served.tick()
    assert served.frames_on_disk == len(served.accepted)
    assert served.in_journal == 0


def test_without_a_working_journal_items_move_to_disk_at_once(served: Reader, caplog: pytest.LogCaptureFixture) -> None:
    append = served.journal.append

    served.journal.append = no_room  # type: ignore[method-assign]
    served.frames(3)
    assert payloads(served.broker.sent, FRAME)  # the live stream goes on
    assert logged(caplog, "Cannot write to the journal") == 1
    served.tick()
    assert served.frames_on_disk == 3  # what is in memory only would not survive a kill
    served.journal.append = append  # type: ignore[method-assign]
    served.frame()
    served.tick()
    assert served.frames_on_disk == 3


def test_a_journal_that_fails_now_and_then_is_logged_once_and_its_recovery_when_it_lasts(
    served: Reader, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where others fill the memory it has room after each spill, for a second."""
    caplog.set_level(logging.INFO)
    append = served.journal.append

    for _ in range(2):
        caplog.clear()
        for number in range(600):
            monkeypatch.setattr(served.journal, "append", append if number % 2 else no_room)
            served.confirm([served.frame()])
            served.wait(1)
        assert logged(caplog, "Cannot write to the journal") == 1
        assert logged(caplog, "Journal works again") == 0
        for _ in range(700):
            served.confirm([served.frame()])
            served.wait(1)
        assert logged(caplog, "Journal works again") == 1
    assert served.delivery.report()["journal"]["errors"] == 600


def test_a_broker_that_refuses_one_meter_and_accepts_another_is_logged_once(
    served: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        served.frame()
        served.answer(served.broker.sent[-1:], REFUSED if number % 2 else 0)
        served.wait(1)
    assert logged(caplog, "The broker refuses frames") == 1


def test_at_shutdown_the_disk_is_tried_even_if_it_has_just_failed(served: Reader) -> None:
    served.disk.broken = True
    served.frames(3)
    served.wait(SPILL_AGE)
    assert served.disk.tries == 1
    served.disk.broken = False
    served.restart()
    assert (served.recovered, served.frames_on_disk) == ({}, 3)


def test_if_the_disk_fails_at_shutdown_items_stay_in_the_journal(served: Reader) -> None:
    served.disk.broken = True
    frames = served.frames(3)
    served.restart()
    assert of(served.recovered.values()) == of(frames)
    assert served["pending"] == 3


def test_at_shutdown_the_frames_that_neither_journal_nor_disk_took_are_counted_as_lost(
    served: Reader, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.disk.broken = True
    served.frames(2)
    monkeypatch.setattr(served.journal, "append", no_room)
    served.frames(3)
    served.stop()
    assert logged(caplog, "2 frames to disk") == 1
    assert logged(caplog, "3 frames are lost") == 1


def test_a_disk_that_fails_is_logged_once_and_tried_again_after_a_pause(
    served: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    served.status("main", "stalled")
    served.disk.broken = True
    frames = served.frames(3)
    served.wait(SPILL_AGE + 4 * DISK_PAUSE)
    assert served.disk.tries == 5
    assert logged(caplog, "spool: No space left on device") == 1
    assert (served["pending"], served.frames_on_disk) == (3, 0)
    assert served.delivery.report()["spool"]["errors"] == 5
    live = served.frame()
    assert served.broker.sent[-1].payload == live.payload
    served.disk.broken = False
    with caplog.at_level(logging.INFO):
        served.wait(DISK_PAUSE)
    assert logged(caplog, "Spool works again") == 1
    assert served.frames_on_disk == 4
    served.status("main")
    assert payloads(served.wait(CONFIRM_TIMEOUT), REPLAY) == of([*frames, live])


@pytest.mark.parametrize(("disk", "in_journal"), [(False, True), (True, False)])
def test_without_a_disk_memory_is_decimated_and_never_cut(
    tmp_path: Path, disk: bool, in_journal: bool, caplog: pytest.LogCaptureFixture
) -> None:
    reader = Reader(tmp_path, disk=disk)
    reader.status("main", "stalled")
    reader.disk.broken = True
    if not in_journal:
        reader.journal.append = no_room  # type: ignore[method-assign]
    size, fullest = 20_000, 0
    room = MEMORY_SIZE // size
    for _ in range(4 * room):
        reader.frame(size)
        reader.wait(3, 3)
        fullest = max(fullest, reader["pending"])
        assert reader.journal.size <= 4 * JOURNAL_SIZE  # what was given up leaves holes
    assert fullest <= room + 1
    assert reader["pending"] >= room // 2
    assert reader["discarded"] > 0
    assert logged(caplog, "discarding") == 1
    # What is left reaches back to the first, and is thinner the older it is.
    reader.status("main")
    numbers: list[int] = []
    while reader["pending"]:
        messages = reader.wait(5, 1)
        came = [json.loads(message.payload)["n"] for message in messages]
        reader.answer(messages)
        reader.confirm([Item(ItemKind.FRAME, METER, NOON + number * SECOND, b"") for number in came])
        numbers += came
    assert min(numbers) == 0
    older, newer = (sum(low * room <= number < (low + 1) * room for number in numbers) for low in (2, 3))
    assert 0 < older < newer < room


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
