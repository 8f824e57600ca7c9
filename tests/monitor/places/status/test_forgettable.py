"""What may be forgotten: only what is gone."""

from datetime import UTC, datetime, timedelta

from monitor.places.status.forgettable import gone_meters
from monitor.readings.hours import Meter

NOW = datetime(2026, 11, 25, 13, tzinfo=UTC)


def meter(number: int, days: float | None) -> Meter:
    """A meter that was read last so many days ago."""
    last = None if days is None else NOW - timedelta(days=days)
    return Meter(number, f"03196100000{number}", last, last)


def gone(*days: float | None) -> list[str]:
    return [one.name[-1] for one in gone_meters([meter(number, one) for number, one in enumerate(days)], NOW)]


def test_a_meter_without_a_frame_for_a_month_is_gone_if_another_one_is_there() -> None:
    assert gone(0.1, 31, 400) == ["1", "2"]
    assert gone(0.1, 29.9) == []


def test_no_meter_is_gone_while_all_are_silent() -> None:
    assert gone(31, 400) == []


def test_a_meter_that_only_has_imports_is_not_gone() -> None:
    assert gone(0.1, None) == []
