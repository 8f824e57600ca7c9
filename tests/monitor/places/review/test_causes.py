import pytest

from monitor.places.review.causes import Rise, rises, watts_of
from monitor.readings.curves import MinuteFacts

DAY = 1440


def curve(*parts: tuple[int, float | None]) -> list[float | None]:
    """Return values: so many of each."""
    return [value for count, value in parts for _ in range(count)]


def minute(at: int, last: int | None) -> MinuteFacts:
    return MinuteFacts(at, 60, 60, 1, None, last, None, None, None)


@pytest.mark.parametrize(
    ("watts", "found"),
    [
        (curve((842, 200.0), (328, 2050.0), (270, 200.0)), [Rise(842, 1170, 1850)]),  # 14:02 to 19:30
        (curve((842, 200.0), (598, 600.0)), [Rise(842, DAY, 400)]),  # and stayed
        (curve((842, 200.0), (598, 500.0)), [Rise(842, DAY, 300)]),
        (curve((842, 200.0), (598, 499.0)), []),  # less than 300 W
        (curve((842, 200.0), (19, 2200.0), (579, 200.0)), []),  # a kettle, or two
        (curve((842, 200.0), (20, 2200.0), (578, 200.0)), [Rise(842, 862, 2000)]),
        # It stays as long as it is above the middle; its size is the median of all of it.
        (curve((100, 200.0), (60, 2200.0), (100, 1210.0), (100, 200.0)), [Rise(100, 260, 1010)]),
        (curve((100, 200.0), (60, 2200.0), (100, 1190.0), (100, 200.0)), [Rise(100, 160, 2000)]),
        (curve((100, 200.0), (20, 600.0), (100, 420.0), (100, 200.0)), []),  # most of it is less
        # A spike just before it is not where it begins.
        (curve((97, 200.0), (1, 3200.0), (2, 200.0), (60, 2200.0), (100, 200.0)), [Rise(100, 160, 2000)]),
        (curve((100, 200.0), (60, 2200.0), (1280, 200.0)), [Rise(100, 160, 2000)]),
        (curve((600, 2200.0), (840, 200.0)), []),  # it only fell
        (curve((5, 200.0), (60, 2200.0), (60, 200.0)), [Rise(5, 65, 2000)]),
        (curve((300, 200.0), (60, 1200.0), (60, 2200.0), (600, 200.0)), [Rise(300, 420, 1500), Rise(360, 420, 1000)]),
        (curve((100, None), (600, 2200.0)), []),  # nobody knows when it rose
        (curve((300, 200.0), (20, None), (600, 2200.0)), []),
        ([], []),
    ],
)
def test_a_rise_is_found_with_its_minutes_and_its_size(watts: list[float | None], found: list[Rise]) -> None:
    assert rises(watts, 10, 20) == found


def test_a_noisy_meter_that_counts_whole_wh_shows_the_same_minute() -> None:
    """330 W is 5 or 6 Wh a minute, 1830 W 30 or 31: in W multiples of 60."""
    low, high = [300.0, 360.0] * 300, [1800.0, 1860.0] * 100
    assert rises([*low, *high, *low], 10, 20) == [Rise(600, 800, 1500)]


def test_minutes_are_watts_by_their_energy_and_one_after_a_hole_is_unknown() -> None:
    minutes = [minute(540, 100), minute(600, 105), minute(660, 115), minute(780, 120), minute(840, None)]
    assert watts_of(minutes, 600, 5) == [300.0, 600.0, None, None, None]


def test_an_index_that_was_set_back_is_no_power() -> None:
    assert watts_of([minute(540, 100), minute(600, 5)], 600, 1) == [None]


def test_a_register_that_an_adapter_tells_in_steps_is_no_power() -> None:
    minutes = [minute(at, 100 * (at // 120))._replace(usual_interval=60) for at in (540, 600, 660)]
    assert watts_of(minutes, 600, 2) == [None, None]
