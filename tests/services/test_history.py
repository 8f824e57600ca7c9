"""The history that the demo makes is what a storer would have made of the meter's frames."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Database
from demo.history import History
from reader.simulator.meter import SimulatedMeter
from tests.support.frames import simulated
from tests.support.rollup_oracle import Row, expected
from tests.support.rollups import empty, stored
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query

HOUR = timedelta(hours=1)
DAWN = datetime(2026, 11, 24, 4, tzinfo=UTC)  # Tempo switches at 05:00
NOON = datetime(2026, 6, 21, 10, tzinfo=UTC)
# Values of a minute are those of the load.
MEASURED = ("power_", "voltage_", "current_", "overload", "injected_power_")


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database, DAWN)


def frames(kind: str, start: datetime, hours: int) -> list[Frame]:
    every_ten = simulated(kind, 360 * hours, start=start, every=timedelta(seconds=10))
    ends = simulated(kind, 60 * hours, start=start + timedelta(seconds=59), every=timedelta(minutes=1))
    return [*every_ten, *ends]


def fill(database: Database, kind: str, start: datetime, hours: int, since: datetime | None = None) -> None:
    with contextlib.closing(database.connect()) as connection:
        History(connection, SimulatedMeter(kind)).write(start, start + hours * HOUR, since=since)


def exact(row: Row) -> Row:
    return {
        name: value
        for name, value in row.items()
        if not name.startswith(MEASURED) and name not in {"frames", "seconds"}
    }


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("standard-single-phase-tempo", DAWN),
        ("standard-three-phase-producer", NOON),
        ("historic-single-phase-hchp", DAWN),
        ("historic-single-phase-base", DAWN),
        ("historic-three-phase-tempo", DAWN),
    ],
)
def test_readings_are_those_that_the_frames_would_have_made(tables: Database, kind: str, start: datetime) -> None:
    fill(tables, kind, start, 2)
    wanted, found = expected(frames(kind, start, 2)), stored(tables)
    for name in ("minutes", "hours"):
        one, other = getattr(wanted, name), getattr(found, name)
        assert {key: exact(row) for key, row in other.items()} == {key: exact(row) for key, row in one.items()}
    assert found.breaks == {}
    for row in (*found.minutes.values(), *found.hours.values()):
        assert row["power_min"] <= row["power_mean"] <= row["power_max"]


def test_measures_are_in_the_columns_that_the_meter_has(tables: Database) -> None:
    kind = "standard-three-phase-producer"
    fill(tables, kind, NOON, 1)
    wanted, found = expected(frames(kind, NOON, 1)), stored(tables)
    for name in ("minutes", "hours"):
        for key, row in getattr(wanted, name).items():
            of_history = getattr(found, name)[key]
            assert {column for column, value in of_history.items() if value is None} == {
                column for column, value in row.items() if value is None
            }
            # Seven frames of a minute do not have its extremes.
            for column in ("power_mean", "injected_power_mean", "voltage_2_mean"):
                assert of_history[column] == pytest.approx(row[column], rel=0.03, abs=25)


def test_parts_of_a_history_fit_together(tables: Database, fresh_database: Server) -> None:
    kind = "standard-single-phase-tempo"
    fill(tables, kind, DAWN, 3)
    whole = stored(tables).hours
    empty(fresh_database)
    fill(tables, kind, DAWN + 2 * HOUR, 1, since=DAWN)
    fill(tables, kind, DAWN, 2)
    assert stored(tables).hours == whole
    ((drawn, step),) = query(tables, "SELECT SUM(drawn_wh), MAX(total_last) - MIN(total_first) FROM hours")
    assert drawn == step


def test_hours_have_the_label_set_of_their_last_frame(tables: Database) -> None:
    fill(tables, "standard-single-phase-tempo", DAWN, 2)
    rows = query(
        tables,
        "SELECT JSON_VALUE(s.content, '$.frame.NTARF') FROM hours AS h"
        " JOIN whole_label_sets AS s ON s.id = h.label_set_id ORDER BY h.hour",
    )
    before, after = (int(number) for (number,) in rows)
    assert (before % 2, after % 2) == (1, 0)  # off-peak, peak
