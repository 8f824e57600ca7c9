from datetime import date, timedelta

from monitor.cost.tempo_colours import learn_colours, season


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
