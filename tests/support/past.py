"""A database with the past of a simulated meter: minutes and hours, as if a storer had run."""

import contextlib
from datetime import datetime

from common.database.mariadb import Database
from demo.history import History
from reader.simulator.meter import SimulatedMeter
from tests.support.servers import Database as Server
from tests.support.storing import make_tables

TEMPO = "standard-single-phase-tempo"


def make_past(server: Server, start: datetime, end: datetime, kind: str = TEMPO) -> Database:
    """Create the tables again, with the hours of one meter in [start, end)."""
    server.create_database()
    database = make_tables(server, end)
    add_past(database, start, end, kind)
    return database


def add_past(database: Database, start: datetime, end: datetime, kind: str = TEMPO) -> None:
    """Add the hours of one more meter."""
    with contextlib.closing(database.connect()) as connection:
        History(connection, SimulatedMeter(kind)).write(start, end)
