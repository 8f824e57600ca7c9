"""Off-peak hours are found from the hours in which the meter switched."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from monitor.money.off_peak import HourSwitch, usual_switches, windows

PARIS = ZoneInfo("Europe/Paris")
Windows = list[tuple[time, time]]
NIGHT: Windows = [(time(22), time(6))]
SPLIT: Windows = [(time(1, 38), time(7)), (time(12, 30), time(15, 30))]
UNEVEN: Windows = [(time(1, 26), time(7, 26)), (time(12, 56), time(14, 56))]
LONGER: Windows = [(time(1, 26), time(6, 26)), (time(12, 56), time(15, 56))]


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
