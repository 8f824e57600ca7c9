from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from monitor.answers.answers import Answers
from monitor.api.call import Call, Refused
from monitor.api.spans import choice_of, choices_of, number_of, one_day, range_of, whole_days
from monitor.config import MonitorConfig
from monitor.readings.hours import Meter

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
METER = Meter(1, "031961000001", FIRST, NOW)
YEAR = timedelta(days=366)


class Known:
    def __init__(self, first: datetime | None) -> None:
        self._first = first

    def first(self, meter: Meter) -> datetime | None:
        return self._first


def call(parameters: Mapping[str, str], first: datetime | None = FIRST) -> Call:
    return Call(cast("Answers", cast("Any", Known(first))), MonitorConfig(), parameters, NOW)


def test_a_range_is_what_is_asked_for_else_all_that_is_known() -> None:
    assert range_of(call({}), METER, YEAR) == (FIRST, NOW)
    assert range_of(call({}), METER, YEAR, last=timedelta(days=10)) == (NOW - timedelta(days=10), NOW)
    asked = call({"from": "2026-05-01", "to": "2026-06-01"})
    assert range_of(asked, METER, YEAR) == (
        datetime(2026, 4, 30, 22, tzinfo=UTC),
        datetime(2026, 5, 31, 22, tzinfo=UTC),
    )
    assert range_of(call({"from": "2026-11-24"}), METER, YEAR) == (datetime(2026, 11, 23, 23, tzinfo=UTC), NOW)


def test_nothing_is_known_of_the_time_to_come_or_without_readings() -> None:
    assert range_of(call({"from": "2027"}), METER, YEAR) is None
    assert range_of(call({"to": "2026-02"}), METER, YEAR) is None
    assert range_of(call({}, first=None), METER, YEAR) is None


@pytest.mark.parametrize(
    "parameters",
    [{"from": "2000", "to": "2099"}, {"from": "2001"}, {"from": "2026-05-02", "to": "2026-05-01"}],
)
def test_a_range_that_is_too_long_or_runs_backwards_is_refused(parameters: Mapping[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        range_of(call(parameters), METER, YEAR)
    assert refusal.value.status == 400


def test_a_number_has_limits_and_ascii_digits() -> None:
    assert number_of(call({}), "n", 1, 100) is None
    assert number_of(call({"n": "100"}), "n", 1, 100) == 100
    for text in ("", "0", "101", "-1", "1.0", "1_0", "١", "0" * 5000):
        with pytest.raises(Refused):
            number_of(call({"n": text}), "n", 1, 100)


def test_words_are_those_that_there_are() -> None:
    assert choice_of(call({}), "by", ("day", "week")) == "day"
    assert choice_of(call({"by": "week"}), "by", ("day", "week")) == "week"
    assert choices_of(call({}), "kind", ("a", "b", "c"), ("a", "b")) == {"a", "b"}
    assert choices_of(call({"kind": "c,a"}), "kind", ("a", "b", "c"), ("a",)) == {"a", "c"}
    with pytest.raises(Refused):
        choice_of(call({"by": ""}), "by", ("day", "week"))
    with pytest.raises(Refused):
        choices_of(call({"kind": "a,"}), "kind", ("a", "b"), ("a",))


def test_whole_days_hold_the_range_also_over_a_change_of_time() -> None:
    noon = datetime(2026, 10, 25, 11, tzinfo=UTC)
    start, end = whole_days(call({}), noon, noon + timedelta(hours=1))
    assert (start, end) == (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    assert whole_days(call({}), start, end) == (start, end)
    assert one_day(call({}), start) == (start, end)
