"""Ten minutes of power, a value a second."""

from monitor.live.ring import HOLDS, SECONDS, Ring

NOON = 1_795_608_000


def test_each_second_has_its_value_and_the_last_one_is_the_end() -> None:
    ring = Ring()
    for second in range(SECONDS + 50):
        ring.add(NOON + second, second)
    values = ring.until(NOON + SECONDS + 49)
    assert values == list(range(50, SECONDS + 50))


def test_a_value_holds_until_the_next_frame_of_a_slow_meter_and_no_longer() -> None:
    ring = Ring()
    ring.add(NOON, 500)
    ring.add(NOON + 3, 700)
    last = ring.until(NOON + 3 + HOLDS)[-(4 + HOLDS) :]
    assert last == [500, 500, 500, *[700] * HOLDS, None]


def test_what_is_older_than_ten_minutes_is_not_shown_again() -> None:
    ring = Ring()
    ring.add(NOON, 500)
    assert ring.until(NOON + SECONDS - 1)[0] == 500
    assert set(ring.until(NOON + SECONDS + HOLDS)) == {None}


def test_a_clock_that_is_set_forward_leaves_a_gap_and_one_that_is_set_back_shows_nothing_of_the_future() -> None:
    ring = Ring()
    ring.add(NOON, 500)
    ring.add(NOON + 3607, 600)
    assert [value for value in ring.until(NOON + 3607) if value is not None] == [600]
    ring.add(NOON + 10, 700)
    assert ring.until(NOON + 10)[-11:] == [500] * HOLDS + [None] * (10 - HOLDS) + [700]


def test_values_that_no_meter_sends_do_not_end_it() -> None:
    ring = Ring()
    ring.add(NOON, -5)
    ring.add(NOON + 1, 2**40)
    assert ring.until(NOON + 1)[-2:] == [0, 2**31 - 1]


def test_what_was_stored_fills_holes_and_goes_before_nothing_that_was_seen() -> None:
    ring = Ring()
    ring.add(NOON + 3, 700)
    ring.fill(NOON, 500)
    ring.fill(NOON + 3, 800)
    assert ring.until(NOON + 3)[-4:] == [500, 500, 500, 700]
    ring.fill(NOON + 3 - SECONDS, 900)  # of the same place, ten minutes earlier
    assert ring.until(NOON + 3)[-1] == 700
