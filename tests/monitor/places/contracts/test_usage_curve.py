"""How a lived curve is billed by rules."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.base.calendar import midnight
from monitor.money.calendars import Calendars
from monitor.money.rule_document import read_rule
from monitor.money.rules import Rule, Span
from monitor.places.contracts.usage_curve import Amount, UsageCurve, Why, shifted
from monitor.readings.periods import HourEnergy
from tests.support.prices import HCHP, TEMPO

PARIS = ZoneInfo("Europe/Paris")
NIGHT = [(22 * 60, 6 * 60)]
HOURLY = read_rule({"hours": {"any": {"N": ["22:00-06:00"], "D": "rest"}}}, "hourly")
LATE = read_rule({"hours": {"any": {"N": ["22:30-06:30"], "D": "rest"}}}, "late")


def hours(first: date, count: int, register: str | None = "BASE") -> list[HourEnergy]:
    """One kWh an hour from local midnight on."""
    start = midnight(first, PARIS)
    return [
        HourEnergy(start + timedelta(hours=n), 1000, register, 3600, recovered=False, imported=False)
        for n in range(count)
    ]


def billed(
    pieces: Sequence[HourEnergy],
    rule: Rule,
    windows: Sequence[Span] | None = None,
    names: Mapping[str, str] | None = None,
    calendars: Calendars | None = None,
) -> tuple[dict[str, int], dict[Why, int]]:
    usage = UsageCurve(pieces, [rule], calendars or Calendars(), PARIS, lambda _: windows, names)
    found = usage.billed(rule)
    wh: dict[str, int] = {}
    for (_, period), amount in found.periods.items():
        wh[period] = wh.get(period, 0) + amount.wh
    return wh, found.unknown


def test_the_night_of_23_hours_has_one_hour_less_and_that_of_25_one_more() -> None:
    assert billed(hours(date(2026, 3, 29), 23), HOURLY)[0] == {"N": 7_000, "D": 16_000}
    assert billed(hours(date(2026, 10, 25), 25), HOURLY)[0] == {"N": 9_000, "D": 16_000}
    assert billed(hours(date(2026, 3, 30), 24), HOURLY)[0] == {"N": 8_000, "D": 16_000}


def test_an_hour_in_which_the_price_changes_needs_its_minutes() -> None:
    assert billed(hours(date(2026, 1, 5), 24), LATE) == ({"N": 7_000, "D": 15_000}, {Why.MINUTES: 2})
    half = [
        replace(piece, start=piece.start + timedelta(minutes=minute), wh=wh, divided=True, slices=minute == 0)
        for piece in hours(date(2026, 1, 5), 24)
        for minute, wh in ((0, 400), (30, 600))
    ]
    # 06:00 to 06:30 and 22:30 to 23:00, besides seven whole hours.
    assert billed(half, LATE) == ({"N": 7_000 + 400 + 600, "D": 15_000 + 600 + 400}, {})


@pytest.mark.parametrize(
    ("register", "windows", "found"),
    [
        ("HCHC", None, {"HCHC": 24_000}),
        ("HCHP", None, {"HCHP": 24_000}),
        ("BBRHCJB", None, {"HCHC": 24_000}),
        ("BBRHPJR", None, {"HCHP": 24_000}),
        ("EASF01", None, {"HCHC": 24_000}),
        ("EASF02", None, {"HCHP": 24_000}),
        ("BASE", NIGHT, {"HCHC": 8_000, "HCHP": 16_000}),
        # What the user wrote down goes before what the meter shows.
        ("HCHC", NIGHT, {"HCHC": 8_000, "HCHP": 16_000}),
    ],
)
def test_the_meters_off_peak_hours_are_those_of_its_register_or_of_the_user(
    register: str, windows: Sequence[Span] | None, found: Mapping[str, int]
) -> None:
    names = {"EASF01": "HEURE  CREUSE", "EASF02": "Heures Pleines Hiver"}
    assert billed(hours(date(2026, 1, 5), 24, register), HCHP, windows, names) == (found, {})


@pytest.mark.parametrize("register", ["BASE", "EJPHN", "EASF03", None])
def test_without_off_peak_hours_an_offer_that_needs_them_is_not_computed(register: str | None) -> None:
    assert billed(hours(date(2026, 1, 5), 24, register), HCHP, names={"EASF03": "NON CONSO"}) == (
        {}, {Why.WINDOWS: 24},
    )  # fmt: skip


def test_an_hour_in_which_written_off_peak_hours_begin_or_end_needs_its_minutes() -> None:
    found = billed(hours(date(2026, 1, 5), 24, "HCHP"), HCHP, [(22 * 60 + 30, 6 * 60 + 30)])
    assert found == ({"HCHC": 7_000, "HCHP": 15_000}, {Why.MINUTES: 2})


def test_a_tempo_day_without_a_colour_is_unknown_from_six_to_six() -> None:
    colours = {date(2027, 1, 5): "red", date(2027, 1, 6): "white"}  # Tuesday and Wednesday
    found = billed(hours(date(2027, 1, 5), 48, "BASE"), TEMPO, calendars=Calendars(written=colours))
    assert found == (
        # The first six hours are of Monday.
        {"BBRHPJR": 16_000, "BBRHCJR": 8_000, "BBRHPJW": 16_000, "BBRHCJW": 2_000},
        {Why.COLOURS: 6},
    )


def test_days_of_which_a_calendar_says_nothing_are_counted() -> None:
    pieces, calendars = hours(date(2027, 1, 5), 72, "BASE"), Calendars(written={date(2027, 1, 6): "white"})
    usage = UsageCurve(pieces, [TEMPO, HCHP], calendars, PARIS)
    # From Tuesday, 5 January, 00:00, to Thursday: the night of Monday's colour, Tuesday and Thursday.
    assert [usage.billed(rule).unknown_days for rule in (TEMPO, HCHP)] == [3, 0]


def test_the_register_of_ones_own_offer_says_more_than_the_clock() -> None:
    usage = UsageCurve(hours(date(2027, 1, 5), 24, "BBRHPJB"), [TEMPO], Calendars(), PARIS)
    own = usage.billed(TEMPO, own=frozenset(TEMPO.periods))
    assert {period: amount.wh for (_, period), amount in own.periods.items()} == {"BBRHPJB": 24_000}
    assert not own.unknown


def test_use_is_shifted_from_peak_to_off_peak_hours_of_such_days() -> None:
    usage = UsageCurve(hours(date(2026, 1, 5), 24), [HOURLY], Calendars(), PARIS, lambda _: NIGHT)
    moved = shifted(usage.billed(HOURLY).periods, 0.25)
    assert {period: amount.wh for (_, period), amount in moved.items()} == {"N": 12_000, "D": 12_000}


def test_not_a_watt_hour_is_lost_when_use_is_shifted() -> None:
    # Of 1, 1 and 1 Wh a quarter of two moves: 0.75, 0.75 and 1.5.
    one_each = {((0, night, 0), period): Amount(1, 1) for night, period in ((False, "A"), (False, "B"), (True, "N"))}
    moved = {period: amount.wh for (_, period), amount in shifted(one_each, 0.25).items()}
    assert moved == {"A": 1, "B": 1, "N": 1}


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.integers(0, 10**6)), max_size=20), st.floats(0, 1))
def test_what_is_shifted_adds_up_to_what_was_drawn(cells: list[tuple[int, bool, int]], share: float) -> None:
    amounts = {((days, night, 0), str(place)): Amount(wh, 1) for place, (days, night, wh) in enumerate(cells)}
    moved = shifted(amounts, share)
    assert sum(amount.wh for amount in moved.values()) == sum(wh for _, _, wh in cells)
    assert all(amount.wh >= 0 for amount in moved.values())


def test_a_year_becomes_few_cells() -> None:
    start = datetime(2025, 12, 31, 23, tzinfo=UTC)
    pieces = [
        HourEnergy(start + timedelta(hours=n), 1, "BASE", 3600, recovered=False, imported=False) for n in range(8760)
    ]
    usage = UsageCurve(pieces, [HOURLY, TEMPO], Calendars(written={}), PARIS, lambda _: NIGHT)
    assert usage.wh == 8760
    assert len(usage._cells) < 200
