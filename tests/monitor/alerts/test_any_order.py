"""Everything that can happen to alerts, in any order: nothing is told twice, and nothing that lasts remains pending."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from common.contract.offers import Window
from monitor.alerts.engine import Engine
from monitor.alerts.events import BEGIN, END, Condition, Event, Holds, Notification
from monitor.alerts.loop import Alerts
from monitor.alerts.send_queue import Job, SendQueue
from monitor.alerts.store import Store
from monitor.base.alert_settings import KINDS

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
LASTING = (("overload", "1"), ("overload", "2"), ("silent", "meter"), ("disk", ""), ("budget", "2026-11"))
HAPPENING = (("red", "2026-11-25"), ("power_cut", "a"), ("power_cut", "b"))
MOMENTS = ("before writing", "after writing", "before sending", "after sending")
FARTHEST = timedelta(hours=8)  # that the clock is wrong


class Killed(Exception):
    """The monitor was killed."""


class Sent:
    """A process that has ended."""

    def poll(self) -> int:
        return 0


class EverythingThatHappens(RuleBasedStateMachine):
    """Time passes by steps; the file and what was sent survive a kill, all else does not."""

    quiet: ClassVar[Window | None] = None

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.now, self.wrong = NOON, timedelta(0)
        self.conditions = dict.fromkeys(LASTING + HAPPENING, Holds.NO)
        self.moment: str | None = None  # at which the monitor is killed
        self.down = False  # the service
        self.events: dict[str, Event] = {}
        self.sent: list[tuple[str, str]] = []  # an event and its phase, as the service got them
        self.written: dict[tuple[str, str], date] = {}  # the local day of a notification
        self.begun: set[tuple[str, str, date | None]] = set()  # kind, key and day; of what does not last for ever
        self.start()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.check_all_told()
            self.folder.cleanup()

    def told_as(self, event: Event) -> list[str]:
        """Return the events of which one must be told; what is told once a month may have begun before."""
        if not KINDS[event.kind].once:
            return [event.id]
        return [name for name, one in self.events.items() if (one.kind, one.key) == (event.kind, event.key)]

    def start(self) -> None:
        folder = Path(self.folder.name)
        house = self

        class File(Store):
            def write(self, content: Any) -> bool:
                house.reach("before writing")
                done = super().write(content)
                house.reach("after writing")
                return done

        self.alerts = Alerts(
            Engine(lambda _: True, self.quiet, PARIS),
            SendQueue(["json://there"], folder / "letters", self.send),
            File(folder),
            self.text,
        )

    def reach(self, moment: str) -> None:
        if self.moment == moment:
            self.moment = None
            raise Killed

    def text(self, notification: Notification) -> tuple[str, str]:
        event = notification.event
        local = self.now.astimezone(PARIS)
        self.events[event.id], self.written[event.id, notification.phase] = event, local.date()
        if self.quiet is not None and not KINDS[event.kind].urgent:
            assert not self.quiet.holds(local.time()), "told in quiet hours"
        return event.id, notification.phase

    def send(self, job: Job, _: int) -> Sent:
        self.reach("before sending")
        if not self.down:
            self.take(job.title, job.body)
        Path(job.receipt).write_text(json.dumps({"why": "down" if self.down else None}))
        self.reach("after sending")
        return Sent()

    def take(self, name: str, phase: str) -> None:
        """Check a notification as its reader would."""
        assert (name, phase) not in self.sent, "told twice"
        event = self.events[name]
        if phase == END:
            assert (name, BEGIN) in self.sent or self.given_up(name, BEGIN), "an end without a beginning"
        else:
            day = self.written[name, phase] if KINDS[event.kind].lasts else None
            assert (event.kind, event.key, day) not in self.begun, "told twice on a day, or what happened again"
            self.begun.add((event.kind, event.key, day))
        self.sent.append((name, phase))

    def given_up(self, name: str, phase: str) -> bool:
        found = [one for one in self.alerts.deliveries() if one.message == f"{name}/{phase}"]
        return any(one.given_up or one.waits for one in found)

    def look(self) -> None:
        """Do what the monitor does each second; it may be killed, and is started again."""
        try:
            self.alerts.step(
                self.now, [Condition(kind, holds, key=key) for (kind, key), holds in self.conditions.items()]
            )
        except Killed:
            self.start()

    def pass_time(self, seconds: int) -> None:
        pace = 1 if seconds <= 20 else 10
        for _ in range(seconds // pace):
            self.now += pace * SECOND
            self.look()

    @rule(
        key=st.sampled_from(LASTING + HAPPENING),
        holds=st.sampled_from([Holds.YES, Holds.YES, Holds.NO, Holds.UNDECIDED, Holds.UNKNOWN]),
        seconds=st.sampled_from([1, 12, 70, 400]),
    )
    def change(self, key: tuple[str, str], holds: Holds, seconds: int) -> None:
        self.conditions[key] = holds
        self.pass_time(seconds)

    @rule(hours=st.sampled_from([1, 4, 11]))
    def wait(self, hours: int) -> None:
        self.pass_time(hours * 3600)

    @rule(key=st.sampled_from(LASTING))
    def say_nothing(self, key: tuple[str, str]) -> None:
        """A rule speaks of something no more, and then of it again."""
        holds = self.conditions.pop(key)
        self.pass_time(70)
        self.conditions[key] = holds

    @rule(by=st.sampled_from([-5 * HOUR, -HOUR, -30 * SECOND, 30 * SECOND, HOUR, 5 * HOUR]))
    def set_clock(self, by: timedelta) -> None:
        if abs(self.wrong + by) <= FARTHEST:
            self.wrong += by
            self.now += by
            self.look()

    @rule(away=st.sampled_from([SECOND, 10 * 60 * SECOND, 3 * HOUR, DAY, 3 * DAY]))
    def restart(self, away: timedelta) -> None:
        self.now += away
        self.start()
        self.look()

    @rule(moment=st.sampled_from(MOMENTS))
    def be_killed_soon(self, moment: str) -> None:
        self.moment = moment

    @rule(down=st.booleans())
    def service(self, down: bool) -> None:
        self.down = down

    @precondition(lambda self: not self.down)
    @rule()
    def check_all_told(self) -> None:
        """What holds for a day and longer was told, unless its service was away for too long."""
        self.moment, self.down = None, False
        for _ in range(2):
            local = self.now.astimezone(PARIS)
            self.now = (local.replace(hour=12, minute=0, second=0) + DAY).astimezone(UTC)
            self.pass_time(600)
        for event in self.alerts.active():
            if self.conditions.get((event.kind, event.key)) is Holds.YES:
                told = [
                    name for name in self.told_as(event) if (name, BEGIN) in self.sent or self.given_up(name, BEGIN)
                ]
                assert told, f"untold: {event.id}"
        active = {(event.kind, event.key) for event in self.alerts.active()}
        assert {key for key in LASTING if self.conditions[key] is Holds.YES} <= active
        assert not {key for key in LASTING if self.conditions[key] is Holds.NO} & active


class EverythingWithQuietHours(EverythingThatHappens):
    quiet = Window(time(22), time(7))


for _machine in (EverythingThatHappens, EverythingWithQuietHours):
    _machine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)

TestAtAnyHour = EverythingThatHappens.TestCase
TestQuietHours = EverythingWithQuietHours.TestCase
