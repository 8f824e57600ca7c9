"""What page, API and MQTT show of alerts, in both languages."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol

from monitor.alerts.events import Event
from monitor.alerts.message_texts import line, meter_names, place, rule_name
from monitor.alerts.send_queue import Delivery
from monitor.base.alert_settings import KINDS
from monitor.base.answer import Count, answer_type, one_of, plain
from monitor.base.config import MonitorConfig
from monitor.base.texts import TEXTS

_Kind = Annotated[str, one_of(*KINDS)]


@answer_type
class BothLanguages:
    """A text in both languages."""

    fr: str
    en: str

    def of(self, language: str) -> str:
        """Return the text in a language."""
        return self.fr if language == "fr" else self.en


@answer_type
class AlertEvent:
    """An alert; the event `alerts` of `live/stream` carries a list of these."""

    id: str
    kind: _Kind
    meter: Annotated[str | None, "null: of the whole installation"]
    began: datetime
    ended: Annotated[datetime | None, "null: it goes on; of what does not last, as began"]
    path: Annotated[str, "of the page that shows more of it"]
    text: BothLanguages


@answer_type
class AlertRule:
    """A kind of alert."""

    name: _Kind
    on: bool
    text: BothLanguages


@answer_type
class AlertAddress:
    """What became of the last messages to an address."""

    name: Annotated[str, "its kind and number such as ntfy 1, never the address"]
    sent: Count
    waiting: Annotated[Count, "are tried again"]
    failed: Annotated[Count, "are given up"]
    sent_at: Annotated[datetime | None, "the last time"]
    failed_at: Annotated[datetime | None, "the last failure of a message that is not sent"]
    why: Annotated[str | None, "why it failed: a word, or http or smtp with a number"]


@answer_type
class AlertsAnswer:
    """The answer of `alerts`."""

    sends: Annotated[bool, "messages are sent somewhere"]
    rules: Annotated[Sequence[AlertRule], "of which of them messages are sent"]
    active: Annotated[Sequence[AlertEvent], "what goes on"]
    past: Annotated[Sequence[AlertEvent], "what is over, newest first"]
    addresses: Annotated[Sequence[AlertAddress], "what became of the last messages to each"]


class Watched(Protocol):
    """The alerts of a house; any thread may ask."""

    def active(self) -> Sequence[Event]:
        """Return what holds now."""

    def past(self) -> Sequence[Event]:
        """Return the last that are over, newest first."""

    def deliveries(self) -> Sequence[Delivery]:
        """Return what became of messages, newest first."""


class AlertSummary:
    """Writes what the alerts of a house are now; any thread may ask."""

    def __init__(self, config: Callable[[], MonitorConfig], meters: Callable[[], Iterable[str]]) -> None:
        """Prepare; `config` returns the present one, `meters` all that are known, by identifier."""
        self._config = config
        self._meters = meters
        self._alerts: Watched | None = None

    def use(self, alerts: Watched) -> None:
        """Show these from now on; before, there are none."""
        self._alerts = alerts

    def answer(self) -> AlertsAnswer:
        """Return the answer of `alerts`."""
        alerts, household = self._alerts, self._config().household
        return AlertsAnswer(
            sends=bool(household.addresses),
            rules=[
                AlertRule(
                    kind, household.alerts.is_on(kind), BothLanguages(rule_name(kind, "fr"), rule_name(kind, "en"))
                )
                for kind in KINDS
            ],
            active=self.active(),
            past=[] if alerts is None else self._written(alerts.past()),
            addresses=[] if alerts is None else _by_address(alerts.deliveries()),
        )

    def events(self) -> tuple[Sequence[Event], Sequence[Event]] | None:
        """Return what is active and what is past; None: it is not known yet."""
        return None if self._alerts is None else (self._alerts.active(), self._alerts.past())

    def active(self) -> list[AlertEvent]:
        """Return what holds now, as in the answer."""
        return [] if self._alerts is None else self._written(self._alerts.active())

    def message(self) -> bytes | None:
        """Return what MQTT retains, in one language; None: it is not known yet."""
        household = self._config().household
        if self._alerts is None or not household.is_known:
            return None
        language = household.message_language
        past = [_in_language(one, language) for one in self._written(self._alerts.past()[:1])]
        active = [_in_language(one, language) for one in self.active()]
        found = {"active": active, "last": past[0] if past else None}
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"), default=plain).encode()

    def _written(self, events: Iterable[Event]) -> list[AlertEvent]:
        config, events = self._config(), list(events)
        zone = config.time_zone
        meters = {*self._meters(), *(event.meter for event in events if event.meter)}
        names = {code: meter_names(meters, config.household.meters, code) for code in TEXTS}
        return [
            AlertEvent(
                id=event.id,
                kind=event.kind,
                meter=event.meter or None,
                began=event.began.replace(microsecond=0),
                ended=None if event.ended is None else event.ended.replace(microsecond=0),
                path=place(event, zone),
                text=BothLanguages(line(event, "fr", zone, names["fr"]), line(event, "en", zone, names["en"])),
            )
            for event in events
        ]


def _in_language(event: AlertEvent, language: str) -> dict[str, Any]:
    """Return an alert with its text in one language."""
    return {**plain(event), "text": event.text.of(language)}


def _by_address(deliveries: Iterable[Delivery]) -> list[AlertAddress]:
    """Return what became of the messages to each address."""
    found: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        found.setdefault(delivery.to, []).append(delivery)
    return [_address(name, found[name]) for name in sorted(found)]


def _address(name: str, deliveries: Sequence[Delivery]) -> AlertAddress:
    sent = [one.sent_at for one in deliveries if one.sent_at is not None]
    failures = [(one.failed_at, one.why) for one in deliveries if one.sent_at is None and one.failed_at is not None]
    failed_at, why = max(failures, key=lambda failure: failure[0], default=(None, None))
    given_up = sum(one.given_up for one in deliveries)
    return AlertAddress(
        name=name,
        sent=len(sent),
        waiting=len(deliveries) - len(sent) - given_up,
        failed=given_up,
        sent_at=max(sent).replace(microsecond=0) if sent else None,
        failed_at=None if failed_at is None else failed_at.replace(microsecond=0),
        why=why,
    )
