"""The demo's history: written newest day first and in pieces, it is what it would be in one go."""

import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.sources import SOURCES
from common.database.mariadb import Database
from demo.history import History, fill
from demo.sun import CAR, GARDEN, KIND, ROOF, SunnyHouse, meter_of, sources_of
from reader.simulator.meter import SimulatedMeter
from storer.sources.aggregate import Minute
from storer.sources.tables import SourceTables
from tests.support.frames import simulated
from tests.support.servers import Database as Server
from tests.support.sources import read_source
from tests.support.storing import make_tables, query, store

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEGAN = datetime(2026, 11, 24, 5, 2, 3, 400_000, tzinfo=UTC)
END = BEGAN.replace(minute=0, second=0, microsecond=0)
DAYS = 3


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database, BEGAN)


def written(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows but for numbers that depend on the order of writing."""
    minutes = query(database, "SELECT * FROM minutes ORDER BY meter_id, minute")
    hours = query(
        database,
        "SELECT HEX(label_sets.digest), hours.* FROM hours JOIN label_sets"
        " ON label_sets.id = hours.label_set_id ORDER BY meter_id, hour",
    )
    columns = [name for name, *_ in query(database, "SHOW COLUMNS FROM hours")]
    number = columns.index("label_set_id") + 1
    return {"minutes": minutes, "hours": [(*row[:number], *row[number + 1 :]) for row in hours]}


def test_interrupted_again_and_again_it_is_as_in_one_go(fresh_database: Server, tables: Database) -> None:
    with contextlib.closing(tables.connect()) as connection:
        History(connection, SimulatedMeter(KIND)).write(END - DAYS * DAY, END)
    whole = written(tables)
    fresh_database.create_database()
    make_tables(fresh_database, BEGAN)
    counts = []
    for later in itertools.count():
        # Each run is of another day, and ends after the second day that it tells of.
        filling = fill(tables, BEGAN + later * DAY, DAYS)
        told = list(itertools.islice(filling, 2))
        filling.close()
        counts.append(told)
        if told == [DAYS]:
            break
    assert counts == [[0, 1], [1, 2], [2, 3], [3]]
    assert written(tables) == whole


def test_the_hour_of_the_start_has_its_frames_and_what_is_live_meanwhile_is_left_alone(tables: Database) -> None:
    live = list(simulated(KIND, 5, start=BEGAN, every=timedelta(seconds=1)))
    store(tables, live)
    list(fill(tables, BEGAN, 1))
    frames = query(
        tables,
        "SELECT MIN(timestamp), MAX(timestamp), COUNT(*) FROM frames"
        f" GROUP BY timestamp >= '{BEGAN:%F %T.%f}' ORDER BY 1",
    )
    seconds = int((BEGAN - END).total_seconds())
    made, lived = (0, seconds - 1, END, seconds), (0, 4, live[0].timestamp, 5)
    assert frames == [
        (*((since + timedelta(seconds=number)).replace(tzinfo=None) for number in (first, last)), count)
        for first, last, since, count in (made, lived)
    ]
    ((tallied,),) = query(tables, "SELECT SUM(frames) FROM tallies")
    assert tallied == seconds  # an audit finds nothing missing and nothing too many
    ((oldest, newest),) = query(tables, "SELECT MIN(hour), MAX(hour) FROM hours")
    assert (oldest, newest) == ((END - DAY).replace(tzinfo=None), (END - HOUR).replace(tzinfo=None))
    # It is not written again.
    before = written(tables)
    assert list(fill(tables, BEGAN + 30 * DAY, 1)) == [1]
    assert written(tables) == before


# --- with a roof ---


def test_the_sources_of_a_sunny_house_fit_its_meter_however_often_it_was_interrupted(tables: Database) -> None:
    for _ in range(DAYS):
        filling = fill(tables, BEGAN, DAYS, sun=True)
        list(itertools.islice(filling, 2))
        filling.close()
    begin = END - DAYS * DAY
    roof, car, garden = (read_source(tables, name) for name in (ROOF, CAR, GARDEN))
    whole = [begin + number * MINUTE for number in range(DAYS * 1440 + 2)]  # and two of the hour of the start
    assert list(roof) == list(car) == list(garden) == whole
    assert {row.seconds for rows in (roof, car, garden) for row in rows.values()} == {60}
    assert all(row.step is None for rows in (roof, car) for row in rows.values())
    address = meter_of(sun=True).address
    assert query(tables, "SELECT name, kind, meter, writer FROM sources ORDER BY name") == [
        (GARDEN, "temperature", address, None),
        (ROOF, "production", address, None),
        (CAR, "device", address, None),
    ]
    ((made, hours),) = query(
        tables,
        "SELECT MAX(energy_last) - MIN(energy_first), COUNT(*) FROM source_hours"
        f" JOIN sources ON id = source_id WHERE name = '{ROOF}' AND hour < '{END:%Y-%m-%d %H:%M:%S}'",
    )
    ((injected, drawn),) = query(
        tables,
        "SELECT MAX(injected_last) - MIN(injected_first), MAX(total_last) - MIN(total_first) FROM minutes",
    )
    assert hours == DAYS * 24
    assert injected < made < injected + drawn


def test_what_the_storer_has_of_sources_meanwhile_is_left_alone(tables: Database) -> None:
    sources = SOURCES.read(sources_of(meter_of(sun=True).address))
    storer = SourceTables("demo", sources)
    at = BEGAN.replace(second=0, microsecond=0)

    def live(minute: datetime) -> None:
        """Write a minute with the counter of the roof as the storer does."""
        (row,) = SunnyHouse().minutes(minute, minute + MINUTE)[ROOF].values()
        seen = Minute(int(minute.timestamp()), 17.0, row.energy, row.energy, total=0.0, power_max=0.0)
        pending = {source.name: [seen] if source.name == ROOF else [] for source in sources}
        with contextlib.closing(tables.connect()) as connection:
            storer.write(connection, pending)

    live(at)
    list(fill(tables, BEGAN, 1, sun=True))
    live(at + MINUTE)
    roof = read_source(tables, ROOF)
    assert list(roof) == [END - DAY + number * MINUTE for number in range(1440 + 2 + 2)]
    assert [row.seconds for row in roof.values()][-3:] == [60, 17, 17]
    assert all(row.step is None for row in roof.values())
    assert query(tables, f"SELECT writer FROM sources WHERE name = '{ROOF}'") == [("demo",)]
