from datetime import date, timedelta
from decimal import Decimal

from monitor.places.review.notes import Compared, Day, Mean, compare

AT = date(2026, 10, 3)  # a Saturday


def days(first: date, count: int, wh: int, cost: str | None = "2") -> list[Day]:
    price = None if cost is None else Decimal(cost)
    return [Day(first + timedelta(number), wh, price, 1) for number in range(count)]


def test_each_side_has_as_many_of_each_weekday_and_the_day_itself_is_of_none() -> None:
    """Of thirty days before, two weekdays come five times: Thursday and Friday; after it Sunday and Monday."""
    before, after = days(AT - timedelta(30), 30, 12_000), days(AT + timedelta(1), 30, 9000, "1.5")
    assert compare(AT, [*before, Day(AT, 50_000, Decimal(9), 1), *after]) == Compared(
        28,
        Mean(date(2026, 9, 5), date(2026, 10, 2), 12_000, Decimal(2), 1),
        Mean(date(2026, 10, 4), date(2026, 10, 31), 9000, Decimal("1.5"), 1),
    )


def test_weekdays_that_one_side_lacks_count_on_neither() -> None:
    """Eight days after: Sunday twice. Of the days before those eight count, the nearest of each."""
    before = [Day(AT - timedelta(back), 1000 * back, Decimal(back), 1) for back in range(1, 31)]
    found = compare(AT, [*before, *days(AT + timedelta(1), 8, 5000)])
    assert found is not None
    assert found.days == 8
    # 1 to 7 days before, and the Sunday before the last, 13 days before: 41 in all.
    assert (found.before.wh, found.before.cost) == (5125, Decimal("5.125"))
    assert (found.before.first, found.before.last) == (date(2026, 9, 20), date(2026, 10, 2))


def test_less_than_seven_days_are_not_compared() -> None:
    assert compare(AT, [*days(AT - timedelta(30), 30, 1000), *days(AT + timedelta(1), 6, 1000)]) is None


def test_a_day_without_a_price_leaves_no_cost() -> None:
    before = [*days(AT - timedelta(7), 6, 1000), *days(AT - timedelta(1), 1, 1000, cost=None)]
    found = compare(AT, [*before, *days(AT + timedelta(1), 7, 1000)])
    assert found is not None
    assert (found.before.cost, found.after.cost) == (None, Decimal(2))
