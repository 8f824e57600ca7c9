"""The main loop: events go to the delivery and to the publisher, tallies are published, shutdown is orderly."""

import inspect
import json
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.frame import Frame, format_time
from common.contract.labels import Mode
from common.contract.tally import Tally
from common.machine.version import full_version
from common.mqtt.connection import Will
from common.mqtt.events import Connected, Disconnected, Message, Published, PublishToken
from common.runtime.shutdown import SHUTDOWN_TIMEOUT, StopEvent
from common.settings.config import Broker
from reader.build import build_reader
from reader.config import DeliveryConfig, ReaderConfig, ReaderMqtt, SpoolConfig
from reader.delivery.replay import BLOCK_WINDOW
from reader.line.health import LineHealth, Problem
from reader.line.worker import FrameReceived, LineWorker, LinkChanged, ProblemChanged
from reader.service import HEALTH_EVERY

METER = "031961123456"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)

SIMULATED = "simulate://historic-single-phase-base"
ADAPTER, OTHER_ADAPTER = "/dev/serial/by-id/usb-A-if00-port0", "/dev/serial/by-id/usb-B-if00-port0"

Step = Callable[[], object]


class Time:
    """A clock that is set by hand; each reading of it takes a little time."""

    def __init__(self) -> None:
        self.utc = NOON
        self.seconds = 1000.0
        self.step = 0.001  # at each reading

    def monotonic(self) -> float:
        self.seconds += self.step
        return self.seconds

    def now(self) -> datetime:
        return self.utc

    def go(self, seconds: float) -> None:
        self.seconds += seconds
        self.utc += timedelta(seconds=seconds)


class FakeSession:
    """A broker that accepts everything, and acknowledges it if told to."""

    def __init__(
        self,
        settings: Broker,
        client_id: str,
        *,
        will: Will,
        subscriptions: Sequence[str],
        emit: Callable[[object], None],
    ) -> None:
        self.client_id, self.will, self.subscriptions, self.emit = client_id, will, subscriptions, emit
        self.connected = False
        self.last_activity = math.inf
        self.taken_over = 0
        self.max_packet_size = math.inf
        self.acknowledging = False
        self.closed = False
        self.on_publish: Step = bool
        self.sent: list[tuple[str, bytes | str, bool]] = []
        self.added: list[str] = []

    def subscribe(self, filters: Iterable[str]) -> None:
        self.added += filters

    def start(self, *, thread: bool) -> None:
        assert not thread

    def work(self, timeout: float) -> None:
        pass

    def wake(self) -> None:
        pass

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        if not self.connected:
            return None
        self.on_publish()
        self.sent.append((topic, payload, retain))
        token = PublishToken(1, len(self.sent))
        if self.acknowledging:
            self.emit(Published(token, 0))
        return token

    def close(self) -> None:
        self.closed = True
        self.connected = False

    def on(self, topic: str) -> list[tuple[bytes | str, bool]]:
        return [(payload, retain) for sent_to, payload, retain in self.sent if sent_to == topic]


class FakeLine:
    """A line whose events are emitted by the test."""

    clock = (True, 0)

    def __init__(self, port: str, **parts: object) -> None:
        inspect.signature(LineWorker).bind(port, **parts)  # raises where the real one would
        self.health = LineHealth(port)

    def run(self) -> None:
        pass


