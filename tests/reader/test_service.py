"""The loop of the reader: frames and storers' words go to the delivery, hours are told, the end is orderly."""

import json
import logging
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from common.config import Broker
from common.errors import NotReady
from common.frame import Frame, format_time
from common.labels import Mode
from common.mqtt.connection import Will
from common.mqtt.events import Connected, Disconnected, Event, Message, Published, PublishToken
from common.runtime.shutdown import SHUTDOWN_TIMEOUT, Shutdown
from common.tally import Tally
from reader.buffer.spool import Spool
from reader.config import DeliveryConfig, ReaderConfig, SpoolConfig
from reader.line.frame_watchdog import Problem
from reader.line.worker import FrameReceived, LinkChanged, ProblemChanged
from reader.service import HEALTH_EVERY, Bridge

METER = "031961123456"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)

Step = Callable[[], object]


class Time:
    """A clock that is set by hand; whoever looks at it gets a little older."""

    def __init__(self) -> None:
        self.now = NOON
        self.seconds = 1000.0
        self.older = 0.001  # by each look

    def monotonic(self) -> float:
        self.seconds += self.older
        return self.seconds

    def go(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)


class Session:
    """A broker that takes everything, and answers if it is told to."""

    post: Callable[[Event], None]

    def __init__(
        self,
        settings: Broker,
        client_id: str,
        *,
        will: Will,
        subscriptions: Sequence[str],
        post: Callable[[Event], None],
    ) -> None:
        self.client_id, self.will, self.subscriptions, self.post = client_id, will, subscriptions, post
        self.connected = False
        self.stirred = math.inf
        self.taken_over = 0
        self.answering = False
        self.closed = False
        self.hindered: Step = bool  # what each message costs
        self.sent: list[tuple[str, bytes | str, bool]] = []

    def start(self) -> None:
        pass

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        if not self.connected:
            return None
        self.hindered()
        self.sent.append((topic, payload, retain))
        handed = PublishToken(1, len(self.sent))
        if self.answering:
            self.post(Published(handed, 0))
        return handed

    def close(self) -> None:
        self.closed = True
        self.connected = False

    def on(self, topic: str) -> list[tuple[bytes | str, bool]]:
        return [(payload, retain) for there, payload, retain in self.sent if there == topic]


class Steps(threading.Event):
    """A stop signal that comes when the test's steps are done; each turn of the loop takes one."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.at_end: Step = bool
        self._thread = threading.current_thread()

    def is_set(self) -> bool:
        if threading.current_thread() is not self._thread:
            return True  # the lines stop at once
        if not self.steps:
            self.at_end()
            return True
        self.steps.pop(0)()
        return False


class Rig:
    """A bridge between a fake broker and a clock."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **delivery: Any) -> None:
        self.time = Time()
        monkeypatch.setattr("reader.service.Session", Session)
        monkeypatch.setattr("reader.service.time", self.time)
        monkeypatch.setattr("reader.service.datetime", SimpleNamespace(now=lambda zone: self.time.now))
        self.config = ReaderConfig(
            name="pi",
            port=("simulate://historic-single-phase-base",),
            spool=SpoolConfig(journal=folder / "journal", path=folder / "spool"),
            delivery=DeliveryConfig(**delivery),
        )
        self.start()

    def start(self) -> None:
        self.time.older = 0.001
        self.life = Shutdown()
        self.life.stop = Steps()
        self.bridge = Bridge(self.config, self.life)
        self.session: Session = self.bridge._session  # type: ignore[assignment]

    def run(self, *steps: Step, older: float = 0.7) -> None:
        """Take the steps, one at each turn of the loop, then stop and say good-bye.

        By then each look at the clock takes so long: nobody likes to wait for answers that do not come.
        """
        assert isinstance(self.life.stop, Steps)
        self.life.stop.steps = list(steps)
        self.life.stop.at_end = lambda: setattr(self.time, "older", older)
        self.bridge.run()

    # Steps: each puts exactly one event.

    def connect(self) -> None:
        self.session.connected = True
        self.session.post(Connected(session_present=False))

    def disconnect(self) -> None:
        self.session.connected = False
        self.session.post(Disconnected())

    def say(self, topic: str, word: object) -> Step:
        payload = word if isinstance(word, bytes) else json.dumps(word).encode()
        return lambda: self.session.post(Message(topic, payload, False, 1, 1, 1))

    def stored(self, **word: object) -> Step:
        return self.say(f"teleinfo/{METER}/stored", {"storer": "main", **word})

    def status(self, status: str = "online", name: str = "main") -> Step:
        return self.say(f"teleinfo/storer/{name}/status", {"status": status, "wait": 0})

    def frame(self, at: datetime, meter: str = METER) -> Step:
        frame = Frame(meter=meter, timestamp=at, mode=Mode.HISTORIC, values={"PAPP": 750})
        return lambda: self.bridge._events.put(FrameReceived(frame))

    def go(self, seconds: float) -> Step:
        def go() -> None:
            self.time.go(seconds)
            self.bridge.wake()

        return go

    # What there is.

    @property
    def health(self) -> dict[str, Any]:
        payload, retain = self.session.on("teleinfo/reader/pi/health")[-1]
        assert retain
        report: dict[str, Any] = json.loads(payload)
        counts = report["delivery"]
        ends = ("confirmed", "rejected", "thinned", "handed_over", "waiting")
        assert counts["decoded"] == sum(counts[end] for end in ends)
        return report

    def counts(self, *names: str) -> list[int]:
        return [self.health["delivery"][name] for name in names]

    @property
    def tallies(self) -> list[Tally]:
        return [Tally.from_json(bytes(payload)) for payload, _ in self.session.on(f"teleinfo/{METER}/tally")]  # type: ignore[arg-type]


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(tmp_path, monkeypatch)


