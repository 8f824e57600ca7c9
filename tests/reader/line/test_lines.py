"""Which lines are read, and how that changes while they run: lines that end when they are told, no ports."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from common.runtime.shutdown import StopEvent
from reader.line.health import LineHealth
from reader.line.lines import Lines
from reader.line.topic import TopicLine
from tests.support.programs import WITHIN, wait_until

ONE, OTHER, THIRD = "/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyUSB2"


class Line:
    """A line that reads until it is stopped, and then closes its port when the test lets it."""

    def __init__(self, port: str, number: int, stop: StopEvent) -> None:
        self.port, self.number, self.stop = port, number, stop
        self.started = threading.Event()
        self.may_close = threading.Event()

    def run(self) -> None:
        self.started.set()
        self.stop.wait()
        self.may_close.wait()


class Rig:
    def __init__(self, *ports: str) -> None:
        self.made: list[Line] = []
        self.lines = Lines(self._make, ports)

    def _make(self, port: str, number: int, stop: StopEvent) -> Any:
        self.made.append(Line(port, number, stop))
        return self.made[-1]

    @property
    def read(self) -> list[Any]:
        return list(self.lines)

    def close(self) -> None:
        threads = self.lines.stop()
        for line in self.made:
            line.may_close.set()
        for thread in threads:
            thread.join(WITHIN)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig(ONE, OTHER)
    rig.lines.start()
    yield rig
    rig.close()


def test_a_port_that_stays_is_read_on_and_only_the_others_change(rig: Rig) -> None:
    first, second = rig.made
    rig.lines.use([THIRD, ONE])
    third = rig.made[-1]
    assert rig.read == [first, third]
    assert third.started.wait(WITHIN)
    assert [line.stop.is_set() for line in (first, second, third)] == [False, True, False]
    assert [line.number for line in rig.made] == [0, 1, 2]


def test_no_port_is_left_when_none_is_wanted(rig: Rig) -> None:
    rig.lines.use([])
    assert rig.read == []
    assert all(line.stop.is_set() for line in rig.made)


def test_a_port_that_is_wanted_again_is_opened_once_it_was_closed(rig: Rig) -> None:
    rig.lines.use([ONE])
    rig.lines.use([ONE, OTHER])
    rig.lines.tick()
    assert rig.read == rig.made[:1], "two lines would steal each other's characters"
    rig.made[1].may_close.set()

    def read_again() -> bool:
        rig.lines.tick()
        return len(rig.read) == 2

    wait_until(read_again, WITHIN, "it is read again")
    assert [line.port for line in rig.made] == [ONE, OTHER, OTHER]


def test_the_same_simulated_port_may_be_read_twice() -> None:
    port = "simulate://historic-single-phase-base"
    rig = Rig(port, port)
    assert [line.port for line in rig.read] == [port, port]


def test_all_end_with_the_program_also_one_that_has_just_been_left(rig: Rig) -> None:
    rig.lines.use([ONE])
    assert len(rig.lines.stop()) == 2
    assert all(line.stop.is_set() for line in rig.made)


class Topic(TopicLine):
    """A port that is a topic, and keeps what it receives."""

    def __init__(self, port: str) -> None:
        self.health = LineHealth(port)
        self.received: list[tuple[str, bytes, float, bool]] = []

    def receive(self, topic: str, payload: bytes, now: float, *, retained: bool) -> None:
        self.received.append((topic, payload, now, retained))


def test_messages_of_the_broker_go_to_the_ports_that_are_topics() -> None:
    made: list[Any] = []

    def make(port: str, number: int, stop: StopEvent) -> Any:
        made.append(Topic(port) if port.startswith("mqtt:") else Line(port, number, stop))
        return made[-1]

    Lines(make, (ONE, "mqtt:a", "mqtt:b")).receive("a", b"1", 5.0, retained=True)
    assert [line.received for line in made if isinstance(line, Topic)] == [[("a", b"1", 5.0, True)]] * 2


def test_frames_are_made_of_a_topic_only_while_no_line_receives_the_meter() -> None:
    made: list[Any] = [Line(ONE, 0, StopEvent()), Topic("mqtt:a")]
    made[0].health = LineHealth(ONE)
    lines = Lines(lambda _, number, __: made[number], [ONE, "mqtt:a"])
    line, topic = (one.health for one in made)
    topic.open = True
    assert lines.may_send("021961000001", topic, "zigbee2mqtt", 90.0)
    line.meter, line.last_frame_at = "021961000001", 95.0
    assert not lines.may_send("021961000001", topic, "zigbee2mqtt", 100.0)
    assert lines.may_send("031961000002", topic, "zigbee2mqtt", 100.0)
    assert lines.may_send("021961000001", topic, "zigbee2mqtt", 106.0)
