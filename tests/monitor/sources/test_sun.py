from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.sources.sun import UnseenInjection, judge

NOON = datetime(2026, 6, 10, 10, tzinfo=UTC)  # in Paris
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def minutes(start: datetime, count: int, power: int = 800) -> list[tuple[int, int]]:
    return [(int((start + number * MINUTE).timestamp()), power) for number in range(count)]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (minutes(NOON, 20) + minutes(NOON + DAY, 10, 1100), UnseenInjection(2, 30, 900)),
        (minutes(NOON, 300), None),  # one day
        (minutes(NOON, 20) + minutes(NOON + DAY, 9), None),  # too few
        (minutes(NOON, 40) + minutes(NOON + DAY / 2, 10), None),  # by night, too
        (minutes(NOON, 100) + minutes(NOON + DAY / 2, 10), UnseenInjection(2, 110, 800)),
        ([], None),
    ],
)
def test_power_by_day_while_no_index_moves_is_injection(
    found: list[tuple[int, int]], verdict: UnseenInjection | None
) -> None:
    assert judge(found, ZoneInfo("Europe/Paris")) == verdict
