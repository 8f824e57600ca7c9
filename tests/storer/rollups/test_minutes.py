"""What becomes of the groups that the server makes of the frames of a minute; all figures by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from common.database.mariadb import Connection
from storer.rollups import minutes
from storer.rollups.label_facts import LabelFacts
from storer.rollups.minute_columns import AGGREGATES, COLUMNS, HOUR_COLUMNS, minute_values
from storer.rollups.minutes import compute_minutes, read_minutes, roll_minutes, roll_new_minutes

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EPOCH_MINUTE = 20_781 * 1440 + 720  # noon of 24 November 2026, 20,781 days after 1 January 1970
SECOND = 10**6

INSTANT = "EXTRACT(SECOND_MICROSECOND FROM f.timestamp)"
TOTAL = f"({INSTANT} << 32) + f.index_total"
SUPPLIER = f"IF(f.index_total IS NULL, ({INSTANT} << 32) + f.index_supplier, NULL)"
INJECTED = f"({INSTANT} << 32) + f.index_injected"
PEAK = "MAX((f.power << 6) + 63 - SECOND(f.timestamp))"
PIECES = "BIT_OR(1 << (SECOND(f.timestamp) DIV 5))"
OVERLOADS = "COUNT(COALESCE(f.overload, f.overload_1, f.overload_2, f.overload_3))"


def at(second: int, value: int) -> int:
    """A value with the time at which it was read."""
    return (second * SECOND + 1) * 2**32 + value


def total_of(column: str) -> str:
    return f"CAST(SUM(f.{column} + 0e0) AS UNSIGNED)"


def group(aggregates: dict[str, int]) -> list[int | None]:
    """One frame at second 0, but for what is given."""
    assert aggregates.keys() <= set(AGGREGATES), aggregates.keys() - set(AGGREGATES)
    values: dict[str, int | None] = {name: 0 if name.startswith("COUNT") else None for name in AGGREGATES}
    values |= {"COUNT(*)": 1, PIECES: 1, f"MIN({INSTANT})": 0, f"MAX({INSTANT})": 0}
    return list((values | aggregates).values())


def minute(*groups: tuple[LabelFacts, dict[str, int]]) -> dict[str, int | None]:
    return dict(zip(COLUMNS, minute_values([(facts, group(values)) for facts, values in groups]), strict=True))


PLAIN = LabelFacts()


def test_of_a_minute_of_one_bare_frame_only_its_coverage_is_known() -> None:
    assert {name: value for name, value in minute((PLAIN, {})).items() if value is not None} == {
        "frames": 1,
        "seconds": 5,
    }


def test_a_minute_with_a_reading_of_a_decoded_meter_is_measured() -> None:
    once, twice = LabelFacts(interval=60), LabelFacts(interval=90)
    of_two = minute((once, {}), (PLAIN, {PIECES: 2}), (twice, {}))
    assert (of_two["seconds"], of_two["usual_interval"], of_two["frames"]) == (60, 90, 3)


@pytest.mark.parametrize(
    ("parts", "row"),
    [
        pytest.param(
            # 100, 300 and 201 VA
            [
                {
                    "MIN(f.power)": 100,
                    total_of("power"): 601,
                    "COUNT(f.power)": 3,
                    PEAK: 300 * 64 + 63 - 59,
                    "COUNT(*)": 3,
                }
            ],
            {"power_min": 100, "power_mean": 200, "power_max": 300, "power_max_second": 59, "frames": 3},
            id="power of one group",
        ),
        pytest.param(
            # 100 and 300 VA, then 300 VA: 700 / 3 = 233.3; the highest is first reached in second 7
            [
                {"MIN(f.power)": 100, total_of("power"): 400, "COUNT(f.power)": 2, PEAK: 300 * 64 + 63 - 7},
                {"MIN(f.power)": 300, total_of("power"): 300, "COUNT(f.power)": 1, PEAK: 300 * 64 + 63 - 30},
                {PEAK: 200 * 64 + 63},
                {},
            ],
            {"power_min": 100, "power_mean": 233, "power_max": 300, "power_max_second": 7, "frames": 4},
            id="power of some groups, one without it",
        ),
        pytest.param([{total_of("power"): 3, "COUNT(f.power)": 2}], {"power_mean": 2}, id="a half is rounded up"),
        pytest.param(
            [{total_of("power"): 0, "COUNT(f.power)": 4, "MIN(f.power)": 0, PEAK: 63}],
            {"power_min": 0, "power_mean": 0, "power_max": 0, "power_max_second": 0},
            id="no power is a measurement",
        ),
        pytest.param(
            [
                {"MIN(f.voltage_2)": 231, total_of("voltage_2"): 463, "COUNT(f.voltage_2)": 2, "MAX(f.voltage_2)": 232},
                {"MIN(f.voltage_2)": 228, total_of("voltage_2"): 228, "COUNT(f.voltage_2)": 1, "MAX(f.voltage_2)": 228},
            ],
            # 691 / 3 = 230.3
            {"voltage_2_min": 228, "voltage_2_mean": 230, "voltage_2_max": 232, "voltage_1_mean": None},
            id="voltage of a phase",
        ),
        pytest.param(
            [
                {"MAX(COALESCE(f.current_1, f.current))": 9, "MAX(f.current_3)": 4, "MAX(f.power_1)": 2000},
                {"MAX(COALESCE(f.current_1, f.current))": 11, "MAX(f.power_1)": 1900},
            ],
            {"current_1_max": 11, "current_2_max": None, "current_3_max": 4, "power_1_max": 2000},
            id="current and power of phases",
        ),
        pytest.param(
            [
                {f"MIN({INJECTED})": at(3, 70), f"MAX({INJECTED})": at(29, 72), "MAX(f.power_injected)": 900},
                {f"MIN({INJECTED})": at(30, 73), f"MAX({INJECTED})": at(59, 75)},
            ],
            {"injected_first": 70, "injected_last": 75, "injected_power_max": 900},
            id="injected",
        ),
        pytest.param(
            # frames in seconds 0 to 9, and 5 to 14: pieces 0, 1 and 2
            [{PIECES: 0b011, "COUNT(*)": 10}, {PIECES: 0b110, "COUNT(*)": 10}],
            {"seconds": 15, "frames": 20},
            id="coverage counts a second once",
        ),
        pytest.param([{PIECES: 2**12 - 1, "COUNT(*)": 70_000}], {"seconds": 60, "frames": 65_535}, id="too many"),
        pytest.param([{OVERLOADS: 2, "COUNT(*)": 5}, {OVERLOADS: 1}], {"overload": 3}, id="overloads by label"),
        pytest.param([{OVERLOADS: 0, "COUNT(*)": 5}], {"overload": None}, id="no overload"),
    ],
)
def test_measures_of_a_minute(parts: list[dict[str, int]], row: dict[str, int | None]) -> None:
    found = minute(*((PLAIN, part) for part in parts))
    assert {name: found[name] for name in row} == row
    backwards = minute(*((PLAIN, part) for part in reversed(parts)))
    assert backwards == found


def test_a_status_register_says_that_all_frames_of_its_label_set_are_overloads() -> None:
    overloaded = LabelFacts(overload=True)
    found = minute((overloaded, {"COUNT(*)": 4}), (PLAIN, {"COUNT(*)": 9, OVERLOADS: 1}))
    assert (found["overload"], found["frames"]) == (4 + 1, 13)


@pytest.mark.parametrize(
    ("facts", "total", "supplier", "first"),
    [
        pytest.param(PLAIN, at(2, 5000), None, 5000, id="a column"),
        pytest.param(PLAIN, at(2, 0), None, 0, id="of nothing"),
        pytest.param(LabelFacts(idle_total=7), at(2, 5000), at(1, 30), 5000, id="the column goes first"),
        pytest.param(LabelFacts(idle_total=700), None, at(2, 30), 730, id="registers of historic mode"),
        pytest.param(LabelFacts(idle_total=2**32 - 31), None, at(2, 30), 2**32 - 1, id="the largest"),
        pytest.param(LabelFacts(idle_total=2**32 - 30), None, at(2, 30), None, id="more than a column holds"),
        pytest.param(PLAIN, None, at(2, 30), None, id="a register is missing"),
        pytest.param(LabelFacts(index_total=880), None, None, 880, id="in the label set"),
        pytest.param(LabelFacts(index_total=2**32), None, None, None, id="too large for the table"),
        pytest.param(LabelFacts(index_total=2**32 - 1), None, None, 2**32 - 1, id="just not too large"),
    ],
)
def test_the_total_of_a_minute(facts: LabelFacts, total: int | None, supplier: int | None, first: int | None) -> None:
    values = {
        f"{end}({column})": value
        for end in ("MIN", "MAX")
        for column, value in ((TOTAL, total), (SUPPLIER, supplier))
        if value is not None
    }
    found = minute((facts, values))
    assert (found["total_first"], found["total_last"]) == (first, first)


def test_the_switch_to_off_peak_within_a_minute() -> None:
    """Peak hours (register 2) up to second 30, off-peak hours (register 1) from 31 on; the total goes on."""
    peak = LabelFacts(historic=True, supplier=2, idle_total=1000)
    off_peak = LabelFacts(historic=True, supplier=1, idle_total=5010)
    for order in (slice(None), slice(None, None, -1)):
        found = minute(
            *[
                (
                    peak,
                    {f"MIN({SUPPLIER})": at(1, 5000), f"MAX({SUPPLIER})": at(30, 5010), f"MAX({INSTANT})": 30 * SECOND},
                ),
                (
                    off_peak,
                    {
                        f"MIN({SUPPLIER})": at(31, 1000),
                        f"MAX({SUPPLIER})": at(58, 1003),
                        f"MAX({INSTANT})": 58 * SECOND,
                    },
                ),
            ][order]
        )
        assert (found["supplier"], found["total_first"], found["total_last"]) == (1, 6000, 6013)


def test_the_total_of_the_last_frame_may_be_in_its_label_set() -> None:
    column = {f"MIN({TOTAL})": at(5, 4990), f"MAX({TOTAL})": at(6, 4991), f"MIN({INSTANT})": 5 * SECOND}
    later = {f"MIN({INSTANT})": 40 * SECOND, f"MAX({INSTANT})": 41 * SECOND}
    found = minute((PLAIN, column), (LabelFacts(index_total=880), later))
    assert (found["total_first"], found["total_last"]) == (4990, 880)


def test_hours_have_what_is_measured_and_no_readings_of_minutes() -> None:
    assert {"minutes", *COLUMNS} - HOUR_COLUMNS.keys() == {
        "supplier", "usual_interval", "total_first", "total_last", "injected_first", "injected_last",
    }  # fmt: skip
    assert list(HOUR_COLUMNS)[-1] == "frames" == COLUMNS[-1]


@pytest.mark.parametrize(
    ("facts", "total", "supplier"),
    [
        (LabelFacts(historic=True), at(0, 7), 1),  # BASE: there is only one
        (LabelFacts(historic=True), None, None),
        (LabelFacts(historic=False), at(0, 7), None),
        (LabelFacts(historic=False, supplier=10), None, 10),
    ],
)
def test_the_running_register(facts: LabelFacts, total: int | None, supplier: int | None) -> None:
    assert minute((facts, {} if total is None else {f"MIN({TOTAL})": total}))["supplier"] == supplier


def test_the_running_register_is_that_of_the_last_frame_which_tells_it() -> None:
    parts = [
        (LabelFacts(supplier=3), {f"MAX({INSTANT})": 20 * SECOND}),
        (LabelFacts(supplier=2), {f"MAX({INSTANT})": 40 * SECOND}),
        (PLAIN, {f"MAX({INSTANT})": 50 * SECOND}),
    ]
    assert minute(*parts)["supplier"] == 2


class Server:
    """Answers queries in turn, and remembers them."""

    def __init__(self, *answers: Sequence[Sequence[Any]]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, Sequence[Any]]] = []
        self.executed: list[str] = []

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Sequence[Sequence[Any]]:
        self.asked.append((sql, arguments))
        return self.answers.pop(0)

    def execute(self, sql: str) -> int:
        self.executed.append(sql)
        return 1


@pytest.fixture(autouse=True)
def label_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Label set 7 says that its frames are overloads, the others say nothing."""

    def read_facts(_: object, ids: set[int]) -> dict[int, LabelFacts]:
        return {number: LabelFacts(overload=number == 7) for number in ids}

    monkeypatch.setattr(minutes, "read_facts", read_facts)


