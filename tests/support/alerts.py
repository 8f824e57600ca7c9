"""Alerts that a test sets as it likes."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.alerts.events import Event
from monitor.alerts.send_queue import Delivery

AT = datetime(2026, 11, 28, 13, 2, 0, 250_000, tzinfo=UTC)  # 14:02 in Paris


class Alerts:
    """What the monitor shows of alerts, set by hand."""

    def __init__(self, *active: Event, past: tuple[Event, ...] = (), deliveries: tuple[Delivery, ...] = ()) -> None:
        self.now, self.over, self.sent = active, past, deliveries

    def active(self) -> tuple[Event, ...]:
        """Return what holds."""
        return self.now

    def past(self) -> tuple[Event, ...]:
        """Return what is over."""
        return self.over

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return what became of messages."""
        return self.sent


def event(kind: str, meter: str, figures: Mapping[str, Any], *, minutes: int | None = None, key: str = "") -> Event:
    """Return an event that began at AT, and was over so many minutes later."""
    ended = None if minutes is None else AT + timedelta(minutes=minutes)
    return Event(kind, meter, key, AT, ended, figures)
