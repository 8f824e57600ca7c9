"""The view `energy_hours`: kWh by hour and register, whatever happened to the meter."""

import contextlib
import subprocess
from decimal import Decimal
from random import Random

import pytest

from common.database.mariadb import Database, sql_time
from demo.history import History
from reader.simulator.meter import SimulatedMeter
from tests.support.rollups import HOUR, NIGHT, MadeUpMeter, hours_of, roll, stored
from tests.support.servers import Database as Server
from tests.support.servers import find_program
from tests.support.storing import make_tables, query, store

SUPPLIERS = [f"supplier_{number}" for number in range(1, 11)]


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database, NIGHT)


@pytest.mark.parametrize("seed", range(2))
def test_energy_of_a_register_is_what_it_went_on_by_without_breaks(tables: Database, seed: int) -> None:
    random = Random(seed)
    frames = [
        frame
        for address in ("031961000001", "031961000002")
        for frame in MadeUpMeter(address, random).frames(NIGHT, NIGHT + 12 * HOUR)
    ]
    store(tables, frames)
    with contextlib.closing(tables.connect()) as connection:
        roll(connection, hours_of(frames))
    rows = {
        (meter, hour): values
        for meter, hour, *values in query(
            tables,
            f"SELECT meter, hour, drawn_kwh, injected_kwh, {', '.join(f'{name}_kwh' for name in SUPPLIERS)}"
            " FROM energy_hours",
        )
    }
    tables_of = stored(tables)
    assert len(rows) == len(tables_of.hours) > 10
    latest: dict[tuple[str, str], int] = {}
    for (meter, hour), row in sorted(tables_of.hours.items()):
        drawn, injected, *registers = rows[meter, hour.replace(tzinfo=None)]
        assert (wh(drawn), wh(injected)) == (row["drawn_wh"], row["injected_wh"])
        for name, kwh in zip(SUPPLIERS, registers, strict=True):
            last, first = row[f"{name}_last"], row[f"{name}_first"]
            if last is None:
                assert kwh is None
                continue
            start = latest.get((meter, name), last if first is None else first)
            step = tables_of.breaks.get((meter, hour, name), 0)
            assert wh(kwh) == last - start - step, (meter, hour, name)
            assert kwh >= 0
            latest[meter, name] = last
    assert tables_of.breaks, "nothing happened to these meters"


def wh(kwh: Decimal | None) -> Decimal | None:
    return None if kwh is None else kwh * 1000


def test_a_range_of_hours_reads_its_own_rows_only(tables: Database) -> None:
    meter = SimulatedMeter("standard-single-phase-tempo")
    with contextlib.closing(tables.connect()) as connection:
        History(connection, meter).write(NIGHT, NIGHT + 6 * 24 * HOUR)
        begin, end = NIGHT + 48 * HOUR, NIGHT + 72 * HOUR
        connection.execute("FLUSH STATUS")
        rows = connection.query(
            "SELECT * FROM energy_hours WHERE meter = %s AND hour >= %s AND hour < %s",
            (meter.address, sql_time(begin), sql_time(end)),
        )
        read = connection.query("SHOW SESSION STATUS LIKE 'Handler_read%%'")
    assert len(rows) == 24
    # Its own rows, that of the hour before each, and a few of the other tables.
    assert sum(int(count) for _, count in read) < 24 * 5


def test_a_day_of_25_hours_has_the_same_energy_in_a_session_with_local_time(
    tables: Database, fresh_database: Server
) -> None:
    zone = subprocess.run(
        [find_program("mariadb-tzinfo-to-sql"), "/usr/share/zoneinfo/Europe/Paris", "Europe/Paris"],
        capture_output=True,
        text=True,
        check=True,
    )
    fresh_database.sql(f"USE mysql;\n{zone.stdout}")
    random = Random(2)
    frames = [
        frame
        for address in ("031961000001", "031961000002")
        for frame in MadeUpMeter(address, random).frames(NIGHT - 3 * HOUR, NIGHT + 5 * HOUR)
    ]
    store(tables, frames)
    energy = f"SELECT UNIX_TIMESTAMP(hour), meter, {', '.join(f'{name}_kwh' for name in SUPPLIERS)} FROM energy_hours"
    with contextlib.closing(tables.connect()) as connection:
        roll(connection, hours_of(frames))
        in_utc = sorted(connection.query(energy), key=repr)
        connection.execute("SET time_zone = 'Europe/Paris'")
        assert sorted(connection.query(energy), key=repr) == in_utc
