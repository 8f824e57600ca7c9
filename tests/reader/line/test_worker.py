"""One line, whatever happens to it: a port that follows a script, clocks that are numbers, and no waiting."""

import contextlib
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from common.errors import PortError
from common.frame import Frame
from common.labels import Mode
from reader.line.address_filter import MANY_METERS
from reader.line.clock import Timestamper
from reader.line.frame_watchdog import NO_FRAME_AFTER, Problem
from reader.line.port import Port, open_port
from reader.line.worker import (
    LINK_LOST,
    NETWORK_SILENCE,
    SLOWEST_RETRY,
    FrameReceived,
    LineEvent,
    LineWorker,
    LinkChanged,
    ProblemChanged,
)
from reader.simulator.line import Noise
from reader.simulator.meter import SimulatedMeter

Send = Callable[..., bytes]

START = datetime(2026, 11, 24, 22, 20, 20, tzinfo=UTC)
A, B = "031961123456", "041067218788"

#: What a port gives: bytes, or silence of so many seconds, or an error; and the clock may be set meanwhile.
Step = bytes | float | PortError | timedelta


class World(threading.Event):
    """Ports that follow a script, and the time, which passes only where somebody waits.

    It is also the clock, and the stop of the line, which is set once the script has run out.
    """

    build_date = datetime(2026, 11, 24, tzinfo=UTC)

    def __init__(self, openings: Iterable[list[Step] | PortError]) -> None:
        super().__init__()
        self.seconds = 1000.0
        self.wall = START
        self.openings = list(openings)
        self.waits: list[float] = []  # between two openings
        self.opened: list[tuple[str, int]] = []
        self.speeds: list[int] = []
        self.closed = 0
        self.distrusted: list[datetime] = []
        self.posted: list[tuple[float, LineEvent]] = []

    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        if not self.is_set():
            self.waits.append(timeout)
            self.pass_time(timeout)
        return self.is_set()

    def open_port(self, name: str, speed: int, stop: threading.Event) -> Port:
        assert stop is self
        self.opened.append((name, speed))
        opening = self.openings.pop(0)
        if not self.openings and isinstance(opening, PortError):
            self.set()
        if isinstance(opening, PortError):
            raise opening
        return ScriptedPort(self, opening)

    def line(self, *, mode: str = "auto", hide: Iterable[str] = (), name: str = "/dev/meter") -> LineWorker:
        return LineWorker(
            name,
            mode=mode,
            hide=frozenset(hide),
            open_port=self.open_port,
            post=lambda what: self.posted.append((self.seconds, what)),
            stop=self,
            stamper=Timestamper(self, patience=0, phase=0),
            monotonic=self.monotonic,
        )

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def uptime(self) -> float:
        return self.seconds

    def synchronised(self) -> bool:
        return True

    def warn_of_build_date(self, now: datetime) -> None:
        self.distrusted.append(now)

    def run(self, *, mode: str = "auto", hide: Iterable[str] = (), name: str = "/dev/meter") -> LineWorker:
        line = self.line(mode=mode, hide=hide, name=name)
        line.run()
        return line

    @property
    def frames(self) -> list[Frame]:
        return [what.frame for _, what in self.posted if isinstance(what, FrameReceived)]

    @property
    def links(self) -> list[tuple[float, str, bool]]:
        """Seconds after the begin, meter, online."""
        return [(when - 1000, what.meter, what.online) for when, what in self.posted if isinstance(what, LinkChanged)]


class ScriptedPort:
    def __init__(self, world: World, steps: list[Step]) -> None:
        self._world = world
        self._steps = deque(steps)

    def read(self, timeout: float) -> bytes:
        if not self._steps:
            self._world.set()
            return b""
        step = self._steps.popleft()
        if isinstance(step, PortError):
            if not self._steps and not self._world.openings:
                self._world.set()
            raise step
        if isinstance(step, timedelta):
            self._world.wall += step
            return b""
        if isinstance(step, bytes):
            return step
        passed = min(step, timeout)
        self._world.pass_time(passed)
        if step > passed:
            self._steps.appendleft(step - passed)
        return b""

    def close(self) -> None:
        self._world.closed += 1

    def set_speed(self, speed: int) -> None:
        self._world.speeds.append(speed)

    def driver_errors(self) -> dict[str, int]:
        return {"framing": 7}


