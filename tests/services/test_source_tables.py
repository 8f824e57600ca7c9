"""The tables of sources, with a real MariaDB: restarts, two storers, and a database that is away."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from common.contract.frame import Frame
from common.contract.sources import SOURCES, Quantity, Source
from common.database.mariadb import Connection, Database
from common.errors import Unavailable
from common.settings.config import Broker
from storer.sources.aggregate import Minute
from storer.sources.tables import SourceTables, remake_hours
from storer.sources.worker import SourceWorker
from tests.support.frames import historic, standard
from tests.support.sources import read_source, series, write_source
from tests.support.storing import query, store

START = int(datetime(2026, 11, 24, 11, 58, tzinfo=UTC).timestamp())
COUNTER, POWER, WARMTH = "counter", "power", "warmth"


def sources() -> tuple[Source, ...]:
    return SOURCES.read(
        [
            {"name": COUNTER, "kind": "production", "topic": "c", "energy": "", "unit": "Wh", "meter": "031961123456"},
            {"name": POWER, "kind": "device", "topic": "p", "power": ""},
            {"name": WARMTH, "kind": "temperature", "topic": "t", "temperature": ""},
        ]
    )


def storer(name: str = "main") -> SourceTables:
    return SourceTables(name, sources())


def counted(number: int, first: int, last: int, **more: int) -> Minute:
    return Minute(START + 60 * number, 60, first, last, **more)


def powered(number: int, watts: float, seconds: float = 60) -> Minute:
    return Minute(START + 60 * number, seconds, made=watts * seconds / 3600, total=watts * seconds, power_max=watts)


def rows(tables: Database, name: str) -> list[tuple[object, ...]]:
    return [((int(minute.timestamp()) - START) // 60, *row) for minute, row in read_source(tables, name).items()]


def energies(tables: Database, name: str) -> list[tuple[object, ...]]:
    return [(row[0], row[2], row[3]) for row in rows(tables, name)]


def hours(tables: Database, name: str) -> list[tuple[object, ...]]:
    return query(
        tables,
        "SELECT HOUR(hour), seconds, energy_first, energy_last, step, power_mean, power_max, temperature_min,"
        f" temperature_mean, temperature_max FROM source_hours JOIN sources ON id = source_id WHERE name = '{name}'"
        " ORDER BY hour",
    )


def test_the_minute_that_runs_at_the_stop_is_written_though_the_database_was_restarted(
    tables: Database, connection: Connection
) -> None:
    worker = SourceWorker(Broker(), tables, "main", sources())
    worker._connection = tables.connect()  # since the minute before
    ((number,),) = worker._connection.query("SELECT CONNECTION_ID()")
    connection.execute(f"KILL {number}")
    worker._aggregators[COUNTER].feed(Quantity.ENERGY, 5006, START)
    worker._finish()
    assert energies(tables, COUNTER)[0] == (0, 5006, None)


@pytest.mark.parametrize(
    ("frame", "most_power"),
    [
        (historic(ISOUSC=30, BASE=1), {"car": 9000}),
        (historic(ISOUSC=30, BASE=1, IINST1=1, IINST2=1, IINST3=1), {"car": 27_000}),
        (standard(PREF=6, EAST=1), {"car": 9000}),
        (standard(PREF=6, EAST=1, EAIT=5), {}),  # with a roof
        (standard(EAST=1), {}),
    ],
)
def test_a_device_takes_no_more_than_its_meter_supplies(
    tables: Database, connection: Connection, frame: Frame, most_power: dict[str, float]
) -> None:
    devices = SOURCES.read(
        [
            {"name": name, "kind": "device", "topic": name, "energy": "", "unit": "Wh", "meter": meter}
            for name, meter in (("car", frame.meter), ("of another meter", "000000000000"))
        ]
    )
    device_tables = SourceTables("main", devices)
    connection.execute("SET timestamp = %s", (frame.timestamp.timestamp() + 60,))
    assert device_tables.read_most_power(connection) == {}
    store(tables, [frame])
    assert device_tables.read_most_power(connection) == most_power
    with_a_roof = SourceTables("main", (*devices, *sources()))
    assert with_a_roof.read_most_power(connection) == {}
    device_tables.write(connection, {"car": [counted(0, 1000, 1000)]})
    after = SourceTables("main", devices)  # as after a restart
    after.read_most_power(connection)
    after.write(connection, {"car": [counted(120, 61_000, 61_000)]})  # 60 kWh in two hours
    assert energies(tables, "car") == [(0, 1000, None), (120, 61_000, 60_000 if most_power else None)]


def test_minutes_make_hours(tables: Database, connection: Connection) -> None:
    warm = [Minute(START + 60 * number, 60, total=60 * degrees) for number, degrees in enumerate((-1.5, 2.0, 4.0))]
    done = storer().write(
        connection,
        {
            COUNTER: [counted(0, 100, 110), counted(1, 111, 120), counted(2, 121, 125, step=-3)],
            POWER: [powered(1, 600), powered(2, 1200, 30), powered(3, 300)],
            WARMTH: warm,
        },
    )
    assert done == {COUNTER: START + 120, POWER: START + 180, WARMTH: START + 120}
    assert energies(tables, COUNTER) == [(0, 110, None), (1, 120, None), (2, 125, -3)]
    assert rows(tables, POWER) == [
        (1, 60, 10, None, 600, 600, None), (2, 30, 20, None, 1200, 1200, None), (3, 60, 25, None, 300, 300, None),
    ]  # fmt: skip
    assert hours(tables, COUNTER) == [
        (11, 120, 110, 120, None, None, None, None, None, None), (12, 60, 125, 125, -3, None, None, None, None, None),
    ]  # fmt: skip
    assert hours(tables, POWER)[1] == (12, 90, 20, 25, None, 600, 1200, None, None, None)
    assert hours(tables, WARMTH) == [
        (11, 120, None, None, None, None, None, -15, 3, 20), (12, 60, None, None, None, None, None, 40, 40, 40),
    ]  # fmt: skip
    assert query(tables, "SELECT id, name, kind, meter, writer FROM sources ORDER BY id") == [
        (1, COUNTER, "production", "031961123456", "main"), (2, POWER, "device", None, "main"),
        (3, WARMTH, "temperature", None, "main"),
    ]  # fmt: skip


def test_a_minute_that_was_written_is_not_written_again(tables: Database, connection: Connection) -> None:
    one = storer()
    one.write(connection, {POWER: [powered(0, 600)]})
    one.write(connection, {POWER: [powered(0, 600), powered(1, 600)]})
    assert energies(tables, POWER) == [(0, 10, None), (1, 20, None)]


def test_a_step_before_which_nothing_is_known_is_none(tables: Database, connection: Connection) -> None:
    # A false 0 was the first reading ever, and the next three are in the same minute.
    storer().write(connection, {COUNTER: [counted(0, 0, 5002, step=5000), counted(1, 5003, 5010)]})
    assert energies(tables, COUNTER) == [(0, 5002, None), (1, 5010, None)]


class LostConnection:
    """A connection that is lost at a commit: after it was done, or before."""

    def __init__(self, connection: Connection, done: bool) -> None:
        self._connection = connection
        self._done = done

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        with self._connection.transaction():
            yield
            if not self._done:
                self._connection.execute("ROLLBACK")
        raise Unavailable("lost")


def fail(connection: Connection, one: SourceTables, pending: dict[str, list[Minute]], *, done: bool) -> None:
    with pytest.raises(Unavailable):
        one.write(LostConnection(connection, done), pending)  # type: ignore[arg-type]


def test_a_commit_whose_answer_is_lost_counts_once(tables: Database, connection: Connection) -> None:
    one = storer()
    one.write(connection, {POWER: [powered(0, 90)], COUNTER: [counted(0, 0, 5)]})
    pending = {POWER: [powered(1, 90), powered(2, 90)], COUNTER: [counted(1, 7, 9, step=-1)]}
    fail(connection, one, pending, done=True)
    pending[POWER].append(powered(3, 90))
    pending[COUNTER].append(counted(2, 9, 10))
    one.write(connection, pending)
    assert energies(tables, POWER) == [(0, 1, None), (1, 3, None), (2, 4, None), (3, 5, None)]  # 1.5 Wh each, from 4 on
    assert energies(tables, COUNTER) == [(0, 5, None), (1, 9, -1), (2, 10, None)]


def test_a_transaction_that_failed_is_done_again(tables: Database, connection: Connection) -> None:
    one = storer()
    one.write(connection, {COUNTER: [counted(0, 0, 5)]})
    pending = {COUNTER: [counted(1, 1500, 1510, entry_step=1495)]}
    fail(connection, one, pending, done=False)
    one.write(connection, pending)
    assert energies(tables, COUNTER) == [(0, 5, None), (1, 1510, 1495)]


def test_what_a_failed_transaction_would_have_added_to_a_minute_is_not_gone_on_from(
    tables: Database, connection: Connection
) -> None:
    storer().write(connection, {COUNTER: [Minute(START, 20, 5000, 5010)]})
    restarted = storer()
    false = Minute(START, 30, 0, 0)
    fail(connection, restarted, {COUNTER: [false]}, done=False)
    restarted.write(connection, {COUNTER: [false, counted(1, 5012, 5015, entry_step=5012)]})
    assert energies(tables, COUNTER) == [(0, 5010, None), (1, 5015, None)]


def test_a_restart_inside_a_minute_goes_on_with_it(tables: Database, connection: Connection) -> None:
    storer().write(connection, {POWER: [powered(0, 600, 20)], COUNTER: [Minute(START, 20, 100, 110)]})
    storer().write(
        connection,
        {POWER: [powered(0, 300, 30), powered(1, 600)], COUNTER: [Minute(START, 30, 112, 115, step=-4)]},
    )
    # 20 s at 600 W, 30 s at 300 W
    assert rows(tables, POWER) == [(0, 50, 5, None, 420, 600, None), (1, 60, 15, None, 600, 600, None)]
    assert rows(tables, COUNTER) == [(0, 50, 115, -4, None, None, None)]


def test_a_counter_that_was_reset_while_no_storer_ran_is_a_break(tables: Database, connection: Connection) -> None:
    storer().write(connection, {COUNTER: [counted(0, 5000, 5010)]})
    storer().write(connection, {COUNTER: [counted(30, 4, 9), counted(31, 9, 12)]})
    assert energies(tables, COUNTER) == [(0, 5010, None), (30, 9, -5006), (31, 12, None)]


def test_a_counter_that_ran_while_no_storer_ran_loses_nothing(tables: Database, connection: Connection) -> None:
    storer().write(connection, {COUNTER: [counted(0, 5000, 5010)]})
    storer().write(connection, {COUNTER: [counted(60, 9000, 9010)]})
    assert energies(tables, COUNTER)[1] == (60, 9010, None)


def test_the_last_reading_is_known_when_the_minutes_are_dropped(tables: Database, connection: Connection) -> None:
    storer().write(connection, {COUNTER: [counted(0, 5000, 5010)], POWER: [powered(0, 600)]})
    connection.execute("TRUNCATE TABLE source_minutes")
    storer().write(connection, {COUNTER: [counted(90, 0, 7)], POWER: [powered(90, 600)]})
    assert energies(tables, COUNTER) == [(90, 7, -5010)]
    assert energies(tables, POWER) == [(90, 20, None)]


def test_of_two_storers_one_writes(tables: Database, connection: Connection) -> None:
    one, two = storer("one"), storer("two")
    one.write(connection, {POWER: [powered(0, 600)]})
    assert two.write(connection, {POWER: [powered(0, 630), powered(1, 630)]}) == {POWER: START}
    one.write(connection, {POWER: [powered(1, 600)]})
    assert energies(tables, POWER) == [(0, 10, None), (1, 20, None)]


def test_what_a_clock_that_went_back_hides_is_judged_again(tables: Database, connection: Connection) -> None:
    one = storer()
    one.write(connection, {COUNTER: [counted(5, 5000, 5010)]})
    one.write(connection, {COUNTER: [counted(3, 4, 6, entry_step=-5006)]})  # there is a later one
    one.write(connection, {COUNTER: [counted(4, 6, 7), counted(6, 8, 9)]})
    assert energies(tables, COUNTER) == [(5, 5010, None), (6, 9, -5002)]


@pytest.mark.parametrize("how", ["it ends", "it is killed"])
def test_another_storer_goes_on(tables: Database, connection: Connection, how: str) -> None:
    one, two = storer("one"), storer("two")
    one.write(connection, {POWER: [powered(0, 600), powered(1, 600, 10)], COUNTER: [counted(1, 100, 110)]})
    if how == "it ends":
        one.release(connection)
    else:
        connection.execute("UPDATE sources SET writer_until = writer_until - INTERVAL 1 HOUR")
    two.write(
        connection,
        {POWER: [powered(1, 600), powered(2, 600)], COUNTER: [counted(1, 100, 110), counted(2, 112, 115)]},
    )
    assert energies(tables, POWER) == [(0, 10, None), (1, 11, None), (2, 21, None)]
    assert energies(tables, COUNTER) == [(1, 110, None), (2, 115, None)]


def test_who_takes_over_adds_nothing_to_the_last_minute_of_the_other(tables: Database, connection: Connection) -> None:
    one, two = storer("one"), storer("two")
    one.write(
        connection,
        {POWER: [powered(0, 600), powered(1, 600, 10)], COUNTER: [counted(0, 100, 110), counted(1, 111, 115)]},
    )
    one.release(connection)
    two.write(connection, {POWER: [powered(0, 600)], COUNTER: [counted(0, 100, 110)]})  # writes nothing, and is first
    two.write(
        connection,
        {POWER: [powered(1, 600), powered(2, 600)], COUNTER: [counted(1, 111, 120), counted(2, 121, 130)]},
    )
    assert energies(tables, POWER) == [(0, 10, None), (1, 11, None), (2, 21, None)]
    assert energies(tables, COUNTER) == [(0, 110, None), (1, 115, None), (2, 130, None)]


def test_who_takes_over_with_a_clock_that_is_ahead_counts_nothing_twice(
    tables: Database, connection: Connection
) -> None:
    one, two = storer("one"), storer("two")
    one.write(connection, {COUNTER: [counted(0, 100, 130)]})
    one.release(connection)
    two.write(connection, {COUNTER: [counted(0, 70, 100), counted(1, 101, 140)]})
    assert energies(tables, COUNTER) == [(0, 130, None), (1, 140, None)]


def test_who_takes_over_goes_on_from_what_the_other_counted(tables: Database, connection: Connection) -> None:
    one, two = storer("one"), storer("two")
    two.write(connection, {POWER: [powered(0, 600)]})
    two.release(connection)
    one.write(connection, {POWER: [powered(1, 600), powered(2, 600)]})
    one.release(connection)
    fail(connection, two, {POWER: [powered(3, 600)]}, done=True)
    two.write(connection, {POWER: [powered(3, 600), powered(4, 600)]})
    assert energies(tables, POWER) == [(number, 10 * number + 10, None) for number in range(5)]


@pytest.mark.parametrize(("ahead", "total"), [(0, 100), (5, 110)])
def test_who_takes_over_counts_no_more_than_a_minute_twice_whatever_its_clock_says(
    tables: Database, connection: Connection, ahead: int, total: int
) -> None:
    one, two = storer("one"), storer("two")
    kept: list[Minute] = []
    for number in range(8):
        one.write(connection, {POWER: [powered(number, 600)]})
        kept.append(powered(number + ahead, 600))
        done = two.write(connection, {POWER: kept})
        kept = [minute for minute in kept if minute.minute > done[POWER]]
    one.release(connection)
    two.write(connection, {POWER: [*kept, powered(8 + ahead, 600), powered(9 + ahead, 600)]})
    # 10 Wh a minute, for ten minutes
    assert energies(tables, POWER)[-1][1] == total


def test_a_database_that_went_back_is_gone_on_with(tables: Database, connection: Connection) -> None:
    one = storer()
    one.write(connection, {POWER: [powered(0, 600)], COUNTER: [counted(0, 100, 110)]})
    one.write(connection, {POWER: [powered(1, 600)], COUNTER: [counted(1, 111, 120)]})
    for table in ("source_minutes", "source_hours"):
        connection.execute(f"TRUNCATE TABLE {table}")
    one.write(connection, {POWER: [powered(2, 600)], COUNTER: [counted(2, 121, 130)]})
    assert energies(tables, POWER) == [(2, 10, None)]
    assert energies(tables, COUNTER) == [(2, 130, None)]


def test_hours_are_made_again_from_minutes(tables: Database, connection: Connection) -> None:
    start = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    write_source(tables, "roof", "production", series(start, range(100, 100 + 60 * 40)))
    before = hours(tables, "roof")
    assert len(before) == 41
    assert before[0][:4] == (23, 1800, 100, 129)
    connection.execute("UPDATE source_hours SET energy_last = 0, seconds = 1")
    begin = datetime(2026, 11, 23, tzinfo=UTC)
    assert sum(remake_hours(connection, begin, datetime(2026, 11, 23, 1, 30, tzinfo=UTC))) == 2
    assert [one == other for one, other in zip(before, hours(tables, "roof"), strict=True)][:4] == [
        False, True, True, False,
    ]  # fmt: skip
    assert list(remake_hours(connection, None, None)) == [24, 17]
    assert hours(tables, "roof") == before


def test_late_minutes_tell_others_that_the_past_has_changed(tables: Database, connection: Connection) -> None:
    connection.execute("INSERT INTO rollup_state (id, version) VALUES (1, 7)")
    storer().write(connection, {POWER: [powered(0, 600)]})
    ((version,),) = query(tables, "SELECT version FROM rollup_state")
    assert version > 7
