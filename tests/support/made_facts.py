"""Facts by hand, for tests of rules."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor.alerts.facts import Daily, Facts, Installation, Lately, MeterFacts

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 6, 15, 6, tzinfo=UTC)
TODAY = date(2026, 6, 15)
METER = "031961000001"


def days_before(today: date, count: int, value: Callable[[int], int]) -> dict[date, int]:
    """Return a value of each of the days before a day, by how long ago they were; the last is 1."""
    return {today - timedelta(ago): value(ago) for ago in range(count, 0, -1)}


def made_meter(
    address: str = METER, at: datetime = NOW, lately: dict[str, Any] | None = None, **daily: Any
) -> MeterFacts:
    """Return a meter of which only this is known."""
    recent: dict[str, Any] = {"cuts": (), "injected": None}
    of_days: dict[str, Any] = {"base_load": None, "injected": {}, "incomplete": (), "losses": (), "old_prices": ()}
    of_days |= dict.fromkeys(
        ("prices_since", "off_peak_moved", "off_peak_other", "month_so_far", "month_cost", "month_low", "month_high")
    )
    return MeterFacts(address, Lately(at, **recent | (lately or {})), Daily(at, **of_days | daily))


def made_facts(*meters: MeterFacts, backup: datetime | None = None, budget: int | None = None) -> Facts:
    """Return facts of some meters."""
    return Facts(PARIS, budget, Installation(NOW, backup, None, None), meters)