GONE = PortError("/dev/meter: the device was unplugged")
ABSENT = PortError("/dev/meter: no such device")


def historic(send: Send, meter: str = A, power: int = 750) -> bytes:
    return send(b"ADCO " + meter.encode(), b"BASE 006511245", b"PAPP %05d" % power)


def standard(send: Send, meter: str = A) -> bytes:
    return send(
        b"ADSC\t" + meter.encode() + b"\t",
        b"DATE\th261124232019\t\t",
        b"SMAXSN\tH261124070531\t03250\t",
        b"PRM\t09123456789012\t",
    )


def test_a_frame_is_posted_as_the_meter_said_it(send: Send) -> None:
    world = World([[standard(send)]])
    line = world.run()
    assert world.frames == [
        Frame(
            meter=A,
            timestamp=START,
            mode=Mode.STANDARD,
            values={"ADSC": A, "DATE": "", "SMAXSN": 3250, "PRM": "09123456789012"},
            stamps={
                "DATE": datetime(2026, 11, 24, 22, 20, 19, tzinfo=UTC),
                "SMAXSN": datetime(2026, 11, 24, 6, 5, 31, tzinfo=UTC),
            },
            clock="degraded",
        )
    ]
    assert (line.health.frames, line.health.meter, line.health.mode) == (1, A, Mode.STANDARD)
    assert world.closed == 1
    assert not line.health.open


def test_a_hidden_label_leaves_neither_its_value_nor_its_stamp(send: Send) -> None:
    world = World([[standard(send)]])
    world.run(hide=["PRM", "SMAXSN", "NEVER-SENT"])
    (frame,) = world.frames
    assert frame.values == {"ADSC": A, "DATE": ""}
    assert frame.stamps is not None
    assert frame.stamps.keys() == {"DATE"}
    assert b"09123456789012" not in frame.to_json()
    assert b"SMAXSN" not in frame.to_json()
    world = World([[standard(send)]])
    world.run(hide=["DATE", "SMAXSN"])
    assert world.frames[0].stamps is None


def test_a_hidden_address_still_names_the_meter(send: Send) -> None:
    world = World([[historic(send)]])
    world.run(hide=["ADCO"])
    assert world.frames[0].meter == A
    assert "ADCO" not in world.frames[0].values