class Steps(StopEvent):
    """A stop event that is set when the steps of the test are done; each round of the loop takes one."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.at_end: Step = bool

    def is_set(self) -> bool:
        if not self.steps:
            self.at_end()
            return True
        self.steps.pop(0)()
        return False


class Rig:
    """A reader with a fake broker, fake lines and a clock set by hand."""

    def __init__(
        self, folder: Path, *, topic: str = "teleinfo", port: tuple[str, ...] = (SIMULATED,), **delivery: Any
    ) -> None:
        self.time = Time()
        self.config = ReaderConfig(
            name="pi",
            port=port,
            mqtt=ReaderMqtt(topic=topic),
            spool=SpoolConfig(journal=folder / "journal", path=folder / "spool"),
            delivery=DeliveryConfig(**delivery),
        )
        self.start()

    def start(self) -> None:
        self.time.step = 0.001
        self.stop = Steps()
        self.lines: list[FakeLine] = []
        self.service = build_reader(
            self.config,
            self.stop,
            session_class=self._new_session,  # type: ignore[arg-type]
            line_class=self._new_line,  # type: ignore[arg-type]
            monotonic=self.time.monotonic,
            now=self.time.now,
        )

    def _new_session(self, *settings: Any, **parts: Any) -> Any:
        self.session = FakeSession(*settings, **parts)
        return self.session

    def _new_line(self, port: str, **parts: Any) -> Any:
        self.lines.append(FakeLine(port, **parts))
        return self.lines[-1]

    def run(self, *steps: Step, step: float = 0.7) -> None:
        """Take the steps, one in each round of the loop, then stop.

        At shutdown each reading of the clock takes `step` seconds, so that tests do not wait for missing answers.
        """
        self.stop.steps = list(steps)
        self.stop.at_end = lambda: setattr(self.time, "step", step)
        self.service.run()

    # Steps: each emits exactly one event.

    def connect(self) -> None:
        self.session.connected = True
        self.session.emit(Connected(session_present=False))

    def disconnect(self) -> None:
        self.session.connected = False
        self.session.emit(Disconnected())

    def message(self, topic: str, content: object) -> Step:
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        return lambda: self.session.emit(Message(topic, payload, False, 1, 1, 1))

    def stored(self, **content: object) -> Step:
        return self.message(f"teleinfo/{METER}/stored", {"storer": "main", **content})

    def status(self, status: str = "online", name: str = "main") -> Step:
        return self.message(f"teleinfo/storer/{name}/status", {"status": status, "wait": 0})

    def frame(self, at: datetime, meter: str = METER) -> Step:
        frame = Frame(meter=meter, timestamp=at, mode=Mode.HISTORIC, values={"PAPP": 750})
        return lambda: self.session.emit(FrameReceived(frame))

    def go(self, seconds: float) -> Step:
        def go() -> None:
            self.time.go(seconds)
            self.service.wake()

        return go

    # Results.

    @property
    def health(self) -> dict[str, Any]:
        payload, retain = self.session.on("teleinfo/reader/pi/health")[-1]
        assert retain
        report: dict[str, Any] = json.loads(payload)
        counts = report["delivery"]
        ends = ("confirmed", "rejected", "discarded", "accepted_by_broker", "pending")
        assert counts["decoded"] == sum(counts[end] for end in ends)
        return report

    def counts(self, *names: str) -> list[int]:
        return [self.health["delivery"][name] for name in names]

    @property
    def tallies(self) -> list[Tally]:
        return [Tally.from_json(bytes(payload)) for payload, _ in self.session.on(f"teleinfo/{METER}/tally")]  # type: ignore[arg-type]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


# --- the queue


def test_on_connect_retained_messages_are_published(rig: Rig) -> None:
    rig.run(lambda: rig.session.emit(LinkChanged(METER, True, "/dev/ttyAMA0")), rig.connect)
    assert rig.session.on("teleinfo/reader/pi/status") == [("online", True), ("offline", True)]
    assert rig.session.on(f"teleinfo/{METER}/link") == [("online", True)]
    assert rig.health["connects"] == 1
    assert rig.health["version"] == full_version()
    assert rig.session.client_id == "teleinfo-reader-pi"
    assert rig.session.will == Will("teleinfo/reader/pi/status", b"offline")


def test_nothing_is_received_from_the_broker_while_events_wait(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may publish faster than the reader can handle."""
    waiting: list[int] = []
    monkeypatch.setattr(rig.session, "work", lambda timeout: waiting.append(len(rig.service._events)))
    status = rig.status()
    rig.run(rig.connect, lambda: [status() for _ in range(3)], *[bool] * 5)
    assert waiting
    assert not any(waiting)


