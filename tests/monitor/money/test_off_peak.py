"""Off-peak hours are found from the hours in which the meter switched.

A change of off-peak hours is found after three nights, and not in nights that are odd for another reason.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from monitor.money.off_peak import (
    HourSwitch,
    OffPeakChange,
    OffPeakInterval,
    against,
    last_change,
    nights,
    off_peak_intervals,
    same_windows,
    usual_switches,
    windows,
)

PARIS = ZoneInfo("Europe/Paris")
Windows = list[tuple[time, time]]
NIGHT: Windows = [(time(22), time(6))]
SPLIT: Windows = [(time(1, 38), time(7)), (time(12, 30), time(15, 30))]
UNEVEN: Windows = [(time(1, 26), time(7, 26)), (time(12, 56), time(14, 56))]
LONGER: Windows = [(time(1, 26), time(6, 26)), (time(12, 56), time(15, 56))]
HOUR = timedelta(hours=1)
Seen = tuple[tuple[time, time], ...]
SWITCHES: Seen = ((time(22), time(6)),)
LATER: Seen = ((time(22, 38), time(6, 38)),)  # switches in the same hours
REFORM: Seen = ((time(1, 38), time(6, 38)), (time(12, 30), time(15, 30)))
SUMMER: Seen = ((time(2, 8), time(7, 8)), (time(14), time(17)))
FIRST = date(2026, 12, 1)


class MinuteRow(NamedTuple):
    """A minute, and the supplier register that ran in it."""

    minute: datetime
    supplier: int


def minutes(
    days: int, off_peak: Windows, later: Windows, start: datetime, change: int | None = None
) -> list[MinuteRow]:
    first, then = inside(off_peak), inside(later)
    rows = []
    for number in range(days * 1440):
        moment = start + timedelta(minutes=number)
        if number % 60 == 0:
            hour = moment.astimezone(PARIS).hour  # all starts are full hours
        current = first if number < (days * 720 if change is None else change) else then
        rows.append(MinuteRow(moment, 1 if hour * 60 + number % 60 in current else 2))
    return rows


def inside(off_peak: Windows) -> set[int]:
    """The minutes of a day that are inside of these windows."""
    found: set[int] = set()
    for low, high in off_peak:
        begin, end = (limit.hour * 60 + limit.minute for limit in (low, high))
        found |= {minute % 1440 for minute in range(begin, end if begin < end else end + 1440)}
    return found


def by_hours(rows: list[MinuteRow]) -> tuple[list[HourSwitch], dict[datetime, datetime]]:
    """What the database says of these minutes."""
    last: dict[datetime, int] = {}
    for row in rows:
        last[row.minute.replace(minute=0)] = row.supplier
    switches = [
        HourSwitch(hour, supplier == 1, supplier)
        for hour, supplier in last.items()
        if last.get(hour - timedelta(hours=1), supplier) != supplier
    ]
    firsts: dict[datetime, datetime] = {}
    for row in rows:
        hour = row.minute.replace(minute=0)
        if row.supplier == last[hour]:
            firsts.setdefault(hour, row.minute)
    return switches, firsts


@pytest.mark.parametrize(("before", "after"), [(NIGHT, SPLIT), (UNEVEN, LONGER), (LONGER, NIGHT)])
@pytest.mark.parametrize(("day", "hour"), [(10, 10), (16, 0), (24, 10)])  # a meter is told its new hours at any time
def test_a_month_has_the_windows_of_its_end(before: Windows, after: Windows, day: int, hour: int) -> None:
    # From 22 February to 8 April, with the change to summer time on 29 March.
    start = datetime(2026, 2, 21, 23, tzinfo=UTC)
    change = (7 + day - 1) * 1440 + hour * 60
    switches, firsts = by_hours(minutes(7 + 31 + 8, before, after, start, change))
    found = [(one.month, list(one.windows)) for one in windows(usual_switches(switches, PARIS), firsts, PARIS)]
    assert found == [(date(2026, 2, 1), before), (date(2026, 3, 1), after), (date(2026, 4, 1), after)]


@pytest.mark.parametrize("window", [(time(22), time(6)), (time(0), time(5)), (time(23), time(7))])
def test_a_clock_that_is_a_minute_off_at_times_does_not_hide_the_windows(window: tuple[time, time]) -> None:
    # The meter switches just before the full hour on some days, just after it on others.
    start = datetime(2026, 1, 4, 11, tzinfo=UTC)
    rows: list[MinuteRow] = []
    for number in range(20):
        days = minutes(1, [window], [window], start + timedelta(days=number))
        shift = timedelta(minutes=1 if number % 2 else -1)
        rows += [row._replace(minute=row.minute + shift) for row in days]
    unique = list({row.minute: row for row in rows}.values())
    switches, firsts = by_hours(unique)
    (one,) = windows(usual_switches(switches, PARIS), firsts, PARIS)
    ((begin, end),) = one.windows
    for found, expected in zip((begin, end), window, strict=True):
        apart = abs((found.hour - expected.hour) * 60 + found.minute - expected.minute)
        assert min(apart, 1440 - apart) <= 1


def test_without_minutes_the_hour_counts() -> None:
    rows = minutes(20, NIGHT, NIGHT, datetime(2026, 1, 3, tzinfo=UTC))
    (one,) = windows(usual_switches(by_hours(rows)[0], PARIS), {}, PARIS)
    assert one.windows == ((time(22), time(6)),)


def test_one_odd_switch_is_no_habit() -> None:
    rows = minutes(20, NIGHT, NIGHT, datetime(2026, 1, 3, tzinfo=UTC))
    switches, firsts = by_hours(rows)
    noon = datetime(2026, 1, 9, 11, tzinfo=UTC)
    switches += [HourSwitch(noon, True, 1), HourSwitch(noon + timedelta(hours=2), False, 2)]
    (one,) = windows(usual_switches(switches, PARIS), firsts, PARIS)
    assert one.windows == ((time(22), time(6)),)


def test_a_meter_that_never_switches_has_no_windows() -> None:
    assert windows(usual_switches([], PARIS), {}, PARIS) == []


def found(windows_of: Callable[[datetime], Seen], *arguments: Any, **more: Any) -> OffPeakChange | None:
    """The last change of what `seen` returns."""
    return last_change(seen(windows_of, *arguments, **more), PARIS)


def seen(
    windows_of: Callable[[datetime], Seen],
    first: date = FIRST,
    days: int = 8,
    *,
    gone: tuple[date, ...] = (),
    contract: Callable[[date], str] = lambda _: "hphc",
    minutes_from: date = date.min,
    late: Callable[[date], int] = lambda _: 0,
    seen_late: int = 0,
) -> list[OffPeakInterval]:
    """What is seen of a meter that has these windows at each local moment of some days, seen minute by minute.

    Args:
        windows_of: the windows that hold at a moment, by its clock.
        first: the first night.
        days: nights.
        gone: nights that are not complete.
        contract: on each day.
        minutes_from: earlier minutes are not kept.
        late: minutes by which the meter's clock is late on a day.
        seen_late: minutes by which a switch may have been seen too late.
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
    return off_peak_intervals(nights(switches, kept, complete, PARIS, seen_late))


