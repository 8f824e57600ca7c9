"""The supervision of one line: a port that follows a script, clocks that are numbers, and no waiting."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.errors import PortError
from common.runtime.shutdown import StopEvent
from reader.line.filters import MAX_METERS
from reader.line.health import NO_FRAME_AFTER, Problem
from reader.line.pipeline import TimeSource
from reader.line.port import Port
from reader.line.timestamps import Timestamper
from reader.line.worker import (
    LINK_LOST,
    NETWORK_SILENCE,
    SLOWEST_RETRY,
    FrameReceived,
    LineEvent,
    LineWorker,
    LinkChanged,
    OpenPort,
    ProblemChanged,
)
from reader.simulator.line import Noise
from reader.simulator.meter import SimulatedMeter
from tests.support.wording import warnings_of

Send = Callable[..., bytes]

START = datetime(2026, 11, 24, 22, 20, 20, tzinfo=UTC)
A, B = "031961123456", "041067218788"

#: What a scripted port does: give bytes, be silent for some seconds, fail; a timedelta sets the host's clock.
Step = bytes | float | PortError | timedelta


class World(StopEvent):
    """Ports that follow a script, and the time, which passes only during waits.

    It is also the clock, and the stop event of the line, which is set at the end of the script.
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
        self.events: list[tuple[float, LineEvent]] = []

    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        if not self.is_set():
            self.waits.append(timeout)
            self.pass_time(timeout)
        return self.is_set()

    def open_port(self, name: str, speed: int, stop: StopEvent) -> Port:
        assert stop is self
        self.opened.append((name, speed))
        opening = self.openings.pop(0)
        if not self.openings and isinstance(opening, PortError):
            self.set()
        if isinstance(opening, PortError):
            raise opening
        return ScriptedPort(self, opening)

    def line(
        self,
        *,
        mode: str = "auto",
        name: str = "/dev/meter",
        hide: Iterable[str] = (),
        time_source: TimeSource | None = None,
        emit: Callable[[LineEvent], None] | None = None,
        open_port: OpenPort | None = None,
    ) -> LineWorker:
        return LineWorker(
            name,
            mode=mode,
            hide=frozenset(hide),
            open_port=open_port or self.open_port,
            emit=emit or self.emit,
            stop=self,
            time_source=time_source or Timestamper(self, patience=0, residue=0),
            monotonic=self.monotonic,
        )

    def emit(self, event: LineEvent) -> None:
        self.events.append((self.seconds, event))

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

    def run(self, *, mode: str = "auto", name: str = "/dev/meter", hide: Iterable[str] = ()) -> LineWorker:
        line = self.line(mode=mode, name=name, hide=hide)
        line.run()
        return line

    @property
    def frames(self) -> list[Frame]:
        return [event.frame for _, event in self.events if isinstance(event, FrameReceived)]

    @property
    def links(self) -> list[tuple[float, str, bool]]:
        """Seconds since the start, meter, online."""
        return [(at - 1000, event.meter, event.online) for at, event in self.events if isinstance(event, LinkChanged)]


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