def test_a_frame_of_which_nothing_is_left_is_not_published(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    world = World([[historic(send), historic(send)]])
    line = world.run(hide=["ADCO", "BASE", "PTEC", "PAPP", "IINST", "HHPHC", *_labels(historic(send))])
    assert world.frames == []
    assert line.health.frames == 2
    assert [record.message for record in caplog.records if "hide" in record.message] == [
        "/dev/meter: hide leaves nothing of its frames: they are not published"
    ]


def _labels(wire: bytes) -> list[str]:
    return [group.split()[0].decode() for group in wire.split(b"\n")[1:]]


# The port comes and goes.


def test_an_absent_port_is_tried_for_ever_ever_more_rarely_and_named_once(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world = World([ABSENT] * 10 + [[historic(send)]])
    line = world.run()
    assert world.waits[:10] == [1, 2, 4, 8, 16, SLOWEST_RETRY, *[SLOWEST_RETRY] * 4]
    assert [record.message for record in caplog.records if "no such device" in record.message] == [
        "/dev/meter: no such device; trying again until it is there"
    ]
    assert [record.message for record in caplog.records].count("Listening on /dev/meter") == 1
    assert len(world.frames) == 1
    assert line.health.reopens == 0


def test_an_unplugged_port_is_opened_again_and_each_change_is_said(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world = World([[historic(send), GONE], ABSENT, ABSENT, [historic(send), GONE], [historic(send)]])
    line = world.run()
    assert len(world.frames) == 3
    assert line.health.reopens == 2
    assert world.closed == 3
    assert [record.message for record in caplog.records if record.name == "reader.line.worker"] == [
        "Listening on /dev/meter",
        f"/dev/meter: frames are coming ({Mode.HISTORIC} mode)",
        "/dev/meter: the device was unplugged; opening it again when it is there",
        "/dev/meter: no such device; trying again until it is there",
        "Listening on /dev/meter",
        "/dev/meter: the device was unplugged; opening it again when it is there",
        "Listening on /dev/meter",
    ]


def test_a_port_that_opens_and_closes_at_once_is_not_tried_without_a_pause(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    """As a network gateway does that serves one reader only."""
    caplog.set_level(logging.INFO)
    at_once: list[Step] = [GONE]
    world = World([*[at_once] * 8, [b"noise", GONE], [0.5, GONE], [historic(send), GONE], [historic(send)]])
    world.run()
    assert world.waits[:10] == [1, 2, 4, 8, 16, *[SLOWEST_RETRY] * 5]
    assert world.waits[10] == 1  # it gave a frame: from the beginning
    messages = [record.message for record in caplog.records if record.name == "reader.line.worker"]
    assert messages[:4] == [
        "Listening on /dev/meter",
        "/dev/meter: the device was unplugged; opening it again when it is there",
        "Listening on /dev/meter",
        f"/dev/meter: frames are coming ({Mode.HISTORIC} mode)",
    ]
    assert len(world.frames) == 2


def test_half_a_frame_before_the_port_went_away_is_not_joined_to_what_comes_after(send: Send) -> None:
    one = historic(send)
    world = World([[one[:30], GONE], [one[30:], historic(send, power=1)]])
    world.run()
    assert [frame.values["PAPP"] for frame in world.frames] == [1]


def test_a_stop_ends_it_without_a_word_of_loss(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    world = World([[historic(send)]])
    world.run()
    assert world.links == [(0, A, True), (0, A, False)]
    assert caplog.records == []


def test_a_stop_ends_the_wait_for_an_absent_port() -> None:
    world = World([ABSENT])
    world.run()
    assert world.waits == []
    assert world.posted == []


# The link.


def test_the_link_is_lost_ten_seconds_after_the_last_frame_and_back_with_the_next(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    world = World([[9.0, historic(send), 9.0, historic(send), 30.0, historic(send)]])
    world.run(mode="historic")
    assert [(meter, online) for _, meter, online in world.links] == [(A, True), (A, False), (A, True), (A, False)]
    online, offline, again, _ = (when for when, _, _ in world.links)
    assert online == 9
    assert LINK_LOST < offline - 18 <= LINK_LOST + 1
    assert again == 48
    (warning,) = messages(caplog)
    assert "/dev/meter: no frame for 10 s" in warning
    assert "nothing arrives on /dev/meter" in warning


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_noise_and_frames_without_an_address_do_not_hold_the_link(send: Send) -> None:
    without = send(b"PAPP 00750", b"BASE 006511245")
    bad: list[Step] = [1.0, without, b"\x00noise\x02\x03"]
    world = World([[historic(send), *bad * 15]])
    line = world.run(mode="historic")
    assert [online for _, _, online in world.links] == [True, False]
    assert 10 < world.links[1][0] <= 11
    assert line.health.no_address == 15
    assert line.health.undecodable == 15
    assert len(world.frames) == 1


def test_the_link_is_lost_in_time_while_the_port_is_away(send: Send) -> None:
    world = World([[historic(send), GONE], *[ABSENT] * 30, [0.0]])
    world.run()
    assert [online for _, _, online in world.links] == [True, False]
    assert LINK_LOST < world.links[1][0] <= LINK_LOST + 1


def test_a_short_absence_does_not_touch_the_link(send: Send) -> None:
    world = World([[historic(send), GONE], ABSENT, ABSENT, [historic(send)]])
    world.run()
    assert [online for _, _, online in world.links] == [True, False]
    assert world.links[1][0] == world.seconds - 1000  # at the stop


# A line without frames.


def problems(world: World) -> list[tuple[float, Problem | None]]:
    """Seconds after the begin, and what `health` said then."""
    return [(when - 1000, what.problem) for when, what in world.posted if isinstance(what, ProblemChanged)]


NOISE: list[Step] = [b"\x00\xf3U" * 27, 1.0]  # 81 bytes a second


def test_a_line_that_is_silent_from_the_start_is_said_after_15_seconds(caplog: pytest.LogCaptureFixture) -> None:
    world = World([[60.0]])
    line = world.run()
    (warning,) = messages(caplog)
    assert "nothing arrives on /dev/meter" in warning
    assert "I1/I2" in warning
    assert len(world.speeds) > 5  # it goes on looking for the right speed
    ((when, problem),) = problems(world)
    assert (NO_FRAME_AFTER, problem) == (15, Problem.SILENT)
    assert 15 <= when <= 16
    assert (line.health.report()["problem"], line.health.report()["bytes"]) == ("silent", 0)


def test_a_line_of_noise_from_the_start_is_said_with_the_number_of_bytes(caplog: pytest.LogCaptureFixture) -> None:
    world = World([NOISE * 40])
    line = world.run()
    (warning,) = messages(caplog)
    assert "1,215 bytes on /dev/meter, no valid frame" in warning  # at both speeds
    assert "teleinfo-reader check" in warning
    assert [problem for _, problem in problems(world)] == [Problem.UNREADABLE]
    assert (line.health.report()["problem"], line.health.report()["bytes"]) == ("unreadable", 40 * 81)


@pytest.mark.parametrize("steps", [[3.5 * 3600], NOISE * int(3.5 * 3600)], ids=["silence", "noise"])
def test_it_is_said_again_once_an_hour_while_it_lasts(caplog: pytest.LogCaptureFixture, steps: list[Step]) -> None:
    world = World([steps])
    world.run()
    assert len(messages(caplog)) == 4
    assert len(problems(world)) == 1


def test_silence_that_turns_into_noise_is_said_and_goes_to_health_again(caplog: pytest.LogCaptureFixture) -> None:
    world = World([[20.0, *NOISE * 20, 20.0, *NOISE * 20]])
    world.run()
    assert [problem for _, problem in problems(world)] == [
        Problem.SILENT,
        Problem.UNREADABLE,
        Problem.SILENT,
        Problem.UNREADABLE,
    ]
    assert len(messages(caplog)) == 2  # each once an hour


def test_the_first_frame_ends_the_problem_and_a_frame_in_time_is_none(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    world = World([[14.0, historic(send), 14.0, historic(send)]])
    world.run(mode="historic")
    assert problems(world) == []
    world = World([[30.0, historic(send), 1.0]])
    assert world.run().health.report()["problem"] is None
    assert [problem for _, problem in problems(world)] == [Problem.SILENT, None]


def test_a_meter_that_falls_silent_is_said_once_with_what_arrives_and_again_an_hour_later(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    one = historic(send)
    world = World([[one, 1.0, one[:40], 4000.0]])
    world.run()
    assert ["no frame for 10 s" in text for text in messages(caplog)] == [True, False]
    assert all("nothing arrives on /dev/meter" in text for text in messages(caplog))
    caplog.clear()
    World([[one, 1.0, *NOISE * 20]]).run()
    (warning,) = messages(caplog)
    assert "no frame for 10 s" in warning
    assert "bytes on /dev/meter, no valid frame" in warning


def test_a_port_that_is_not_there_is_not_called_silent(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    world = World([*[ABSENT] * 9, [14.0, historic(send), GONE], *[ABSENT] * 9, [14.0]])
    line = world.run()
    assert problems(world) == []
    assert not any("nothing arrives" in text for text in messages(caplog))
    assert sum("no frame for 10 s" in text for text in messages(caplog)) == 1
    assert line.health.problem is None


def test_a_silent_line_that_is_unplugged_is_not_silent_any_more() -> None:
    world = World([[30.0, GONE], ABSENT, [5.0]])
    world.run()
    assert [problem for _, problem in problems(world)] == [Problem.SILENT, None]


def test_a_meter_of_another_family_is_not_called_unreadable(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    steps: list[Step] = [send(*ICE), 1.0]
    world = World([steps * 60])
    world.run()
    assert problems(world) == []
    assert len(messages(caplog)) == 1


def test_frames_that_wait_for_the_clock_are_frames() -> None:
    meter = SimulatedMeter("standard-single-phase-tempo")
    steps: list[Step] = [meter.frame(START), 1.0]
    world = World([steps * 60])
    line = world.line()
    line._stamper.waiting_for_sync = lambda: True  # type: ignore[method-assign]
    line.run()
    assert problems(world) == []


# A port over the network.


NETWORK = ("socket://gateway:2000", "rfc2217://gateway:2217")


@pytest.mark.parametrize("name", NETWORK)
def test_a_network_port_without_a_byte_is_opened_afresh_and_said_once(
    send: Send, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.INFO)
    silent: list[Step] = [1000.0]
    world = World([[historic(send), 1000.0], silent, silent, [30.0, historic(send)]])
    line = world.run(name=name, mode="historic")
    assert NETWORK_SILENCE == 60
    assert len(world.frames) == 2
    assert (len(world.opened), world.closed) == (4, 4)
    assert line.health.reopens == 3
    assert world.waits == [1, 1, 1]  # bytes may come at any time: without a backoff
    assert 3 * 61 + 30 <= world.seconds - 1000 <= 3 * 63 + 30
    said = [record.getMessage() for record in caplog.records if record.name == "reader.line.worker"]
    assert sum("no byte for 60 s" in text for text in said) == 1
    assert sum(text.startswith("Listening on") for text in said) == 2  # at first, and when it is back


def test_each_silence_of_a_network_port_is_said(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    one: list[Step] = [historic(send), 1000.0]
    world = World([one, one, one, [historic(send)]])
    line = world.run(name=NETWORK[0])
    assert sum("no byte for 60 s" in text for text in messages(caplog)) == 3
    assert line.health.reopens == 3


def test_noise_keeps_a_network_port_open_and_a_serial_port_stays_open_in_silence() -> None:
    world = World([[*NOISE * 200]])
    world.run(name=NETWORK[0])
    assert len(world.opened) == 1
    world = World([[1000.0]])
    world.run()
    assert len(world.opened) == 1


def test_a_silent_network_port_that_refuses_then_is_tried_again(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    refused = PortError("socket://gateway:2000: connection refused")
    world = World([[historic(send), 1000.0], refused, [1000.0], refused, [historic(send)]])
    world.run(name=NETWORK[0])
    assert len(world.frames) == 2
    assert sum("no byte for 60 s" in text for text in messages(caplog)) == 1


class Gateway:
    """A TCP server that takes each connection, sends a line on some of them, and then nothing for ever, without FIN."""

    def __init__(self, *lines: bytes) -> None:
        self._lines = list(lines)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # it is closed
            while True:
                connection, _ = self.listener.accept()
                self.taken.append(connection)
                if self._lines:
                    connection.sendall(self._lines.pop(0))

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for connection in [*self.taken, self.listener]:
            connection.close()


def test_a_gateway_that_went_silent_without_a_word_is_connected_to_again(send: Send) -> None:
    """Over real sockets; only the time is made up: it passes where nothing is to be read."""
    world = World([])
    gateway = Gateway(historic(send, power=1), b"", historic(send, power=2))

    class HastyPort:
        def __init__(self, port: Port) -> None:
            self.close, self.set_speed, self.driver_errors = port.close, port.set_speed, port.driver_errors
            self._port = port

        def read(self, timeout: float) -> bytes:
            data = self._port.read(0.005)
            world.pass_time(0 if data else timeout)
            if world.seconds > 11_000:
                world.set()
            return data

    world.open_port = lambda name, speed, stop: HastyPort(open_port(name, speed, stop))  # type: ignore[method-assign]
    line = world.line(name=f"socket://127.0.0.1:{gateway.listener.getsockname()[1]}")
    line._post = lambda what: _stop_after(2, world, what)
    try:
        line.run()
    finally:
        gateway.close()
    assert [frame.values["PAPP"] for frame in world.frames] == [1, 2]
    assert len(gateway.taken) >= 3
    assert line.health.reopens == len(gateway.taken) - 1


def _stop_after(frames: int, world: World, what: LineEvent) -> None:
    world.posted.append((world.seconds, what))
    if len(world.frames) == frames:
        world.set()


# Who speaks.


def test_another_meter_takes_the_line_with_its_second_frame(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    steps: list[Step] = [historic(send, A), 1.0, historic(send, B, 1), 1.0, historic(send, B, 2)]
    world = World([steps])
    line = world.run()
    assert [(frame.meter, frame.values["PAPP"]) for frame in world.frames] == [(A, 750), (B, 1), (B, 2)]
    assert [frame.timestamp - START for frame in world.frames] == [timedelta(seconds=second) for second in range(3)]
    assert [link[1:] for link in world.links] == [(A, True), (A, False), (B, True), (B, False)]
    assert line.health.meter == B
    assert [record.message for record in caplog.records] == [f"/dev/meter: the meter is now {B}"]


def test_a_misread_address_publishes_nothing(send: Send) -> None:
    world = World([[historic(send, A), historic(send, B), historic(send, A)]])
    line = world.run()
    assert [frame.meter for frame in world.frames] == [A, A]
    assert line.health.address_mismatch == 1
    assert [link[1:] for link in world.links] == [(A, True), (A, False)]


def test_a_hostile_line_with_44000_addresses_makes_few_meters_and_few_lines_in_the_log(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    steps: list[Step] = []
    for number in range(44_000):
        steps.append(send(b"ADCO %012d" % number, b"PAPP 00750") * 2)
        if number % 10 == 0:
            steps.append(1.0)
    world = World([[historic(send), *steps, historic(send), historic(send, power=1)]])
    line = world.run(mode="historic")
    assert len({frame.meter for frame in world.frames}) == MANY_METERS
    assert (world.frames[-1].meter, world.frames[-1].values["PAPP"]) == (A, 1)  # the first one is still served
    assert line.health.refused == 2 * 44_000 - 2 * (MANY_METERS - 1)
    assert len(world.frames) + line.health.refused + line.health.address_mismatch == 2 * 44_000 + 3
    assert len(caplog.records) < 2 * MANY_METERS
    assert sum("more than 32 meters" in text for text in messages(caplog)) == 2  # once an hour


def test_two_meters_that_take_turns_are_said_once_an_hour(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    steps: list[Step] = [historic(send, A) * 2, 1.0, historic(send, B) * 2, 1.0]
    world = World([steps * 1000])
    world.run(mode="historic")
    assert len(world.frames) == 4000
    assert [link[1:] for link in world.links[:5]] == [(A, True), (A, False), (B, True), (B, False), (A, True)]
    assert sum("the meter is now" in text for text in messages(caplog)) == 2
    assert len(caplog.records) == 4  # and: listening, frames are coming


ICE = (b"CONTRAT BASE_A5", b"DATECOUR 24/11/26 22/20/19", b"EA 12345Wh", b"ERP 123varh", b"PTCOUR HPE", b"PREAVIS ",
       b"MODE CONTROLE", b"PA1MN 12kW", b"PA10MN 12kW")  # fmt: skip
PME = (b"TRAME 1", b"ADS 041236012345", b"MESURES1 BT 4 SUP36", b"DATE 24/11/26 22:20:19", b"EA_s 12345Wh",
       b"PTCOUR1 HPE", b"PREAVIS ", b"MODE CONTROLE", b"PA1MN 12kW", b"PMAX_s 14-kVA")  # fmt: skip
JAUNE = (b"JAUNE 22:20:24:11:HPE:00:00000:00", b"ENERG 012345:012345:012345:012345", b"PERCC 01/11/26:22:00:1:1",
         b"PMAXC 01234:01234", b"TDEPA 00000:00000")  # fmt: skip


@pytest.mark.parametrize(("family", "zones"), [("ICE", ICE), ("PME-PMI", PME), ("CJE", JAUNE)])
def test_another_family_is_named_once_and_not_published(
    send: Send, caplog: pytest.LogCaptureFixture, family: str, zones: tuple[bytes, ...]
) -> None:
    world = World([[send(*zones)] * 5])
    line = world.run()
    assert world.posted == []
    assert line.health.no_address == 5
    (record,) = caplog.records
    assert f"this is a {family} " in record.message
    assert "nothing is published" in record.message


def test_a_meter_without_a_good_address_is_of_no_other_family(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    World([[send(b"PAPP 00750", b"BASE 006511245", b"IINST 003", b"PREAVIS ")] * 5]).run()
    assert caplog.records == []


# At what speed, and what was wrong.


def test_a_silent_line_is_heard_at_both_speeds_until_the_meter_is_found(send: Send) -> None:
    world = World([[20.5, historic(send), 1.0, historic(send)]])
    line = world.run()
    first = world.opened[0][1]
    assert {first, world.speeds[0]} == {1200, 9600}
    assert all(speed != following for speed, following in zip([first, *world.speeds], world.speeds, strict=False))
    assert len(world.speeds) == 5
    assert len(world.frames) == 2
    assert line.health.mode is Mode.HISTORIC


def test_a_line_that_turns_silent_is_heard_at_both_speeds_again_and_frames_bind_it(send: Send) -> None:
    minute: list[Step] = [1.0, standard(send)] * 60
    world = World([[*minute, 11.0, 1.0]])
    world.run()
    assert world.speeds == [1200]


def test_noise_with_a_lucky_unknown_group_does_not_hold_the_wrong_speed(send: Send) -> None:
    lucky: list[Step] = [send(b"x{ 7"), 2.0]
    world = World([[*lucky * 20]])
    world.run()
    assert len(world.speeds) == 10  # 40 s, four at each speed


def test_a_mode_that_was_asked_for_is_kept(send: Send) -> None:
    world = World([[100.0, b"\x00\xff" * 500, 100.0, GONE], [100.0]])
    world.run(mode="historic")
    assert {speed for _, speed in world.opened} == {1200}
    assert world.speeds == []


def test_a_port_is_opened_again_at_the_speed_that_is_being_tried() -> None:
    world = World([[5.0, GONE], [0.0]])
    world.run()
    assert world.opened[1][1] == world.speeds[-1] != world.opened[0][1]


def test_counts_what_was_wrong(send: Send, parity: Callable[[bytes], bytes]) -> None:
    wire = bytearray(parity(historic(send)))
    wire[wire.index(ord("B"))] ^= 0x10
    world = World([[parity(historic(send)), bytes(wire), b"\x03", parity(send(b"ADCO " + A.encode(), b"PAPP 0"))]])
    line = world.run()
    assert [frame.dropped for frame in world.frames] == [None, 1, 1]
    report = line.health.report()
    assert report["groups_dropped"] == {"parity": 1, "value": 1}
    assert report["groups"] == sum(len(frame.values) for frame in world.frames)
    assert (report["parity"], report["parity_errors"], report["broken"], report["frames"]) == (True, 1, 1, 3)
    assert (report["mode"], report["meter"], report["port"]) == ("historic", A, "/dev/meter")
    assert report["driver"] == {"framing": 7}


def test_the_count_of_broken_frames_goes_on_over_a_reopening() -> None:
    world = World([[b"\x03\x03", GONE], [b"\x03", 30.0, b"\x03"]])
    assert world.run().health.undecodable == 4


def test_the_driver_is_asked_while_the_line_is_open(send: Send) -> None:
    seen: list[dict[str, int]] = []
    world = World([[historic(send), historic(send)]])
    line = world.line()
    line._post = lambda what: seen.append(dict(line.health.driver)) if isinstance(what, FrameReceived) else None
    line.run()
    assert seen[-1] == {"framing": 7}


# Time.


def test_tells_when_its_thread_turned_and_when_it_had_bytes_and_frames(send: Send) -> None:
    line = World([[2.0, historic(send), 5.0, b"\x00" * 50, 7.0], ABSENT]).run()
    assert line.health.last_frame_at - 1000 == 2
    assert line.health.last_byte_at - 1000 == 7
    assert line.health.last_loop_at - 1000 >= 14


def seconds(world: World) -> list[float]:
    return [(frame.timestamp - START).total_seconds() for frame in world.frames]


def test_frames_of_one_read_have_different_increasing_times(send: Send) -> None:
    world = World([[historic(send) * 20, historic(send)]])
    world.run()
    times = seconds(world)
    assert times == sorted(set(times))
    assert len(times) == 21
    assert max(times) < 0.001


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (0.25, [0, 1, 2.25, 3.25]),
        (-0.25, [0, 1, 1.75, 2.75]),  # slewed: they go on increasing
        (3600, [0, 1, 3602, 3603]),
        (-3600, [0, 1, -3598, -3597]),  # set back: it is followed
    ],
)
def test_the_time_of_a_frame_is_that_of_its_last_byte_by_the_clock_as_it_is(
    send: Send, by: float, expected: list[float]
) -> None:
    one = historic(send)
    world = World([[one, 1.0, one, timedelta(seconds=by), 1.0, one[:20], one[20:], 1.0, one]])
    world.run()
    assert seconds(world) == pytest.approx(expected, abs=16e-6)
    assert len(set(seconds(world))) == 4
    assert (seconds(world) == sorted(seconds(world))) is (by > -3600)


def test_a_frame_of_a_clock_before_the_build_is_marked_and_carries_the_meters_own_date(send: Send) -> None:
    """It is not stamped by the meter, whose time travels with it: who reads the frame may take that one."""
    world = World([[standard(send), timedelta(days=-9000), 1.0, standard(send)]])
    world.run()
    assert [frame.host_clock for frame in world.frames] == [None, "unsynchronised"]
    assert world.frames[1].timestamp.year == 2002
    assert [frame.stamps["DATE"].year for frame in world.frames if frame.stamps] == [2026, 2026]
    assert len(world.distrusted) == 1


def test_monotonic_time_tells_when_the_link_is_lost_not_the_clock(send: Send) -> None:
    world = World([[historic(send), timedelta(days=-1), 5.0, timedelta(days=2), 5.0]])
    world.run()
    assert world.links == [(0, A, True), (10, A, False)]
    assert world.is_set()


def test_noise_is_counted_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Some thousand frames, damaged a little, then a lot."""
    caplog.set_level(logging.DEBUG)
    meter = SimulatedMeter("standard-single-phase-tempo")
    some = [meter.frame(START + timedelta(seconds=70 * number)) for number in range(50)]
    steps: list[Step] = []
    for rate, count in ((1e-4, 2000), (2e-3, 1000), (1e-4, 500)):
        noise = Noise(rate, seed=count)
        for _ in range(count):
            steps += [noise.disturb(some[len(steps) // 140]), 1.0]
    line = World([steps]).run()
    health = line.health
    assert sum(health.dropped.values()) > 10_000
    assert health.frames > 1500
    assert len(caplog.records) < 20, [record.getMessage() for record in caplog.records]


def test_an_index_that_falls_again_and_again_is_said_once_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    meter = SimulatedMeter("standard-single-phase-base")
    later, earlier = (meter.frame(START + timedelta(hours=hours)) for hours in (9, 0))
    steps: list[Step] = []
    for number in range(2 * 3600):
        steps += [earlier if number % 10 == 9 else later, 1.0]
    health = World([steps]).run().health
    said = [record.getMessage() for record in caplog.records if "cannot follow" in record.getMessage()]
    labels = {text.split()[1] for text in said}
    assert len(labels) == 3  # EAST, and the supplier's and the distributor's register that runs
    assert len(said) == 2 * len(labels)
    assert health.dropped["implausible"] == 2 * 360 * len(labels)