# --- words of storers ------------------------------------------------------------------------------------------------


def test_a_frame_goes_out_as_it_is_and_its_confirmation_is_understood(rig: Rig) -> None:
    at = NOON + 123_456 * timedelta(microseconds=1)
    rig.run(rig.connect, rig.status(), rig.frame(at), rig.frame(at + SECOND), rig.stored(timestamps=[format_time(at)]))
    assert [json.loads(payload)["timestamp"] for payload, _ in rig.session.on(f"teleinfo/{METER}/frame")] == [
        "2026-11-24T12:00:00.123456Z",
        "2026-11-24T12:00:01.123456Z",
    ]
    assert rig.counts("confirmed", "waiting", "rejected") == [1, 1, 0]


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "2026-11-24T12:00:00Z"),
        (0, "2026-11-24T12:00:00.0Z"),
        (0, "2026-11-24T12:00:00.000000+00:00"),
        (0, "2026-11-24T13:00:00+01:00"),
        (0, "2026-11-24T07:30:00-04:30"),
        (0, "2026-11-25T00:00:00+12:00"),
        (120_000, "2026-11-24T12:00:00.12Z"),
        (123_456, "2026-11-24T13:00:00.123456+01:00"),
        (1, "2026-11-24T12:00:00.000001-00:00"),
    ],
)
@pytest.mark.parametrize("name", ["timestamps", "rejected"])
def test_an_identity_is_understood_in_any_legal_form(rig: Rig, microseconds: int, text: str, name: str) -> None:
    at = NOON + microseconds * timedelta(microseconds=1)
    rig.run(rig.connect, rig.status(), rig.frame(at), rig.stored(**{name: [text]}))
    assert rig.counts("confirmed" if name == "timestamps" else "rejected", "waiting") == [1, 0]


def test_one_word_may_hold_all_kinds_and_what_nobody_knows(rig: Rig) -> None:
    times = [NOON + number * SECOND for number in range(3)]
    word = {"timestamps": [format_time(times[0])], "rejected": [format_time(times[1])], "tallies": [], "new": 5}
    rig.run(rig.connect, rig.status(), *map(rig.frame, times), rig.stored(**word))
    assert rig.counts("confirmed", "rejected", "waiting") == [1, 1, 1]


