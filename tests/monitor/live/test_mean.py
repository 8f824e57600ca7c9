"""The mean power from the steps of an index."""

from monitor.live.mean import LEAST, IndexMean, Mean


def fed(*readings: tuple[int, int]) -> IndexMean:
    found = IndexMean()
    for second, wh in readings:
        found.add(second, wh)
    return found


def test_it_is_what_the_index_says_over_the_last_ten_minutes() -> None:
    # 1,800 W until 1000, then 3,600 W.
    readings = [(second, second // 2 if second <= 1000 else 500 + (second - 1000)) for second in range(1601)]
    mean = fed(*readings).mean()
    assert mean is not None
    assert mean.watts == 3600
    assert 590 <= mean.seconds <= 600  # not each reading is kept


def test_little_is_not_told() -> None:
    assert IndexMean().mean() is None
    assert fed((0, 1000), (LEAST - 1, 1100)).mean() is None
    assert fed((0, 1000), (LEAST, 1100)).mean() == Mean(1200, LEAST)


def test_an_index_that_fell_and_a_clock_that_was_set_back_begin_anew() -> None:
    assert fed((0, 1000), (400, 10), (500, 20)).mean() is None
    assert fed((1000, 10), (400, 20), (700, 45)).mean() == Mean(300, 300)


def test_minutes_without_a_frame_do_not_matter_but_a_long_silence_begins_anew() -> None:
    assert fed((0, 0), (10, 5), (540, 270)).mean() == Mean(1800, 540)
    assert fed((0, 0), (10, 5), (4000, 2000)).mean() is None
