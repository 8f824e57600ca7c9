"""A port that is a topic: frames, the link, problems, and what is saved."""

import json
import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.frame import Frame
from common.contract.usual_interval import SILENT_INTERVALS
from common.runtime.shutdown import StopEvent
from reader.decoded.gather import QUIET
from reader.decoded.interval import LONGEST
from reader.line.health import LineHealth, Problem
from reader.line.topic import SAVE_EVERY, UNREADABLE_AFTER, TopicLine, file_of
from reader.line.worker import FrameReceived, LineEvent, LinkChanged, ProblemChanged
from tests.support.decoded import payload

METER, OTHER = "021961000001", "031961000002"
TOPIC = "zigbee2mqtt/Linky"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Time:
    """Gives frames the time of a clock that is right, or is still to be set."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.synchronised, self.steps_back = True, 0

    def waiting_for_sync(self) -> bool:
        return not self.synchronised

    def timestamp(self, at: float) -> tuple[datetime, bool]:
        return NOON + timedelta(seconds=at), self.synchronised


class Rig:
    """A line whose time is set by hand."""

    def __init__(self, folder: Path, port: str = f"mqtt:{TOPIC}", hide: tuple[str, ...] = ()) -> None:
        self.events: list[LineEvent] = []
        self.time, self.stop = Time(), StopEvent()
        self.sent_elsewhere: set[str] = set()
        self.folders = (folder / "journal", folder / "spool")
        self.line = TopicLine(
            port,
            hide=frozenset(hide),
            emit=self.events.append,
            stop=self.stop,
            time_source=self.time,
            folders=self.folders,
            may_send=self._may_send,
            monotonic=lambda: self.time.seconds,
            clock=lambda: self.time.seconds + 1e9,
        )

    def _may_send(self, meter: str, health: LineHealth, source: str, at: float) -> bool:
        assert health is self.line.health
        assert source == "zigbee2mqtt"
        assert at <= self.time.seconds
        return meter not in self.sent_elsewhere

    def send(self, content: Mapping[str, Any] | str, *, topic: str = TOPIC, retained: bool = False) -> list[Frame]:
        """Send a message; return the frames that come of it when its moment is over."""
        self.line.receive(topic, payload(content), self.time.seconds, retained=retained)
        self.line.work(self.time.seconds)
        return self.go(QUIET)

    def go(self, seconds: float) -> list[Frame]:
        before = len(self.events)
        self.time.seconds += seconds
        self.line.work(self.time.seconds)
        return [event.frame for event in self.events[before:] if isinstance(event, FrameReceived)]

    def links(self) -> list[tuple[str, bool]]:
        return [(event.meter, event.online) for event in self.events if isinstance(event, LinkChanged)]

    def problems(self) -> list[Problem | None]:
        return [event.problem for event in self.events if isinstance(event, ProblemChanged)]

    def run_and_stop(self) -> None:
        thread = threading.Thread(target=self.line.run)
        thread.start()
        self.stop.set()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def message(power: int = 430, meter: str = METER, **changes: Any) -> dict[str, Any]:
    return {
        "meter_serial_number": meter, "current_tarif": "BASE", "current_price": "BASE", "available_power": 9,
        "current_summ_delivered": 30.5, "current_tier1_summ_delivered": 30.5, "apparent_power": power,
    } | changes  # fmt: skip


def test_a_message_becomes_a_frame_with_the_time_of_its_arrival_and_its_source(rig: Rig) -> None:
    at = rig.time.seconds
    (frame,) = rig.send(message())
    assert (frame.meter, frame.source, frame.timestamp) == (METER, "zigbee2mqtt", NOON + timedelta(seconds=at))
    assert (frame.values["EAST"], frame.values["SINSTS"]) == (30_500, 430)
    assert (frame.dropped, frame.stamps, frame.host_clock) == (None, None, None)
    assert rig.links() == [(METER, True)]
    report = rig.line.health.report()
    assert (report["meter"], report["mode"], report["frames"], report["problem"]) == (METER, "standard", 1, None)
    assert report["decoded"] == {"source": "zigbee2mqtt", "interval": LONGEST, "refused": {}, "overwritten": 0}


def test_messages_of_other_topics_are_not_of_this_port(rig: Rig) -> None:
    for topic in ("zigbee2mqtt/Linky/availability", "zigbee2mqtt/Garage", "zigbee2mqtt"):
        assert rig.send(message(), topic=topic) == []
    assert rig.line.health.bytes == 0


def test_a_flood_makes_one_frame_of_the_newest_message(rig: Rig) -> None:
    for power in range(1000):
        rig.line.receive(TOPIC, payload(message(power)), rig.time.seconds, retained=False)
    assert rig.go(0) == []
    assert [frame.values["SINSTS"] for frame in rig.go(QUIET)] == [999]
    assert rig.line.health.decoded["overwritten"] == 999


def test_labels_that_are_hidden_leave_the_frame(tmp_path: Path) -> None:
    (frame,) = Rig(tmp_path, hide=("ADSC",)).send(message())
    assert "ADSC" not in frame.values
    assert frame.meter == METER


def test_frames_wait_for_the_clock_and_come_in_order(rig: Rig) -> None:
    rig.time.synchronised = False
    assert rig.send(message(1)) == []
    assert rig.send(message(2)) == []
    assert rig.links() == []
    rig.time.synchronised = True
    frames = rig.go(1)
    assert [frame.values["SINSTS"] for frame in frames] == [1, 2]
    assert frames[0].timestamp < frames[1].timestamp


def test_a_meter_is_silent_after_some_of_its_usual_intervals_and_back_with_a_message(rig: Rig) -> None:
    for power in range(20):
        rig.send(message(power))
        rig.go(60 - QUIET)
    assert rig.line.health.decoded["interval"] == 60
    rig.go(SILENT_INTERVALS * 60 - 61)
    assert rig.links() == [(METER, True)]
    assert rig.line.health.is_receiving(rig.time.seconds)
    rig.go(5)
    assert rig.links() == [(METER, True), (METER, False)]
    assert rig.problems() == [Problem.SILENT]
    rig.send(message(19))  # as before, but the meter is there
    assert rig.links()[2:] == [(METER, True)]
    assert rig.problems() == [Problem.SILENT, None]


def test_of_a_meter_that_nothing_names_it_is_said_once_how_to_get_its_address(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    node = "mqtt:linky-cave/sensor/+/state?unit=Wh&linky_east=EAST"
    Rig(tmp_path, node).run_and_stop()
    (told,) = (text for text in caplog.messages if "esphome-linky-cave" in text)
    assert "ADSC" in told
    caplog.clear()
    Rig(tmp_path, f"{node}&linky_adsc=ADSC").run_and_stop()
    assert "no label names" not in caplog.text


def test_what_is_retained_is_no_sign_of_life(rig: Rig) -> None:
    assert rig.send(message(), retained=True) == []
    assert rig.links() == []
    rig.go(LONGEST + 1)
    assert rig.problems() == [Problem.SILENT]


def test_messages_of_which_none_is_of_a_meter_are_a_problem_that_is_told_with_its_reason(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        rig.send({"state": "ON"})
        rig.go(UNREADABLE_AFTER / 2)
    assert rig.problems() == [Problem.UNREADABLE]
    assert "none is of a meter: no meter is recognised in it" in caplog.text
    assert rig.line.health.decoded["refused"] == {"no_meter": 3}
    rig.send(message())
    assert rig.problems() == [Problem.UNREADABLE, None]


def test_while_another_port_makes_the_frames_of_a_meter_this_one_stands_by_and_then_takes_over(rig: Rig) -> None:
    rig.sent_elsewhere.add(METER)
    assert rig.send(message(1)) == []
    assert rig.links() == [(METER, True)]  # it is received here, too, should the other port end
    assert rig.line.health.meter == METER
    assert not rig.line.health.is_receiving(rig.time.seconds)
    rig.sent_elsewhere.clear()
    rig.go(60)
    assert [frame.values["SINSTS"] for frame in rig.send(message(3))] == [3]
    assert rig.links() == [(METER, True)]
    rig.go(rig.line.health.lost_after)
    assert rig.links() == [(METER, True), (METER, False)]


def test_two_meters_of_a_port_have_a_link_each(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "mqtt:zigbee2mqtt/+")
    for power in range(20):
        rig.send(message(power))
        rig.send(message(power, OTHER), topic="zigbee2mqtt/Garage")
        rig.go(60 - 2 * QUIET)
    for power in range(5):
        rig.send(message(100 + power))
        rig.go(60 - QUIET)
    assert rig.links() == [(METER, True), (OTHER, True), (OTHER, False)]


def test_what_is_held_back_is_counted_and_logged_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    rig.send(message())
    for power in range(3):
        rig.go(60)
        (frame,) = rig.send(message(power, current_summ_delivered=0))
        assert "EAST" not in frame.values
    assert rig.line.health.dropped == {"implausible": 3}
    assert caplog.text.count("EAST: implausible value 0 (last 30500)") == 1


def test_at_the_end_a_meter_is_offline_and_what_was_believed_is_beside_the_spool(rig: Rig) -> None:
    rig.send(message())
    rig.run_and_stop()
    assert rig.links() == [(METER, True), (METER, False)]
    journal, spool = (folder / file_of(f"mqtt:{TOPIC}") for folder in rig.folders)
    assert spool.exists()
    assert not journal.exists()


def test_what_is_believed_is_saved_with_the_journal_meanwhile(rig: Rig) -> None:
    rig.send(message())
    rig.go(SAVE_EVERY)
    journal, spool = (folder / file_of(f"mqtt:{TOPIC}") for folder in rig.folders)
    assert journal.exists()
    assert not spool.exists()


@pytest.mark.parametrize("newest", [0, 1])
def test_the_newest_of_what_was_saved_counts(tmp_path: Path, newest: int) -> None:
    last = Rig(tmp_path)
    for place, seconds, total in ((1 - newest, 0, 31.0), (newest, 5000, 31.5)):
        rig = Rig(tmp_path / str(place))
        rig.time.seconds += seconds
        rig.send(message(current_summ_delivered=total, current_tier1_summ_delivered=total))
        rig.go(SAVE_EVERY)
        last.folders[place].mkdir()
        (rig.folders[0] / file_of(f"mqtt:{TOPIC}")).rename(last.folders[place] / file_of(f"mqtt:{TOPIC}"))
    last.time.seconds += 10_000
    last.run_and_stop()
    (frame,) = last.send(message(440, current_summ_delivered=31.0, current_tier1_summ_delivered=31.5))
    assert "EAST" not in frame.values
    assert frame.values["EASF01"] == 31_500


def test_what_was_believed_of_a_meter_goes_on_when_its_device_was_renamed(rig: Rig, tmp_path: Path) -> None:
    rig.send(message())
    rig.run_and_stop()
    renamed = Rig(tmp_path, "mqtt:zigbee2mqtt/Compteur")
    (frame,) = renamed.send(message(440, current_summ_delivered=0.0), topic="zigbee2mqtt/Compteur")
    assert "EAST" not in frame.values
    assert frame.values["EASF01"] == 30_500


def test_what_is_saved_of_ports_of_before_does_not_grow_for_ever(tmp_path: Path) -> None:
    for number in range(20):
        rig = Rig(tmp_path, f"mqtt:zigbee2mqtt/{number}")
        rig.run_and_stop()
    files = {file.name for file in rig.folders[1].iterdir()}
    assert len(files) == 16
    assert file_of("mqtt:zigbee2mqtt/19") in files


@pytest.mark.parametrize("content", ["", "[]", "{", '{"clock": "noon"}', '{"clock": 1}', "x" * 2_000_000])
def test_a_file_that_is_damaged_begins_again(rig: Rig, content: str) -> None:
    for folder in rig.folders:
        folder.mkdir()
        (folder / file_of(f"mqtt:{TOPIC}")).write_text(content)
    rig.run_and_stop()
    assert rig.send(message())
    assert json.loads((rig.folders[1] / file_of(f"mqtt:{TOPIC}")).read_text())["beliefs"] == []


def test_a_folder_that_cannot_be_written_is_said_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.folders[0].write_text("no folder")
    rig.send(message())
    for _ in range(3):
        rig.go(SAVE_EVERY)
    assert caplog.text.count("cannot be written") == 1
