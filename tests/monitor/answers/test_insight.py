from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.answers.base_load import base_load
from monitor.answers.week_profile import profile
from monitor.cost.tempo_colours import learn_colours, season
from monitor.readings.hour_curves import Night, WeekHour
from monitor.readings.periods import HourEnergy

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 1, 4, 23, tzinfo=UTC)  # Monday 5 January, 00:00


def hour(number: int, wh: int, register: str = "BASE", covered: int = 3600, recovered: bool = False) -> HourEnergy:
    return HourEnergy(START + timedelta(hours=number), wh, register, covered, recovered=recovered, imported=False)


def test_the_base_load_is_the_median_of_the_nights() -> None:
    result = base_load([Night(20458, 210), Night(20459, 205), Night(20460, 1500)])
    assert result.watts == 210
    assert result.nights == [(date(2026, 1, 5), 210), (date(2026, 1, 6), 205), (date(2026, 1, 7), 1500)]
    assert base_load([]).watts is None


def test_a_profile_is_the_mean_of_each_hour_of_the_week() -> None:
    result = profile([WeekHour(8, 1000, 1), WeekHour(8, 2000, 1), WeekHour(6 * 24 + 23, 900, 3)])
    assert result.mean_wh[0][8] == 1500
    assert result.mean_wh[6][23] == 300
    assert result.mean_wh[0][9] is None
    assert result.hours == 5


def test_a_tempo_day_has_the_colour_that_most_of_its_hours_show() -> None:
    days = [date(2026, 1, day) for day in (4, 5, 6, 7)]
    running = [{"BBRHCJW": 5, "BBRHCJR": 1}, {"BBRHPJR": 16, "BBRHCJR": 8}, {"BBRHPJB": 3}, {"HCHC": 24}]
    colours = learn_colours(dict(zip(days, running, strict=True)))
    assert colours == {date(2026, 1, 4): "white", date(2026, 1, 5): "red", date(2026, 1, 6): "blue"}


def test_a_season_counts_what_is_left_only_if_each_day_of_it_is_known() -> None:
    first = date(2025, 9, 1)
    colours = {first + timedelta(number): "blue" for number in range(100)}
    colours |= {first + timedelta(number): "red" for number in range(100, 105)}
    whole = season(colours, 2025, first + timedelta(104))
    assert whole.used == {"blue": 100, "white": 0, "red": 5}
    assert whole.remaining == {"blue": 200, "white": 43, "red": 17}
    assert season(colours, 2025, first + timedelta(105)).remaining is None
    assert season(colours, 2026, date(2026, 9, 3)).days == {}