# --- replay


def test_the_next_blocks_are_sent_when_confirmations_arrive_and_not_half_a_second_later(rig: Rig) -> None:
    """The loop is idle between two rounds of periodic work: a drain must not wait for them."""
    times = [NOON + number * SECOND for number in range(3 * BLOCK_WINDOW)]
    rig.run(rig.connect, rig.status("stalled"), *map(rig.frame, times))  # at the end all move to disk
    rig.start()
    before: list[int] = []

    def replayed() -> list[str]:
        messages = [json.loads(payload) for payload, _ in rig.session.on(f"teleinfo/{METER}/replay")]
        return [each["timestamp"] for part in messages for each in (part if isinstance(part, list) else [part])]

    def confirm() -> None:
        rig.time.step = 0.0
        before.append(len(replayed()))
        rig.stored(timestamps=replayed())()

    rig.run(rig.connect, rig.status(), rig.go(1), *[confirm] * 3, rig.service.wake)
    assert before == sorted({*before}), "more after each confirmation, although no time passed"
    assert len({*replayed()}) == len(times)


def test_a_frame_s_state_is_published_at_once_although_answers_have_waited_for_the_frame(rig: Rig) -> None:
    def confirmation_and_frame() -> None:
        rig.time.go(1)
        rig.stored(timestamps=[])()
        rig.frame(NOON + SECOND)()

    rig.run(rig.connect, rig.status(), rig.go(1), confirmation_and_frame, bool)
    assert [json.loads(payload)["PAPP"] for payload, _ in rig.session.on(f"teleinfo/{METER}/state")] == [750]


# --- confirmations


def test_an_invalid_confirmation_is_logged_in_one_line_and_confirms_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    topic = f"teleinfo/{METER}/stored"
    caplog.set_level(logging.WARNING)
    rig.run(rig.connect, rig.status(), rig.frame(NOON), *[rig.message(topic, b"[" * 100_000)] * 2)
    (line,) = [message for message in caplog.messages if topic in message]
    assert len(line) < 500
    assert rig.counts("confirmed", "pending") == [0, 1]


@pytest.mark.parametrize(
    "topic", ["storer//status", "storer/main/health", "storer/status", f"x/{METER}/stored", "stored"]
)
def test_messages_on_other_topics_are_no_confirmations(rig: Rig, topic: str) -> None:
    rig.run(rig.connect, rig.message(f"teleinfo/{topic}", {"status": "online", "storer": "main", "timestamps": []}))
    assert rig.health["delivery"]["confirmed_by"] == "broker"


def test_a_base_topic_of_several_levels_works(tmp_path: Path) -> None:
    rig = Rig(tmp_path, topic="house/storer")
    rig.run(
        rig.connect,
        rig.message("house/storer/storer/main/status", {"status": "online"}),
        rig.frame(NOON),
        rig.message(f"house/storer/{METER}/stored", {"storer": "main", "timestamps": [format_time(NOON)]}),
    )
    assert rig.session.subscriptions[:1] == ["house/storer/storer/+/status"]
    assert f"house/storer/{METER}/stored" in rig.session.added
    health = json.loads(rig.session.on("house/storer/reader/pi/health")[-1][0])
    assert health["delivery"]["confirmed"] == 1


# --- what is published


def test_its_status_is_published_again_each_minute(rig: Rig) -> None:
    """In a cluster of brokers, a node that has hung publishes the last will long after we are online at another one."""
    rig.run(rig.connect, rig.go(HEALTH_EVERY), rig.go(HEALTH_EVERY))
    assert rig.session.on("teleinfo/reader/pi/status") == [*[("online", True)] * 3, ("offline", True)]


