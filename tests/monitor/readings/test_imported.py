from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import cast

from common.contract.registers import REGISTERS
from monitor.readings.hours import Meter
from monitor.readings.imported import (
    DayTotal,
    Imported,
    ImportedHours,
    imported_between,
    imported_hours,
    imported_totals,
    named,
)
from monitor.readings.periods import HourEnergy

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOTAL, FIRST, SECOND, INJECTED = (REGISTERS.index(name) for name in ("total", "supplier_1", "supplier_2", "injected"))
NEVER_READ = Meter(1, "031961123456", None, None)
JUNE, JULY, AUGUST = (datetime(2024, month, 1, tzinfo=UTC) for month in (6, 7, 8))


def hours(*rows: Imported) -> ImportedHours:
    class Stored:
        def between(self, _meter: int, start: datetime, end: datetime, least: int = 1) -> Iterable[Imported]:
            return [row for row in rows if start <= row.hour < end and row.hours >= least]

    return cast("ImportedHours", Stored())


def test_an_imported_hour_counts_in_the_period_in_which_it_begins() -> None:
    stored = hours(*(Imported(NOON + n * HOUR, TOTAL, 10**n, 1) for n in range(4)))
    first, second = imported_between(stored, NEVER_READ, [NOON, NOON + HOUR, NOON + 3 * HOUR])
    assert (first.wh, second.wh) == ({"total": 1}, {"total": 110})
    assert (first.seconds, second.seconds) == (3600, 7200)


def test_registers_of_one_hour_are_one_hour_and_what_is_injected_is_none() -> None:
    stored = hours(Imported(NOON, FIRST, 5, 1), Imported(NOON, SECOND, 6, 1), Imported(NOON + HOUR, INJECTED, 7, 1))
    (found,) = imported_between(stored, NEVER_READ, [NOON, NOON + 2 * HOUR])
    assert found.wh == {"supplier_1": 5, "supplier_2": 6, "injected": 7}
    assert found.seconds == 3600


def test_of_an_imported_day_the_hours_inside_the_range_are_covered() -> None:
    stored = hours(Imported(NOON, TOTAL, 240, 24))
    for start, seconds in ((NOON - 2 * HOUR, 3 * 3600), (NOON - 40 * HOUR, 24 * 3600)):
        (found,) = imported_between(stored, NEVER_READ, [start, NOON + HOUR])
        assert found.seconds == seconds


def test_between_the_first_and_the_last_reading_of_a_meter_nothing_imported_counts() -> None:
    read = Meter(1, "031961123456", NOON + HOUR, NOON + 2 * HOUR)
    stored = hours(*(Imported(NOON + n * HOUR, TOTAL, 10**n, 1) for n in range(4)))
    (found,) = imported_between(stored, read, [NOON, NOON + 4 * HOUR])
    assert found.wh == {"total": 1001}


def test_an_imported_day_is_a_whole_and_no_hour_of_a_curve() -> None:
    stored = hours(Imported(NOON, TOTAL, 240, 24), Imported(NOON + HOUR, FIRST, 9, 1), Imported(NOON, INJECTED, 7, 24))
    assert imported_totals(stored, NEVER_READ, NOON, NOON + 2 * HOUR) == [
        DayTotal(NOON - 23 * HOUR, NOON + HOUR, "BASE", 240)
    ]
    assert imported_hours(stored, NEVER_READ, NOON, NOON + 2 * HOUR) == [
        HourEnergy(NOON + HOUR, 9, "EASF01", 3600, recovered=False, imported=True)
    ]


def test_the_registers_of_an_imported_hour_add_up_under_the_one_that_counted() -> None:
    stored = hours(Imported(NOON, FIRST, 5, 1), Imported(NOON, SECOND, 0, 1))
    assert [(one.wh, one.register) for one in imported_hours(stored, NEVER_READ, NOON, NOON + HOUR)] == [(5, "EASF01")]


def test_an_imported_month_is_divided_by_time_and_stays_the_same_in_sum() -> None:
    month = DayTotal(JUNE, JULY, "EASF01", 3000)
    tenth, last = JUNE + timedelta(days=9), JULY - timedelta(hours=1)
    moved = month.moved([tenth])
    assert [(piece.start, piece.wh["EASF01"]) for piece in moved] == [(JUNE, 900), (tenth, 2100), (last, -3000)]
    assert all(piece.start == piece.end for piece in moved)  # a subscription is not owed twice
    assert month.moved([]) == []


def test_imported_registers_get_the_names_of_the_offer() -> None:
    *_, piece = DayTotal(JUNE, AUGUST, "EASF02", 5).moved([JULY])
    assert named(piece, "hchp").wh == {"HCHP": -5}
    assert named(piece, None).wh == {"EASF02": -5}
