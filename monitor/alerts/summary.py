"""What page, API and MQTT show of alerts, in both languages."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from common.contract.frame import write_stamp
from monitor.alerts.events import Event
from monitor.alerts.message_texts import line, meter_names, place, rule_name
from monitor.alerts.send_queue import Delivery
from monitor.base.config import MonitorConfig
from monitor.base.household import KINDS, AlertsConfig
from monitor.base.texts import TEXTS


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

    def __init__(self, config: MonitorConfig, meters: Callable[[], Iterable[str]]) -> None:
        """Prepare; `meters` returns all that are known, by identifier."""
        self._config = config
        self._settings = config.alerts or AlertsConfig()
        self._meters = meters
        self._alerts: Watched | None = None

    def use(self, alerts: Watched) -> None:
        """Show these from now on; before, there are none."""
        self._alerts = alerts

    def answer(self) -> dict[str, Any]:
        """Return the answer of `alerts`."""
        alerts = self._alerts
        return {
            "sends": bool(self._settings.to),
            "rules": [
                {
                    "name": kind,
                    "on": self._settings.is_on(kind),
                    "text": {code: rule_name(kind, code) for code in TEXTS},
                }
                for kind in KINDS
            ],
            "active": self.active(),
            "past": [] if alerts is None else self._written(alerts.past()),
            "addresses": [] if alerts is None else _by_address(alerts.deliveries()),
        }

    def events(self) -> tuple[Sequence[Event], Sequence[Event]] | None:
        """Return what is active and what is past; None: it is not known yet."""
        return None if self._alerts is None else (self._alerts.active(), self._alerts.past())

    def active(self) -> list[dict[str, Any]]:
        """Return what holds now, as in the answer."""
        return [] if self._alerts is None else self._written(self._alerts.active())

    def message(self) -> bytes | None:
        """Return what MQTT retains, in one language; None: it is not known yet. Empty: nobody asked for it any more."""
        if self._config.alerts is None:
            return b""
        if self._alerts is None:
            return None
        language = self._config.message_language
        past = self._written(self._alerts.past()[:1])
        found: dict[str, Any] = {"active": self.active(), "last": past[0] if past else None}
        for event in (*found["active"], *past):
            event["text"] = event["text"][language]
        return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()

    def _written(self, events: Iterable[Event]) -> list[dict[str, Any]]:
        zone, events = self._config.time_zone, list(events)
        meters = {*self._meters(), *(event.meter for event in events if event.meter)}
        names = {code: meter_names(meters, self._config.meters, code) for code in TEXTS}
        return [
            {
                "id": event.id,
                "kind": event.kind,
                "meter": event.meter or None,
                "began": write_stamp(event.began.replace(microsecond=0)),
                "ended": None if event.ended is None else write_stamp(event.ended.replace(microsecond=0)),
                "path": place(event, zone),
                "text": {code: line(event, code, zone, names[code]) for code in TEXTS},
            }
            for event in events
        ]


def _by_address(deliveries: Iterable[Delivery]) -> list[dict[str, Any]]:
    """Return what became of the messages to each address."""
    found: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        found.setdefault(delivery.to, []).append(delivery)
    return [_address(name, found[name]) for name in sorted(found)]


def _address(name: str, deliveries: Sequence[Delivery]) -> dict[str, Any]:
    sent = [one.sent_at for one in deliveries if one.sent_at is not None]
    failures = [(one.failed_at, one.why) for one in deliveries if one.sent_at is None and one.failed_at is not None]
    failed_at, why = max(failures, key=lambda failure: failure[0], default=(None, None))
    given_up = sum(one.given_up for one in deliveries)
    return {
        "name": name,
        "sent": len(sent),
        "failed": given_up,
        "waiting": len(deliveries) - len(sent) - given_up,
        "sent_at": write_stamp(max(sent).replace(microsecond=0)) if sent else None,
        "failed_at": None if failed_at is None else write_stamp(failed_at.replace(microsecond=0)),
        "why": why,
    }