def test_the_tally_of_each_meter_is_published_after_the_hour_and_confirmed_like_a_frame(
    rig: Rig, tmp_path: Path
) -> None:
    rig.run(
        rig.connect,
        rig.status(),
        rig.frame(NOON),
        rig.frame(NOON, "other"),
        rig.stored(timestamps=[format_time(NOON)]),
        rig.message("teleinfo/other/stored", {"storer": "main", "timestamps": [format_time(NOON)]}),
        rig.go(3611),
        rig.stored(tallies=["2026-11-24T13:00:00+01:00"]),
        rig.message("teleinfo/other/stored", {"storer": "main", "tallies": ["2026-11-24T12:00:00Z"]}),
        *(rig.go(1) for _ in range(5)),
    )
    assert rig.tallies == [Tally(METER, NOON, "pi", 1)]
    assert len(rig.session.on("teleinfo/other/tally")) == 1
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["storers"]


# --- a port that is chosen in the page


def choose(rig: Rig, *ports: str, reader: str = "pi", monitor: str = "main") -> Step:
    return rig.message(f"teleinfo/monitor/{monitor}/ports", {"reader": reader, "ports": ports, "labels": {}})


def test_a_reader_without_a_port_waits_and_says_what_there_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(tmp_path, port=())
    rig.run(rig.connect, rig.go(HEALTH_EVERY), rig.go(HEALTH_EVERY))
    assert rig.lines == []
    assert (rig.health["asks_port"], rig.health["lines"]) == (True, [])
    assert rig.session.on("teleinfo/reader/pi/ports")[-1][1]
    assert len([line for line in caplog.messages if "No port is chosen" in line]) == 1
    assert "teleinfo/monitor/+/ports" in rig.session.subscriptions


def test_a_choice_is_read_at_once_and_also_after_a_restart_without_a_broker(tmp_path: Path) -> None:
    rig = Rig(tmp_path, port=())
    rig.run(rig.connect, choose(rig, OTHER_ADAPTER, reader="attic"), choose(rig, ADAPTER), rig.go(10))
    assert [line["port"] for line in rig.health["lines"]] == [ADAPTER]
    offers = [json.loads(payload)["ports"] for payload, _ in rig.session.on("teleinfo/reader/pi/ports")]
    assert [port["name"] for port in offers[-1] if port["chosen"]] == [ADAPTER]
    rig.start()
    rig.run()  # and its end closes the files
    assert [line.health.port for line in rig.lines] == [ADAPTER]


def test_frames_of_a_port_that_is_left_are_still_delivered(tmp_path: Path) -> None:
    rig = Rig(tmp_path, port=())
    rig.run(rig.connect, rig.status(), choose(rig, ADAPTER), choose(rig, OTHER_ADAPTER), rig.frame(NOON), rig.go(1))
    assert [line["port"] for line in rig.health["lines"]] == [OTHER_ADAPTER]
    assert len(rig.session.on(f"teleinfo/{METER}/frame")) == 1


def test_a_reader_with_a_port_in_its_configuration_takes_none_from_the_broker(rig: Rig) -> None:
    rig.run(rig.connect, choose(rig, ADAPTER), rig.go(10))
    assert [line["port"] for line in rig.health["lines"]] == [SIMULATED]
    assert rig.session.on("teleinfo/reader/pi/ports") == []
    assert "teleinfo/monitor/+/ports" not in rig.session.subscriptions
    assert not rig.health["asks_port"]


# --- shutdown


def test_shutdown_waits_for_the_last_pubacks_and_publishes_offline(rig: Rig, tmp_path: Path) -> None:
    rig.session.acknowledging = True
    rest = [rig.frame(NOON + n * SECOND) for n in range(1, 50)]
    rig.run(rig.connect, rig.frame(NOON), lambda: [decode() for decode in rest], step=0.001)
    assert len(rig.session.on(f"teleinfo/{METER}/frame")) == 50  # all that were decoded, none left in the queue
    assert rig.counts("decoded", "accepted_by_broker", "pending") == [50, 50, 0]
    assert rig.session.sent[-1] == ("teleinfo/reader/pi/status", "offline", True)
    assert rig.session.closed
    assert list((tmp_path / "spool").iterdir()) == []