@pytest.mark.parametrize(
    "word",
    [
        b"",
        b"\xff",
        b"stored",
        b"[]",
        b"5",
        b"null",
        b"[" * 100_000,
        b"{}",
        {"timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": None, "timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": 5, "timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": ["main"], "timestamps": ["2026-11-24T12:00:00Z"]},
        {"storer": "main", "timestamps": None},
        {"storer": "main", "timestamps": 5},
        {"storer": "main", "timestamps": "2026-11-24T12:00:00Z"},
        {"storer": "main", "timestamps": [5]},
        {"storer": "main", "timestamps": ["2026-11-24T12:00:00"]},
        {"storer": "main", "timestamps": ["2026-11-24T12:00:00Z", "2026-13-24T12:00:00Z"]},
        {"storer": "main", "timestamps": ["0001-01-01T00:00:00+14:00"]},
    ],
)
def test_what_is_no_confirmation_is_said_in_one_line_and_confirms_nothing(
    rig: Rig, word: object, caplog: pytest.LogCaptureFixture
) -> None:
    topic = f"teleinfo/{METER}/stored"
    caplog.set_level(logging.WARNING)
    rig.run(rig.connect, rig.status(), rig.frame(NOON), rig.say(topic, word))
    about = [message for message in caplog.messages if topic in message]
    assert len(about) == 1
    assert "not a confirmation" in about[0]
    assert len(about[0]) < 500
    assert rig.counts("confirmed", "waiting") == [0, 1]


@pytest.mark.parametrize("name", ["../../main", "", "..", "a/b", "a\0b"])
def test_a_confirmation_by_nobody_makes_no_storer(rig: Rig, name: str, tmp_path: Path) -> None:
    rig.run(rig.connect, rig.say(f"teleinfo/{METER}/stored", {"storer": name, "timestamps": [format_time(NOON)]}))
    assert rig.health["delivery"]["confirmed_by"] == "broker"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journal", "spool"]
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize(
    "topic", ["storer//status", "storer/main/health", "storer/status", f"x/{METER}/stored", "stored"]
)
def test_what_is_on_other_topics_is_nobodys_word(rig: Rig, topic: str) -> None:
    rig.run(rig.connect, rig.say(f"teleinfo/{topic}", {"status": "online", "storer": "main", "timestamps": []}))
    assert rig.health["delivery"]["confirmed_by"] == "broker"


