"""A home for the tests of the page: two meters with a past and a present, and all between them and the browser."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo.history import History
from reader.simulator.meter import SimulatedMeter
from tests.support.programs import Service, wait_until
from tests.support.servers import UNSYNCED_DATABASE, Broker, Database, free_port
from tests.support.storing import client, make_tables

TEMPO = "historic-single-phase-tempo"
PRODUCER = "standard-three-phase-producer"
DAYS = 60
STARTED_WITHIN = 180.0  # seconds


class Home:
    """A broker, a database, and the three programs, each of which can be stopped and started again."""

    def __init__(self, folder: Path, broker: Broker, database: Database) -> None:
        self.broker = broker
        self.database = database
        self.address = f"http://127.0.0.1:{(port := free_port())}/"
        mqtt = {"host": broker.host, "port": broker.port}
        access = {
            "host": database.host,
            "port": database.port,
            "user": database.user,
            "password": database.password,
            "name": database.name,
        }
        self.reader = Service(
            "reader",
            folder,
            {
                "name": "cellar",
                "port": [f"simulate://{TEMPO}", f"simulate://{PRODUCER}"],
                "mqtt": mqtt,
                "spool": {"journal": str(folder / "journal"), "path": str(folder / "spool")},
                "clock": {"patience": "0s"},
            },
        )
        self.storer = Service("storer", folder, {"name": "main", "mqtt": mqtt, "database": access})
        self.monitor = Service(
            "monitor", folder, {"listen": {"port": port}, "auth": "none", "mqtt": mqtt, "database": access, **LANGUAGE}
        )
        self.tempo = SimulatedMeter(TEMPO).address
        self.producer = SimulatedMeter(PRODUCER).address

    def query(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with contextlib.closing(client(self.database).connect()) as connection:
            return [tuple(row) for row in connection.query(sql, arguments)]


LANGUAGE = {"language": "fr"}


@contextlib.contextmanager
def home(folder: Path, days: int = DAYS) -> Iterator[Home]:
    """Start a home with a past of so many days, and wait for its first frames in the database."""
    with (
        Broker(folder / "broker") as broker,
        Database(folder / "database", options=UNSYNCED_DATABASE) as database,
    ):
        place = Home(folder, broker, database)
        _write_past(database, days)
        with place.storer.start(), place.reader.start(), place.monitor.start():
            programs = [place.storer, place.reader, place.monitor]
            place.monitor.wait_for_log("The page is at", within=STARTED_WITHIN)
            wait_until(lambda: _meters_with_frames(place) == 2, STARTED_WITHIN, "frames of two meters", programs)
            yield place


def _write_past(database: Database, days: int) -> None:
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    make_tables(database, end)
    with contextlib.closing(client(database).connect()) as connection:
        for kind in (TEMPO, PRODUCER):
            for _ in History(connection, SimulatedMeter(kind)).write(end - timedelta(days=days), end):
                pass


def _meters_with_frames(place: Home) -> int:
    return int(place.query("SELECT COUNT(DISTINCT meter_id) FROM frames")[0][0])
