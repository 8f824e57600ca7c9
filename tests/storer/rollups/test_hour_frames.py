"""Which frames of an hour its readings are taken from, over a table in memory; all figures by hand."""

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.contract.registers import REGISTERS
from common.database.mariadb import Connection, sql_time
from storer.frames.rows import COLUMNS, Row, encode_row
from storer.rollups import hour_frames
from storer.rollups.breaks import HourReadings
from storer.rollups.hour_frames import read_ends, read_insides

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE, TWO = 1, 2  # meters


def at(minute: int, second: float = 0) -> datetime:
    return NOON + timedelta(minutes=minute, seconds=second)


class Frames:
    """Stands in for the tables `frames` and `label_sets`; ids of label sets are counted from 100."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, Row, int]] = []  # meter, row, label set
        self.contents: dict[int, Any] = {}
        self.queries = 0

    def add(
        self,
        when: datetime,
        meter: int = ONE,
        *,
        dropped: int | None = None,
        interval: int | None = None,
        mode: Mode = Mode.STANDARD,
        **values: Value,
    ) -> None:
        row = encode_row(
            Frame(meter=f"{meter:012}", timestamp=when, mode=mode, values=values, dropped=dropped, interval=interval)
        )
        number = 100 + len(self.rows)
        self.contents[number] = json.loads(row.label_set.content)
        self.rows.append((meter, row, number))

    def read_contents(self, _: object, ids: Collection[int]) -> dict[int, Any]:
        return {number: self.contents[number] for number in ids if number in self.contents}

    def query(self, sql: str, arguments: Sequence[Any]) -> list[tuple[Any, ...]]:
        self.queries += 1
        found = []
        todo = iter(arguments)
        for part in sql.split(" UNION ALL "):
            found += self._part(part, todo)
        return found

    def _part(self, sql: str, arguments: Iterator[Any]) -> list[tuple[Any, ...]]:
        start, end, meters = next(arguments), next(arguments), next(arguments)
        meters = meters if isinstance(meters, tuple) else (meters,)
        chosen = sorted(
            (row.timestamp, meter, row, number)
            for meter, row, number in self.rows
            if meter in meters and start <= sql_time(row.timestamp) < end and self._matches(sql, row)
        )
        if "LIMIT 1" in sql:
            chosen = chosen[-1:] if "DESC" in sql else chosen[:1]
        elif "GROUP BY" in sql:
            ends = [[one for one in chosen if one[1] == meter] for meter in meters]
            chosen = [of_meter[0 if "MIN(" in sql else -1] for of_meter in ends if of_meter]
        return [(meter, when.replace(tzinfo=None), number, *row.columns) for when, meter, row, number in chosen]

    @staticmethod
    def _matches(sql: str, row: Row) -> bool:
        of = dict(zip(COLUMNS, row.columns, strict=True))
        has_index = of["index_total"] is not None or of["index_supplier"] is not None
        return has_index and ("COALESCE(dropped, 0) = 0" not in sql or not of["dropped"])

    def ends(self, *minutes: int, meter: int = ONE) -> HourReadings | None:
        bits = sum(1 << minute for minute in minutes)
        return read_ends(cast("Connection", self), NOON, {meter: bits}).get(meter)


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> Frames:
    frames = Frames()
    monkeypatch.setattr(hour_frames, "read_contents", frames.read_contents)
    return frames


def named(values: Sequence[int | None]) -> dict[str, int]:
    return {name: value for name, value in zip(REGISTERS, values, strict=True) if value is not None}


def test_readings_are_those_of_the_first_and_the_last_frame(frames: Frames) -> None:
    for minute, second, wh in ((3, 0.7, 1000), (3, 30, 1001), (20, 0, 1010), (58, 1, 1040), (58, 59.999, 1041)):
        frames.add(at(minute, second), EAST=wh, EASF01=wh - 7, EAIT=5, NTARF=1)
    found = frames.ends(3, 20, 58)
    assert found is not None
    assert (found.hour, found.first_at, found.last_at) == (NOON, at(3), at(58, 59))
    assert (found.first_standard, found.last_standard, found.supplier, found.label_set_id) == (True, True, 1, 104)
    assert named(found.first) == {"total": 1000, "supplier_1": 993, "injected": 5}
    assert named(found.last) == {"total": 1041, "supplier_1": 1034, "injected": 5}
    assert frames.queries == 1


def test_the_usual_interval_is_that_of_the_last_frame(frames: Frames) -> None:
    for minute, interval in ((3, 900), (20, 60)):
        frames.add(at(minute), EAST=1000, interval=interval)
    found = frames.ends(3, 20)
    assert found is not None
    assert found.usual_interval == 60


def test_meters_have_readings_of_their_own(frames: Frames) -> None:
    frames.add(at(0), ONE, EAST=1)
    frames.add(at(0, 1), TWO, EAST=50)
    frames.add(at(5), TWO, EAST=51)
    found = read_ends(cast("Connection", frames), NOON, {ONE: 0b1, TWO: 0b100001, 3: 0b1})
    totals = {meter: (row.first[0], row.last[0]) for meter, row in found.items()}
    assert totals == {ONE: (1, 1), TWO: (50, 51)}
    assert read_ends(cast("Connection", frames), NOON, {}) == {}


def test_damaged_frames_are_taken_only_where_there_are_no_others(frames: Frames) -> None:
    frames.add(at(0), EAST=1000, dropped=1)
    frames.add(at(1), EAST=1001)
    frames.add(at(2), EAST=1002)
    frames.add(at(59, 59), EAST=1003, dropped=2)
    found = frames.ends(0, 1, 2, 59)
    assert found is not None
    assert (found.first_at, found.last_at) == (at(1), at(2))
    frames.rows = [row for row in frames.rows if row[1].timestamp not in (at(1), at(2))]
    found = frames.ends(0, 59)
    assert found is not None
    assert (found.first_at, found.last_at) == (at(0), at(59, 59))


def test_frames_without_an_index_have_no_readings(frames: Frames) -> None:
    frames.add(at(0), SINSTS=5, EASF01=7)  # without a sign of which register runs
    frames.add(at(9), SINSTS=5)
    assert frames.ends(0, 9) is None
    frames.add(at(4), EASF02=7, NTARF=2)
    found = frames.ends(0, 4, 9)
    assert found is not None
    assert (found.first_at, named(found.last), found.supplier) == (at(4), {"supplier_2": 7}, 2)


@pytest.mark.parametrize("dropped", [None, 1])
def test_a_frame_of_the_next_hour_is_none_of_this_one(frames: Frames, dropped: int | None) -> None:
    frames.add(at(59, 59), EAST=1, dropped=dropped)
    frames.add(at(60), EAST=2)
    frames.add(at(-1), EAST=0)
    found = frames.ends(59)
    assert found is not None
    assert named(found.first) == named(found.last) == {"total": 1}


@pytest.mark.parametrize(
    ("values", "supplier", "registers"),
    [
        ({"BASE": 500, "PTEC": "TH.."}, 1, {"total": 500}),  # there is only one
        ({"HCHC": 30, "HCHP": 40, "PTEC": "HP.."}, 2, {"supplier_1": 30, "supplier_2": 40}),
    ],
)
def test_registers_of_historic_mode(
    frames: Frames, values: dict[str, Any], supplier: int, registers: dict[str, int]
) -> None:
    frames.add(at(0), mode=Mode.HISTORIC, **values)
    frames.add(at(1), EAST=7)
    found = frames.ends(0, 1)
    assert found is not None
    assert (found.first_standard, found.last_standard, named(found.first)) == (False, True, registers)
    assert found.supplier is None
    found = frames.ends(0)
    assert found is not None
    assert (found.last_standard, found.supplier) == (False, supplier)


def test_without_the_label_set_of_an_end_there_are_no_readings(
    frames: Frames, caplog: pytest.LogCaptureFixture
) -> None:
    frames.add(at(0), EAST=1)
    frames.add(at(1), EAST=2)
    assert frames.ends(0, 1) is not None
    assert not caplog.records
    del frames.contents[101]
    assert frames.ends(0, 1) is None
    assert "101" in caplog.text


def drawn(frames: Frames, *meters: int) -> dict[int, int]:
    """What is between the ends of the hour of each meter."""
    bits = dict.fromkeys(meters, 2**60 - 1)
    rows = read_ends(cast("Connection", frames), NOON, bits)
    return {meter: inside.drawn for meter, inside in read_insides(cast("Connection", frames), rows).items()}


def test_all_frames_between_the_ends_are_read_where_the_ends_do_not_tell(frames: Frames) -> None:
    for minute, wh in ((0, 8000), (1, 8010), (2, 3), (3, 9)):
        frames.add(at(minute, 0.5), ONE, EAST=wh)
    for minute, wh in ((0, 100), (3, 130)):
        frames.add(at(minute), TWO, EAST=wh)
    for minute, wh in ((2, 900), (4, 5), (5, 7)):
        frames.add(at(minute), 3, EAST=wh)
    frames.add(at(70), ONE, EAST=90)
    assert drawn(frames, ONE, TWO, 3) == {ONE: 10 + 6, 3: 2}


def test_frames_before_the_first_readings_and_after_the_last_do_not_count(frames: Frames) -> None:
    """They are damaged, or of another clock."""
    frames.add(at(0), EAST=7900, dropped=1)
    for minute, wh in ((1, 8000), (2, 8010), (3, 3), (4, 9)):
        frames.add(at(minute), EAST=wh)
    frames.add(at(4, 0.9), EAST=12, dropped=1)
    assert drawn(frames, ONE) == {ONE: 10 + 6}


def test_nothing_is_known_where_the_frames_of_the_ends_are_gone(frames: Frames) -> None:
    for minute, wh in ((0, 8000), (1, 8010), (2, 3), (3, 9)):
        frames.add(at(minute), EAST=wh)
    row = frames.ends(0, 3)
    assert row is not None
    for gone in (at(0), at(3)):
        kept, frames.rows = frames.rows, [one for one in frames.rows if one[1].timestamp != gone]
        assert read_insides(cast("Connection", frames), {ONE: row}) == {}
        frames.rows = kept
    assert read_insides(cast("Connection", frames), {ONE: row}).keys() == {ONE}


def test_ten_meters_are_read_at_once(frames: Frames) -> None:
    meters = range(1, 12)
    for meter in meters:
        for minute, wh in ((0, 8000), (1, 3)):
            frames.add(at(minute), meter, EAST=wh)
    rows = read_ends(cast("Connection", frames), NOON, dict.fromkeys(meters, 0b11))
    frames.queries = 0
    assert read_insides(cast("Connection", frames), rows).keys() == set(meters)
    assert frames.queries == 2
