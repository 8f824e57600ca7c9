"""Windows of the local clock as people write them."""

from datetime import date, time
from typing import Any

import pytest

from common.contract.offers import Window
from common.settings.fields import Wrong
from monitor.base.windows import read_off_peak, read_window


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("22:30-06:30", Window(time(22, 30), time(6, 30))),  # past midnight
        ("2:00-7:05", Window(time(2), time(7, 5))),
        ("22:00-24:00", Window(time(22), time(0))),
    ],
)
def test_a_window_is_from_one_time_of_the_clock_to_another(text: str, window: Window) -> None:
    assert read_window(text) == window


@pytest.mark.parametrize("text", ["22h-6h", "22:00-22:00", "22:00", "24:00-06:00", "22:60-06:00", "", 22, None])
def test_what_is_no_window_or_has_no_length_is_none(text: Any) -> None:
    assert read_window(text) is None


def shown(windows: tuple[Window, ...]) -> list[str]:
    return [f"{one.start:%H:%M}-{one.end:%H:%M}" for one in windows]


def test_off_peak_hours_are_those_of_all_year_or_of_each_season() -> None:
    all_year = read_off_peak(["22:30-06:30"])
    assert shown(all_year.winter) == shown(all_year.summer) == ["22:30-06:30"]
    seasons = read_off_peak({"winter": ["22:00-06:00"], "summer": ["02:00-07:00", "14:00-17:00"]})
    assert shown(seasons.winter) == ["22:00-06:00"]
    assert shown(seasons.summer) == ["02:00-07:00", "14:00-17:00"]


def test_summer_is_from_the_first_of_april_to_the_end_of_october() -> None:
    found = read_off_peak({"winter": ["22:00-06:00"], "summer": ["14:00-17:00"]})
    days = (date(2026, 3, 31), date(2026, 4, 1), date(2026, 10, 31), date(2026, 11, 1))
    assert [found.at(day) is found.summer for day in days] == [False, True, True, False]


@pytest.mark.parametrize(
    "value",
    [
        {"winter": ["22:00-06:00"]},
        {"winter": ["22:00-06:00"], "sumer": ["22:00-06:00"]},
        ["22h-6h"],
        ["22:00-22:00"],
        ["22:00"],
        [],
        {"winter": [], "summer": ["22:00-06:00"]},
        "22:00-06:00",
        [["22:00-06:00"]],
        3,
    ],
)
def test_what_are_no_off_peak_hours_is_refused_in_both_languages(value: Any) -> None:
    with pytest.raises(Wrong) as refused:
        read_off_peak(value)
    assert refused.value.fr
    assert refused.value.en