def test_only_what_concerns_meters_goes_to_them(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(rig.bridge._meters, "hear", lambda topic, payload, now: heard.append(topic))
    meters = [
        f"teleinfo/{METER}/link",
        "teleinfo/reader/pi/health",
        "homeassistant/status",
        f"homeassistant/device/teleinfo_{METER}/config",
    ]
    rig.run(
        rig.connect,
        rig.status(),
        rig.frame(NOON),
        rig.stored(timestamps=[format_time(NOON)]),
        *(rig.say(topic, {}) for topic in meters),
    )
    assert heard == meters
    assert rig.counts("confirmed") == [1]


def test_a_base_of_several_levels_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(tmp_path, monkeypatch)
    object.__setattr__(rig.config.mqtt, "topic", "house/storer")
    rig.bridge._delivery.close(0)
    rig.start()
    rig.run(
        rig.connect,
        rig.say("house/storer/storer/main/status", {"status": "online"}),
        rig.frame(NOON),
        rig.say(f"house/storer/{METER}/stored", {"storer": "main", "timestamps": [format_time(NOON)]}),
    )
    assert rig.session.subscriptions[:2] == ["house/storer/+/stored", "house/storer/storer/+/status"]
    health = json.loads(rig.session.on("house/storer/reader/pi/health")[-1][0])
    assert health["delivery"]["confirmed"] == 1


def test_a_storer_whose_file_was_taken_away_is_forgotten_within_a_minute(rig: Rig, tmp_path: Path) -> None:
    def take_away() -> None:
        (tmp_path / "spool" / "storers" / "main").unlink()
        rig.bridge.wake()

    rig.run(rig.connect, rig.status(), take_away, rig.go(HEALTH_EVERY))
    assert rig.health["delivery"]["confirmed_by"] == "broker"


# --- what is told ----------------------------------------------------------------------------------------------------


def test_who_connects_says_what_is_retained(rig: Rig) -> None:
    rig.run(lambda: rig.bridge._events.put(LinkChanged(METER, True)), rig.connect)
    assert rig.session.on("teleinfo/reader/pi/status") == [("online", True), ("offline", True)]
    assert rig.session.on(f"teleinfo/{METER}/link") == [("online", True)]
    assert rig.health["connects"] == 1
    assert rig.session.client_id == "teleinfo-reader-pi"
    assert rig.session.will == Will("teleinfo/reader/pi/status", b"offline")


def test_an_hour_is_told_once_when_it_is_over(rig: Rig) -> None:
    def not_yet() -> None:
        assert rig.tallies == []
        rig.bridge.wake()

    rig.run(
        rig.connect,
        rig.status(),
        *(rig.frame(NOON + number * SECOND) for number in range(3)),
        rig.frame(NOON + HOUR),
        rig.go(3600),
        rig.go(5),  # the last may still be on their way
        not_yet,
        rig.go(6),
        *(rig.go(1) for _ in range(20)),
    )
    assert rig.tallies == [Tally(METER, NOON, "pi", 3)]


def test_each_meter_has_its_tally_and_it_is_confirmed_like_a_frame(rig: Rig, tmp_path: Path) -> None:
    rig.run(
        rig.connect,
        rig.status(),
        rig.frame(NOON),
        rig.frame(NOON, "other"),
        rig.stored(timestamps=[format_time(NOON)]),
        rig.say("teleinfo/other/stored", {"storer": "main", "timestamps": [format_time(NOON)]}),
        rig.go(3611),
        rig.stored(tallies=["2026-11-24T13:00:00+01:00"]),
        rig.say("teleinfo/other/stored", {"storer": "main", "tallies": ["2026-11-24T12:00:00Z"]}),
    )
    assert rig.tallies == [Tally(METER, NOON, "pi", 1)]
    assert len(rig.session.on("teleinfo/other/tally")) == 1
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["storers"]


def test_after_a_restart_an_hour_is_told_again_but_once(rig: Rig) -> None:
    hour = [rig.connect, rig.status(), rig.frame(NOON), rig.frame(NOON + SECOND), rig.go(3611)]
    told = [rig.stored(timestamps=[format_time(NOON), format_time(NOON + SECOND)], tallies=["2026-11-24T12:00:00Z"])]
    rig.run(*hour, *told)
    for _ in range(2):
        rig.start()
        again = rig.stored(tallies=["2026-11-24T12:00:00Z"])
        rig.run(rig.connect, rig.status(), rig.go(1), again, *(rig.go(1) for _ in range(20)))
        assert rig.tallies == [Tally(METER, NOON, "pi", 2)]


def test_an_hour_that_began_before_a_restart_is_told_whole(rig: Rig) -> None:
    rig.run(rig.connect, rig.status(), rig.frame(NOON), rig.stored(timestamps=[format_time(NOON)]))
    rig.start()
    rig.run(rig.connect, rig.status(), rig.frame(NOON + SECOND), rig.go(3611), rig.go(1))
    assert rig.tallies == [Tally(METER, NOON, "pi", 2)]


def test_hours_that_were_begun_under_another_name_are_told_under_it(rig: Rig) -> None:
    """Under the new one they would look like the frames of a second reader."""
    rig.run(rig.connect, rig.status(), rig.frame(NOON), rig.go(3600), rig.frame(NOON + HOUR), rig.go(11))
    assert rig.tallies == [Tally(METER, NOON, "pi", 1)]
    rig.config = replace(rig.config, name="attic")
    rig.start()
    rig.run(rig.connect, rig.frame(NOON + HOUR + 20 * SECOND), rig.go(3600), rig.frame(NOON + 2 * HOUR), rig.go(3611))
    assert rig.tallies == [
        Tally(METER, NOON, "pi", 1),
        Tally(METER, NOON + HOUR, "pi", 2),
        Tally(METER, NOON + 2 * HOUR, "attic", 1),
    ]


def test_frames_after_a_step_back_into_an_hour_that_was_told_tell_it_again(rig: Rig) -> None:
    def step_back() -> None:
        rig.time.now = NOON + 600 * SECOND
        rig.bridge.wake()

    rig.run(
        rig.connect,
        rig.status(),
        rig.frame(NOON),
        rig.go(3611),
        rig.go(1),
        step_back,
        *(rig.frame(NOON + number * SECOND) for number in range(600, 603)),
        *(rig.go(1) for _ in range(5)),
        rig.go(3011),
        *(rig.go(1) for _ in range(5)),
    )
    assert [tally.frames for tally in rig.tallies] == [1, 4]


def test_hours_of_long_ago_are_not_told_again(rig: Rig) -> None:
    rig.run(rig.connect, rig.status(), rig.frame(NOON), rig.go(3611), *(rig.go(3600) for _ in range(5)))
    assert rig.tallies[0] == Tally(METER, NOON, "pi", 1)
    replays = len(rig.tallies)
    rig.start()
    rig.run(rig.connect, *(rig.go(1) for _ in range(5)))  # its storer has not told, so nothing is replayed
    assert rig.tallies == []
    assert replays >= 1


# --- the end ---------------------------------------------------------------------------------------------------------


def test_the_end_waits_for_the_last_answers_and_says_good_bye(rig: Rig, tmp_path: Path) -> None:
    rig.session.answering = True
    rest = [rig.frame(NOON + n * SECOND) for n in range(1, 50)]
    rig.run(rig.connect, rig.frame(NOON), lambda: [decode() for decode in rest], older=0.001)
    assert len(rig.session.on(f"teleinfo/{METER}/frame")) == 50  # all that were decoded, none left in the queue
    assert rig.counts("decoded", "handed_over", "waiting") == [50, 50, 0]
    assert rig.session.sent[-1] == ("teleinfo/reader/pi/status", "offline", True)
    assert rig.session.closed
    assert list((tmp_path / "spool").iterdir()) == []


def test_on_a_machine_that_is_far_behind_the_end_comes_in_time_and_keeps_all_that_was_decoded(
    rig: Rig, tmp_path: Path
) -> None:
    rest = [rig.frame(NOON + n * SECOND) for n in range(1, 500)]
    ended: list[float] = []

    def fall_behind() -> None:
        for decode in rest:
            decode()
        rig.session.hindered = lambda: rig.time.go(0.1)
        ended.append(rig.time.seconds)

    rig.run(rig.connect, rig.status(), rig.frame(NOON), fall_behind, older=0.001)
    assert rig.time.seconds - ended[0] < SHUTDOWN_TIMEOUT
    assert 1 < len(rig.session.on(f"teleinfo/{METER}/frame")) < 50
    assert rig.counts("decoded", "waiting") == [500, 500]
    assert rig.session.sent[-1] == ("teleinfo/reader/pi/status", "offline", True)
    rig.start()
    rig.run(rig.connect)
    assert rig.counts("recovered", "waiting") == [500, 500]


def test_what_is_not_confirmed_at_the_end_is_on_disk(rig: Rig, tmp_path: Path) -> None:
    rig.run(rig.frame(NOON), rig.frame(NOON + SECOND))  # no broker
    assert not rig.session.closed
    assert [path.suffix for path in (tmp_path / "spool").iterdir()] == [".spool"]
    rig.start()
    rig.run(rig.connect)
    assert rig.counts("recovered", "decoded", "waiting") == [2, 2, 2]


def test_without_a_place_for_the_spool_it_goes_on_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").touch()
    rig = Rig(tmp_path, monkeypatch)
    rig.run(
        rig.connect,
        rig.status(),
        rig.frame(NOON),
        rig.stored(timestamps=[format_time(NOON)]),
        rig.frame(NOON + SECOND),
    )
    assert rig.counts("confirmed", "waiting") == [1, 1]
    assert sum("spool.path" in message for message in caplog.messages) == 1


def test_the_journal_of_another_reader_is_waited_for(rig: Rig) -> None:
    with pytest.raises(NotReady, match="in use by another reader"):
        Bridge(rig.config, Shutdown())


def test_a_journal_that_cannot_be_used_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "journal").touch()
    with pytest.raises(NotReady, match=r"spool\.journal: .*/journal cannot be used: File exists; make it this user's"):
        Rig(tmp_path, monkeypatch)
    (tmp_path / "journal").unlink()
    Rig(tmp_path, monkeypatch).run()