def connection(server: Server) -> Connection:
    return cast("Connection", server)


def row_of(meter: int, of_minute: int, label_set: int, frames: int) -> tuple[int | None, ...]:
    return meter, EPOCH_MINUTE + of_minute, label_set, frames, *group({"COUNT(*)": frames})


def frames_and_overload(row: tuple[Any, ...]) -> tuple[Any, ...]:
    values = dict(zip(("meter", "minute", *COLUMNS), row, strict=True))
    return values["meter"], values["minute"], values["frames"], values["overload"]


def test_groups_of_a_minute_become_its_row_and_frames_are_counted_by_hour() -> None:
    server = Server([row_of(2, 0, 1, 3), row_of(1, 60, 1, 5), row_of(1, 59, 7, 2), row_of(1, 59, 1, 4)])
    rows, found = compute_minutes(connection(server), NOON, NOON + 2 * HOUR)
    assert [frames_and_overload(row) for row in rows] == [
        (1, "2026-11-24 12:59:00", 6, 2),
        (1, "2026-11-24 13:00:00", 5, None),
        (2, "2026-11-24 12:00:00", 3, None),
    ]
    assert found == {(1, NOON): 6, (1, NOON + HOUR): 5, (2, NOON): 3}
    assert server.asked[0][1] == ("2026-11-24 12:00:00.000000", "2026-11-24 14:00:00.000000")


