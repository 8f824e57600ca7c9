"""The parameters that routes share: which meter, which time, and what is refused."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from monitor.answers.answers import Answers
from monitor.api import parameters
from monitor.api.call import Call, Refused
from monitor.config import MonitorConfig
from monitor.readings.hours import Meter

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class _Meters:
    def __init__(self, *identifiers: str) -> None:
        self._meters = [Meter(number, name, None, None) for number, name in enumerate(identifiers)]

    def meters(self) -> list[Meter]:
        return self._meters


def call(values: Mapping[str, str], *meters: str) -> Call:
    return Call(answers=cast("Answers", _Meters(*meters)), config=MonitorConfig(), parameters=values, now=NOW)


def test_the_meter_is_that_of_the_parameter_or_the_only_one() -> None:
    assert parameters.meter_of(call({"meter": "b"}, "a", "b")).identifier == "b"
    assert parameters.meter_of(call({}, "a")).identifier == "a"


@pytest.mark.parametrize(
    ("values", "meters", "status"),
    [({"meter": "c"}, ("a", "b"), 404), ({}, ("a", "b"), 400), ({}, (), 404), ({"meter": ""}, ("a",), 404)],
)
def test_another_meter_is_refused(values: dict[str, str], meters: tuple[str, ...], status: int) -> None:
    with pytest.raises(Refused) as refused:
        parameters.meter_of(call(values, *meters))
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24", datetime(2026, 11, 23, 23, tzinfo=UTC)),
        ("2026-07", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("2026-11-24T17:00:03Z", datetime(2026, 11, 24, 17, 0, 3, tzinfo=UTC)),
        ("2026-11-24T17:00:00+01:00", datetime(2026, 11, 24, 16, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_local_day_month_or_year_or_an_instant(text: str, moment: datetime) -> None:
    assert parameters.time_of(call({"from": text}), "from") == moment


def test_a_time_that_is_not_there_is_none() -> None:
    assert parameters.time_of(call({}), "from") is None
    assert parameters.hour_of(call({}), "from") is None


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13", "2026-02-30", "1926", "9999-01-01", "2026-11-24T17:00:00", "0"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parameters.time_of(call({"to": text}), "to")
    assert refused.value.status == 400
    assert "to " in refused.value.detail


def test_a_limit_within_an_hour_is_refused_where_hours_are_wanted() -> None:
    with pytest.raises(Refused):
        parameters.hour_of(call({"from": "2026-11-24T17:00:01Z"}), "from")


def test_a_range_that_is_reversed_empty_or_too_long_is_refused() -> None:
    parameters.check_range(NOW, NOW + timedelta(days=2), timedelta(days=2))
    for end in (NOW, NOW - timedelta(hours=1), NOW + timedelta(days=2, hours=1)):
        with pytest.raises(Refused):
            parameters.check_range(NOW, end, timedelta(days=2))
