"""The delivery: an item is pending until it is confirmed, whatever the broker, the storers and restarts do."""

import json
import os
from pathlib import Path

import pytest

from common.contract.frame import format_time
from reader.buffer.item import HOUR, Item, ItemKind, from_micros
from reader.delivery.delivery import SPILL_AGE
from reader.delivery.replay import CONFIRM_TIMEOUT
from tests.reader.delivery.deliveries import FRAME, METER, NOON, REPLAY, TALLY, Killed, Reader, of, payloads

# --- normal operation


def test_a_frame_is_published_at_once_unchanged(served: Reader) -> None:
    frame = served.frame()
    assert [(sent.topic, sent.payload) for sent in served.broker.sent] == [(FRAME, frame.payload)]


def test_confirmed_frames_leave_nothing_in_journal_or_spool(served: Reader) -> None:
    written = os.stat(served.folder / "spool").st_mtime_ns
    for _ in range(300):
        frame = served.frame()
        served.answer(served.broker.sent[-1:])
        served.confirm([frame])
        assert served.delivery.is_empty
        assert served.in_journal == 0
        served.wait(1)
    assert (served["decoded"], served["confirmed"], served["pending"]) == (300, 300, 0)
    assert len(served.broker.sent) == 300
    assert served.on_disk == []
    assert served.disk.tries == 0
    assert os.stat(served.folder / "spool").st_mtime_ns == written


def test_with_a_storer_a_puback_is_not_a_confirmation(served: Reader) -> None:
    served.frame()
    served.answer(served.broker.sent)
    assert not served.delivery.is_empty
    assert (served["pending"], served["accepted_by_broker"]) == (1, 0)


def test_a_confirmation_counts_once_and_one_for_an_unknown_item_does_not_count(served: Reader) -> None:
    frame = served.frame()
    served.confirm([frame, frame])
    served.confirm([frame], rejected=True)
    served.confirm([Item(ItemKind.FRAME, METER, 5, b""), Item(ItemKind.TALLY, METER, 10**30, b"")])
    assert (served["confirmed"], served["rejected"]) == (1, 0)


def test_a_rejected_frame_is_not_sent_again(served: Reader) -> None:
    in_memory, on_disk = served.frame(), served.frame()
    served.confirm([in_memory], rejected=True)
    served.wait(SPILL_AGE + 1)
    assert served.frames_on_disk == 1
    served.confirm([on_disk], rejected=True)
    assert (served["rejected"], served["confirmed"], served["pending"]) == (2, 0, 0)
    assert served.wait(2000, 10) == []
    assert served.on_disk == []


def test_a_frame_is_not_sent_live_when_the_broker_comes_later(reader: Reader) -> None:
    reader.status("main")
    reader.disconnect()
    frame = reader.frame()
    reader.connect()
    reader.status("main")
    messages = reader.wait(CONFIRM_TIMEOUT)
    assert [(sent.topic, sent.payload) for sent in messages] == [(REPLAY, frame.payload)]


# --- restart


@pytest.mark.parametrize("killed", [False, True])
def test_after_a_restart_everything_is_replayed_at_once(served: Reader, killed: bool) -> None:
    frames = served.frames(100)
    served.wait(SPILL_AGE)
    frames += served.frames(50)
    served.restart(killed=killed)
    assert (served["recovered"], served["decoded"], served["pending"]) == (150, 150, 150)
    served.connect()
    assert served.tick() == []  # nobody knows yet how the storer is
    served.status("main")
    messages = served.tick()
    assert {sent.topic for sent in messages} == {REPLAY}
    assert payloads(messages) == of(frames)
    served.confirm(frames)
    assert (served["confirmed"], served["pending"]) == (150, 0)
    assert served.on_disk == []


def test_the_storer_is_remembered_while_broker_and_storer_are_away(served: Reader) -> None:
    frames = served.frames(3)
    served.disconnect()
    served.restart()
    frames += served.frames(3)
    served.wait(7200, 30)
    served.connect()
    messages = served.wait(100)
    served.answer(messages)
    assert messages == []
    assert (served["pending"], served["accepted_by_broker"]) == (6, 0)
    served.status("main")
    assert payloads(served.wait(1), REPLAY) == of(frames)


