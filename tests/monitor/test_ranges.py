import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from common.errors import ConfigError
from monitor.calendar import Calendar
from monitor.ranges import choose_range, read_limit, year_to
from monitor.refusals import Refusal

PARIS = ZoneInfo("Europe/Paris")
CALENDAR = Calendar(PARIS)
NOW = datetime(2026, 11, 25, 13, 32, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026", "2025-12-31T23:00:00+00:00"),
        ("2026-07", "2026-06-30T22:00:00+00:00"),
        ("2026-07-14", "2026-07-13T22:00:00+00:00"),
        ("2026-07-14T18:00:00+02:00", "2026-07-14T16:00:00+00:00"),
        ("2026-07-14T16:00:00Z", "2026-07-14T16:00:00+00:00"),
    ],
)
def test_a_limit_is_a_local_year_month_or_day_or_an_instant(text: str, instant: str) -> None:
    assert read_limit(text, PARIS).isoformat() == instant


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13", "2026-02-30", "0001", "9999", "2026-W48", "1e9"])
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ConfigError, match="2026-11-24"):
        read_limit(text, PARIS)


def test_an_instant_within_an_hour_is_refused() -> None:
    with pytest.raises(ConfigError, match="whole hour"):
        read_limit("2026-11-24T18:30:00Z", PARIS)


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
    chosen = choose_range(by, None, None, CALENDAR, NOW, None)
    assert [moment.isoformat() for moment in chosen] == [start, end]


def test_a_default_does_not_begin_before_the_first_reading() -> None:
    first = datetime(2026, 11, 20, 10, tzinfo=UTC)
    start, _ = choose_range("day", None, None, CALENDAR, NOW, first)
    assert start == datetime(2026, 11, 19, 23, tzinfo=UTC)
    start, _ = choose_range("year", None, None, CALENDAR, NOW, first)
    assert start == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_limits_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ConfigError, match="swap"):
        choose_range("day", "2026-11-24", "2026-11-20", CALENDAR, NOW, None)
    with pytest.raises(ConfigError, match="swap"):
        choose_range("day", "2026-11-24", "2026-11-24", CALENDAR, NOW, None)


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-11-28T13:32:00Z", "2025-11-27T23:00:00+00:00", "2026-11-27T23:00:00+00:00"),
        ("2026-06-30T22:10:00Z", "2025-06-30T22:00:00+00:00", "2026-06-30T22:00:00+00:00"),  # 1 July in Paris
        ("2028-02-29T12:00:00Z", "2027-02-28T23:00:00+00:00", "2028-02-28T23:00:00+00:00"),
    ],
)
def test_offers_are_compared_on_the_last_twelve_months(now: str, start: str, end: str) -> None:
    found = year_to(datetime.fromisoformat(now), None, None, PARIS)
    assert [limit.isoformat() for limit in found] == [start, end]


def test_what_is_asked_for_is_compared() -> None:
    start, end = read_limit("2026-01", PARIS), read_limit("2026-03", PARIS)
    assert year_to(NOW, start, end, PARIS) == (start, end)
    assert year_to(NOW, None, end, PARIS) == (read_limit("2025-03", PARIS), end)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("14/07/2026", "2026-07-13T22:00:00+00:00"),
        ("14/07/2026 18:00", "2026-07-14T16:00:00+00:00"),
        ("2026-07-14 18:00", "2026-07-14T16:00:00+00:00"),
        ("07/2026", "2026-06-30T22:00:00+00:00"),
        ("juil. 2026", "2026-06-30T22:00:00+00:00"),
        ("Jul 2026", "2026-06-30T22:00:00+00:00"),
        ("déc. 2026", "2026-11-30T23:00:00+00:00"),
    ],
)
def test_a_limit_may_be_written_as_our_own_tables_write_it(text: str, instant: str) -> None:
    assert read_limit(text, PARIS).isoformat() == instant


@pytest.mark.parametrize("text", ["31/02/2026", "13/2026", "7/14/2026", "juli 2026", "14/07/2026 25:00", "14/07/26"])
def test_what_only_resembles_a_date_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="2026-11-24"):
        read_limit(text, PARIS)


def test_a_day_to_come_is_said_to_be_to_come() -> None:
    with pytest.raises(Refusal, match="2027-01-01 is still to come") as raised:
        choose_range("day", "2027-01-01", None, CALENDAR, NOW, None)
    assert raised.value.text("fr") == "le 01/01/2027 n’est pas encore arrivé"


def test_errors_of_ranges_are_french_for_french_people() -> None:
    for (start, end), words in (
        (("hier", None), "« hier » n’est pas une date : écrivez 2026, 2026-11, 24/11/2026"),
        (("24/11/2026", "20/11/2026"), "--from 24/11/2026 n’est pas avant --to 20/11/2026 : échangez-les"),
        (("2026-11-24T18:30:00Z", None), "heure entière"),
    ):
        with pytest.raises(Refusal) as raised:
            choose_range("day", start, end, CALENDAR, NOW, None)
        assert words in re.sub("[\u00a0\u202f]", " ", raised.value.text("fr"))
