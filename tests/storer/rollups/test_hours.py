"""Which hours are written and judged again, with tables in memory; all figures by hand."""

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from common.contract.registers import REGISTERS, Readings
from common.database.mariadb import Connection, sql_time
from storer.rollups import hours
from storer.rollups.breaks import Before, HourReadings, Inside, Judgement

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ONE, TWO = 1, 2  # meters
#: Of the minutes of the hour from noon on, and of the hour before it.
ARGUMENTS = (sql_time(NOON), (ONE,), sql_time(NOON - HOUR), (ONE,), sql_time(NOON), sql_time(NOON + HOUR))


def values(**named: int) -> Readings:
    return tuple(named.get(name) for name in REGISTERS)


def readings(after: int, first: Readings, last: Readings, *, standard: bool = True) -> HourReadings:
    """Of the hour so many hours after noon, from its minute 1 to its minute 59."""
    hour = NOON + after * HOUR
    return HourReadings(hour, hour + MINUTE, hour + 59 * MINUTE, standard, standard, first, last)


def total(after: int, first: int, last: int) -> HourReadings:
    return readings(after, values(total=first), values(total=last))


class Tables:
    """Stands in for the database: what the frames tell, and the tables `hours` and `breaks`."""

    def __init__(self) -> None:
        self.of_frames: dict[tuple[int, datetime], HourReadings] = {}
        self.inside: dict[int, Inside] = {}  # by meter
        self.frames: dict[int, int] = {}  # what the rows of an hour were made of, by meter
        self.hours: dict[tuple[int, datetime], HourReadings] = {}
        self.energy: dict[tuple[int, datetime], tuple[int | None, int | None]] = {}
        self.steps: dict[tuple[int, datetime], dict[int, int]] = {}
        self.measured: list[tuple[int, ...]] = []  # meter, measure, frames: as minutes make them
        self.stored: list[tuple[int, ...]] = []  # the same as they are stored
        self.written: list[datetime] = []
        self.transactions = self.versions = 0
        self.touched = 0  # rows whose measures change
        self.asked: list[tuple[str, Sequence[Any]]] = []

    # The connection

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        self.transactions += 1
        yield

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        self.asked.append((sql, arguments))
        self.versions += sql.startswith("UPDATE rollup_state SET version")
        return self.touched

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Sequence[Sequence[Any]]:
        self.asked.append((sql, arguments))
        if sql.endswith("FROM meters ORDER BY id"):
            return [(ONE,), (TWO,)]
        return self.measured if " FROM minutes " in sql else self.stored

    # What frames tell

    def read_ends(self, _: object, hour: datetime, minutes: Mapping[int, int]) -> dict[int, HourReadings]:
        return {meter: self.of_frames[meter, hour] for meter in minutes if (meter, hour) in self.of_frames}

    def read_insides(self, _: object, rows: Mapping[int, HourReadings]) -> dict[int, Inside]:
        return {meter: self.inside[meter] for meter in rows if meter in self.inside}

    # `StoredHours`

    def of_hour(self, hour: datetime, meters: Collection[int]) -> dict[int, HourReadings]:
        return {meter: self.hours[meter, hour] for meter in meters if (meter, hour) in self.hours}

    def minutes_of_hour(self, hour: datetime, meters: Sequence[int]) -> dict[int, tuple[int, int]]:
        return {meter: (self.frames[meter], 1) for meter in meters if meter in self.frames}

    def energy_of_hour(self, hour: datetime, meters: Sequence[int]) -> dict[int, tuple[int | None, int | None]]:
        return {meter: self.energy.get((meter, hour), (None, None)) for meter in meters}

    def _rows(self, meter: int) -> list[HourReadings]:
        return [row for (other, _), row in sorted(self.hours.items()) if other == meter]

    def next_with(self, register: int, meter: int, hour: datetime) -> HourReadings | None:
        return next((row for row in self._rows(meter) if row.hour > hour and row.last[register] is not None), None)

    def earlier(self, hour: datetime, meters: Iterable[int]) -> dict[int, HourReadings]:
        return {
            meter: [*rows][-1] for meter in meters if (rows := [row for row in self._rows(meter) if row.hour < hour])
        }

    def later(self, hour: datetime, meters: Iterable[int]) -> dict[int, HourReadings]:
        return {meter: rows[0] for meter in meters if (rows := [row for row in self._rows(meter) if row.hour > hour])}

    def before(self, meter: int, hour: HourReadings, previous: HourReadings | None) -> list[Before | None]:
        found: list[Before | None] = [None] * len(REGISTERS)
        for row in self._rows(meter):
            for register, value in enumerate(row.last):
                if row.hour < hour.hour and value is not None:
                    found[register] = Before(value, row.last_at, row.last_standard)
        return found

    def breaks_of_hour(self, hour: datetime, meters: Collection[int]) -> dict[int, dict[int, int]]:
        return {meter: dict(self.steps[meter, hour]) for meter in meters if (meter, hour) in self.steps}

    def write_breaks(self, meter: int, hour: datetime, judgement: Judgement, stored: Mapping[int, int]) -> None:
        assert stored == self.steps.get((meter, hour), {})
        self.steps[meter, hour] = dict(judgement.steps)

    def write_readings(self, rows: Iterable[tuple[int, HourReadings, Judgement]]) -> None:
        for meter, row, judgement in rows:
            self.hours[meter, row.hour] = row
            self.energy[meter, row.hour] = judgement.drawn, judgement.injected
            self.written.append(row.hour)

    def roll(
        self, *rows: HourReadings, held: Mapping[int, int] | None = None, meter: int = ONE, always_judge: bool = False
    ) -> list[int]:
        """Roll up the hours of these readings; return which hours were written, in hours after noon."""
        self.written.clear()
        for row in rows:
            self.of_frames[meter, row.hour] = row
            self.frames[meter] = 10
            hours.roll_hours(self.connection, row.hour, [meter], held, always_judge=always_judge)
        return [(hour - NOON) // HOUR for hour in self.written]

    @property
    def connection(self) -> Connection:
        return cast("Connection", self)

    def drawn(self, meter: int = ONE) -> list[int | None]:
        return [energy[0] for (other, _), energy in sorted(self.energy.items()) if other == meter]


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Tables:
    tables = Tables()
    monkeypatch.setattr(hours, "StoredHours", lambda _: tables)
    monkeypatch.setattr(hours, "read_ends", tables.read_ends)
    monkeypatch.setattr(hours, "read_insides", tables.read_insides)
    return tables


def test_an_hour_is_measured_from_its_minutes_and_its_energy_is_what_its_readings_went_on_by(tables: Tables) -> None:
    assert tables.roll(total(0, 1000, 1300)) == [0]
    assert tables.drawn() == [300]
    assert tables.steps == {(ONE, NOON): {}}
    sql, arguments = tables.asked[0]
    assert sql.startswith("INSERT INTO hours (meter_id, hour, minutes, seconds, power_min,")
    assert arguments == ARGUMENTS


def test_what_a_decoded_meter_read_last_reaches_into_the_next_hour(tables: Tables) -> None:
    row = replace(total(0, 1000, 1300), usual_interval=60)
    tables.roll(total(1, 1300, 1400), total(3, 1400, 1400))
    tables.asked.clear()
    tables.roll(row)
    assert measured_hours(tables) == [0, 1]
    tables.roll(row)  # as it was
    assert measured_hours(tables) == [0, 1, 0]
    tables.roll(total(0, 1000, 1300))  # after all of a line
    assert measured_hours(tables) == [0, 1, 0, 0, 1]
    tables.roll(replace(total(1, 1300, 1400), usual_interval=60))  # no hour follows it at once
    assert measured_hours(tables) == [0, 1, 0, 0, 1, 1]


def measured_hours(tables: Tables) -> list[int]:
    """In hours after noon."""
    starts = [arguments[0] for sql, arguments in tables.asked if "FROM minutes" in sql]
    return [next(after for after in range(4) if sql_time(NOON + after * HOUR) == start) for start in starts]


def test_energy_goes_on_from_the_hour_before_or_the_latest_that_there_is(tables: Tables) -> None:
    tables.roll(total(0, 1000, 1300), total(1, 1305, 1500), total(4, 1600, 1601))
    assert tables.drawn() == [300, 200, 101]


def test_an_hour_that_did_not_change_is_not_written_again_unless_it_is_asked_for(tables: Tables) -> None:
    row = total(0, 1000, 1300)
    assert tables.roll(row) == [0]
    assert tables.roll(row) == []
    assert tables.roll(row, always_judge=True) == [0]
    assert tables.roll(replace(row, label_set_id=5)) == [0]


def test_an_hour_whose_ends_do_not_tell_is_judged_again_with_what_is_inside(tables: Tables) -> None:
    row = total(0, 8000, 20)  # set back after 8290, and 5 at first
    tables.roll(row)
    assert tables.drawn() == [0]
    frames = [(NOON + n * MINUTE, True, values(total=wh)) for n, wh in enumerate((8000, 8290, 5, 20))]
    tables.inside[ONE] = Inside(frames)
    assert tables.roll(row) == [0]
    assert tables.drawn() == [290 + 15]
    assert tables.steps[ONE, NOON] == {0: 5 - 8290}


@pytest.mark.parametrize(("held", "versions"), [(None, 0), ({ONE: 10}, 1)])
def test_a_late_hour_takes_its_energy_from_the_next_one(
    tables: Tables, held: dict[int, int] | None, versions: int
) -> None:
    tables.roll(total(0, 1000, 1300), total(2, 1600, 1700), total(3, 1700, 1700))
    assert tables.drawn() == [300, 400, 0]
    assert tables.roll(total(1, 1400, 1500), held=held) == [1, 2]
    assert tables.drawn() == [300, 200, 200, 0]
    assert tables.versions == versions


def test_what_is_remembered_of_the_past_stays_right_when_the_newest_hour_is_written(tables: Tables) -> None:
    tables.roll(total(0, 1000, 1300), total(1, 1300, 1400), held={ONE: 10})
    assert tables.versions == 0


def test_late_frames_within_an_hour_of_the_past_end_what_is_remembered_of_it(tables: Tables) -> None:
    tables.roll(total(0, 1000, 1300), total(1, 1300, 1400))
    tables.touched = 2
    tables.roll(total(0, 1000, 1300), held={ONE: 10})
    assert tables.versions == 1


def test_a_late_hour_that_changes_nothing_leaves_the_next_one_alone(tables: Tables) -> None:
    tables.roll(total(0, 1000, 1300), total(1, 1300, 1400))
    assert tables.roll(total(0, 1000, 1300), always_judge=True, held={ONE: 10}) == [0]
    assert tables.versions == 0


def test_the_next_hour_that_has_a_register_which_the_following_lacks_is_judged_too(tables: Tables) -> None:
    damaged = readings(1, values(total=1300), values(total=1400))
    last = readings(2, values(total=1400, injected=70), values(total=1500, injected=75))
    tables.roll(damaged, last)
    assert tables.energy[ONE, NOON + 2 * HOUR] == (100, 5)
    assert tables.roll(readings(0, values(total=1200, injected=50), values(total=1300, injected=60))) == [0, 1, 2]
    assert tables.energy[ONE, NOON + 2 * HOUR] == (100, 15)
    assert tables.roll(replace(total(0, 1200, 1300), label_set_id=5)) == [0, 1, 2]  # it lost the register again


def test_hours_after_a_change_of_the_contract_are_judged_again(tables: Tables) -> None:
    """BASE comes between hours of HC: from then on the registers of HC start afresh."""
    base = readings(0, values(total=500), values(total=530), standard=False)
    low = readings(1, values(supplier_1=140), values(supplier_1=147), standard=False)
    high = readings(2, values(supplier_1=147, supplier_2=9), values(supplier_1=147, supplier_2=19), standard=False)
    tables.roll(low, high)
    assert tables.roll(base) == [0, 1, 2]
    assert tables.roll(replace(low, hour=NOON)) == [0, 1, 2]
    assert tables.roll(base) == [0, 1, 2]


def test_readings_stay_where_the_row_knows_of_frames_that_are_gone(tables: Tables) -> None:
    tables.roll(total(0, 1000, 1300))
    for held in ({ONE: 9}, {}):
        assert tables.roll(total(0, 1100, 1200), held=held) == []
    assert tables.roll(total(0, 1100, 1200), held={ONE: 10}) == [0]


@pytest.mark.parametrize(("meters", "transactions"), [(500, 1), (501, 2)])
def test_500_meters_are_in_one_transaction(tables: Tables, meters: int, transactions: int) -> None:
    hours.roll_hours(tables.connection, NOON, range(meters), None)
    assert tables.transactions == transactions
    assert sum(len(arguments[1]) for _, arguments in tables.asked) == meters


def compared(tables: Tables, held: int = 10) -> tuple[set[int], set[int]]:
    found = hours.compare_hours(tables.connection, NOON, {ONE: held})
    return found.different, found.of_more_frames


def test_an_hour_is_what_its_frames_make(tables: Tables) -> None:
    tables.roll(total(-1, 900, 2000), total(0, 1000, 1300))  # set back by a thousand
    tables.measured = tables.stored = [(ONE, 7, 10)]
    assert tables.steps[ONE, NOON] == {0: -1000}
    assert compared(tables) == (set(), set())
    tables.steps[ONE, NOON][15] = 0  # a break that is none any more
    assert compared(tables) == (set(), set())
    assert compared(tables, held=9) == (set(), {ONE})
    assert compared(tables, held=0) == (set(), {ONE})
    assert tables.written == [NOON - HOUR, NOON]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda tables: tables.steps.clear(), id="a break is missing"),
        pytest.param(lambda tables: tables.steps[ONE, NOON].update({15: 3}), id="another break"),
        pytest.param(lambda tables: tables.energy.update({(ONE, NOON): (299, None)}), id="energy"),
        pytest.param(lambda tables: tables.energy.update({(ONE, NOON): (300, 0)}), id="injected energy"),
        pytest.param(lambda tables: tables.hours.pop((ONE, NOON)), id="readings are missing"),
        pytest.param(lambda tables: tables.of_frames.pop((ONE, NOON)), id="no frame has readings"),
        pytest.param(lambda tables: setattr(tables, "measured", [(ONE, 8, 10)]), id="a measure"),
        pytest.param(lambda tables: setattr(tables, "stored", []), id="the row is missing"),
    ],
)
def test_an_hour_is_not_what_its_frames_make(tables: Tables, change: Any) -> None:
    tables.roll(total(-1, 900, 2000), total(0, 1000, 1300))
    tables.measured = tables.stored = [(ONE, 7, 10)]
    change(tables)
    assert compared(tables) == ({ONE}, set())


