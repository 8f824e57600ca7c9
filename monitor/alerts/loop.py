"""Follows the alerts each second, and asks the database each few minutes; all of it survives a kill at any moment."""

import queue
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from monitor.alerts.digest import digest_due, digest_message
from monitor.alerts.engine import Engine
from monitor.alerts.events import BEGIN, Condition, Event, Notification
from monitor.alerts.facts import Facts, collect
from monitor.alerts.live_rules import OfflineRule, OverloadRule, tempo_conditions
from monitor.alerts.message_texts import meter_names, title_and_body
from monitor.alerts.rules import database_conditions
from monitor.alerts.send_queue import Delivery, Message, SendQueue
from monitor.alerts.store import Kept, Store
from monitor.base.alert_settings import KINDS
from monitor.base.config import MonitorConfig
from monitor.live.live import Live
from monitor.money.home import Home, Lend

_TRY_AGAIN = timedelta(minutes=1)  # after the file could not be written


class Alerts:
    """Follows conditions and notifies of events. `step` and `put` belong to one thread, all else to any."""

    def __init__(
        self,
        engine: Engine,
        queue: SendQueue,
        memory: Store,
        texts: Callable[[Notification], tuple[str, str]],
        others: Mapping[str, Kept] | None = None,
    ) -> None:
        """Go on from the memory.

        Args:
            engine: makes events and messages.
            queue: sends messages.
            memory: keeps all.
            texts: makes a title and a body of a message.
            others: what the memory also keeps.
        """
        self._engine = engine
        self._queue = queue
        self._store = memory
        self._texts = texts
        self._kept: Mapping[str, Kept] = {"engine": engine, "outbox": queue, **(others or {})}
        self._failed_at: datetime | None = None  # when the file could not be written
        memory.restore(self._kept)

    def step(self, now: datetime, conditions: Sequence[Condition]) -> None:
        """Follow the conditions of this moment; called each second."""
        for notification in self._engine.step(now, conditions):
            self.put(_message(notification, *self._texts(notification), now))
        if self._keep(now):
            self._queue.tick(now, quiet=self._engine.is_quiet(now))

    def put(self, message: Message) -> None:
        """Have a message sent, once it is kept: at the next step."""
        self._queue.put(message)

    def active(self) -> tuple[Event, ...]:
        """Return what holds now."""
        return self._engine.active

    def past(self) -> tuple[Event, ...]:
        """Return the last thirty that are over, newest first."""
        return self._engine.past

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return what became of the messages, newest first."""
        return self._queue.deliveries()

    def _keep(self, now: datetime) -> bool:
        """Write what has changed; return whether all is written: what is not could be sent twice."""
        if not any(part.changed for part in self._kept.values()):
            return True
        if self._failed_at is not None and timedelta(0) <= now - self._failed_at < _TRY_AGAIN:
            return False
        if not self._store.write({name: part.to_json() for name, part in self._kept.items()}):
            self._failed_at = now
            return False
        self._failed_at = None
        for part in self._kept.values():
            part.saved()
        return True


def _message(notification: Notification, title: str, body: str, now: datetime) -> Message:
    kind = KINDS[notification.event.kind]
    expires = now + timedelta(hours=kind.hours)
    after = None if notification.phase == BEGIN else f"{notification.event.id}/{BEGIN}"
    return Message(f"{notification.event.id}/{notification.phase}", title, body, now, expires, kind.urgent, after)


AGAIN = 300.0  # seconds


class FactsCollector:
    """Keeps the newest facts, and the digests that are to be sent."""

    def __init__(self, lend: Lend, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._lend = lend
        self._now = now
        self._digest: str | None = None  # the last one that was made
        self.facts: Facts | None = None
        self.messages: queue.SimpleQueue[Message] = queue.SimpleQueue()  # of digests, to be sent

    def step(self) -> float:
        """Ask the database; return the seconds until the next time."""
        with self._lend() as home:
            now = self._now()
            self.facts = collect(home, home.config, now, self.facts)
            self._make_digest(home, now)
        return AGAIN

    def _make_digest(self, home: Home, now: datetime) -> None:
        config, household = home.config, home.config.household
        digest = household.alerts.digest
        if digest is None or not household.addresses:
            return
        due = digest_due(household.alerts, now, config.time_zone)
        if due is None or due == self._digest:
            return
        message = digest_message(home, config, digest, now)
        if message is not None:
            self.messages.put(message)
            self._digest = due


class Alerting:
    """Steps the alerts."""

    def __init__(
        self,
        config: Callable[[], MonitorConfig],
        live: Live,
        collector: FactsCollector,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Go on from where the last run has left; `config` returns the present one. Nothing is sent yet."""
        self._config = config
        self._live = live
        self._collector = collector
        self._now = now
        self._overload_rule, self._offline_rule = OverloadRule(), OfflineRule()
        self._stored: list[Condition] = []
        self._stored_of: tuple[int, int] | None = None  # what they were made of
        present = config()
        household = self._household = present.household
        chosen = household.alerts
        self._engine = Engine(chosen.is_on, chosen.quiet, present.time_zone, notifies=bool(household.addresses))
        self._queue = SendQueue(household.addresses, present.state / "letters")
        self.alerts = Alerts(
            self._engine, self._queue, Store(present.state), self._text, {"silence": self._offline_rule}
        )
        self._overload_rule.resume(self.alerts.active(), self._now())

    def step(self) -> float:
        """Follow the conditions of this moment; return the seconds until the next time."""
        household = self._config().household
        if not household.is_known:  # which rules are on is not known either
            return 0.0
        if household != self._household:
            self._household = household
            chosen = household.alerts
            self._engine.use(chosen.is_on, chosen.quiet, notifies=bool(household.addresses))
            self._queue.use(household.addresses)
        messages = self._collector.messages
        while not messages.empty():
            self.alerts.put(messages.get())
        self.alerts.step(self._now(), self._conditions())
        return 0.0

    def _conditions(self) -> list[Condition]:
        snapshot = self._live.now()
        return [
            *self._overload_rule.conditions(snapshot),
            *self._offline_rule.conditions(snapshot),
            *tempo_conditions(snapshot, self._config().time_zone, self._live.peak_price, self._household.alerts.is_on),
            *self._stored_conditions(snapshot.at),
        ]

    def _stored_conditions(self, now: datetime) -> list[Condition]:
        """Return what the facts say; they are looked at once a minute, as they are of days and hours."""
        facts = self._collector.facts
        made_of = id(facts), int(now.timestamp()) // 60
        if facts is not None and made_of != self._stored_of:
            self._stored, self._stored_of = database_conditions(facts, now), made_of
        return self._stored

    def _text(self, notification: Notification) -> tuple[str, str]:
        config = self._config()
        household, language = config.household, config.household.message_language
        facts = self._collector.facts
        stored = () if facts is None else (one.meter for one in facts.meters)
        meters = {*self._live.named_meters(), *stored, notification.event.meter} - {""}
        names = meter_names(meters, household.meters, language)
        page = household.alerts.page
        return title_and_body(notification, language, config.time_zone, names, page, self._now())
