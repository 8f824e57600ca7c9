"""An item is pending until it is confirmed, by a storer or the broker, whatever they do, and across restarts."""

import json
import os
from pathlib import Path

import pytest

from common.contract.frame import format_time
from common.mqtt.events import NOBODY_SUBSCRIBED
from reader.buffer.item import Item, ItemKind, from_micros
from reader.delivery.delivery import HELD_AGE, SPILL_AGE
from reader.delivery.replay import CONFIRM_TIMEOUT, MAX_BACKOFF
from tests.reader.delivery.deliveries import FRAME, METER, NOON, REPLAY, SECOND, Reader, logged, of, payloads

# --- normal operation


def test_a_frame_is_published_at_once_unchanged(served: Reader) -> None:
    frame = served.frame()
    assert [(sent.topic, sent.payload) for sent in served.broker.sent] == [(FRAME, frame.payload)]


def test_confirmed_frames_leave_nothing_in_journal_or_spool(served: Reader) -> None:
    written = os.stat(served.folder / "spool").st_mtime_ns
    for _ in range(100):
        frame = served.frame()
        served.answer(served.broker.sent[-1:])
        served.confirm([frame])
        assert served.delivery.is_empty
        assert served.in_journal == 0
        served.wait(1)
    assert (served["decoded"], served["confirmed"], served["pending"]) == (100, 100, 0)
    assert len(served.broker.sent) == 100
    assert served.on_disk == []
    assert served.disk.tries == 0
    assert os.stat(served.folder / "spool").st_mtime_ns == written


def test_a_rejected_frame_is_not_sent_again(served: Reader) -> None:
    in_memory, on_disk = served.frame(), served.frame()
    served.confirm([in_memory], rejected=True)
    served.wait(SPILL_AGE + 1)
    assert served.frames_on_disk == 1
    served.confirm([on_disk], rejected=True)
    assert (served["rejected"], served["confirmed"], served["pending"]) == (2, 0, 0)
    assert served.wait(2000, 10) == []
    assert served.on_disk == []


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


# --- tallies


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


@pytest.mark.parametrize("code", [0, NOBODY_SUBSCRIBED])
def test_without_a_storer_a_puback_confirms(reader: Reader, code: int) -> None:
    reader.frames(3)
    reader.answer(reader.broker.sent, code)
    assert (reader["accepted_by_broker"], reader["pending"], reader["confirmed"]) == (3, 0, 0)
    assert reader.delivery.is_empty
    assert reader.delivery.report()["confirmed_by"] == "broker"
    assert reader.wait(HELD_AGE + 1, 5) == []
    assert reader.on_disk == []
    assert reader.in_journal == 0


@pytest.mark.parametrize("code", [0x80, 0x87, 0x97, 0x99])
def test_a_refusal_by_the_broker_does_not_confirm(reader: Reader, code: int, caplog: pytest.LogCaptureFixture) -> None:
    frames = reader.frames(3)
    reader.answer(reader.broker.sent, code)
    assert (reader["accepted_by_broker"], reader["pending"]) == (0, 3)
    messages = reader.wait(CONFIRM_TIMEOUT)
    assert [(sent.topic, sent.payload) for sent in messages] == [(REPLAY, frame.payload) for frame in frames]
    reader.answer(messages, code)
    assert logged(caplog, "The broker refuses frames") == 1
    reader.wait(SPILL_AGE)
    messages = reader.wait(MAX_BACKOFF)
    reader.answer(messages)
    assert (reader["accepted_by_broker"], reader["pending"]) == (3, 0)
    assert reader.on_disk == []


def test_without_a_storer_frames_are_held_for_ten_minutes(reader: Reader) -> None:
    old = reader.frame()
    reader.now += HELD_AGE / 2
    young = reader.frame()
    reader.answer(reader.broker.sent)
    reader.wait(HELD_AGE / 2 - 1)
    assert reader.in_journal > 0
    reader.wait(1)
    reader.status("main")
    assert (reader["accepted_by_broker"], reader["pending"]) == (1, 1)
    assert payloads(reader.wait(1), REPLAY) == [young.payload]
    reader.confirm([young, old])
    assert (reader["accepted_by_broker"], reader["confirmed"], reader["pending"]) == (1, 1, 0)
    reader.wait(HELD_AGE)
    assert reader.in_journal == 0


def test_a_confirmation_of_unknown_items_makes_no_storer(reader: Reader) -> None:
    frames = reader.frames(2)
    reader.answer(reader.broker.sent[:1])
    reader.confirm([], "forged")
    reader.confirm([Item(ItemKind.FRAME, METER, NOON - SECOND, b"")], "forged")
    reader.confirm([Item(ItemKind.TALLY, METER, frames[0].time_us, b"")], "forged")
    assert reader.storers.puback_suffices
    assert (reader["accepted_by_broker"], reader["pending"]) == (1, 1)


def test_without_a_storer_a_day_without_a_broker_is_kept_on_disk_within_limits(tmp_path: Path) -> None:
    reader = Reader(tmp_path, max_size=100_000)
    reader.disconnect()
    for _ in range(100):
        reader.frames(60, 100)
        reader.wait(864, 54)
    assert reader.disk.size <= 100_000
    assert reader["pending"] > 0
    reader.connect()
    for _ in range(300):
        reader.answer(reader.tick())
    assert reader["pending"] == 0
    assert reader["accepted_by_broker"] + reader["discarded"] == 6000
    assert reader.on_disk == []
    # And what the broker takes at once never goes there.
    for _ in range(100):
        reader.frame()
        reader.answer(reader.broker.sent[-1:])
        reader.wait(10)
    assert reader.on_disk == []


def test_a_removed_storer_whose_online_is_still_retained_does_no_harm(served: Reader) -> None:
    served.status("ghost", wait=0.0)
    for _ in range(100):
        served.confirm([served.frame()])
        served.wait(1)
    assert payloads(served.broker.sent, REPLAY) == []
    assert served.on_disk == []


def test_a_forgotten_storer_is_not_waited_for(served: Reader) -> None:
    frames = served.frames(2)
    served.wait(SPILL_AGE)
    frames += served.frames(2)
    served.forget("main")
    messages = served.wait(CONFIRM_TIMEOUT + SPILL_AGE)
    assert set(payloads(messages, REPLAY)) == {*of(frames)}
    served.answer(messages)
    assert (served["accepted_by_broker"], served["pending"]) == (4, 0)
    assert served.on_disk == []


def test_confirmed_by_broker_waits_for_no_storer(tmp_path: Path) -> None:
    reader = Reader(tmp_path, confirmed_by="broker")
    reader.status("main")
    reader.frame()
    reader.answer(reader.broker.sent)
    assert (reader["accepted_by_broker"], reader["pending"], reader.in_journal) == (1, 0, 0)
    reader.restart()
    assert reader.storers.puback_suffices
    reader.connect()
    reader.frame()
    reader.answer(reader.broker.sent[-1:], NOBODY_SUBSCRIBED)
    assert (reader["accepted_by_broker"], reader["pending"]) == (1, 0)
