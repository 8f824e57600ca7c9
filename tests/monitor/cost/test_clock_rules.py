"""Which register of an offer runs at a moment."""

from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from common.contract.offers import Window
from monitor.cost.clock_rules import OfferClock, Why
from monitor.prices.model import OffPeak, PriceFile, PriceRow, PriceTable

NOON = "2026-01-05T12:00+01:00"
WINTER = (Window(time(22), time(6)),)
OFF_PEAK = OffPeak(date(2020, 1, 1), WINTER, (Window(time(2), time(7)), Window(time(12), time(15))))
COLOURS = {date(2026, 3, 28): "red", date(2026, 3, 29): "blue"}


def row(offer: str, weekend: str | None, *registers: str) -> PriceRow:
    kwh = {0: dict.fromkeys(registers, Decimal("0.2"))}
    return PriceRow(offer, date(2025, 8, 1), kwh, {9: Decimal(365)}, weekend=weekend)


ROWS = (
    row("base", None, "BASE"),
    row("hchp", None, "HCHC", "HCHP"),
    row("tempo", None, "BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
    row("ejp", None, "EJPHN", "EJPHPM"),
    row("zen", "WE", "BASE", "WE"),
    row("zen-plus", None, "EASF01", "EASF02"),
    row("other", None, "HCHC", "HCHP"),
    row("flat-weekend", "BASE", "HCHC", "HCHP", "BASE"),
)


@pytest.mark.parametrize(
    ("offer", "moment", "register"),
    [
        # A weekend is Saturday and Sunday.
        ("zen", "2026-01-09T23:59+01:00", "BASE"),  # Friday
        ("zen", "2026-01-10T00:00+01:00", "WE"),
        ("zen", "2026-01-10T12:00+01:00", "WE"),
        ("zen", "2026-01-11T23:59+01:00", "WE"),
        ("zen", "2026-01-12T00:00+01:00", "BASE"),  # Monday
        # By the local clock: it is Friday still in UTC, and Sunday still.
        ("zen", "2026-01-09T22:59+00:00", "BASE"),
        ("zen", "2026-01-09T23:00+00:00", "WE"),
        ("zen", "2026-01-11T22:59+00:00", "WE"),
        ("zen", "2026-01-11T23:00+00:00", "BASE"),
        ("zen", "2026-07-10T21:59+00:00", "BASE"),
        ("zen", "2026-07-10T22:00+00:00", "WE"),
        # The Sundays of 23 and 25 hours: they begin by the time before, and end by the time after.
        ("zen", "2026-03-27T23:00+00:00", "WE"),
        ("zen", "2026-03-29T21:59+00:00", "WE"),
        ("zen", "2026-03-29T22:00+00:00", "BASE"),
        ("zen", "2026-10-23T21:59+00:00", "BASE"),
        ("zen", "2026-10-23T22:00+00:00", "WE"),
        ("zen", "2026-10-25T22:59+00:00", "WE"),
        ("zen", "2026-10-25T23:00+00:00", "BASE"),
        # A weekend at the price of a register that weekdays do not have.
        ("flat-weekend", "2026-01-09T21:59+01:00", "HCHP"),
        ("flat-weekend", "2026-01-09T22:00+01:00", "HCHC"),
        ("flat-weekend", "2026-01-10T22:00+01:00", "BASE"),
        # Off-peak hours of the user, over the changes of time.
        ("hchp", "2026-03-29T00:30+00:00", "HCHC"),
        ("hchp", "2026-10-25T00:30+00:00", "HCHC"),
        ("hchp", "2026-03-29T04:30+00:00", "HCHP"),
        ("hchp", "2026-07-01T03:00+02:00", "HCHC"),
        ("hchp", "2026-07-01T12:30+02:00", "HCHC"),
        ("hchp", "2026-07-01T23:00+02:00", "HCHP"),
        # A Tempo day begins at six, in the night of a change by the new time.
        ("tempo", "2026-03-29T00:59+00:00", "BBRHCJR"),  # 01:59, then 03:00
        ("tempo", "2026-03-29T03:59+00:00", "BBRHCJR"),  # 05:59 of the summer's time
        ("tempo", "2026-03-29T04:00+00:00", "BBRHPJB"),
        ("tempo", "2026-03-29T19:59+00:00", "BBRHPJB"),
        ("tempo", "2026-03-29T20:00+00:00", "BBRHCJB"),
        ("tempo", "2026-03-30T04:00+00:00", Why.COLOURS),
        ("ejp", NOON, Why.CALENDAR),
        ("base", "2025-07-31T23:59+02:00", Why.PRICES),
    ],
)
def test_a_moment_is_billed_by_the_local_clock(offer: str, moment: str, register: str | Why) -> None:
    clock = OfferClock(PriceTable([PriceFile("mine", ROWS, off_peak=(OFF_PEAK,))]), COLOURS, ZoneInfo("Europe/Paris"))
    assert clock.register(offer, datetime.fromisoformat(moment), "BASE") == register


@pytest.mark.parametrize(
    ("offer", "lived", "register"),
    [
        ("hchp", "HCHC", "HCHC"),
        ("hchp", "HCHP", "HCHP"),
        ("hchp", "BBRHCJB", "HCHC"),
        ("hchp", "BBRHPJB", "HCHP"),
        ("hchp", "BBRHCJW", "HCHC"),
        ("hchp", "BBRHPJW", "HCHP"),
        ("hchp", "BBRHCJR", "HCHC"),
        ("hchp", "BBRHPJR", "HCHP"),
        ("hchp", "BASE", Why.WINDOWS),
        ("hchp", None, Why.WINDOWS),
        ("hchp", "EASF01", "HCHC"),
        ("hchp", "EASF02", "HCHP"),
        ("hchp", "EASF03", Why.WINDOWS),
        ("ejp", "EJPHPM", "EJPHPM"),
        ("ejp", "BASE", Why.CALENDAR),
        ("zen-plus", "EASF02", "EASF02"),
        ("zen-plus", "BASE", Why.CALENDAR),
        ("zen-plus", None, Why.CALENDAR),
    ],
)
def test_the_register_that_ran_tells_what_no_calendar_does(offer: str, lived: str | None, register: str | Why) -> None:
    names = {"EASF01": "HEURE  CREUSE", "EASF02": "Heures Pleines Hiver", "EASF03": "INDEX NON CONSO"}
    clock = OfferClock(PriceTable([PriceFile("mine", ROWS)]), {}, ZoneInfo("Europe/Paris"), names)
    assert clock.register(offer, datetime.fromisoformat(NOON), lived) == register


@pytest.mark.parametrize(
    ("offer", "moment", "assumed"),
    [
        ("other", NOON, True),
        ("other", "2025-07-31T12:00+02:00", False),  # it has no price yet
        ("flat-weekend", NOON, True),
        ("hchp", NOON, False),  # its hours are those that the network gave to the meter
        ("zen", NOON, False),
        ("zen-plus", NOON, False),
    ],
)
def test_the_off_peak_hours_of_another_supplier_are_assumed(offer: str, moment: str, assumed: bool) -> None:
    clock = OfferClock(PriceTable([PriceFile("mine", ROWS)]), {}, ZoneInfo("Europe/Paris"))
    assert clock.assumes_windows(offer, datetime.fromisoformat(moment)) == assumed