def test_only_some_meters_are_read_when_they_are_named() -> None:
    server = Server([])
    compute_minutes(connection(server), NOON, NOON + MINUTE, {9, 4})
    sql, arguments = server.asked[0]
    assert ("AND f.meter_id IN %s" in sql, arguments[2]) == (True, [4, 9])


def test_minutes_before_the_first_hour_that_can_be_stored_are_left_out() -> None:
    server = Server([])
    compute_minutes(connection(server), datetime(1970, 1, 1, tzinfo=UTC), NOON)
    assert server.asked[0][1][0] == "1970-01-01 01:00:00.000000"


@pytest.mark.parametrize(("count", "statements"), [(0, 0), (1, 1), (500, 1), (501, 2)])
def test_rows_are_written_500_at_once(count: int, statements: int) -> None:
    server = Server([row_of(number, 0, 1, 1) for number in range(count)])
    found = roll_minutes(connection(server), NOON, NOON + MINUTE)
    assert (len(server.executed), found.total()) == (statements, count)
    assert sum(statement.count("'2026-11-24 12:00:00'") for statement in server.executed) == count


def test_meters_with_more_frames_than_their_minutes_are_made_again_hour_by_hour() -> None:
    server = Server(
        [(1, 60), (2, 60), (3, 10)], [(1, 60), (2, 59)], [row_of(2, 50, 1, 60), row_of(3, 50, 1, 10)],
        [(1, 5)], [(1, 6)],
    )  # fmt: skip
    found = roll_new_minutes(connection(server), NOON + 50 * MINUTE, NOON + 61 * MINUTE)
    assert list(found) == [(1, NOON), (2, NOON), (3, NOON), (1, NOON + HOUR)]
    counted, made, rolled, counted_next, _ = [arguments for _, arguments in server.asked]
    limits = "2026-11-24 12:50:00.000000", "2026-11-24 13:00:00.000000"
    assert (counted, made, rolled) == (limits, ((1, 2, 3), *limits), (*limits, [2, 3]))
    assert counted_next == ("2026-11-24 13:00:00.000000", "2026-11-24 13:01:00.000000")
    assert len(server.executed) == 1


def test_all_meters_are_read_at_once_when_500_have_new_frames() -> None:
    meters = range(500)
    server = Server([(meter, 1) for meter in meters], [], [])
    roll_new_minutes(connection(server), NOON, NOON + MINUTE)
    assert len(server.asked[-1][1]) == 2
    server = Server([(meter, 1) for meter in meters], [(7, 1)], [])
    roll_new_minutes(connection(server), NOON, NOON + MINUTE)
    assert len(server.asked[-1][1][2]) == 499


def test_stored_minutes_have_the_form_of_computed_ones() -> None:
    values = list(range(len(COLUMNS)))
    server = Server([(4, NOON.replace(tzinfo=None), *values)])
    assert read_minutes(connection(server), NOON, NOON + HOUR, {9, 4}) == [(4, "2026-11-24 12:00:00", *values)]
    assert server.asked[0][1][0] == (4, 9)
