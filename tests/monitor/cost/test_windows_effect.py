"""The same curve with the off-peak hours of before and with new ones, by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.cost.windows_effect import bill_windows
from monitor.prices.calendars import Calendars
from monitor.prices.rule_document import read_rule
from monitor.readings.periods import HourEnergy, OffPeak
from tests.support.prices import HCHP

PARIS = ZoneInfo("Europe/Paris")
PRICES = {"HCHC": Decimal("0.10"), "HCHP": Decimal("0.20")}
NIGHT = (Window(time(22), time(6)),)
SPLIT = (Window(time(1, 30), time(6, 30)), Window(time(12), time(15)))
DAY = datetime(2026, 12, 9, 23, tzinfo=UTC)  # midnight in Paris


def hour(start: datetime, wh: int, *, minutes: int | None = None) -> HourEnergy:
    """An hour, or the part of one that begins at a minute."""
    at = start if minutes is None else start + timedelta(minutes=minutes)
    return HourEnergy(at, wh, None, 3600, recovered=False, imported=False, divided=minutes is not None)


def billed(pieces: list[HourEnergy], windows: OffPeak) -> tuple[int, Decimal]:
    found = bill_windows(pieces, windows, HCHP, Calendars(), PRICES.get, PARIS)
    assert found is not None
    return int(found.off_peak_wh), found.energy


def test_a_day_of_one_kilowatt_costs_the_same_and_a_kettle_at_noon_does_not() -> None:
    even = [hour(DAY + timedelta(hours=n), 1000) for n in range(24)]
    assert billed(even, OffPeak(NIGHT, NIGHT)) == (8000, Decimal("4.0"))  # 8 kWh x 0.10 + 16 x 0.20
    assert billed(even, OffPeak(SPLIT, SPLIT)) == (8000, Decimal("4.0"))
    kettle = [hour(DAY + timedelta(hours=13), 500)]
    assert billed(kettle, OffPeak(NIGHT, NIGHT)) == (0, Decimal("0.1"))
    assert billed(kettle, OffPeak(SPLIT, SPLIT)) == (500, Decimal("0.05"))


def test_an_hour_with_minutes_is_exact_and_one_without_is_taken_as_even() -> None:
    one = DAY + timedelta(hours=1)
    # 01:00 to 01:30 at the peak price, the rest of the hour off-peak.
    assert billed([hour(one, 100, minutes=0), hour(one, 900, minutes=30)], OffPeak(SPLIT, SPLIT)) == (
        900,
        Decimal("0.11"),
    )
    assert billed([hour(one, 1000)], OffPeak(SPLIT, SPLIT)) == (500, Decimal("0.15"))


def test_what_was_recovered_is_of_no_hour() -> None:
    """45 kWh of three days, at a return at 02:00: they would cost 4.5 EUR more with hours that had ended by then."""
    late = replace(hour(DAY + timedelta(hours=2), 45_000), recovered=True)
    for windows in (NIGHT, SPLIT, (Window(time(22), time(2)),)):
        assert billed([late], OffPeak(windows, windows)) == (0, Decimal(0))


@pytest.mark.parametrize(("day", "off_peak_wh"), [("2027-03-31", 0), ("2027-04-01", 1000)])
def test_summer_has_its_own_windows(day: str, off_peak_wh: int) -> None:
    noon = datetime.combine(date.fromisoformat(day), time(12), PARIS).astimezone(UTC)
    assert billed([hour(noon, 1000)], OffPeak(NIGHT, SPLIT))[0] == off_peak_wh


def test_the_night_of_25_hours_has_each_of_them() -> None:
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)  # of 25 October in Paris
    even = [hour(midnight + timedelta(hours=n), 1000) for n in range(25)]
    assert billed(even, OffPeak(NIGHT, NIGHT))[0] == 9000


def test_what_has_no_price_is_not_billed() -> None:
    pieces, windows = [hour(DAY, 1000)], OffPeak(NIGHT, NIGHT)
    assert bill_windows(pieces, windows, HCHP, Calendars(), {"HCHP": Decimal(1)}.get, PARIS) is None
    tempo = read_rule(
        {
            "days": {"red": {"calendar": "tempo", "is": "red"}, "other": "always"},
            "hours": {"red": {"HCHC": "meter", "HCHP": "rest"}, "other": {"HCHP": "rest"}},
        },
        "rule",
    )
    assert bill_windows(pieces, windows, tempo, Calendars(), PRICES.get, PARIS) is None
