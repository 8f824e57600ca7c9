from datetime import date

from tests.bench.forecast import Try, months, of_days


def test_each_whole_month_is_tried_with_what_was_known_then() -> None:
    tries = list(of_days([10_000.0] * 92))  # January (too young before the 15th), February, March; a day of April
    assert [one.day for one in tries] == [15, 20, 25, 5, 10, 15, 20, 25, 5, 10, 15, 20, 25]
    assert [one.truth for one in tries] == [310_000] * 3 + [280_000] * 5 + [310_000] * 5
    assert all(one.inside and one.error < 1e-9 for one in tries)


def test_the_error_is_a_share_of_the_truth() -> None:
    assert round(Try(5, expected=90, low=80, high=99, truth=100).error, 9) == 0.1
    assert not Try(5, expected=90, low=80, high=99, truth=100).inside


def test_months_are_whole() -> None:
    assert list(months(date(2023, 11, 15), date(2024, 2, 10))) == [
        (date(2023, 12, 1), date(2024, 1, 1)),
        (date(2024, 1, 1), date(2024, 2, 1)),
    ]
