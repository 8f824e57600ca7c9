from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.base.calendar import Calendar
from monitor.base.ranges import Range, check_length, choose_range, read_time, year_to
from monitor.base.request_errors import RequestError

PARIS = ZoneInfo("Europe/Paris")
CALENDAR = Calendar(PARIS)
NOW = datetime(2026, 11, 25, 13, 32, 7, tzinfo=UTC)


def refusals(asked: Range) -> list[str]:
    """Why a range is refused for a report, and for a comparison."""
    with pytest.raises(RequestError) as report:
        choose_range(asked, CALENDAR, NOW, None)
    with pytest.raises(RequestError) as comparison:
        year_to(NOW, asked, PARIS)
    return [report.value.key, comparison.value.key]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026", "2025-12-31T23:00:00+00:00"),
        ("2026-07", "2026-06-30T22:00:00+00:00"),
        ("2026-07-14", "2026-07-13T22:00:00+00:00"),
        ("2026-07-14T18:00:00+02:00", "2026-07-14T16:00:00+00:00"),
        ("2026-07-14T16:00:03Z", "2026-07-14T16:00:03+00:00"),
        # As our own tables write it.
        ("14/07/2026", "2026-07-13T22:00:00+00:00"),
        ("14/07/2026 18:00", "2026-07-14T16:00:00+00:00"),
        ("2026-07-14 18:00", "2026-07-14T16:00:00+00:00"),
        ("07/2026", "2026-06-30T22:00:00+00:00"),
        ("juil. 2026", "2026-06-30T22:00:00+00:00"),
        ("Jul 2026", "2026-06-30T22:00:00+00:00"),
        ("déc. 2026", "2026-11-30T23:00:00+00:00"),
    ],
)
def test_a_time_is_a_local_year_month_or_day_or_an_instant(text: str, instant: str) -> None:
    assert read_time(text, PARIS).isoformat() == instant
    assert Range.read(text, None, PARIS) == Range(datetime.fromisoformat(instant))


@pytest.mark.parametrize(
    "text",
    ["", "0", "soon", "2026-13", "2026-02-30", "0001", "1926", "9999", "2026-W48", "1e9", "2026-11-24T17:00:00",
     "31/02/2026", "13/2026", "7/14/2026", "juli 2026", "14/07/2026 25:00", "14/07/26"],
)  # fmt: skip
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(RequestError) as refused:
        Range.read(None, text, PARIS)
    assert refused.value.key == "no_time"
    assert all(f"{text}" in words and "2026-11-24" in words for words in map(refused.value.text, ("fr", "en")))


@pytest.mark.parametrize("end", ["2026-11-20", "2026-11-24"])
def test_limits_in_the_wrong_order_are_refused(end: str) -> None:
    with pytest.raises(RequestError) as refused:
        Range.read("2026-11-24", end, PARIS)
    assert refused.value.key == "swapped"
    assert "24/11/2026" in refused.value.text("fr")


@pytest.mark.parametrize("asked", [Range(NOW), Range(None, NOW)])
def test_a_limit_within_an_hour_is_refused_where_hours_are_wanted(asked: Range) -> None:
    assert refusals(asked) == ["within_hour", "within_hour"]


def test_a_range_may_be_as_long_as_is_answered() -> None:
    check_length(NOW, NOW + timedelta(days=2), timedelta(days=2))
    with pytest.raises(RequestError) as refused:
        check_length(NOW, NOW + timedelta(days=2, hours=1), timedelta(days=2))
    assert refused.value.key == "too_long"


@pytest.mark.parametrize(
    ("by", "start", "end"),
    [
        ("hour", "2026-11-24T14:00:00+00:00", "2026-11-25T14:00:00+00:00"),
        ("day", "2026-11-11T23:00:00+00:00", "2026-11-25T23:00:00+00:00"),
        ("week", "2026-09-06T22:00:00+00:00", "2026-11-29T23:00:00+00:00"),
        ("month", "2025-10-31T23:00:00+00:00", "2026-11-30T23:00:00+00:00"),
        ("year", "2016-12-31T23:00:00+00:00", "2026-12-31T23:00:00+00:00"),
    ],
)
def test_without_limits_the_last_periods_up_to_the_present_one_are_shown(by: str, start: str, end: str) -> None:
    chosen = choose_range(Range(by=by), CALENDAR, NOW, None)
    assert [moment.isoformat() for moment in chosen] == [start, end]


def test_a_default_does_not_begin_before_the_first_reading() -> None:
    first = datetime(2026, 11, 20, 10, tzinfo=UTC)
    start, _ = choose_range(Range(), CALENDAR, NOW, first)
    assert start == datetime(2026, 11, 19, 23, tzinfo=UTC)
    start, _ = choose_range(Range(by="year"), CALENDAR, NOW, first)
    assert start == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_a_day_to_come_is_said_to_be_to_come() -> None:
    assert refusals(Range.read("2027-01-01", None, PARIS)) == ["future", "future"]


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-11-28T13:32:00Z", "2025-11-27T23:00:00+00:00", "2026-11-27T23:00:00+00:00"),
        ("2026-06-30T22:10:00Z", "2025-06-30T22:00:00+00:00", "2026-06-30T22:00:00+00:00"),  # 1 July in Paris
        ("2028-02-29T12:00:00Z", "2027-02-28T23:00:00+00:00", "2028-02-28T23:00:00+00:00"),
    ],
)
def test_offers_are_compared_on_the_last_twelve_months(now: str, start: str, end: str) -> None:
    found = year_to(datetime.fromisoformat(now), Range(), PARIS)
    assert [limit.isoformat() for limit in found] == [start, end]


def test_what_is_asked_for_is_compared() -> None:
    start, end = read_time("2026-01", PARIS), read_time("2026-03", PARIS)
    assert year_to(NOW, Range(start, end), PARIS) == (start, end)
    assert year_to(NOW, Range(None, end), PARIS) == (read_time("2025-03", PARIS), end)


def test_what_is_still_to_come_is_not_read() -> None:
    """To look for the energy of years in which there can be none would take the database seconds."""
    tomorrow = read_time("2026-11-26", PARIS)
    assert year_to(NOW, Range.read(None, "2027", PARIS), PARIS) == (read_time("2026", PARIS), tomorrow)
    assert year_to(NOW, Range.read("2025", "2030", PARIS), PARIS) == (read_time("2025", PARIS), tomorrow)
    for asked in (Range.read(None, "2098", PARIS), Range.read("2094", "2099", PARIS)):
        with pytest.raises(RequestError) as refused:
            year_to(NOW, asked, PARIS)
        assert refused.value.key == "future"


def test_a_day_that_is_not_over_is_not_compared() -> None:
    with pytest.raises(RequestError) as refused:
        year_to(NOW, Range.read("2026-11-25", None, PARIS), PARIS)
    assert refused.value.key == "no_whole_day"
