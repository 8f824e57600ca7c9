"""Off-peak hours found from the hours in which the meter switched are those found from all minutes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.history.power import MinuteRow
from monitor.insight.switches import HourSwitch, usual_switches, windows
from tests.support.observed_windows import observed_windows

PARIS = ZoneInfo("Europe/Paris")
Windows = list[tuple[time, time]]
NIGHT: Windows = [(time(22), time(6))]
SPLIT: Windows = [(time(1, 38), time(7)), (time(12, 30), time(15, 30))]


def minutes(days: int, off_peak: Windows, later: Windows, start: datetime) -> list[MinuteRow]:
    rows = []
    for number in range(days * 1440):
        moment = start + timedelta(minutes=number)
        local = moment.astimezone(PARIS)
        current = off_peak if number < days * 720 else later
        inside = any(
            low <= local.time() < high if low < high else local.time() >= low or local.time() < high
            for low, high in current
        )
        rows.append(MinuteRow(moment, 60, 1 if inside else 2, None, None, None, None, None))
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