def milestones(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The log lines of the worker, each by the words that carry its meaning."""
    words = ("Listening", "receiving frames", "unplugged", "no such device", "no frame for")
    lines = [record.getMessage() for record in caplog.records if record.name == "reader.line.worker"]
    return [next(word for word in words if word in line) for line in lines]


def standard(send: Send, meter: str = A) -> bytes:
    return send(
        b"ADSC\t" + meter.encode() + b"\t",
        b"DATE\th261124232019\t\t",
        b"SMAXSN\tH261124070531\t03250\t",
        b"PRM\t09123456789012\t",
    )


def test_emits_a_frame_with_the_values_and_stamps_of_the_meter(send: Send) -> None:
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


def test_a_frame_with_only_hidden_labels_takes_the_link_online_and_is_not_emitted(send: Send) -> None:
    world = World([[send(b"ADCO " + A.encode(), b"PAPP 00750")]])
    line = world.run(hide=["ADCO", "PAPP"])
    assert world.frames == []
    assert [link[1:] for link in world.links] == [(A, True), (A, False)]
    assert line.health.frames == 1


# The port fails and is reopened.


def test_an_absent_port_is_retried_with_backoff_and_logged_once(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World([ABSENT] * 10 + [[historic(send)]])
    line = world.run()
    assert world.waits[:10] == [1, 2, 4, 8, 16, SLOWEST_RETRY, *[SLOWEST_RETRY] * 4]
    assert sum("no such device" in record.message for record in caplog.records) == 1
    assert [record.message for record in caplog.records].count("Listening on /dev/meter") == 1
    assert len(world.frames) == 1
    assert line.health.reopens == 0


def test_an_unplugged_port_is_reopened_and_each_change_is_logged(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World([[historic(send), GONE], ABSENT, ABSENT, [historic(send), GONE], [historic(send)]])
    line = world.run()
    assert len(world.frames) == 3
    assert line.health.reopens == 2
    assert world.closed == 3
    assert milestones(caplog) == [
        *("Listening", "receiving frames", "unplugged", "no such device", "Listening", "unplugged", "Listening"),
    ]


def test_a_port_that_fails_right_after_opening_is_retried_with_backoff(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as a network gateway that serves only one client."""
    caplog.set_level(logging.INFO)
    at_once: list[Step] = [GONE]
    world = World([*[at_once] * 8, [b"noise", GONE], [0.5, GONE], [historic(send), GONE], [historic(send)]])
    world.run()
    assert world.waits[:10] == [1, 2, 4, 8, 16, *[SLOWEST_RETRY] * 5]
    assert world.waits[10] == 1  # it gave a frame: the backoff starts anew
    assert milestones(caplog)[:4] == ["Listening", "unplugged", "Listening", "receiving frames"]
    assert len(world.frames) == 2


def test_half_a_frame_before_a_failure_is_not_joined_to_the_bytes_after_it(send: Send) -> None:
    one = historic(send)
    world = World([[one[:30], GONE], [one[30:], historic(send, power=1)]])
    world.run()
    assert [frame.values["PAPP"] for frame in world.frames] == [1]


def test_a_stop_takes_the_link_offline_without_a_warning(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    world = World([[historic(send)]])
    world.run()
    assert world.links == [(0, A, True), (0, A, False)]
    assert caplog.records == []


def test_a_stop_ends_the_wait_for_an_absent_port() -> None:
    world = World([ABSENT])
    world.run()
    assert world.waits == []
    assert world.events == []


# The link.


def test_the_link_is_offline_ten_seconds_after_the_last_frame_and_online_with_the_next(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    world = World([[9.0, historic(send), 9.0, historic(send), 30.0, historic(send)]])
    world.run(mode="historic")
    assert [(meter, online) for _, meter, online in world.links] == [(A, True), (A, False), (A, True), (A, False)]
    online, offline, again, _ = (when for when, _, _ in world.links)
    assert online == 9
    assert LINK_LOST < offline - 18 <= LINK_LOST + 1
    assert again == 48
    (warning,) = warnings_of(caplog)
    assert warning.startswith("/dev/meter: no frame for 10 s")
    assert "nothing arrives" in warning


def test_noise_and_frames_without_an_address_do_not_keep_the_link_online(send: Send) -> None:
    without = send(b"PAPP 00750", b"BASE 006511245")
    bad: list[Step] = [1.0, without, b"\x00noise\x02\x03"]
    world = World([[historic(send), *bad * 15]])
    line = world.run(mode="historic")
    assert [online for _, _, online in world.links] == [True, False]
    assert 10 < world.links[1][0] <= 11
    assert line.health.no_address == 15
    assert line.health.undecodable == 15
    assert len(world.frames) == 1


def test_the_link_goes_offline_in_time_while_the_port_is_absent(send: Send) -> None:
    world = World([[historic(send), GONE], *[ABSENT] * 30, [0.0]])
    world.run()
    assert [online for _, _, online in world.links] == [True, False]
    assert LINK_LOST < world.links[1][0] <= LINK_LOST + 1


def test_a_short_absence_of_the_port_does_not_change_the_link(send: Send) -> None:
    world = World([[historic(send), GONE], ABSENT, ABSENT, [historic(send)]])
    world.run()
    assert [online for _, _, online in world.links] == [True, False]
    assert world.links[1][0] == world.seconds - 1000  # at the stop


# A line without frames.


def problems(world: World) -> list[tuple[float, Problem | None]]:
    """Seconds since the start, and the new problem."""
    return [(at - 1000, event.problem) for at, event in world.events if isinstance(event, ProblemChanged)]


NOISE: list[Step] = [b"\x00\xf3U" * 27, 1.0]  # 81 bytes a second


@pytest.mark.parametrize(
    ("steps", "problem", "count", "words"),
    [
        ([60.0], Problem.SILENT, 0, ("nothing arrives on /dev/meter", "I1/I2")),
        (NOISE * 60, Problem.UNREADABLE, 60 * 81, ("1,215 bytes on /dev/meter", "teleinfo-reader check")),
    ],
    ids=["silence", "noise"],
)
def test_warns_once_of_a_line_without_frames_from_the_start_after_15_seconds(
    caplog: pytest.LogCaptureFixture, steps: list[Step], problem: Problem, count: int, words: tuple[str, ...]
) -> None:
    world = World([steps])
    report = world.run().health.report()
    (warning,) = warnings_of(caplog)
    assert all(word in warning for word in words)
    assert len(world.speeds) > 5  # it keeps trying both speeds
    ((when, found),) = problems(world)
    assert NO_FRAME_AFTER <= when <= NO_FRAME_AFTER + 1
    assert (found, report["problem"], report["bytes"]) == (problem, problem.value, count)


def test_silence_that_turns_into_noise_changes_the_problem(caplog: pytest.LogCaptureFixture) -> None:
    world = World([[20.0, *NOISE * 20, 20.0, *NOISE * 20]])
    world.run()
    assert [problem for _, problem in problems(world)] == [
        Problem.SILENT,
        Problem.UNREADABLE,
        Problem.SILENT,
        Problem.UNREADABLE,
    ]
    assert len(warnings_of(caplog)) == 2  # each once an hour


def test_a_frame_ends_the_problem_and_a_frame_in_time_prevents_it(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    world = World([[14.0, historic(send), 14.0, historic(send)]])
    world.run(mode="historic")
    assert problems(world) == []
    world = World([[30.0, historic(send), 1.0]])
    assert world.run().health.report()["problem"] is None
    assert [problem for _, problem in problems(world)] == [Problem.SILENT, None]


def test_a_meter_that_stops_is_logged_with_the_reason_and_again_an_hour_later(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    one = historic(send)
    world = World([[one, 1.0, one[:40], 4000.0]])
    world.run()
    assert ["no frame for 10 s" in text for text in warnings_of(caplog)] == [True, False]
    assert all("nothing arrives on /dev/meter" in text for text in warnings_of(caplog))
    caplog.clear()
    World([[one, 1.0, *NOISE * 20]]).run()
    (warning,) = warnings_of(caplog)
    assert "no frame for 10 s" in warning
    assert "bytes on /dev/meter" in warning


def test_an_absent_port_is_not_reported_as_silent(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    world = World([*[ABSENT] * 9, [14.0, historic(send), GONE], *[ABSENT] * 9, [14.0]])
    line = world.run()
    assert problems(world) == []
    assert not any("nothing arrives" in text for text in warnings_of(caplog))
    assert sum("no frame for 10 s" in text for text in warnings_of(caplog)) == 1
    assert line.health.problem is None


def test_unplugging_a_silent_line_ends_the_problem() -> None:
    world = World([[30.0, GONE], ABSENT, [5.0]])
    world.run()
    assert [problem for _, problem in problems(world)] == [Problem.SILENT, None]


ICE = (b"CONTRAT BASE_A5", b"EA 12345Wh", b"ERP 123varh", b"PTCOUR HPE", b"PREAVIS ", b"PA1MN 12kW", b"PA10MN 12kW")


def test_a_meter_of_another_family_is_not_reported_as_unreadable(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    steps: list[Step] = [send(*ICE), 1.0]
    world = World([steps * 60])
    world.run()
    assert problems(world) == []
    assert len(warnings_of(caplog)) == 1


def test_frames_that_wait_for_the_clock_prevent_a_problem() -> None:
    meter = SimulatedMeter("standard-single-phase-tempo")
    steps: list[Step] = [meter.frame(START), 1.0]
    world = World([steps * 60])
    timestamper = Timestamper(world, patience=0)
    timestamper.waiting_for_sync = lambda: True  # type: ignore[method-assign]
    world.line(time_source=timestamper).run()
    assert problems(world) == []


# A port over the network.


NETWORK = ("socket://gateway:2000", "rfc2217://gateway:2217")


@pytest.mark.parametrize("name", NETWORK)
def test_a_silent_network_port_is_reopened_and_logged_once(
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
    assert 3 * 61 + 30 <= world.seconds - 1000 <= 3 * 65 + 30
    lines = [record.getMessage() for record in caplog.records if record.name == "reader.line.worker"]
    assert sum("no data for 60 s" in text for text in lines) == 1
    assert sum(text.startswith("Listening on") for text in lines) == 2  # at first, and when it is back


def test_each_silence_of_a_network_port_is_logged(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    one: list[Step] = [historic(send), 1000.0]
    world = World([one, one, one, [historic(send)]])
    line = world.run(name=NETWORK[0])
    assert sum("no data for 60 s" in text for text in warnings_of(caplog)) == 3
    assert line.health.reopens == 3


def test_noise_keeps_a_network_port_open_and_a_serial_port_stays_open_in_silence() -> None:
    world = World([[*NOISE * 200]])
    world.run(name=NETWORK[0])
    assert len(world.opened) == 1
    world = World([[1000.0]])
    world.run()
    assert len(world.opened) == 1


# Which meter.


def test_another_meter_is_accepted_with_its_second_frame(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    steps: list[Step] = [historic(send, A), 1.0, historic(send, B, 1), 1.0, historic(send, B, 2)]
    world = World([steps])
    line = world.run()
    assert [(frame.meter, frame.values["PAPP"]) for frame in world.frames] == [(A, 750), (B, 1), (B, 2)]
    assert [frame.timestamp - START for frame in world.frames] == [timedelta(seconds=second) for second in range(3)]
    assert [link[1:] for link in world.links] == [(A, True), (A, False), (B, True), (B, False)]
    assert line.health.meter == B
    (told,) = [record.message for record in caplog.records]
    assert told.startswith("/dev/meter: ")
    assert told.endswith(B)


def test_a_hostile_line_with_4400_addresses_makes_few_meters_and_few_log_lines(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    steps: list[Step] = []
    for number in range(4_400):
        steps += [send(b"ADCO %012d" % number, b"PAPP 00750") * 2, 1.0]
    world = World([[historic(send), *steps, historic(send), historic(send, power=1)]])
    line = world.run(mode="historic")
    assert len({frame.meter for frame in world.frames}) == MAX_METERS
    assert (world.frames[-1].meter, world.frames[-1].values["PAPP"]) == (A, 1)  # the first one is still read
    assert line.health.refused == 2 * 4_400 - 2 * (MAX_METERS - 1)
    assert len(world.frames) + line.health.refused + line.health.address_mismatch == 2 * 4_400 + 3
    assert len(caplog.records) < 2 * MAX_METERS
    assert sum("more than 32 meters" in text for text in warnings_of(caplog)) == 2  # once an hour


# Speed detection and counters.


def test_a_port_is_reopened_at_the_speed_that_is_being_tried() -> None:
    world = World([[5.0, GONE], [0.0]])
    world.run()
    assert world.opened[1][1] == world.speeds[-1] != world.opened[0][1]


def test_a_port_that_was_absent_for_long_is_read_at_the_speed_that_worked(send: Send) -> None:
    one = standard(send)
    world = World([[one, GONE], *[ABSENT] * 9, [one[:40], 0.1, one[40:]]])
    world.run()
    assert world.speeds == []
    assert len(world.frames) == 2


def test_counts_what_was_dropped(send: Send, parity: Callable[[bytes], bytes]) -> None:
    wire = bytearray(parity(historic(send)))
    wire[wire.index(ord("B"))] ^= 0x10
    world = World([[parity(historic(send)), bytes(wire), b"\x03", parity(send(b"ADCO " + A.encode(), b"PAPP 0"))]])
    line = world.run()
    assert [frame.dropped for frame in world.frames] == [None, 1, 1]
    report = line.health.report()
    assert report["groups_dropped"] == {"parity": 1, "value": 1}
    assert report["groups"] == sum(len(frame.values) for frame in world.frames)
    assert (report["parity"], report["parity_errors"], report["undecodable"], report["frames"]) == (True, 1, 1, 3)
    assert (report["mode"], report["meter"], report["port"]) == ("historic", A, "/dev/meter")
    assert report["driver"] == {"framing": 7}


def test_the_count_of_undecodable_frames_continues_after_a_reopening() -> None:
    world = World([[b"\x03\x03", GONE], [b"\x03", 30.0, b"\x03"]])
    assert world.run().health.undecodable == 4


def test_reads_the_counters_of_the_driver_once_a_second_and_not_with_each_byte() -> None:
    world = World([[*[b"x"] * 100, 0.6, b"x", b"x", 0.6, b"x", b"x", 0.1, b"x"]])
    reads: list[float] = []

    class CountingPort(ScriptedPort):
        def driver_errors(self) -> dict[str, int]:
            reads.append(world.seconds - 1000)
            return {}

    world.line(open_port=lambda *_: CountingPort(world, world.openings.pop(0))).run()  # type: ignore[arg-type]
    assert reads == pytest.approx([0, 1.2, 1.3])  # the last one when it is closed


# Time.


def test_records_the_times_of_the_last_loop_byte_and_frame(send: Send) -> None:
    line = World([[2.0, historic(send), 5.0, b"\x00" * 50, 7.0], ABSENT]).run()
    assert line.health.last_frame_at - 1000 == 2
    assert line.health.last_byte_at - 1000 == 7
    assert line.health.last_loop_at - 1000 >= 14


def seconds(world: World) -> list[float]:
    return [(frame.timestamp - START).total_seconds() for frame in world.frames]


def test_a_frame_with_others_in_one_read_has_the_time_of_its_own_last_byte(send: Send) -> None:
    one = historic(send)

    class SlowPort(ScriptedPort):
        """Each read takes the time that its bytes take at 1200 bit/s."""

        def read(self, timeout: float) -> bytes:
            data = super().read(timeout)
            world.pass_time(len(data) / 120)
            return data

    world = World([[one, one + one + one[:12], one[12:]]])
    world.line(open_port=lambda *_: SlowPort(world, world.openings.pop(0))).run()  # type: ignore[arg-type]
    pace = len(one) / 120
    # Timestamps are whole milliseconds.
    assert seconds(world) == pytest.approx([pace, 2 * pace, 3 * pace, 4 * pace], abs=1e-3)


def test_setting_the_clock_does_not_change_when_the_link_is_lost(send: Send) -> None:
    world = World([[historic(send), timedelta(days=-1), 5.0, timedelta(days=2), 5.0]])
    world.run()
    assert world.links == [(0, A, True), (10, A, False)]
    assert world.is_set()


def test_noise_is_counted_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """First with few errors, then with many."""
    caplog.set_level(logging.DEBUG)
    meter = SimulatedMeter("standard-single-phase-tempo")
    some = [meter.frame(START + timedelta(seconds=70 * number)) for number in range(50)]
    steps: list[Step] = []
    for rate, count in ((1e-4, 1000), (2e-3, 500), (1e-4, 250)):
        noise = Noise(rate, seed=count)
        for _ in range(count):
            steps += [noise.apply(some[len(steps) // 140]), 1.0]
    line = World([steps]).run()
    health = line.health
    assert sum(health.dropped.values()) > 5_000
    assert health.frames > 750
    assert len(caplog.records) < 20, [record.getMessage() for record in caplog.records]
