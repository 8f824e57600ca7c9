"""What tariff comes next, guessed from what the meter did."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.live.schedule import Change, upcoming

PARIS = ZoneInfo("Europe/Paris")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def sent_of(changes: list[Change]) -> list[tuple[str, str]]:
    return [(f"{change.at.astimezone(PARIS):%a %d %H:%M}", change.register) for change in changes]


def nights(first: str, days: int, *clocks: tuple[str, str]) -> list[Change]:
    day = local(first + "T12:00")
    found = [
        Change(local(f"{(day + timedelta(days=number)).astimezone(PARIS):%Y-%m-%d}T{clock}"), register)
        for number in range(days)
        for clock, register in clocks
    ]
    return sorted(found, key=lambda change: change.at)


NOW = local("2026-11-25T14:32")  # a Wednesday


@pytest.mark.parametrize(
    ("now", "register", "tomorrow", "wanted"),
    [
        ("14:32", "BBRHPJW", "red", [("Wed 25 22:00", "BBRHCJW"), ("Thu 26 06:00", "BBRHPJR")]),
        ("14:32", "BBRHPJW", None, [("Wed 25 22:00", "BBRHCJW")]),
        ("23:00", "BBRHCJW", "blue", [("Thu 26 06:00", "BBRHPJB"), ("Thu 26 22:00", "BBRHCJB")]),
        ("03:00", "BBRHCJR", "white", [("Wed 25 06:00", "BBRHPJW"), ("Wed 25 22:00", "BBRHCJW")]),
        ("03:00", "BBRHCJR", None, []),
    ],
)
def test_tempo_changes_at_six_and_at_ten_and_its_colour_at_six(
    now: str, register: str, tomorrow: str | None, wanted: list[tuple[str, str]]
) -> None:
    assert sent_of(upcoming("tempo", register, tomorrow, [], local(f"2026-11-25T{now}"), PARIS)) == wanted


def test_off_peak_hours_come_as_on_the_days_before() -> None:
    switches = nights("2026-11-18", 7, ("01:36", "HCHC"), ("07:36", "HCHP"), ("12:36", "HCHC"), ("14:36", "HCHP"))
    assert sent_of(upcoming("hchp", "HCHC", None, switches, NOW, PARIS)) == [
        ("Wed 25 14:36", "HCHP"),
        ("Thu 26 01:36", "HCHC"),
    ]


def test_a_clock_that_is_minutes_off_and_a_day_that_was_another_make_no_other_times() -> None:
    switches = nights("2026-11-18", 4, ("22:00", "HCHC"), ("06:00", "HCHP"))
    switches += nights("2026-11-22", 2, ("22:01", "HCHC"), ("06:01", "HCHP"))
    switches += nights("2026-11-24", 1, ("10:00", "HCHC"), ("11:00", "HCHP"))
    found = upcoming("hchp", "HCHP", None, switches, NOW, PARIS, count=4)
    assert sent_of(found) == [
        ("Wed 25 22:00", "HCHC"),
        ("Thu 26 06:00", "HCHP"),
        ("Thu 26 22:00", "HCHC"),
        ("Fri 27 06:00", "HCHP"),
    ]


def test_a_switch_around_midnight_is_one() -> None:
    switches = [*nights("2026-11-18", 4, ("23:59", "HCHC")), *nights("2026-11-22", 3, ("00:01", "HCHC"))]
    assert sent_of(upcoming("hchp", "HCHP", None, switches, NOW, PARIS, count=1)) == [("Wed 25 23:59", "HCHC")]


def test_on_the_day_of_the_change_of_clocks_it_is_the_wall_clock_that_counts() -> None:
    switches = nights("2026-10-18", 7, ("22:00", "HCHC"), ("06:00", "HCHP"))
    (change, after) = upcoming("hchp", "HCHP", None, switches, local("2026-10-24T23:00") - timedelta(hours=2), PARIS)
    assert (after.at - change.at) == timedelta(hours=9)


def test_another_offer_is_as_a_week_ago() -> None:
    weekend = [Change(local("2026-11-21T00:00"), "EASF03"), Change(local("2026-11-23T00:00"), "EASF01")]
    found = upcoming(None, "EASF01", None, weekend, NOW, PARIS)
    assert sent_of(found) == [("Sat 28 00:00", "EASF03"), ("Mon 30 00:00", "EASF01")]


@pytest.mark.parametrize("offer", ["base", "ejp"])
def test_where_nothing_changes_by_the_clock_nothing_comes(offer: str) -> None:
    assert upcoming(offer, "BASE", None, [], NOW, PARIS) == []


def test_without_a_past_nothing_is_known() -> None:
    assert upcoming("hchp", "HCHP", None, [], NOW, PARIS) == []
    assert upcoming(None, None, None, [], NOW, PARIS) == []