def test_on_a_slow_machine_shutdown_is_in_time_and_keeps_all_frames(rig: Rig, tmp_path: Path) -> None:
    rest = [rig.frame(NOON + n * SECOND) for n in range(1, 500)]
    ended: list[float] = []

    def fall_behind() -> None:
        for decode in rest:
            decode()
        rig.session.on_publish = lambda: rig.time.go(0.1)
        ended.append(rig.time.seconds)

    rig.run(rig.connect, rig.status(), rig.frame(NOON), fall_behind, step=0.001)
    assert rig.time.seconds - ended[0] < SHUTDOWN_TIMEOUT
    assert 1 < len(rig.session.on(f"teleinfo/{METER}/frame")) < 50
    assert rig.counts("decoded", "pending") == [500, 500]
    assert rig.session.sent[-1] == ("teleinfo/reader/pi/status", "offline", True)
    rig.start()
    rig.run(rig.connect)
    assert rig.counts("recovered", "pending") == [500, 500]


def test_a_disk_that_is_mounted_later_is_used_with_its_items(tmp_path: Path) -> None:
    earlier = Rig(tmp_path)
    earlier.run(earlier.frame(NOON))  # no broker: it is on disk
    (tmp_path / "spool").rename(tmp_path / "unmounted")
    (tmp_path / "spool").touch()
    rig = Rig(tmp_path)

    def mount() -> None:
        (tmp_path / "spool").unlink()
        (tmp_path / "unmounted").rename(tmp_path / "spool")
        rig.service.wake()

    rig.run(rig.connect, mount, rig.go(HEALTH_EVERY))
    assert rig.counts("recovered", "decoded", "pending") == [1, 1, 1]


def test_a_problem_of_a_line_is_published_at_once(rig: Rig) -> None:
    def fall_silent() -> None:
        health = rig.lines[0].health
        health.problem = Problem.SILENT
        rig.session.emit(ProblemChanged(health.port, Problem.SILENT))

    def look() -> None:
        seen.append(rig.health["lines"][0]["problem"])
        rig.service.wake()

    seen: list[object] = []
    rig.run(rig.connect, fall_silent, look)
    assert seen == ["silent"]


def test_one_meter_on_two_ports_is_logged_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    ports = ("simulate://historic-single-phase-base", "simulate://historic-single-phase-base?noise=0.001")
    rig.run()
    rig.config = replace(rig.config, port=ports)
    rig.start()

    def receive() -> None:
        for line in rig.lines:
            line.health.meter, line.health.last_frame_at = METER, math.inf
        rig.service.wake()

    rig.run(receive, *[rig.go(HEALTH_EVERY)] * 5)
    (warning,) = [record.getMessage() for record in caplog.records if "same meter" in record.getMessage()]
    assert [name for name in (METER, *ports) if name not in warning] == []


def whole_frames(rig: Rig) -> list[Step]:
    values: dict[str, Any] = {
        "ADCO": METER,
        "OPTARIF": "BASE",
        "ISOUSC": 30,
        "BASE": 12345,
        "PTEC": "TH..",
        "PAPP": 750,
    }
    return [
        lambda at=NOON + n * SECOND: rig.session.emit(  # type: ignore[misc]
            FrameReceived(Frame(meter=METER, timestamp=at, mode=Mode.HISTORIC, values=values))
        )
        for n in range(9)
    ]


def test_in_a_container_the_first_meter_and_the_next_steps_are_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TELEINFO_DEPLOYMENT", "compose")
    caplog.set_level(logging.INFO)
    rig = Rig(tmp_path)
    rig.run(rig.connect, *whole_frames(rig))
    (first,) = (message for message in caplog.messages if "is read" in message)
    assert f"{METER} is read: 750 VA, period Base, index 12,345 Wh" in first
    for command in ("teleinfo-reader watch", "mosquitto_sub", "SELECT"):
        assert len([message for message in caplog.messages if command in message]) == 1


def test_elsewhere_no_next_steps_for_containers_are_logged(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    rig.run(rig.connect, *whole_frames(rig))
    assert "docker" not in caplog.text
