"""A change of off-peak hours is found after three nights, and not in nights that are odd for another reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.money.off_peak import (
    HourSwitch,
    OffPeakChange,
    Stretch,
    against,
    last_change,
    nights,
    same_windows,
    stretches,
)

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
Windows = tuple[tuple[time, time], ...]
NIGHT: Windows = ((time(22), time(6)),)
LATER: Windows = ((time(22, 38), time(6, 38)),)  # switches in the same hours
REFORM: Windows = ((time(1, 38), time(6, 38)), (time(12, 30), time(15, 30)))
SUMMER: Windows = ((time(2, 8), time(7, 8)), (time(14), time(17)))
FIRST = date(2026, 12, 1)


def found(windows_of: Callable[[datetime], Windows], *arguments: Any, **more: Any) -> OffPeakChange | None:
    """The last change of what `seen` returns."""
    return last_change(seen(windows_of, *arguments, **more), PARIS)


def seen(
    windows_of: Callable[[datetime], Windows],
    first: date = FIRST,
    days: int = 8,
    *,
    gone: tuple[date, ...] = (),
    contract: Callable[[date], str] = lambda _: "hphc",
    minutes_from: date = date.min,
    late: Callable[[date], int] = lambda _: 0,
) -> list[Stretch]:
    """What is seen of a meter that has these windows at each local moment of some days, seen minute by minute.

    Args:
        windows_of: the windows that hold at a moment, by its clock.
        first: the first night.
        days: nights.
        gone: nights that are not complete.
        contract: on each day.
        minutes_from: earlier minutes are not kept.
        late: minutes by which the meter's clock is late on a day.
    """
    start = datetime.combine(first, time(9), PARIS).astimezone(UTC)
    end = datetime.combine(first + timedelta(days), time(9), PARIS).astimezone(UTC)
    hours: dict[datetime, bool] = {}
    minutes: dict[datetime, datetime] = {}
    switches = []
    moment = start - HOUR
    while moment < end:
        local = moment.astimezone(PARIS)
        clock = (local - timedelta(minutes=late(local.date()))).time()
        cheap = any(low <= clock < high or (high < low and not high <= clock < low) for low, high in windows_of(local))
        hour = moment.replace(minute=0)
        if hours.get(hour) is not cheap:
            hours[hour] = cheap
            minutes[hour] = moment
        moment += timedelta(minutes=1)
    for hour, cheap in hours.items():
        if hours.get(hour - HOUR, cheap) is not cheap:
            switches.append(HourSwitch(hour, cheap, 1 if cheap else 2))
    kept = {hour: minute for hour, minute in minutes.items() if hour.astimezone(PARIS).date() >= minutes_from}
    complete = {}
    for number in range(days):
        day = first + timedelta(number)
        low, high = (datetime.combine(one, time(9), PARIS).astimezone(UTC) for one in (day, day + timedelta(1)))
        if high - low == 24 * HOUR and day not in gone:
            complete[day] = contract(day)
    return stretches(nights(switches, kept, complete, PARIS))


def turned(day: date, old: Windows, new: Windows, hour: int = 0) -> Callable[[datetime], Windows]:
    at = datetime.combine(day, time(hour), PARIS)
    return lambda local: new if local >= at else old


def test_three_same_nights_are_a_change() -> None:
    change = turned(date(2026, 12, 5), NIGHT, REFORM)
    # Nights from 1 to 7 December, of which those of 5, 6 and 7 have the new hours.
    assert found(change, days=7) == OffPeakChange(date(2026, 12, 5), NIGHT, REFORM, 3)
    assert found(change, days=6) is None


@pytest.mark.parametrize("hour", [0, 4, 10, 14, 23])
def test_the_day_of_the_change_is_that_of_the_first_new_switch(hour: int) -> None:
    # At 23:00 the meter leaves off-peak time, an hour after it began as before.
    change = found(turned(date(2026, 12, 5), NIGHT, REFORM, hour), days=12)
    assert change is not None
    assert (change.since, change.old, change.new) == (date(2026, 12, 5), NIGHT, REFORM)


def test_a_change_within_the_same_hours_is_found_by_the_minute() -> None:
    change = turned(date(2026, 12, 5), NIGHT, LATER)
    assert found(change, days=10) == OffPeakChange(date(2026, 12, 5), NIGHT, LATER, 6)


@pytest.mark.parametrize("later", [2, -2])
def test_a_clock_that_is_a_minute_or_two_off_is_no_change(later: int) -> None:
    assert found(lambda _: REFORM, days=10, late=lambda day: later if day.day > 5 else 0) is None


def test_a_clock_that_drifts_is_no_change() -> None:
    assert found(lambda _: REFORM, days=20, late=lambda day: day.day) is None


def test_one_or_two_odd_nights_are_no_change() -> None:
    odd = {date(2026, 12, 4), date(2026, 12, 5)}
    assert found(lambda local: REFORM if local.date() in odd else NIGHT, days=12) is None


def test_an_odd_night_in_between_does_not_hide_a_change() -> None:
    def windows(local: datetime) -> Windows:
        return NIGHT if local.date() < date(2026, 12, 5) or local.date() == date(2026, 12, 7) else REFORM

    change = found(windows, days=14)
    assert change is not None
    assert (change.old, change.new) == (NIGHT, REFORM)


def test_a_meter_that_was_away_has_changed_when_it_was_seen_again() -> None:
    away = tuple(date(2026, 12, day) for day in range(4, 10))
    change = turned(date(2026, 12, 6), NIGHT, REFORM)
    assert found(change, days=12, gone=away) == OffPeakChange(date(2026, 12, 10), NIGHT, REFORM, 3)
    assert found(change, days=11, gone=away) is None
    assert found(lambda _: NIGHT, days=12, gone=away) is None


def test_another_contract_with_its_own_hours_is_no_change() -> None:
    change = turned(date(2026, 12, 5), NIGHT, REFORM)
    assert found(change, days=12, contract=lambda day: "hphc" if day < date(2026, 12, 5) else "other") is None


@pytest.mark.parametrize("first", [date(2026, 3, 20), date(2026, 10, 16)])
def test_the_night_of_a_clock_change_is_no_change(first: date) -> None:
    assert found(lambda _: ((time(1, 38), time(6, 38)), (time(12), time(15))), first, 20) is None


def test_a_meter_that_keeps_winter_time_is_no_change() -> None:
    # Summer time begins on 29 March: what was 22:00 to 06:00 is 23:00 to 07:00 by the clock on the wall.
    summer = ((time(23), time(7)),)
    assert found(turned(date(2026, 3, 29), NIGHT, summer, 3), date(2026, 3, 20), 20) is None
    # On another day it is one.
    assert found(turned(date(2026, 3, 25), NIGHT, summer), date(2026, 3, 15), 18) is not None


def test_the_first_turn_of_the_season_is_a_change_and_the_second_is_none() -> None:
    def windows(local: datetime) -> Windows:
        return SUMMER if 4 <= local.month <= 10 else REFORM

    first = found(windows, date(2027, 3, 20), 20)
    assert first == OffPeakChange(date(2027, 4, 1), REFORM, SUMMER, 8)
    # In November the meter returns to the hours of the winter before; April's change remains the last one.
    later = found(windows, date(2027, 3, 20), 240)
    assert later is not None
    assert (later.since, later.new) == (date(2027, 4, 1), SUMMER)


def test_where_no_minutes_are_kept_the_hour_must_suffice() -> None:
    # Of the first days only hours are known: 22:38 may be 22:00.
    later = found(lambda _: LATER, days=12, minutes_from=date(2026, 12, 7))
    assert later is None
    change = found(turned(date(2026, 12, 5), NIGHT, REFORM), days=12, minutes_from=date(2026, 12, 20))
    assert change is not None
    assert (change.since, change.old) == (date(2026, 12, 5), NIGHT)
    assert change.new == ((time(1), time(6)), (time(12), time(15)))


def test_windows_are_the_same_but_for_two_minutes() -> None:
    around_midnight = ((time(0, 1), time(5)), (time(12), time(15, 2)))
    assert same_windows(((time(12), time(15)), (time(23, 59), time(5))), around_midnight)
    assert not same_windows(NIGHT, ((time(22), time(6, 3)),))
    assert not same_windows(NIGHT, REFORM)


@pytest.mark.parametrize(
    ("days", "since", "nights_"),
    [
        (12, None, 0),  # up to 31 March both are the same
        (14, None, 0),  # two nights of April
        (15, date(2027, 4, 1), 3),
    ],
)
def test_a_meter_that_does_not_turn_with_the_season_of_the_bill_differs_from_then_on(
    days: int, since: date | None, nights_: int
) -> None:
    def written(day: date) -> Windows:
        return SUMMER if 4 <= day.month <= 10 else REFORM

    (stretch,) = seen(lambda _: REFORM, date(2027, 3, 20), days)
    difference = against(stretch, date(2026, 12, 1), written)
    assert difference == (None if since is None else OffPeakChange(since, SUMMER, REFORM, nights_))


def test_only_nights_from_the_line_on_are_compared_and_the_last_one_decides() -> None:
    stretches_ = seen(turned(date(2026, 12, 5), NIGHT, REFORM, 4), days=12)
    assert against(stretches_[-1], date(2026, 11, 1), lambda _: NIGHT) == OffPeakChange(
        date(2026, 12, 5), NIGHT, REFORM, 8
    )
    assert against(stretches_[-1], date(2026, 12, 9), lambda _: NIGHT) == OffPeakChange(
        date(2026, 12, 9), NIGHT, REFORM, 4
    )
    assert against(stretches_[-1], date(2026, 12, 11), lambda _: NIGHT) is None
    assert against(stretches_[-1], date(2026, 11, 1), lambda _: REFORM) is None
    # The bill followed on the last day.
    assert against(stretches_[-1], date(2026, 11, 1), lambda day: REFORM if day.day == 12 else NIGHT) is None