def test_an_hour_without_readings_has_no_energy(tables: Tables) -> None:
    tables.frames = {ONE: 10}
    tables.measured = tables.stored = [(ONE, 7, 10)]
    assert compared(tables) == (set(), set())
    tables.frames = {}
    tables.steps = {(ONE, NOON): {0: 5}}
    assert compared(tables, held=0) == (set(), {ONE})


@pytest.mark.parametrize(
    ("measured", "stored", "mended"),
    [
        ((ONE, 7, 10), (ONE, 7, 10), False),
        ((ONE, 8, 10), (ONE, 7, 10), True),
        ((ONE, 8, 11), (ONE, 7, 10), True),
        ((ONE, 8, 9), (ONE, 7, 10), False),  # minutes were dropped, or lack frames
        ((ONE, 8, 9), (TWO, 8, 9), True),
    ],
)
def test_measures_of_an_hour_are_mended(
    tables: Tables, measured: tuple[int, ...], stored: tuple[int, ...], mended: bool
) -> None:
    tables.measured, tables.stored = [measured], [stored]
    assert hours.mend_measures(tables.connection, NOON, {ONE}) is mended
    assert [arguments[1] for sql, arguments in tables.asked if sql.startswith("INSERT")] == [(ONE,)] * mended
    assert tables.asked[0][1] == ARGUMENTS