def test_the_spool_of_another_reader_is_waited_for(rig: Rig, tmp_path: Path) -> None:
    spool = SpoolConfig(journal=tmp_path / "other", path=rig.config.spool.path)
    with pytest.raises(NotReady, match=r"spool.path: .*/spool is in use by another reader: give each its own"):
        Bridge(replace(rig.config, spool=spool), Shutdown())
    rig.bridge._delivery.close(0)
    Bridge(replace(rig.config, spool=spool), Shutdown())._delivery.close(0)


def test_a_disk_that_comes_late_and_has_another_reader_is_left_alone_and_that_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").touch()
    rig = Rig(tmp_path, monkeypatch)
    other = Spool(tmp_path / "other", max_size=64_000_000)
    other.open()

    def mount() -> None:
        (tmp_path / "spool").unlink()
        (tmp_path / "other").rename(tmp_path / "spool")
        rig.bridge.wake()

    rig.run(rig.connect, rig.frame(NOON), mount, rig.go(HEALTH_EVERY), rig.go(HEALTH_EVERY), other.close)
    assert sum("is in use by another reader" in message for message in caplog.messages) == 1
    assert rig.counts("decoded", "waiting") == [1, 1]


def test_journal_and_spool_may_be_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "spool").symlink_to(tmp_path / "journal")
    rig = Rig(tmp_path, monkeypatch)
    rig.run(rig.frame(NOON))
    rig.start()
    rig.run(rig.connect)
    assert rig.counts("recovered", "waiting") == [1, 1]


