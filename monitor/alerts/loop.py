"""Follows the alerts each second, and asks the database each few minutes; all of it survives a kill at any moment."""

import queue
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from monitor.alerts.digest import digest_due, digest_letter
from monitor.alerts.engine import Engine
from monitor.alerts.events import BEGIN, Event, Message, Sign
from monitor.alerts.facts import Facts, gather
from monitor.alerts.live_rules import Overload, Silence, tempo_conditions
from monitor.alerts.message_texts import meter_names, title_and_body
from monitor.alerts.rules import database_conditions
from monitor.alerts.send_queue import Delivery, Letter, Outbox
from monitor.alerts.store import Kept, MemoryFile
from monitor.base.config import MonitorConfig
from monitor.base.household import KINDS, AlertsConfig
from monitor.live.live import Live
from monitor.money.home import Home, Lend

_TRY_AGAIN = timedelta(minutes=1)  # after the file could not be written


class Alerts:
    """Follows signs and tells of events. `step` and `put` belong to one thread, all else may be called from any."""

    def __init__(
        self,
        engine: Engine,
        outbox: Outbox,
        memory: MemoryFile,
        texts: Callable[[Message], tuple[str, str]],
        others: Mapping[str, Kept] | None = None,
    ) -> None:
        """Go on from the memory.

        Args:
            engine: makes events and messages.
            outbox: sends letters.
            memory: keeps all.
            texts: makes a title and a body of a message.
            others: what the memory also keeps.
        """
        self._engine = engine
        self._outbox = outbox
        self._memory = memory
        self._texts = texts
        self._kept: Mapping[str, Kept] = {"engine": engine, "outbox": outbox, **(others or {})}
        self._failed_at: datetime | None = None  # when the file could not be written
        memory.restore(self._kept)

    def step(self, now: datetime, signs: Sequence[Sign]) -> None:
        """Follow the signs of this moment; called each second."""
        for message in self._engine.step(now, signs):
            self.put(_letter(message, *self._texts(message), now))
        if self._keep(now):
            self._outbox.tick(now, quiet=self._engine.is_quiet(now))

    def put(self, letter: Letter) -> None:
        """Have a letter sent, once it is kept: at the next step."""
        self._outbox.put(letter)

    def active(self) -> tuple[Event, ...]:
        """Return what holds now."""
        return self._engine.active

    def past(self) -> tuple[Event, ...]:
        """Return the last thirty that are over, newest first."""
        return self._engine.past

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return what became of the letters, newest first."""
        return self._outbox.deliveries()

    def _keep(self, now: datetime) -> bool:
        """Write what has changed; return whether all is written: what is not could be sent twice."""
        if not any(part.changed for part in self._kept.values()):
            return True
        if self._failed_at is not None and timedelta(0) <= now - self._failed_at < _TRY_AGAIN:
            return False
        if not self._memory.write({name: part.to_json() for name, part in self._kept.items()}):
            self._failed_at = now
            return False
        self._failed_at = None
        for part in self._kept.values():
            part.saved()
        return True


def _letter(message: Message, title: str, body: str, now: datetime) -> Letter:
    kind = KINDS[message.event.kind]
    expires = now + timedelta(hours=kind.hours)
    after = None if message.phase == BEGIN else f"{message.event.id}/{BEGIN}"
    return Letter(f"{message.event.id}/{message.phase}", title, body, now, expires, kind.urgent, after)


AGAIN = 300.0  # seconds


class Gathering:
    """Keeps the newest facts, and the digests that are to be sent."""

    def __init__(
        self,
        settings: MonitorConfig,
        lend: Lend,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._lend = lend
        self._now = now
        self._digest: str | None = None  # the last one that was made
        self.facts: Facts | None = None
        self.letters: queue.SimpleQueue[Letter] = queue.SimpleQueue()  # of digests, to be sent

    def step(self) -> float:
        """Ask the database; return the seconds until the next time."""
        with self._lend() as home:
            now = self._now()
            self.facts = gather(home, self._settings, now, self.facts)
            self._make_digest(home, now)
        return AGAIN

    def _make_digest(self, home: Home, now: datetime) -> None:
        config = self._settings.alerts
        if config is None or config.digest is None or not config.to:
            return
        due = digest_due(config, now, self._settings.time_zone)
        if due is None or due == self._digest:
            return
        letter = digest_letter(home, self._settings, config.digest, now)
        if letter is not None:
            self.letters.put(letter)
            self._digest = due


class Alerting:
    """Steps the alerts."""

    def __init__(
        self,
        settings: MonitorConfig,
        live: Live,
        gathering: Gathering,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Go on from where the last run has left; nothing is sent yet."""
        self._settings = settings
        self._live = live
        self._gathering = gathering
        self._now = now
        self._overload, self._silence = Overload(), Silence()
        self._slow: list[Sign] = []
        self._slow_of: tuple[int, int] | None = None  # what they were made of
        config = settings.alerts or AlertsConfig()
        self.alerts = Alerts(
            Engine(config.is_on, config.quiet, settings.time_zone, tells=bool(config.to)),
            Outbox(config.to, settings.state / "letters"),
            MemoryFile(settings.state),
            lambda message: self._text(message, config.page),
            {"silence": self._silence},
        )
        self._overload.resume(self.alerts.active(), self._now())

    def step(self) -> float:
        """Follow the signs of this moment; return the seconds until the next time."""
        letters = self._gathering.letters
        while not letters.empty():
            self.alerts.put(letters.get())
        self.alerts.step(self._now(), self._signs())
        return 0.0

    def _signs(self) -> list[Sign]:
        house = self._live.now()
        return [
            *self._overload.signs(house),
            *self._silence.signs(house),
            *tempo_conditions(house, self._settings.time_zone, self._live.peak_price),
            *self._slow_signs(house.at),
        ]

    def _slow_signs(self, now: datetime) -> list[Sign]:
        """Return what the facts say; they are looked at once a minute, as they tell of days and hours."""
        facts = self._gathering.facts
        made_of = id(facts), int(now.timestamp()) // 60
        if facts is not None and made_of != self._slow_of:
            self._slow, self._slow_of = database_conditions(facts, now), made_of
        return self._slow

    def _text(self, message: Message, page: str | None) -> tuple[str, str]:
        language = self._settings.message_language
        facts = self._gathering.facts
        stored = () if facts is None else (one.meter for one in facts.meters)
        meters = {*self._live.named_meters(), *stored, message.event.meter} - {""}
        names = meter_names(meters, self._settings.meters, language)
        return title_and_body(message, language, self._settings.time_zone, names, page, self._now())
