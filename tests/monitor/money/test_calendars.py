"""Calendars of announced days, as the owner wrote them down."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from common.errors import ConfigError
from monitor.money.calendars import calendars_of, foreign_words
from monitor.money.dated_files import read_days
from monitor.money.tempo import bundled_colours
from tests.support.prices import bundled_prices

MODULO = {date(2026, 1, 15): "serenity", date(2026, 12, 31): "normal"}


def test_days_between_the_first_and_the_last_that_are_written_are_ordinary() -> None:
    calendars = calendars_of({}, {"ohm-modulo": MODULO}, alsace_moselle=False)
    days = (date(2026, 1, 14), date(2026, 1, 15), date(2026, 1, 16), date(2027, 1, 1))
    assert [calendars.kind("ohm-modulo", day) for day in days] == [None, "serenity", "", None]


def test_a_calendar_without_a_day_is_as_nobody_wrote_it() -> None:
    assert calendars_of({}, {"ohm-modulo": {}}, alsace_moselle=False).kind("ohm-modulo", date(2026, 1, 15)) is None


def test_the_colours_that_were_written_count() -> None:
    day = date(2030, 1, 15)  # a Tuesday that no bundled table knows
    assert calendars_of({}, {}, alsace_moselle=False).kind("tempo", day) is None
    assert calendars_of({day: "red"}, {}, alsace_moselle=False).kind("tempo", day) == "red"


def test_alsace_and_moselle_have_two_more_holidays() -> None:
    good_friday = date(2026, 4, 3)
    assert [calendars_of({}, {}, alsace_moselle=there).is_holiday(good_friday) for there in (True, False)] == [
        True,
        False,
    ]


def test_a_calendar_with_other_words_than_the_offers_ask_for_is_found() -> None:
    days = {"ohm-modulo": MODULO, "mine": {date(2026, 1, 15): "cheap"}}
    assert list(foreign_words(days, bundled_prices())) == []  # no offer asks for `mine`: it may have any words
    days["ohm-modulo"] = {date(2026, 1, 15): "serenite", date(2026, 12, 31): "normal"}
    ((name, asked),) = foreign_words(days, bundled_prices())
    assert (name, "serenity" in asked) == ("ohm-modulo", True)


def test_a_file_of_days_is_read_and_a_line_that_says_nothing_is_named() -> None:
    assert read_days(b"day;kind\n2026-01-15;serenity\n2026-12-31;normal\n", "days.csv") == MODULO
    with pytest.raises(ConfigError, match=r"days\.csv, line 2: .*2026-01-15;peak is expected"):
        read_days(b"2026-01-15;serenity\n16/01/2026\n", "days.csv")


def test_a_colour_is_what_the_meter_showed_else_what_was_written_else_announced_else_bundled() -> None:
    bundled, sunday = date(2024, 1, 16), date(2027, 1, 17)
    days = [bundled + timedelta(number) for number in range(4)]
    known = calendars_of(
        dict.fromkeys(days[:2], "white"), {}, alsace_moselle=False, announced=dict.fromkeys(days[:3], "red")
    )
    known = replace(known, shown={days[0]: "blue"})
    assert [known.kind("tempo", day) for day in days] == ["blue", "white", "red", bundled_colours()[days[3]]]
    assert (known.kind("tempo", sunday), known.kind("tempo", sunday + timedelta(1))) == ("blue", None)
    assert [known.ahead(day) for day in days] == ["white", "white", "red", None]
    assert list(known.colours(days[1], days[2]).values()) == ["white", "red"]


def test_the_last_colour_that_is_known_may_have_been_announced() -> None:
    day = date(2027, 1, 15)
    assert calendars_of({}, {}, alsace_moselle=False, announced={day: "white"}).colours_until == day


def test_a_white_day_cannot_be_a_sunday() -> None:
    days = [date(2026, 12, 5), date(2026, 12, 6)]
    assert [calendars_of({}, {}, alsace_moselle=False).cannot_be("tempo", day, "white") for day in days] == [
        False, True,
    ]  # fmt: skip
