"""A home for the tests of the page: two meters with a past and a present, and all between them and the browser."""

import contextlib
import json
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from demo.history import History
from monitor.base.alert_settings import KINDS
from reader.simulator.meter import SimulatedMeter
from tests.support.programs import Service, wait_until
from tests.support.servers import UNSYNCED_DATABASE, Broker, Database, free_port
from tests.support.settings import save_settings
from tests.support.storing import client, make_tables

TEMPO = "standard-single-phase-tempo"
PRODUCER = "standard-three-phase-producer"
DAYS = 60
PARIS = ZoneInfo("Europe/Paris")
TODAY = datetime.now(PARIS).date()  # midnight may come while tests run: one day for all of them
YESTERDAY = TODAY - timedelta(days=1)
#: On yesterday, and in the middle of the past; words of both languages.
NOTES = {YESTERDAY: "LED", TODAY - timedelta(days=30): "Spa"}
#: Once the bundled prices are old, there would be one for ever, and each page would begin with it.
NO_ALERTS = {"rules": dict.fromkeys(KINDS, False)}
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
            "monitor",
            folder,
            {
                "listen": {"port": port},
                "auth": "none",
                "state": str(folder / "state"),
                "mqtt": mqtt,
                "database": access,
            },
        )
        self.tempo = SimulatedMeter(TEMPO).address
        self.producer = SimulatedMeter(PRODUCER).address

    def query(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with contextlib.closing(client(self.database).connect()) as connection:
            return [tuple(row) for row in connection.query(sql, arguments)]

    def is_known(self) -> bool:
        """Tell whether the monitor has had a frame, and has looked at the day so far: then an opened page rests."""
        with contextlib.suppress(OSError):
            return self._ask("later")["price"] is not None and self._ask("live")["today"] is not None
        return False

    def _ask(self, route: str) -> Any:
        with urllib.request.urlopen(f"{self.address}api/v1/{route}?meter={self.tempo}") as answer:
            return json.load(answer)

    @contextlib.contextmanager
    def behind(self, meter: str, source: str) -> Iterator[None]:
        """Put a source behind a meter for a while."""
        with contextlib.closing(client(self.database).connect()) as connection:
            connection.execute("UPDATE sources SET meter = %s WHERE name = %s", (meter, source))
            yield
            connection.execute("UPDATE sources SET meter = NULL WHERE name = %s", (source,))


@contextlib.contextmanager
def home(folder: Path, days: int = DAYS, alerts: Mapping[str, Any] = MappingProxyType({})) -> Iterator[Home]:
    """Start a home with a past of so many days, and wait for its first frames in the database."""
    with (
        Broker(folder / "broker") as broker,
        Database(folder / "database", options=UNSYNCED_DATABASE) as database,
    ):
        place = Home(folder, broker, database)
        _write_past(database, days)
        notes = [{"at": day.isoformat(), "text": text} for day, text in NOTES.items()]
        save_settings(client(database), alerts=dict(alerts), notes=notes, page={"language": "fr", "first_visit": True})
        with place.storer.start(), place.reader.start(), place.monitor.start():
            programs = [place.storer, place.reader, place.monitor]
            place.monitor.wait_for_log("The page is at", within=STARTED_WITHIN)
            wait_until(lambda: _meters_with_frames(place) == 2, STARTED_WITHIN, "frames of two meters", programs)
            wait_until(place.is_known, STARTED_WITHIN, "the monitor knows the present", programs)
            yield place


def _write_past(database: Database, days: int) -> None:
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    make_tables(database, end)
    with contextlib.closing(client(database).connect()) as connection:
        for kind in (TEMPO, PRODUCER):
            History(connection, SimulatedMeter(kind)).write(end - timedelta(days=days), end)


def _meters_with_frames(place: Home) -> int:
    return int(place.query("SELECT COUNT(DISTINCT meter_id) FROM frames")[0][0])
