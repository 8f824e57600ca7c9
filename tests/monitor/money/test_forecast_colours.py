from datetime import date, timedelta

import pytest

from monitor.money.forecast_model import Chances

SEASON = [date(2026, 9, 1) + timedelta(number) for number in range(365)]


def known(until: date, **colours: int) -> dict[date, str]:
    """Return a season up to a day: blue, but for so many red and white days at its beginning."""
    special = [colour for colour, count in colours.items() for _ in range(count)]
    days = [day for day in SEASON if day <= until]
    return dict(zip(days, [*special, *["blue"] * len(days)], strict=False))


def expected(chances: Chances, colour: str) -> float:
    return sum(chances.of(day).get(colour, 0.0) for day in SEASON)


def test_the_chances_of_a_season_add_up_to_its_days() -> None:
    chances = Chances({}, SEASON[0] - timedelta(1))
    assert expected(chances, "red") == pytest.approx(22)
    assert expected(chances, "white") == pytest.approx(43)
    assert expected(chances, "blue") == pytest.approx(300)


def test_what_is_left_of_a_season_is_spread_over_the_days_that_may_have_it() -> None:
    chances = Chances(known(date(2027, 1, 31), red=12, white=30), date(2027, 1, 31))
    assert expected(chances, "red") == pytest.approx(22)  # the twelve that were, and ten to come
    for day in SEASON[153:]:
        if day.weekday() >= 5 or day > date(2027, 3, 31):
            assert chances.of(day).get("red", 0) == 0
    assert chances.of(date(2027, 2, 7)) == {"red": 0, "white": 0, "blue": 1}  # a Sunday
    assert chances.of(date(2027, 2, 9))["red"] > chances.of(date(2027, 3, 9))["red"] > 0


def test_a_known_day_has_its_colour_and_a_colour_that_is_used_up_comes_no_more() -> None:
    seen = known(date(2027, 2, 28), red=22, white=20)
    chances = Chances(seen, date(2027, 2, 28))
    assert chances.of(SEASON[0]) == {"red": 1.0}
    assert chances.of(date(2027, 3, 1))["red"] == 0
    assert chances.spread(SEASON, "red") == 0
    assert chances.spread(SEASON[-100:], "white") > 0


def test_all_days_that_are_left_are_sure_at_the_end_of_winter() -> None:
    seen = known(date(2027, 3, 29), red=20, white=43)  # two are left, for the 30th and 31st
    chances = Chances(seen, date(2027, 3, 29))
    assert [chances.of(date(2027, 3, day))["red"] for day in (30, 31)] == pytest.approx([1, 1])
    assert chances.spread([date(2027, 3, 30), date(2027, 3, 31)], "red") == pytest.approx(0)


def test_with_unknown_days_in_the_past_a_season_has_its_usual_share_left() -> None:
    seen = {date(2027, 1, 31): "red"}
    chances = Chances(seen, date(2027, 1, 31))
    left = sum(chances.of(day).get("red", 0) for day in SEASON if day > date(2027, 1, 31))
    assert 5 < left < 12  # about half of the red days of earlier seasons came in February and March
