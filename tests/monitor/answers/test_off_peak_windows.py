"""Off-peak hours found from the hours in which the meter switched are those found from all minutes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.answers.off_peak_windows import HourSwitch, usual_switches, windows
from tests.support.observed_windows import MinuteRow, observed_windows

PARIS = ZoneInfo("Europe/Paris")
Windows = list[tuple[time, time]]
NIGHT: Windows = [(time(22), time(6))]
SPLIT: Windows = [(time(1, 38), time(7)), (time(12, 30), time(15, 30))]
UNEVEN: Windows = [(time(1, 26), time(7, 26)), (time(12, 56), time(14, 56))]
LONGER: Windows = [(time(1, 26), time(6, 26)), (time(12, 56), time(15, 56))]


def minutes(
    days: int, off_peak: Windows, later: Windows, start: datetime, change: int | None = None
) -> list[MinuteRow]:
    rows = []
    for number in range(days * 1440):
        moment = start + timedelta(minutes=number)
        local = moment.astimezone(PARIS)
        current = off_peak if number < (days * 720 if change is None else change) else later
        inside = any(
            low <= local.time() < high if low < high else local.time() >= low or local.time() < high
            for low, high in current
        )
        rows.append(MinuteRow(moment, 1 if inside else 2))
    return rows


def by_hours(rows: list[MinuteRow]) -> tuple[list[HourSwitch], dict[datetime, datetime]]:
    """What the database says of these minutes."""
    last: dict[datetime, int] = {}
    for row in rows:
        assert row.supplier is not None
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


@pytest.mark.parametrize("start", [datetime(2026, 2, 27, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)])
@pytest.mark.parametrize(("before", "after"), [(NIGHT, NIGHT), (SPLIT, SPLIT), (NIGHT, SPLIT), (SPLIT, NIGHT)])
def test_windows_are_those_of_all_minutes(start: datetime, before: Windows, after: Windows) -> None:
    # Sixty days, the second half of them with other windows, over a change of time.
    rows = minutes(60, before, after, start)
    switches, firsts = by_hours(rows)
    plain = {one.month: set(one.windows) for one in observed_windows(rows, frozenset([1]), PARIS)}
    found = {one.month: set(one.windows) for one in windows(usual_switches(switches, PARIS), firsts, PARIS)}
    whole = {month for month in plain if before == after or month not in _mixed(rows)}
    assert {month: found[month] for month in whole} == {month: plain[month] for month in whole}


@pytest.mark.parametrize(("before", "after"), [(NIGHT, SPLIT), (UNEVEN, LONGER), (LONGER, NIGHT)])
@pytest.mark.parametrize("day", [10, 16, 24])
@pytest.mark.parametrize("hour", [0, 10])  # a meter is told its new hours at any time of the day
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


def _mixed(rows: list[MinuteRow]) -> set[date]:
    return {rows[len(rows) // 2].minute.astimezone(PARIS).date().replace(day=1)}


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
