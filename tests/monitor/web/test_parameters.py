"""What a question may be: its parameters, its meter and its range."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.live.live import Live
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.web.parameters import LONGEST_QUERY, Paths, choice, choices, range_of, read_parameters, whole_number
from monitor.web.route import ApiRequest, LiveRoute, Parameter

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
YEAR = timedelta(days=366)
KNOWN = [
    Parameter("meter", "The meter.", {"type": "string", "maxLength": 12}),
    choice("by", "The step.", ("hour", "day")),
    whole_number("n", "How many.", most=100, default=7),
    choices("kind", "The kinds.", ("a", "b", "c"), default=("a", "b")),
]


class Known:
    def __init__(self, meters: tuple[str, ...], first: datetime | None) -> None:
        self._meters = [Meter(number, name, first, None) for number, name in enumerate(meters)]
        self._first = first

    def meters(self) -> list[Meter]:
        return self._meters

    def first(self, _: Meter) -> datetime | None:
        return self._first


def call(values: Mapping[str, Any], *meters: str, first: datetime | None = FIRST) -> ApiRequest:
    answers = cast("Home", Known(meters or ("a",), first))
    return ApiRequest(answers, values, range_of(values, MonitorConfig().time_zone), NOW, cast("Live", None))


def test_values_are_as_their_schema_has_them_with_the_defaults_of_the_others() -> None:
    assert read_parameters("meter=031961123456&by=day&n=10&kind=c,a&lang=en", KNOWN) == {
        "meter": "031961123456",
        "by": "day",
        "n": 10,
        "kind": ["c", "a"],
        "lang": "en",
    }
    assert read_parameters("", KNOWN) == {"by": "hour", "n": 7, "kind": ["a", "b"]}


@pytest.mark.parametrize(
    ("query", "key", "says"),
    [
        ("colour=red", "unknown_parameter", "meter, by, n, kind, lang"),
        ("by=day&by=hour", "doubled_parameter", "by"),
        ("by=minute", "wrong_choice", "hour, day"),
        ("by=", "wrong_choice", "hour, day"),
        ("lang=de", "wrong_choice", "fr, en"),
        ("kind=a,", "wrong_choice", "a, b, c"),
        ("n=0", "wrong_number", "1"),
        ("n=101", "wrong_number", "100"),
        ("n=-1", "wrong_number", "100"),
        ("n=1e2", "wrong_number", "100"),
        ("n=1_0", "wrong_number", "100"),
        ("n=١", "wrong_number", "100"),
        ("n=" + "0" * 250, "wrong_number", "100"),
        ("n=" + "9" * 400, "long_value", "300"),
        ("meter=0319611234567", "long_value", "12"),
        ("meter=a%00b", "long_value", "12"),
        ("meter=%ff", "unreadable_query", "UTF-8"),
        ("&".join(f"x{number}=1" for number in range(40)), "unreadable_query", "UTF-8"),
        ("meter=" + "0" * LONGEST_QUERY, "long_query", str(LONGEST_QUERY)),
    ],
)
def test_anything_else_is_refused_with_what_is_expected(query: str, key: str, says: str) -> None:
    with pytest.raises(RequestError) as refused:
        read_parameters(query, KNOWN)
    assert (refused.value.key, refused.value.status) == (key, 414 if key == "long_query" else 400)
    for language in ("fr", "en"):
        assert says in refused.value.text(language)
        assert len(refused.value.text(language)) < 300


@pytest.mark.parametrize(("values", "meters", "found"), [({"meter": "b"}, ("a", "b"), "b"), ({}, ("a",), "a")])
def test_the_meter_is_that_of_the_parameter_or_the_only_one(
    values: dict[str, str], meters: tuple[str, ...], found: str
) -> None:
    assert call(values, *meters).meter().identifier == found


@pytest.mark.parametrize(
    ("values", "meters", "status"),
    [({"meter": "c"}, ("a", "b"), 404), ({}, ("a", "b"), 400), ({"meter": ""}, ("a",), 404)],
)
def test_another_meter_is_refused(values: dict[str, str], meters: tuple[str, ...], status: int) -> None:
    with pytest.raises(RequestError) as refused:
        call(values, *meters).meter()
    assert refused.value.status == status
    assert refused.value.members == ({} if values else {"meters": [*meters]})


@pytest.mark.parametrize(
    ("values", "longest", "low", "high"),
    [
        ({}, YEAR, FIRST, NOW),
        ({}, timedelta(days=10), NOW - timedelta(days=10), NOW),
        (
            {"from": "2026-05-01", "to": "2026-06-01"},
            YEAR,
            datetime(2026, 4, 30, 22, tzinfo=UTC),
            datetime(2026, 5, 31, 22, tzinfo=UTC),
        ),
        ({"from": "2026-11-24"}, YEAR, datetime(2026, 11, 23, 23, tzinfo=UTC), NOW),
    ],
)
def test_a_range_is_what_is_asked_for_else_all_that_is_known(
    values: dict[str, str], longest: timedelta, low: datetime, high: datetime
) -> None:
    asked = call(values)
    assert asked.known_range(asked.meter(), longest) == (low, high)


@pytest.mark.parametrize(("values", "first"), [({"from": "2027"}, FIRST), ({"to": "2026-02"}, FIRST), ({}, None)])
def test_nothing_is_known_of_the_time_to_come_or_without_readings(
    values: dict[str, str], first: datetime | None
) -> None:
    asked = call(values, first=first)
    assert asked.known_range(asked.meter(), YEAR) is None


@pytest.mark.parametrize("values", [{"from": "2001", "to": "2099"}, {"from": "2001"}])
def test_a_range_that_is_too_long_is_refused(values: dict[str, str]) -> None:
    asked = call(values)
    with pytest.raises(RequestError) as refused:
        asked.known_range(asked.meter(), YEAR)
    assert refused.value.key == "too_long"


def test_a_path_has_parameters_and_a_plain_name_goes_first() -> None:
    routes = [LiveRoute(name, "", [], lambda _: {}) for name in ("settings", "settings/fields", "settings/{section}")]
    paths = Paths(routes)

    def found(path: str) -> tuple[str, Mapping[str, str]] | None:
        match = paths.find(path)
        return match and (match[0].name, match[1])

    assert found("settings/fields") == ("settings/fields", {})
    assert found("settings/budget") == ("settings/{section}", {"section": "budget"})
    for nothing in ("settings/", "settings/a/b", "settings/{section}/", "setting"):
        assert found(nothing) is None


def test_a_parameter_of_a_path_is_checked_and_is_not_in_the_query() -> None:
    section = choice("section", "", ["budget", "notes"])
    assert read_parameters("", [section], {"section": "notes"}) == {"section": "notes"}
    for query, path in (("", "secrets"), ("section=notes", "budget")):
        with pytest.raises(RequestError):
            read_parameters(query, [section], {"section": path})