def test_a_disk_that_comes_late_is_used_with_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    earlier = Rig(tmp_path, monkeypatch)
    earlier.run(earlier.frame(NOON))  # no broker: it is on disk
    (tmp_path / "spool").rename(tmp_path / "unmounted")
    (tmp_path / "spool").touch()
    rig = Rig(tmp_path, monkeypatch)

    def mount() -> None:
        (tmp_path / "spool").unlink()
        (tmp_path / "unmounted").rename(tmp_path / "spool")
        rig.bridge.wake()

    rig.run(rig.connect, mount, rig.go(HEALTH_EVERY))
    assert sum("can be used now" in message for message in caplog.messages) == 1
    assert rig.counts("recovered", "decoded", "waiting") == [1, 1, 1]


def test_health_tells_how_often_another_program_took_the_session(rig: Rig) -> None:
    rig.session.taken_over = 3
    rig.run(rig.connect)
    assert rig.health["taken_over"] == 3


def test_health_tells_since_when_frames_wait(rig: Rig) -> None:
    rig.run(rig.frame(NOON), rig.frame(NOON + SECOND), rig.connect)
    waiting = [
        json.loads(payload)["delivery"]["journal"]["oldest"]
        for payload, _ in rig.session.on("teleinfo/reader/pi/health")
    ]
    assert format_time(NOON) in waiting
    assert rig.health["delivery"]["spool"]["oldest"] == format_time(NOON)  # at the end it is on disk


def test_a_problem_of_a_line_is_in_health_at_once(rig: Rig) -> None:
    def fall_silent() -> None:
        health = rig.bridge._lines[0].health
        health.problem = Problem.SILENT
        rig.bridge._events.put(ProblemChanged(health.port, Problem.SILENT))

    def look() -> None:
        seen.append(rig.health["lines"][0]["problem"])
        rig.bridge.wake()

    seen: list[object] = []
    rig.run(rig.connect, fall_silent, look)
    assert seen == ["silent"]


def test_one_meter_on_two_ports_is_said_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    ports = ("simulate://historic-single-phase-base", "simulate://historic-single-phase-base?noise=0.001")
    rig.run()
    rig.config = replace(rig.config, port=ports)
    rig.start()

    def speak() -> None:
        for line in rig.bridge._lines:
            line.health.meter, line.health.last_frame_at = METER, math.inf
        rig.bridge.wake()

    rig.run(speak, *[rig.go(HEALTH_EVERY)] * 5)
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
        lambda at=NOON + n * SECOND: rig.bridge._events.put(  # type: ignore[misc]
            FrameReceived(Frame(meter=METER, timestamp=at, mode=Mode.HISTORIC, values=values))
        )
        for n in range(9)
    ]


def test_in_a_container_the_first_meter_is_said_once_with_what_to_do_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TELEINFO_DEPLOYMENT", "compose")
    caplog.set_level(logging.INFO)
    rig = Rig(tmp_path, monkeypatch)
    rig.run(rig.connect, *whole_frames(rig))
    (first,) = (message for message in caplog.messages if "is read" in message)
    assert f"{METER} is read: 750 VA, period Base, index 12,345 Wh" in first
    for command in ("teleinfo-reader watch", "mosquitto_sub", "SELECT"):
        assert len([message for message in caplog.messages if command in message]) == 1


def test_elsewhere_nobody_is_told_of_containers(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    rig.run(rig.connect, *whole_frames(rig))
    assert "docker" not in caplog.text
