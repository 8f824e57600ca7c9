"""What runs for hours while nobody is there, or in the night."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.engine import Engine
from monitor.alerts.events import BEGIN, END
from monitor.alerts.rules.forgotten import forgotten
from monitor.alerts.signs import Holds, Sign
from tests.support.made_facts import PARIS, days_before, made_meter

BASE = 150
TEN, HOUR, DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)


def at(day: int, clock: str, month: int = 6) -> datetime:
    """Return an instant of local time."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, month, day, hour, minute, tzinfo=PARIS).astimezone(UTC)


def sign(
    now: datetime,
    powers: Mapping[int, int],
    *,
    away: bool | None = None,
    hours: Mapping[datetime, int] | None = None,
    base: int = BASE,
    **known: Any,
) -> Sign:
    """Return the sign of the last ten minutes, by how many there were before; the others have the base load."""
    last = now - timedelta(minutes=now.minute % 10) - TEN
    lately = {"powers": [(last - ago * TEN, powers.get(ago, base)) for ago in range(13, -1, -1)], "hours": hours or {}}
    nights = days_before(now.astimezone(PARIS).date(), 28, lambda ago: base)
    (found,) = forgotten(made_meter(at=now, lately=lately, **{"nights": nights} | known), PARIS, now, away=away)
    return found


TWO_HOURS = dict.fromkeys(range(12), BASE + 300)


def test_what_runs_for_two_hours_while_nobody_is_there_is_told_with_what_a_day_costs() -> None:
    found = sign(at(10, "15:02"), TWO_HOURS | {12: 5000}, away=True, price=2000)
    assert found.holds is Holds.YES
    assert found.since == at(10, "12:50")
    assert found.figures == {
        "watts": 300,
        "reason": "away",
        "cost_per_day": 14_400,  # 7.2 kWh at 0.20 EUR
    }


@pytest.mark.parametrize(
    ("powers", "away", "holds"),
    [
        (TWO_HOURS, None, Holds.BETWEEN),  # who knows whether somebody is there
        (TWO_HOURS, False, Holds.BETWEEN),
        (TWO_HOURS | {5: BASE + 299}, True, Holds.BETWEEN),  # with a pause
        (dict.fromkeys(range(11), 2000), True, Holds.BETWEEN),  # not long enough
        (TWO_HOURS | {0: BASE + 200}, True, Holds.BETWEEN),
        (TWO_HOURS | {0: BASE + 199}, True, Holds.NO),
    ],
)
def test_limits(powers: Mapping[int, int], away: bool | None, holds: Holds) -> None:
    assert sign(at(10, "15:02"), powers, away=away).holds is holds


@pytest.mark.parametrize(
    ("clock", "holds"), [("03:52", Holds.BETWEEN), ("04:02", Holds.YES), ("06:02", Holds.YES), ("06:12", Holds.BETWEEN)]
)
def test_the_night_is_from_two_to_six(clock: str, holds: Holds) -> None:
    found = sign(at(10, clock), TWO_HOURS, away=False)
    assert found.holds is holds
    assert found.figures["reason"] == ("night" if holds is Holds.YES else None)


def test_the_nights_in_which_the_clock_changes_have_two_hours_too() -> None:
    # 02:00 summer time to 06:00 winter time are five hours; 01:50 winter time to 06:00 summer time three.
    assert sign(at(25, "04:02", month=10), TWO_HOURS).holds is Holds.YES
    assert sign(at(29, "04:52", month=3), TWO_HOURS).holds is Holds.BETWEEN
    assert sign(at(29, "05:02", month=3), TWO_HOURS).holds is Holds.YES


def usual(clock: int, *days_ago: int) -> dict[datetime, int]:
    """Return hours in which a water heater ran, on some days before 10 June."""
    return {at(10, f"{hour:02}:00") - ago * DAY: 2000 for ago in days_ago for hour in (clock, clock + 1)}


@pytest.mark.parametrize(
    ("days_ago", "holds"),
    [((), Holds.YES), ((5, 40), Holds.YES), ((5, 40, 70), Holds.BETWEEN), ((1,), Holds.BETWEEN)],
)
def test_what_often_runs_at_that_time_is_not_forgotten(days_ago: tuple[int, ...], holds: Holds) -> None:
    assert sign(at(10, "04:12"), TWO_HOURS, hours=usual(1, *days_ago)).holds is holds  # somewhen in the night
    for clock in (12, 13):
        assert sign(at(10, "15:12"), TWO_HOURS, hours=usual(clock, *days_ago), away=True).holds is holds
    for clock in (11, 14):
        assert sign(at(10, "15:12"), TWO_HOURS, hours=usual(clock, *days_ago), away=True).holds is Holds.YES


def test_where_nights_differ_more_it_takes_more() -> None:
    nights = days_before(at(10, "04:02").date(), 28, lambda ago: 600 if ago % 2 else 1200)
    assert sign(at(10, "04:02"), dict.fromkeys(range(12), 1700), nights=nights).holds is Holds.BETWEEN
    assert sign(at(10, "04:02"), dict.fromkeys(range(12), 1800), nights=nights).holds is Holds.YES


def test_it_began_in_the_hours_before_those_that_are_read_in_minutes() -> None:
    hours = {at(10, "20:00") + number * HOUR: 1000 for number in range(6)}
    found = sign(at(11, "02:02"), dict.fromkeys(range(14), 1000), away=True, hours=hours)
    assert (found.holds, found.since) == (Holds.YES, at(10, "20:00"))


def test_what_began_before_midnight_goes_on_as_one_event() -> None:
    """An iron of 400 W, from 23:30 to 09:00: of the hour before midnight it used too little to be seen there."""
    start, end = at(10, "23:30"), at(11, "09:00")
    engine = Engine(lambda kind: kind == "forgotten", None, PARIS)
    told = []
    for step in range(12 * 14):
        now = at(10, "20:02") + step * TEN / 2
        last = now - timedelta(minutes=now.minute % 10)
        powers = {ago: BASE + 400 for ago in range(14) if start <= last - (ago + 1) * TEN < end}
        hours = {at(10, "23:00"): BASE + 200} | {at(11, f"{hour:02}:00"): BASE + 400 for hour in range(9)}
        done = {hour: wh for hour, wh in hours.items() if hour + HOUR <= now}
        told += engine.step(now, [sign(now, powers, away=True, hours=done)])
    assert [(message.phase, message.event.began) for message in told] == [(BEGIN, start), (END, start)]


def test_nothing_is_known_without_nights_or_while_the_meter_is_silent() -> None:
    now = at(10, "15:02")
    assert sign(now, TWO_HOURS, away=True, nights={}).holds is Holds.UNKNOWN
    silent = made_meter(at=now, nights=days_before(now.date(), 28, lambda ago: BASE))
    assert [one.holds for one in forgotten(silent, PARIS, now, away=True)] == [Holds.UNKNOWN]
