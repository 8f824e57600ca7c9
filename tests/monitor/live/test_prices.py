"""What a kWh costs in the next 24 hours: prices by hand, in Paris."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.base.windows import OffPeak
from monitor.live.prices import next_prices, price_interval
from monitor.live.schedule import Change, expected
from monitor.money.calendars import Calendars
from monitor.money.contracts import Contract
from monitor.money.prices import PriceRow, PriceTable
from tests.support.prices import price_file

PARIS = ZoneInfo("Europe/Paris")
DAY = timedelta(days=1)

TEMPO_KWH = {"BBRHCJB": "0.13", "BBRHPJB": "0.16", "BBRHCJW": "0.14", "BBRHPJW": "0.18"}
TEMPO_KWH |= {"BBRHCJR": "0.15", "BBRHPJR": "0.70"}
ROWS: Sequence[tuple[str, str, Mapping[str, str]]] = [
    ("base", "2026-02-01", {"BASE": "0.19"}),
    ("base", "2026-08-01", {"BASE": "0.21"}),
    ("hchp", "2026-02-01", {"HCHC": "0.15", "HCHP": "0.20"}),
    ("tempo", "2026-02-01", TEMPO_KWH),
    ("ejp", "2026-02-01", {"EJPHN": "0.12", "EJPHPM": "1.50"}),
    ("other", "2026-02-01", {"HCHC": "0.11", "HCHP": "0.22"}),  # of another supplier, with the same registers
    ("week-end", "2026-02-01", {"EASF01": "0.21", "EASF02": "0.17"}),
]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def table() -> PriceTable:
    rows = [
        PriceRow(offer, date.fromisoformat(start), {0: {name: Decimal(price) for name, price in kwh.items()}}, {})
        for offer, start, kwh in ROWS
    ]
    return PriceTable([price_file("by hand", rows)])


def days(now: datetime, count: int, *clocks: tuple[str, str]) -> list[Change]:
    """Return switches at these times of each of the days before now, and of today up to now."""
    today = now.astimezone(PARIS).date()
    found = [
        Change(datetime.combine(today - number * DAY, time.fromisoformat(clock), PARIS).astimezone(UTC), register)
        for number in range(count + 1)
        for clock, register in clocks
    ]
    return sorted((change for change in found if change.at < now), key=lambda change: change.at)


NIGHT = (("06:00", "HCHP"), ("22:00", "HCHC"))
NOON = (("06:26", "HCHP"), ("12:26", "HCHC"), ("14:26", "HCHP"), ("23:56", "HCHC"))


def prices(
    now: str,
    offer: str | None = "hchp",
    running: str | None = "HCHP",
    *,
    clocks: Sequence[tuple[str, str]] = NIGHT,
    switches: Sequence[Change] | None = None,
    stored: int = 9,
    colours: Mapping[str, str] | None = None,
    lines: Sequence[tuple[str, str]] = (),
    off_peak: Sequence[Window] = (),
) -> str:
    """Return each start as `dd HH:MM+offset` with its price, and the end of the last one.

    Args:
        now: local.
        offer: that the meter names.
        running: its register.
        clocks: when it switched on each of the days that are stored.
        switches: the same, otherwise.
        stored: for how many days it is stored.
        colours: of Tempo days.
        lines: local day and offer of further contracts; the first is that of `offer` until then.
        off_peak: windows that the user wrote down.
    """
    at = local(now)
    start, end = price_interval(at, PARIS)
    if switches is None:
        switches = days(at, stored, *clocks)
    changes = expected(offer, switches, at - stored * DAY, start, end, PARIS)
    starts = [(start, offer), *((local(day), name) for day, name in lines)]
    ends = [*(moment for moment, _ in starts[1:]), end]
    written = OffPeak(tuple(off_peak), tuple(off_peak)) if off_peak else None
    contracts = [Contract(low, high, name, 6, written) for (low, name), high in zip(starts, ends, strict=True)]
    known = {date.fromisoformat(day): colour for day, colour in (colours or {}).items()}
    found = next_prices(table(), Calendars(written=known), contracts, changes, running, at, PARIS)
    assert all(one.end == after.start for one, after in itertools.pairwise(found))
    sent_of = [f"{span.start:%d %H:%M%z} {span.value:.2f}".replace("00 ", " ") for span in found]
    return ", ".join([*sent_of, *(f"{span.end:%d %H:%M%z}"[:-2] for span in found[-1:])])


TODAY, WHITE = "2026-11-25T14:32", {"2026-11-25": "white"}
NIGHTS = (Window(time(22), time(6)),)
EARLY = (Window(time(2, 30), time(7, 30)),)
WEEKEND = [Change(local("2026-11-21T00:00"), "EASF02"), Change(local("2026-11-23T00:00"), "EASF01")]
LIKE_A_WEEK_AGO = {"offer": None, "running": "EASF01", "switches": WEEKEND, "lines": [("2026-11-01T00:00", "week-end")]}
BY_NIGHT = "25 06:00+01 0.20, 25 22:00+01 0.15, 26 06:00+01 0.20, 26 15:00+01"
HOUR_OF_NOW = "25 14:00+01 0.20, 25 15:00+01"
TEMPO_UNTIL_SIX = "25 06:00+01 0.18, 25 22:00+01 0.14, 26 06:00+01"
LATE = "25 22:00+01 0.15, 26 06:00+01 0.20, 26 22:00+01 0.15"


def tomorrow(offer: str) -> list[tuple[str, str]]:
    return [("2026-11-26T00:00", offer)]


@pytest.mark.parametrize(
    ("now", "known", "wanted"),
    [
        # Off-peak hours of the night; the price of now began before midnight.
        (TODAY, {}, BY_NIGHT),
        ("2026-11-25T23:59", {"running": "HCHC"}, f"{LATE}, 27 00:00+01"),
        ("2026-11-26T00:00", {"running": "HCHC"}, f"{LATE}, 27 00:00+01"),
        ("2026-11-26T00:30", {"running": "HCHC"}, f"{LATE}, 27 01:00+01"),
        # At noon and across midnight.
        (
            "2026-11-25T12:00",
            {"clocks": NOON},
            "25 06:26+01 0.20, 25 12:26+01 0.15, 25 14:26+01 0.20, 25 23:56+01 0.15, 26 06:26+01 0.20, 26 12:00+01",
        ),
        # Days of 23 hours, whose night has seven, and of 25, whose night has nine.
        ("2026-03-28T12:00", {}, "28 06:00+01 0.20, 28 22:00+01 0.15, 29 06:00+02 0.20, 29 13:00+02"),
        ("2026-10-24T12:00", {}, "24 06:00+02 0.20, 24 22:00+02 0.15, 25 06:00+01 0.20, 25 11:00+01"),
        # A window that begins in the hour that is skipped, or comes twice.
        (
            "2026-03-28T12:00",
            {"stored": 0, "off_peak": EARLY},
            "28 07:30+01 0.20, 29 03:00+02 0.15, 29 07:30+02 0.20, 29 13:00+02",
        ),
        (
            "2026-10-24T12:00",
            {"stored": 0, "off_peak": EARLY},
            "24 07:30+02 0.20, 25 02:30+02 0.15, 25 02:00+01 0.20, 25 02:30+01 0.15, 25 07:30+01 0.20, 25 11:00+01",
        ),
        # A price that changes on 1 August.
        (
            "2026-07-31T12:00",
            {"offer": "base", "running": "BASE"},
            "30 00:00+02 0.19, 01 00:00+02 0.21, 01 12:00+02",
        ),
        # Tempo ends where the colour is not known yet; at night that of yesterday still holds.
        (TODAY, {"offer": "tempo", "running": "BBRHPJW", "colours": WHITE}, TEMPO_UNTIL_SIX),
        (
            TODAY,
            {"offer": "tempo", "running": "BBRHPJW", "colours": WHITE | {"2026-11-26": "red"}},
            f"{TEMPO_UNTIL_SIX} 0.70, 26 15:00+01",
        ),
        (
            "2026-11-26T03:00",
            {"offer": "tempo", "running": "BBRHCJW", "colours": WHITE},
            "25 22:00+01 0.14, 26 06:00+01",
        ),
        # A contract that begins tomorrow; with the same registers the off-peak hours stay those of the meter.
        (
            TODAY,
            {"lines": tomorrow("base")},
            "25 06:00+01 0.20, 25 22:00+01 0.15, 26 00:00+01 0.21, 26 15:00+01",
        ),
        (
            TODAY,
            {"lines": tomorrow("other")},
            "25 06:00+01 0.20, 25 22:00+01 0.15, 26 00:00+01 0.11, 26 06:00+01 0.22, 26 15:00+01",
        ),
        # Which off-peak hours the meter will get is not known, unless the user wrote them down.
        (
            TODAY,
            {"offer": "base", "running": "BASE", "lines": tomorrow("hchp")},
            "24 00:00+01 0.21, 26 00:00+01",
        ),
        (
            TODAY,
            {"offer": "base", "running": "BASE", "lines": tomorrow("hchp"), "off_peak": NIGHTS},
            "24 00:00+01 0.21, 26 00:00+01 0.15, 26 06:00+01 0.20, 26 15:00+01",
        ),
        # What the meter does counts: its clock is late, or early; its off-peak hours have changed; it is silent.
        ("2026-11-25T22:02", {}, f"{LATE}, 26 23:00+01"),
        ("2026-11-25T21:58", {"running": "HCHC"}, "25 06:00+01 0.20, 25 22:00+01 0.15, 26 06:00+01 0.20, 26 22:00+01"),
        ("2026-11-25T22:10", {}, "25 22:00+01 0.20, 25 23:00+01"),
        ("2026-11-25T22:10", {"running": None}, f"{LATE}, 26 23:00+01"),
        # A past that is too short: not a whole day, no switch, only half of the switches; the user's windows help.
        (TODAY, {"stored": 1}, HOUR_OF_NOW),
        (TODAY, {"switches": []}, HOUR_OF_NOW),
        (TODAY, {"clocks": NIGHT[:1]}, HOUR_OF_NOW),
        (TODAY, {"running": None, "stored": 1}, ""),
        (TODAY, {"running": None, "switches": []}, ""),
        (TODAY, {"running": None, "clocks": NIGHT[:1]}, ""),
        (TODAY, {"stored": 0, "off_peak": NIGHTS}, BY_NIGHT),
        # Peak days are not foreseen.
        (TODAY, {"offer": "ejp", "running": "EJPHPM"}, "25 14:00+01 1.50, 25 15:00+01"),
        # Another calendar is expected as a week ago; since when a register has run is sent_of from midnight on.
        ("2026-11-27T14:32", {"stored": 30, **LIKE_A_WEEK_AGO}, "27 00:00+01 0.21, 28 00:00+01 0.17, 28 15:00+01"),
        ("2026-11-27T14:32", {"stored": 6, **LIKE_A_WEEK_AGO}, "27 14:00+01 0.21, 27 15:00+01"),
        # Without a contract, or a price.
        ("2026-01-15T14:32", {"offer": None, "running": "EASF01"}, ""),
        ("2026-01-15T14:32", {"offer": "unheard-of"}, ""),
        ("2026-01-15T14:32", {"running": None}, ""),
    ],
)
def test_what_a_kwh_costs_until_tomorrow(now: str, known: Mapping[str, Any], wanted: str) -> None:
    assert prices(now, **known) == wanted