def turned(day: date, old: Seen, new: Seen, hour: int = 0) -> Callable[[datetime], Seen]:
    at = datetime.combine(day, time(hour), PARIS)
    return lambda local: new if local >= at else old


def test_three_same_nights_are_a_change() -> None:
    change = turned(date(2026, 12, 5), SWITCHES, REFORM)
    # Nights from 1 to 7 December, of which those of 5, 6 and 7 have the new hours.
    assert found(change, days=7) == OffPeakChange(date(2026, 12, 5), SWITCHES, REFORM, 3)
    assert found(change, days=6) is None


@pytest.mark.parametrize("hour", [0, 4, 10, 14, 23])
def test_the_day_of_the_change_is_that_of_the_first_new_switch(hour: int) -> None:
    # At 23:00 the meter leaves off-peak time, an hour after it began as before.
    change = found(turned(date(2026, 12, 5), SWITCHES, REFORM, hour), days=12)
    assert change is not None
    assert (change.since, change.old, change.new) == (date(2026, 12, 5), SWITCHES, REFORM)


def test_a_change_within_the_same_hours_is_found_by_the_minute() -> None:
    change = turned(date(2026, 12, 5), SWITCHES, LATER)
    assert found(change, days=10) == OffPeakChange(date(2026, 12, 5), SWITCHES, LATER, 6)


@pytest.mark.parametrize("later", [2, -2])
def test_a_clock_that_is_a_minute_or_two_off_is_no_change(later: int) -> None:
    assert found(lambda _: REFORM, days=10, late=lambda day: later if day.day > 5 else 0) is None


def test_a_clock_that_drifts_is_no_change() -> None:
    assert found(lambda _: REFORM, days=20, late=lambda day: day.day) is None


def test_one_or_two_odd_nights_are_no_change() -> None:
    odd = {date(2026, 12, 4), date(2026, 12, 5)}
    assert found(lambda local: REFORM if local.date() in odd else SWITCHES, days=12) is None


