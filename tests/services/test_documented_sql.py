"""Each statement that docs/database.md and docs/storage.md give works, on tables with what it asks for.

Those about accounts are left out: test_accounts.py runs those of mariadb/.
"""

import contextlib
import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Connection, Database
from demo.history import History
from reader.simulator.meter import SimulatedMeter
from tests.support.frames import FRACTION, simulated
from tests.support.programs import ROOT
from tests.support.servers import Database as Server
from tests.support.sources import series, write_source
from tests.support.storing import make_tables, store

KIND = "historic-single-phase-hchp"
METER = "031961123456"  # of the examples
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
#: Frames are asked for at these times, in Paris.
ASKED = (
    datetime(2026, 11, 23, 18, 30, tzinfo=UTC),
    datetime(2026, 11, 23, 20, 55, tzinfo=UTC),
    datetime(2026, 11, 24, 17, 0, tzinfo=UTC),
)
ACCOUNTS = ("CREATE USER", "GRANT")
CHANGES = "ALTER TABLE"


def statements(page: Path) -> Iterator[str]:
    for block in re.findall(r"^```sql\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        yield from (part.strip() for part in re.split(r";\s*$", block, flags=re.MULTILINE) if part.strip())


STATEMENTS = [
    statement
    for name in ("database.md", "storage.md")
    for statement in statements(ROOT / "docs" / name)
    if not statement.startswith(ACCOUNTS)
]


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    """Two days of hours; frames where they are asked for, with an index that falls."""
    database = make_tables(fresh_database, NOW)
    meter = SimulatedMeter(KIND)
    meter.address = METER
    with contextlib.closing(database.connect()) as connection:
        History(connection, meter).write(NOW - 2 * 24 * HOUR, NOW)
        connection.execute(
            "INSERT INTO breaks (meter_id, hour, register, step) VALUES (1, '2026-11-23 20:00:00', 1, -5)"
        )
    store(database, frames())
    write_source(database, "roof", "production", series(NOW - HOUR, range(100)))
    return database


def frames() -> Iterator[Frame]:
    for start in ASKED:
        for number, frame in enumerate(simulated(KIND, 60, start=start - FRACTION, every=2 * timedelta(seconds=1))):
            values = {**frame.values, "HCHP": 5} if number == 30 else frame.values
            yield dataclasses.replace(frame, meter=METER, values=values)


def session(database: Database) -> Connection:
    connection = database.connect()
    connection.execute("SET time_zone = '+01:00'")  # Paris, in these days
    connection.execute(f"SET timestamp = {NOW.timestamp():.0f}")
    return connection


def test_the_pages_have_statements() -> None:
    assert len(STATEMENTS) > 5


def test_each_statement_works_and_finds_what_it_asks_for(tables: Database, fresh_database: Server) -> None:
    with contextlib.closing(session(tables)) as connection:
        # What deletes something comes last.
        for statement in sorted(STATEMENTS, key=lambda text: text.startswith(CHANGES)):
            if "time_zone" in statement:
                continue  # needs the tables of time zones
            if statement.startswith(CHANGES):
                fresh_database.sql(f"USE {fresh_database.name}; {statement}")
            elif statement.startswith(("SELECT", "SHOW")):
                assert connection.query(statement.replace("%", "%%")), statement
            else:
                assert statement.startswith("USE"), statement


def test_a_step_of_an_index_that_falls_is_a_number(tables: Database) -> None:
    (statement,) = (statement for statement in STATEMENTS if "AS step" in statement)
    with contextlib.closing(session(tables)) as connection:
        steps = [step for *_, step in connection.query(statement) if step is not None]
    assert min(steps) < 0 < max(steps)


def test_the_view_has_the_energy_of_the_hours(tables: Database) -> None:
    with contextlib.closing(session(tables)) as connection:
        ((kwh, wh),) = connection.query(
            "SELECT (SELECT SUM(drawn_kwh) FROM energy_hours), (SELECT SUM(drawn_wh) FROM hours)"
        )
    assert kwh * 1000 == wh > 0