def test_the_storers_first_start_after_the_readers(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    frames = []
    for _ in range(5):
        frames.append(reader.frame())
        reader.answer(reader.broker.sent[-1:])
        assert reader.wait(20) == []
    assert reader["accepted_by_broker"] == 5
    reader.restart(killed=True)  # held frames survive a kill
    reader.connect()
    frames += reader.frames(1)
    reader.status("main")
    reader.answer(reader.broker.sent)
    messages = reader.wait(CONFIRM_TIMEOUT + 1)
    assert {*payloads(messages, REPLAY)} == {*of(frames)}
    reader.confirm(frames)
    assert (reader["confirmed"], reader["pending"]) == (6, 0)


def test_a_kill_between_disk_and_journal_duplicates_nothing(served: Reader) -> None:
    frames = served.frames(10)
    tally = served.tally(10)
    served.now += SPILL_AGE
    served.disk.killing = True
    with pytest.raises(Killed):
        served.delivery.tick(served.now)
    served.restart(killed=True)
    assert len(served.recovered) == 11
    assert served.frames_on_disk == 10
    assert (served["recovered"], served["pending"]) == (10, 10)
    served.wait(SPILL_AGE)
    assert (served["decoded"], served["pending"], served.frames_on_disk) == (10, 10, 10)
    served.connect()
    served.status("main")
    messages = served.wait(1)
    assert payloads(messages, REPLAY) == of(frames)
    served.confirm([*frames, tally])
    served.confirm([tally])
    assert (served["confirmed"], served["pending"]) == (10, 0)
    assert served.on_disk == []
    assert served.in_journal == 0


def test_items_recovered_from_the_journal_move_to_disk_soon(served: Reader) -> None:
    served.frames(3)
    served.restart(killed=True)
    assert served.frames_on_disk == 0
    served.wait(SPILL_AGE)
    assert served.frames_on_disk == 3


# --- tallies


def test_a_replayed_tally_goes_to_the_same_topic(served: Reader) -> None:
    tally = served.tally(3600)
    served.wait(SPILL_AGE + CONFIRM_TIMEOUT)
    assert {(sent.topic, sent.payload) for sent in served.broker.sent} == {(TALLY, tally.payload)}
    assert len(served.broker.sent) >= 2
    served.confirm([tally])
    assert served.wait(2000, 5) == []
    assert served.on_disk == []


def test_tallies_are_not_counted_among_the_frames(served: Reader) -> None:
    served.confirm([served.tally(3600)])
    counts = served.delivery.report()
    assert [counts[name] for name in ("decoded", "confirmed", "pending", "accepted_by_broker")] == [0, 0, 0, 0]


def test_a_higher_tally_replaces_the_pending_one(served: Reader) -> None:
    served.tally(3599)
    after = served.tally(3600)
    assert set(payloads(served.wait(CONFIRM_TIMEOUT + 1)[1:])) <= {after.payload}
    served.wait(SPILL_AGE)
    last = served.tally(3601)
    served.wait(SPILL_AGE)
    served.restart()
    served.connect()
    served.status("main")
    assert payloads(served.wait(1)) == [last.payload]
    served.confirm([last])
    assert served.on_disk == []


def test_a_tally_replaced_in_flight_leaves_the_window(served: Reader) -> None:
    for hour in range(3):
        served.tally(1, NOON + hour * HOUR)
    served.wait(CONFIRM_TIMEOUT)
    assert served.delivery.replaying == 3
    tallies = [served.tally(2, NOON + hour * HOUR) for hour in range(3)]
    served.confirm(tallies)
    assert served.delivery.replaying == 0


def test_a_puback_for_an_older_tally_does_not_confirm_the_newer_one(tmp_path: Path) -> None:
    reader = Reader(tmp_path, confirmed_by="broker")
    reader.tally(3599)
    reader.broker.up = False
    reader.tally(3600)
    reader.answer(reader.broker.sent)
    assert not reader.delivery.is_empty


# --- health


def test_health_tells_what_is_where(served: Reader) -> None:
    first = served.frame()
    served.wait(SPILL_AGE)
    served.frame()
    report = json.loads(json.dumps(served.delivery.report()))
    assert report["confirmed_by"] == ["main"]
    assert report["journal"]["items"] == 1
    assert report["journal"]["bytes"] == served.journal.size > 0
    assert report["spool"]["frames"] == 1
    assert report["spool"]["bytes"] <= report["spool"]["limit"]
    assert report["spool"]["oldest"] == format_time(from_micros(first.time_us))
    assert report["replayed"] == 2