def test_an_odd_night_in_between_does_not_hide_a_change() -> None:
    def windows(local: datetime) -> Seen:
        return SWITCHES if local.date() < date(2026, 12, 5) or local.date() == date(2026, 12, 7) else REFORM

    change = found(windows, days=14)
    assert change is not None
    assert (change.old, change.new) == (SWITCHES, REFORM)


def test_a_meter_that_was_away_has_changed_when_it_was_seen_again() -> None:
    away = tuple(date(2026, 12, day) for day in range(4, 10))
    change = turned(date(2026, 12, 6), SWITCHES, REFORM)
    assert found(change, days=12, gone=away) == OffPeakChange(date(2026, 12, 10), SWITCHES, REFORM, 3)
    assert found(change, days=11, gone=away) is None
    assert found(lambda _: SWITCHES, days=12, gone=away) is None


def test_another_contract_with_its_own_hours_is_no_change() -> None:
    change = turned(date(2026, 12, 5), SWITCHES, REFORM)
    assert found(change, days=12, contract=lambda day: "hphc" if day < date(2026, 12, 5) else "other") is None


@pytest.mark.parametrize("first", [date(2026, 3, 20), date(2026, 10, 16)])
def test_the_night_of_a_clock_change_is_no_change(first: date) -> None:
    assert found(lambda _: ((time(1, 38), time(6, 38)), (time(12), time(15))), first, 20) is None


def test_a_meter_that_keeps_winter_time_is_no_change() -> None:
    # Summer time begins on 29 March: what was 22:00 to 06:00 is 23:00 to 07:00 by the clock on the wall.
    summer = ((time(23), time(7)),)
    assert found(turned(date(2026, 3, 29), SWITCHES, summer, 3), date(2026, 3, 20), 20) is None
    # On another day it is one.
    assert found(turned(date(2026, 3, 25), SWITCHES, summer), date(2026, 3, 15), 18) is not None


def test_the_first_turn_of_the_season_is_a_change_and_the_second_is_none() -> None:
    def windows(local: datetime) -> Seen:
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
    change = found(turned(date(2026, 12, 5), SWITCHES, REFORM), days=12, minutes_from=date(2026, 12, 20))
    assert change is not None
    assert (change.since, change.old) == (date(2026, 12, 5), SWITCHES)
    assert change.new == ((time(1), time(6)), (time(12), time(15)))


def test_windows_are_the_same_but_for_two_minutes() -> None:
    around_midnight = ((time(0, 1), time(5)), (time(12), time(15, 2)))
    assert same_windows(((time(12), time(15)), (time(23, 59), time(5))), around_midnight)
    assert not same_windows(SWITCHES, ((time(22), time(6, 3)),))
    assert not same_windows(SWITCHES, REFORM)


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
    def written(day: date) -> Seen:
        return SUMMER if 4 <= day.month <= 10 else REFORM

    (interval,) = seen(lambda _: REFORM, date(2027, 3, 20), days)
    difference = against(interval, date(2026, 12, 1), written)
    assert difference == (None if since is None else OffPeakChange(since, SUMMER, REFORM, nights_))


def test_an_adapter_that_tells_switches_up_to_ten_minutes_late_makes_no_change() -> None:
    def seen_at(day: date) -> int:
        return 7 * day.day % 11

    def changes(windows_of: Callable[[datetime], Seen]) -> tuple[OffPeakChange | None, OffPeakChange | None]:
        found = seen(windows_of, days=16, late=seen_at, seen_late=10)
        return last_change(found, PARIS), against(found[-1], FIRST, lambda _: LATER)

    assert changes(lambda _: SWITCHES) == (None, None)  # nor is it set against what is written
    change, _ = changes(turned(date(2026, 12, 9), SWITCHES, REFORM, 12))
    assert change is not None
    assert change.nights >= 5


def test_only_nights_from_the_line_on_are_compared_and_the_last_one_decides() -> None:
    intervals = seen(turned(date(2026, 12, 5), SWITCHES, REFORM, 4), days=12)
    assert against(intervals[-1], date(2026, 11, 1), lambda _: SWITCHES) == OffPeakChange(
        date(2026, 12, 5), SWITCHES, REFORM, 8
    )
    assert against(intervals[-1], date(2026, 12, 9), lambda _: SWITCHES) == OffPeakChange(
        date(2026, 12, 9), SWITCHES, REFORM, 4
    )
    assert against(intervals[-1], date(2026, 12, 11), lambda _: SWITCHES) is None
    assert against(intervals[-1], date(2026, 11, 1), lambda _: REFORM) is None
    # The bill followed on the last day.
    assert against(intervals[-1], date(2026, 11, 1), lambda day: REFORM if day.day == 12 else SWITCHES) is None
