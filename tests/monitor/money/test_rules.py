"""When each price of an offer holds, on days looked up in a calendar by hand."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from common.errors import ConfigError
from monitor.money.calendars import Calendars, Listed
from monitor.money.rule_document import read_rule
from monitor.money.rules import Rule, Span, Spot

RED, WHITE = date(2027, 1, 8), date(2027, 1, 9)  # a Friday and a Saturday
FACTS = Calendars(
    written={RED: "red", WHITE: "white", date(2027, 1, 11): "blue"},
    listed={
        "ejp": Listed({date(2026, 1, 7): "peak"}, date(2026, 1, 1), date(2026, 1, 31)),
        "modulo": Listed({date(2026, 1, 7): "serenity"}, date(2026, 1, 1), date(2026, 12, 31)),
    },
)


def rule(**keys: Any) -> Rule:
    return read_rule(keys, "rule")


WEEKEND = rule(
    days={"we": {"weekdays": ["sat", "sun"], "holidays": "fr"}, "week": "always"},
    hours={"we": {"WE": "rest"}, "week": {"HC": "meter", "HP": "rest"}},
)
SEASONS = rule(
    day_starts="06:00",
    days={"winter": {"from": "11-01", "to": "03-31"}, "summer": "always"},
    hours={"winter": {"W": ["22:00-07:00"], "WX": "rest"}, "summer": {"S": ["11:00-18:00"], "SX": "rest"}},
)
TEMPO = rule(
    day_starts="06:00",
    days={"red": {"calendar": "tempo", "is": "red"}, "other": {"calendar": "tempo", "is": "white"}, "x": "always"},
    hours={"red": {"RC": ["22:00-06:00"], "RP": "rest"}, "other": {"W": "rest"}, "x": {"B": "rest"}},
)
EJP = rule(
    day_starts="07:00",
    days={"peak": {"calendar": "ejp", "is": "peak"}, "normal": "always"},
    hours={"peak": {"HN": ["01:00-07:00"], "PM": "rest"}, "normal": {"HN": "rest"}},
)
MODULO = rule(
    day_starts="23:00 of the day before",
    days={"serenity": {"calendar": "modulo", "is": "serenity"}, "any": "always"},
    hours={"serenity": {"S": "rest"}, "any": {"HC": ["23:00-07:00"], "HP": "rest"}},
)
CHOSEN = rule(
    choice={"weekday": ["mon", "wed"]},
    days={"we": {"weekdays": ["sat", "choice"]}, "week": "always"},
    hours={"we": {"WE": "rest"}, "week": {"WEEK": "rest"}},
)
WINTER_WEEKEND = rule(
    days={"cheap": {"weekdays": ["sat", "sun"], "from": "11-01", "to": "03-31"}, "any": "always"},
    hours={"cheap": {"CHEAP": "rest"}, "any": {"X": "rest"}},
)
TO_THE_MINUTE = rule(hours={"any": {"SHC": ["03:01-07:00"], "HC": ["01:01-03:00"], "HP": "rest"}})


def period(one: Rule, moment: str, *, off_peak: bool | None = None, choice: "int | Span | None" = None) -> str | None:
    at = datetime.fromisoformat(moment)
    minute = at.hour * 60 + at.minute
    kind = one.type_of(one.day_of(at.date(), minute), FACTS, choice)
    return None if kind is None else one.period_of(kind, minute, off_peak=off_peak, choice=choice)


@pytest.mark.parametrize(
    ("one", "moments"),
    [
        # Friday, Saturday, Sunday, Monday; Easter Monday, 14 July (a Tuesday), 15 August (a Saturday).
        (
            WEEKEND,
            {
                "2026-01-09T23:59": "HP", "2026-01-10T00:00": "WE", "2026-01-11T23:59": "WE", "2026-01-12T00:00": "HP",
                "2026-04-06T12:00": "WE", "2026-07-14T12:00": "WE", "2026-08-15T12:00": "WE", "2026-08-17T12:00": "HP",
            },
        ),
        # 1 November begins at six; so does 1 April.
        (
            SEASONS,
            {
                "2026-11-01T05:59": "SX", "2026-11-01T06:00": "W", "2026-11-01T07:00": "WX", "2027-04-01T05:59": "W",
                "2027-04-01T06:00": "SX", "2026-12-31T23:00": "W", "2027-01-01T00:00": "W", "2024-02-29T12:00": "WX",
                "2026-07-01T11:00": "S", "2026-07-01T18:00": "SX",
            },
        ),
        (
            TEMPO,
            {
                "2027-01-08T05:59": None,  # Thursday: nobody said
                "2027-01-08T06:00": "RP", "2027-01-08T22:00": "RC", "2027-01-09T05:59": "RC", "2027-01-09T06:00": "W",
                "2027-01-10T06:00": "B",  # a Sunday is blue, whatever is known
                "2027-01-12T12:00": None, "2027-06-01T12:00": None,
            },
        ),
        (
            EJP,
            {
                "2026-01-07T06:59": "HN", "2026-01-07T07:00": "PM", "2026-01-08T00:59": "PM", "2026-01-08T01:00": "HN",
                "2026-02-01T06:59": "HN", "2026-02-01T07:00": None,
            },
        ),
        (
            MODULO,
            {
                "2026-01-06T22:59": "HP", "2026-01-06T23:00": "S", "2026-01-07T22:59": "S", "2026-01-07T23:00": "HC",
                "2026-12-31T22:59": "HP", "2026-12-31T23:00": None,
            },
        ),
        (WINTER_WEEKEND, {"2026-01-10T12:00": "CHEAP", "2026-07-11T12:00": "X", "2026-01-09T12:00": "X"}),
        (
            TO_THE_MINUTE,
            {"2026-01-10T01:00": "HP", "2026-01-10T01:01": "HC", "2026-01-10T03:00": "HP", "2026-01-10T03:01": "SHC"},
        ),
    ],
)  # fmt: skip
def test_a_minute_has_the_price_of_its_day_and_hour(one: Rule, moments: Mapping[str, str | None]) -> None:
    assert {moment: period(one, moment, off_peak=False) for moment in moments} == moments


def test_the_meter_tells_its_off_peak_hours_or_nobody_does() -> None:
    found = [period(WEEKEND, "2026-01-09T12:00", off_peak=off_peak) for off_peak in (True, False, None)]
    assert found == ["HC", "HP", None]
    assert period(WEEKEND, "2026-01-10T12:00", off_peak=None) == "WE"  # it does not matter then


def test_a_chosen_day_and_a_chosen_slot_count_as_the_customer_chose() -> None:
    assert CHOSEN.choices == (0, 2)
    assert [period(CHOSEN, "2026-01-12T12:00", choice=choice) for choice in CHOSEN.choices] == ["WE", "WEEK"]  # Monday
    happy = rule(
        choice={"slot": ["13:00-15:00", "14:00-16:00"]}, hours={"any": {"HAPPY": "choice", "HP": "rest"}}
    )  # fmt: skip
    assert happy.choices == ((780, 900), (840, 960))
    assert [period(happy, "2026-01-12T13:30", choice=choice) for choice in happy.choices] == ["HAPPY", "HP"]


def test_a_red_day_of_tempo_cannot_be_in_summer_at_a_weekend_or_on_a_holiday() -> None:
    days = [date(2026, 7, 1), date(2027, 1, 16), date(2026, 12, 25), date(2026, 12, 24)]
    assert [FACTS.cannot_be("tempo", day, "red") for day in days] == [True, True, True, False]
    octo = rule(
        days={"red": {"calendar": "tempo", "is": "red"}, "any": "always"},
        hours={"red": {"R": "rest"}, "any": {"X": "rest"}},
    )
    assert [octo.type_of(day, FACTS) for day in days] == ["any", "any", "any", None]


def test_alsace_and_moselle_have_two_more_holidays() -> None:
    good_friday, boxing_day = date(2026, 4, 3), date(2026, 12, 26)
    assert [Calendars().is_holiday(day) for day in (good_friday, boxing_day)] == [False, False]
    east = Calendars(alsace_moselle=True)
    assert [east.is_holiday(day) for day in (good_friday, boxing_day)] == [True, True]


@pytest.mark.parametrize(
    ("year", "days"),
    [
        # Easter Monday, Ascension, Whit Monday, as calendars print them.
        (2024, [(4, 1), (5, 9), (5, 20)]),
        (2025, [(4, 21), (5, 29), (6, 9)]),
        (2026, [(4, 6), (5, 14), (5, 25)]),
        (2027, [(3, 29), (5, 6), (5, 17)]),
    ],
)
def test_the_holidays_that_follow_easter(year: int, days: list[tuple[int, int]]) -> None:
    assert all(FACTS.is_holiday(date(year, month, day)) for month, day in days)
    assert sum(FACTS.is_holiday(date.fromordinal(day)) for day in range(*_ordinals(year))) == 11


def _ordinals(year: int) -> tuple[int, int]:
    return date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()


def test_a_register_of_the_meter_is_billed_by_its_hours_where_only_they_decide() -> None:
    plain = rule(hours={"any": {"HC": "meter", "HP": "rest"}})
    assert [plain.period_of_register(off_peak) for off_peak in (True, False, None)] == ["HC", "HP", None]
    assert WEEKEND.period_of_register(True) is None
    assert TO_THE_MINUTE.period_of_register(True) is None


TWO = {"a": {"A": "rest"}, "b": {"B": "rest"}}


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({"hours": {"any": {"HC": "meter"}}}, "rest"),
        ({"hours": {"any": {"HP": "rest", "HC": "meter"}}}, "rest"),
        ({"hours": {"any": {"HC": "night", "HP": "rest"}}}, "22:00-06:00"),
        ({"hours": {"any": {"HC": ["22h-6h"], "HP": "rest"}}}, "06:00"),
        ({"hours": {"any": {"HC": ["22:00"], "HP": "rest"}}}, "22:30-06:30"),
        ({"hours": {"any": {"HC": ["06:00-06:00"], "HP": "rest"}}}, "no length"),
        ({"hours": {"any": {"HC": ["25:00-06:00"], "HP": "rest"}}}, "06:00"),
        ({"days": {"a": "always"}, "hours": {"b": {"HP": "rest"}}}, "same types"),
        ({"days": {"a": {"weekdays": ["samedi"]}}, "hours": {"a": {"HP": "rest"}}}, "mon"),
        ({"days": {"a": {"holidays": "de"}}, "hours": {"a": {"HP": "rest"}}}, "fr"),
        ({"days": {"a": {"from": "11-01"}}, "hours": {"a": {"HP": "rest"}}}, "together"),
        ({"days": {"a": {"from": "1/11", "to": "31/3"}}, "hours": {"a": {"HP": "rest"}}}, "11-01"),
        ({"days": {"a": {"calendar": "tempo"}}, "hours": {"a": {"HP": "rest"}}}, "together"),
        ({"days": {"a": {"weekdays": ["choice"]}}, "hours": {"a": {"HP": "rest"}}}, "choice"),
        ({"choice": {"slot": ["13:00-15:00"]}, "hours": {"any": {"HP": "rest"}}}, "choice"),
        ({"choice": {"weekday": "mon"}, "hours": {"any": {"HP": "rest"}}}, "list"),
        ({"day_start": "06:00", "hours": {"any": {"HP": "rest"}}}, "day_starts"),
        ({"day_starts": 6, "hours": {"any": {"HP": "rest"}}}, "06:00"),
        ({"days": {"a": "always"}}, "hours"),
        ({"day_starts": "24:00", "hours": {"any": {"HP": "rest"}}}, "before 24:00"),
        ({"days": {"a": "always", "b": {"weekdays": ["sat"]}}, "hours": TWO}, "`always` is the last"),
        ({"days": {"a": {"calendar": "tempo", "is": "rouge"}, "b": "always"}, "hours": TWO}, "red, white, blue"),
        ({"days": {"a": {"calendar": "ejp", "is": "pointe"}, "b": "always"}, "hours": TWO}, "is peak, not 'pointe'"),
    ],
)
def test_a_wrong_rule_is_named_with_what_to_write(keys: Mapping[str, Any], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        read_rule(keys, "mine: rule")


@pytest.mark.parametrize(
    ("days", "word"),
    [
        ({"a": {"weekdays": ["sat"]}, "b": {"holidays": "fr"}}, "other: always"),
        ({"a": {"from": "11-01", "to": "03-30"}, "b": {"from": "04-01", "to": "10-31"}}, "03-31"),
        ({"a": {"from": "03-01", "to": "12-31"}, "b": {"from": "01-01", "to": "02-28"}}, "02-29"),
        ({"a": {"calendar": "ejp", "is": "peak"}, "b": {"weekdays": ["sat"]}}, "other: always"),
        ({"a": {"calendar": "tempo", "is": "red"}, "b": {"weekdays": ["sun"]}}, "other: always"),
    ],
)
def test_a_rule_in_which_some_day_has_no_type_is_refused(days: Mapping[str, Any], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        read_rule({"days": days, "hours": TWO}, "mine: rule")


@pytest.mark.parametrize(
    "days",
    [
        {"a": {"from": "11-01", "to": "03-31"}, "b": {"from": "04-01", "to": "10-31"}},
        {"a": {"weekdays": ["mon", "tue", "wed", "thu", "fri"]}, "b": {"weekdays": ["sat", "sun"], "holidays": "fr"}},
        {"a": {"calendar": "mine", "is": "cheap"}, "b": "always"},
    ],
)
def test_each_day_may_have_a_type_without_always(days: Mapping[str, Any]) -> None:
    assert [test.name for test in read_rule({"days": days, "hours": TWO}, "rule").days] == ["a", "b"]


def test_a_type_of_day_may_have_a_name_that_yaml_reads_as_another_thing() -> None:
    one = read_rule({"days": {False: "always"}, "hours": {False: {"BASE": "rest"}}}, "rule")  # off: always
    assert list(one.periods) == ["BASE"]


@pytest.mark.parametrize(("day", "price"), [("10-31", "1.2"), ("11-01", "1.44"), ("03-31", "1.44"), ("04-01", "1.2")])
def test_the_winter_of_a_price_of_the_market_is_from_november_to_march(day: str, price: str) -> None:
    # (0.50 + 0.30 in summer, 0.50 in winter, + 0.10 + 0.10) x 1.2.
    spot = Spot(
        {False: Decimal("0.3"), True: Decimal("0.5")},
        dict.fromkeys((False, True), Decimal(9)),
        Decimal("0.1"),
        Decimal("0.2"),
    )
    assert spot.price(Decimal("0.5"), Decimal("0.1"), date.fromisoformat(f"2026-{day}")) == Decimal(price)
