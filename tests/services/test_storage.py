import contextlib
import dataclasses
import itertools
import subprocess
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Database
from common.errors import PermanentError, Unavailable
from storer.database import schema
from storer.database.schema import migrate, migrations, open_tables
from storer.frames.rejected import Rejection
from storer.frames.store import FrameStore, WriteResult
from tests.bench.at_rest import allocated
from tests.support.arrivals import arriving
from tests.support.frames import DAY, FRACTION, every_kind, historic, simulated, standard
from tests.support.servers import Database as Server
from tests.support.storing import NOW, StorerCommand, client, exported, make_tables, more_steps, partition, query, store

COLUMNS = (
    "timestamp",
    "meter_identifier",
    "subscription_type",
    "subscription_power_in_a",
    "total_base_index_in_wh",
    "current_pricing_period",
    "instantaneous_intensity_in_a",
    "intensity_max_in_a",
    "power_consumption_in_va",
    "peak_off_peak_schedule",
    "meter_state_code",
)


def at(frame: Frame, instant: datetime) -> Frame:
    return dataclasses.replace(frame, timestamp=instant)


def write(database: Database, frames: Sequence[Frame]) -> WriteResult:
    with contextlib.closing(FrameStore(database)) as frame_store:
        return frame_store.write(frames)


# The schema.


def test_each_step_is_applied_once(fresh_database: Server) -> None:
    database = client(fresh_database)
    assert migrate(database) == migrations()
    assert migrate(database) == []
    versions = query(database, "SELECT version, name FROM schema_version WHERE version > 0 ORDER BY version")
    assert versions == [(step.version, step.name) for step in migrations()]


def test_tables_of_an_earlier_version_get_the_steps_that_they_lack(
    tables: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = [*migrations(), *more_steps()]
    monkeypatch.setattr(schema, "migrations", lambda: every)
    assert migrate(tables, 9001) == every[-2:-1]
    assert migrate(tables) == every[-1:]
    assert migrate(tables) == []
    assert query(tables, "SELECT * FROM of_9001") == [(9001, 9002)]


def test_months_that_an_earlier_version_divided_by_meter_go_on(tables: Database) -> None:
    divided = "ALTER TABLE frames PARTITION BY RANGE (UNIX_TIMESTAMP(timestamp)) SUBPARTITION BY HASH (meter_id)"
    parts = ["PARTITION p202612 VALUES LESS THAN (1798761600)", "PARTITION p_later VALUES LESS THAN MAXVALUE"]
    query(tables, f"{divided} SUBPARTITIONS 4 ({', '.join(parts)})", "SELECT 1")
    frame = at(standard(EAST=1), datetime(2027, 3, 1, tzinfo=UTC))
    assert partition(tables, datetime(2026, 12, 2, tzinfo=UTC)) == ["p202701", "p202702", "p202703"]
    assert write(tables, [frame]).stored == 1
    assert exported(tables) == [frame.to_json()]


def test_tables_from_before_the_first_release_are_left_as_they_are(tables: Database) -> None:
    old = "UPDATE schema_version SET version = version - 86 WHERE version > 0 ORDER BY version"
    query(tables, old, "DROP TABLE backups", "SELECT 1")
    before = query(tables, "SHOW TABLES"), query(tables, "SELECT * FROM schema_version")
    with pytest.raises(PermanentError, match=schema.LAST_BEFORE):
        migrate(tables)
    assert (query(tables, "SHOW TABLES"), query(tables, "SELECT * FROM schema_version")) == before


def files_of_the_steps() -> dict[int, str]:
    """Return the SHA-256 of each file, by version."""
    return {int(file.name[:4]): sha256(file.read_bytes()).hexdigest() for file in schema.FOLDER.glob("*.sql")}


def test_the_tables_note_which_file_made_each_version(fresh_database: Server) -> None:
    database = client(fresh_database)
    noted = "SELECT version, digest FROM schema_version WHERE version > 0"
    migrate(database, 100)  # as a storer did that noted nothing
    migrate(database)
    assert dict(query(database, noted)) == files_of_the_steps()
    query(database, "UPDATE schema_version SET digest = NULL WHERE version > 0", "SELECT 1")  # killed before it did
    migrate(database)
    assert dict(query(database, noted)) == files_of_the_steps()


def test_tables_that_another_file_made_are_left_as_they_are(tables: Database) -> None:
    query(tables, f"UPDATE schema_version SET digest = '{'0' * 64}' WHERE version = 100", "SELECT 1")
    for refused in (migrate, lambda database: open_tables(database).__enter__()):
        with pytest.raises(PermanentError, match="version 100"):
            refused(tables)


@pytest.mark.parametrize(
    ("statement", "lacking"),
    [
        ("DROP TABLE sources", "sources"),
        ("DROP TABLE source_minutes", "source_minutes"),
        ("DROP TABLE source_hours", "source_hours"),
        ("ALTER TABLE rollup_state DROP COLUMN last_forgotten_source", "last_forgotten_source"),
    ],
)
def test_tables_that_an_earlier_state_of_the_first_step_made_are_refused(
    fresh_database: Server, tmp_path: Path, statement: str, lacking: str
) -> None:
    database = client(fresh_database)
    migrate(database, 100)
    query(database, statement, "SELECT 1")
    before = query(database, "SHOW TABLES"), query(database, "SELECT * FROM schema_version")
    storer = StorerCommand(tmp_path, fresh_database.port, fresh_database.password)
    for command in (["run"], ["migrate"], ["backup", tmp_path / "backup"], ["export"]):
        result = storer(*command)
        assert (result.returncode, result.stdout) == (3, ""), command
        assert f"{lacking}: choose another database, or use commit {schema.LAST_OF_NOVEMBER}" in result.stderr
    (found,) = (line for line in storer("check").stdout.splitlines() if lacking in line)
    assert "problem" in found
    assert schema.LAST_OF_NOVEMBER in found
    assert (query(database, "SHOW TABLES"), query(database, "SELECT * FROM schema_version")) == before


def test_storers_that_start_at_the_same_time_apply_each_step_once(fresh_database: Server) -> None:
    crowd = 4
    together = threading.Barrier(crowd)

    def start() -> list[int]:
        together.wait()
        return [step.version for step in migrate(client(fresh_database))]

    with ThreadPoolExecutor(crowd) as pool:
        results = [future.result() for future in [pool.submit(start) for _ in range(crowd)]]
    assert sorted(results, reverse=True) == [[step.version for step in migrations()], *[[]] * (crowd - 1)]


def test_a_step_waits_while_another_storer_is_at_it(fresh_database: Server) -> None:
    database = client(fresh_database)
    with ThreadPoolExecutor(1) as pool, contextlib.closing(database.connect()) as other:
        other.query("SELECT GET_LOCK(CONCAT('teleinfo-storer migrate ', DATABASE()), 0)")
        late = pool.submit(migrate, database)
        while not other.query("SELECT 1 FROM information_schema.processlist WHERE state = 'User lock'"):
            assert not late.done()
        assert other.query("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'") == (("schema_version", "BASE TABLE"),)
        other.query("SELECT RELEASE_ALL_LOCKS()")
        assert late.result() == migrations()


def test_a_step_that_was_broken_off_is_taken_up_again(fresh_database: Server) -> None:
    """A storer may be killed between any two statements, and MariaDB takes none of them back."""
    every = [statement for step in migrations() for statement in step.statements()]
    for done in range(1, len(every) + 1):
        fresh_database.create_database()
        database = client(fresh_database)
        migrate(database, 0)
        with contextlib.closing(database.connect()) as connection:
            for statement in every[:done]:
                connection.execute(statement)
        assert migrate(database) == migrations()
        assert store(database, [historic(BASE=1)]) == 1


def test_a_database_that_is_newer_is_left_alone(tables: Database) -> None:
    query(tables, "INSERT INTO schema_version (version, name) VALUES (9999, 'of tomorrow')", "SELECT 1")
    with pytest.raises(PermanentError, match="version 9999"):
        migrate(tables)


def partitions(database: Database) -> dict[str, int]:
    """Rows by partition, in the order of time."""
    names = query(
        database,
        "SELECT partition_name FROM information_schema.partitions WHERE table_schema = DATABASE()"
        " AND table_name = 'frames' ORDER BY partition_ordinal_position",
    )
    return {name: query(database, f"SELECT COUNT(*) FROM frames PARTITION ({name})")[0][0] for (name,) in names}


def test_partitions_are_made_ahead_and_none_twice(fresh_database: Server) -> None:
    database = client(fresh_database)
    migrate(database)
    assert list(partitions(database)) == ["p_later"]
    months = ["p202611", "p202612", "p202701", "p202702"]
    assert partition(database, NOW) == months
    assert list(partitions(database)) == ["p_earlier", *months, "p_later"]
    assert partition(database, NOW + timedelta(days=5)) == []
    assert partition(database, NOW - timedelta(days=400)) == []  # a clock that was wrong
    assert partition(database, datetime(2026, 12, 1, tzinfo=UTC)) == ["p202703"]
    assert list(partitions(database)) == ["p_earlier", *months, "p202703", "p_later"]


def test_rows_are_in_the_partition_of_their_month(tables: Database) -> None:
    frame = historic(BASE=1)
    instants = [
        datetime(2025, 1, 1, tzinfo=UTC),
        datetime(2026, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2027, 11, 1, tzinfo=UTC),
        datetime(2027, 12, 24, tzinfo=UTC),
    ]
    store(tables, [at(frame, instant) for instant in instants])
    assert partitions(tables) == {
        "p_earlier": 2,
        "p202611": 2,
        "p202612": 1,
        "p202701": 0,
        "p202702": 0,
        "p_later": 2,
    }
    # After months away, the months between have partitions of their own, too.
    gap = [f"p2027{month:02}" for month in range(3, 11)]
    ahead = ["p202711", "p202712", "p202801", "p202802"]
    assert partition(tables, datetime(2027, 11, 24, tzinfo=UTC)) == gap + ahead
    assert partitions(tables) == {
        **dict.fromkeys(gap, 0),
        "p_earlier": 2,
        "p202611": 2,
        "p202612": 1,
        "p202701": 0,
        "p202702": 0,
        "p202711": 1,
        "p202712": 1,
        "p202801": 0,
        "p202802": 0,
        "p_later": 0,
    }
    store(tables, [at(frame, datetime(2028, 1, 15, tzinfo=UTC))])
    assert partitions(tables)["p202801"] == 1
    assert len(exported(tables)) == 8


def drop(server: Server, *names: str) -> None:
    server.sql(f"ALTER TABLE {server.name}.frames DROP PARTITION {', '.join(names)}")


@pytest.mark.parametrize(
    ("dropped", "left"),
    [
        (["p_later"], ["p_earlier", "p202611", "p202612", "p202701", "p202702"]),
        (["p202702", "p_later"], ["p_earlier", "p202611", "p202612", "p202701"]),
        (["p202611", "p202612", "p202701", "p202702", "p_later"], ["p_earlier"]),
        (["p_earlier", "p202611", "p_later"], ["p202612", "p202701", "p202702"]),
    ],
)
def test_partitions_that_somebody_has_dropped_are_made_again(
    fresh_database: Server, tables: Database, dropped: list[str], left: list[str]
) -> None:
    drop(fresh_database, *dropped)
    made = partition(tables, NOW)
    months = ["p202611", "p202612", "p202701", "p202702"]
    assert made == [name for name in months if name > left[-1] or left == ["p_earlier"]]
    assert list(partitions(tables)) == [*left, *made, "p_later"]


def test_a_frame_without_a_partition_makes_it_and_is_stored(fresh_database: Server, tables: Database) -> None:
    """The storer makes them every six hours: too late for a frame that comes now."""
    frames = [at(historic(BASE=1), datetime.now(UTC) + timedelta(days=days)) for days in (0, 200)]
    with contextlib.closing(FrameStore(tables)) as frame_store:
        frame_store.ping()
        drop(fresh_database, *[name for name in partitions(tables) if name != "p_earlier"])
        assert frame_store.write(frames) == WriteResult(2, [None, None])
        assert frame_store.write(frames) == WriteResult(0, [None, None])
    assert "p_later" in partitions(tables)
    assert exported(tables) == [frame.to_json() for frame in frames]


# The view.


def shown(database: Database, *frames: Frame) -> list[tuple[Any, ...]]:
    store(database, frames)
    return [row[1:] for row in query(database, "SELECT * FROM teleinfoframes ORDER BY timestamp, meter_identifier")]


def one_by_one(database: Database, column: str, cases: list[tuple[Frame, int | None]]) -> list[Any]:
    """What a column of the view shows of each frame."""
    frames = [at(frame, DAY + timedelta(seconds=number)) for number, (frame, _) in enumerate(cases)]
    return [row[COLUMNS.index(column) - 1] for row in shown(database, *frames)]


def test_the_view_has_the_columns_of_the_original_table(tables: Database) -> None:
    names = query(
        tables,
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
        " AND table_name = 'teleinfoframes' ORDER BY ordinal_position",
    )
    assert tuple(name for (name,) in names) == COLUMNS


def test_the_views_ask_with_the_rights_of_whoever_asks(tables: Database) -> None:
    """But the one that the administrator makes, because only that account may ask for the sizes of files."""
    security = (
        "SELECT DISTINCT security_type FROM information_schema.views"
        " WHERE table_schema = DATABASE() AND table_name {} 'table_files'"
    )
    assert query(tables, security.format("<>")) == [("INVOKER",)]
    assert query(tables, security.format("=")) == [("DEFINER",)]


# Contract, A a phase, period, A at most, schedule, state.
SHOWN: dict[str, tuple[object, ...]] = {
    "historic-single-phase-base": ("BASE", 45, "TH..", 90, "A", "000000"),
    "historic-single-phase-hchp": ("HC..", 45, "HP..", 90, "A", "000000"),
    "historic-three-phase-tempo": ("BBR(", 20, "HCJR", 180, "A", "000000"),
    "historic-single-phase-ejp": ("EJP.", 45, "HN..", 90, "A", "000000"),
    "standard-single-phase-base": ("BASE", 45, "TH..", None, None, None),
    "standard-single-phase-tempo": ("BBR?", 45, "HCJR", None, None, None),
    "standard-single-phase-weekend": (None, 45, None, None, None, None),
    "standard-three-phase-producer": (None, 20, None, None, None, None),
}


def test_what_the_view_shows_of_each_kind_of_meter(tables: Database) -> None:
    expected_rows = {}
    frames = {kind: next(simulated(kind, 1, every=timedelta(seconds=1))) for kind in SHOWN}
    for kind, (contract, subscribed, period, most, schedule, state) in SHOWN.items():
        frame = frames[kind]
        numbers = {label: value for label, value in frame.values.items() if isinstance(value, int)}
        if kind.startswith("historic"):
            total = sum(numbers[label] for label in numbers if label.startswith(("BASE", "HCH", "EJPH", "BBRH")))
            current = sum(numbers.get(label, 0) for label in ("IINST", "IINST1", "IINST2", "IINST3"))
            power = numbers["PAPP"]
        else:
            total, power = numbers["EAST"], numbers["SINSTS"]
            current = sum(numbers.get(label, 0) for label in ("IRMS1", "IRMS2", "IRMS3"))
        assert total > 1_000_000
        assert current > 0
        expected_rows[frame.meter] = (contract, subscribed, total, period, current, most, power, schedule, state)
    assert {row[0]: row[1:] for row in shown(tables, *frames.values())} == expected_rows
    assert query(tables, "SELECT DISTINCT timestamp FROM teleinfoframes") == [((DAY + FRACTION).replace(tzinfo=None),)]


CURRENTS: list[tuple[Frame, int | None]] = [
    (historic(IINST=5), 5),
    (historic(IINST1=1, IINST2=2, IINST3=4), 7),
    (historic(IINST1=0, IINST2=0, IINST3=0), 0),
    (standard(IRMS1=3, URMS1=230), 3),
    (standard(IRMS1=1, IRMS2=2, IRMS3=4), 7),
    (standard(IRMS1=65535, IRMS2=65535, IRMS3=65535), 196_605),
    # damaged: no sum is better than a wrong one
    (historic(PAPP=5), None),
    (historic(IINST1=1, IINST3=4), None),
    (historic(IINST1=1, IINST2=2), None),
    (historic(IINST2=2, IINST3=4), None),
    (standard(IRMS1=3, URMS1=230, URMS2=231, URMS3=229), None),
]


def test_the_current_of_three_phases_is_their_sum(tables: Database) -> None:
    assert one_by_one(tables, "instantaneous_intensity_in_a", CURRENTS) == [number for _, number in CURRENTS]


TOTALS: list[tuple[Frame, int | None]] = [
    (historic(HCHC=2**32 - 1, HCHP=2**32 - 1, PTEC="HP.."), 2**33 - 2),
    (historic(HCHC=1, HCHP=20), 21),  # none is known to run
    (historic(HCHC=1, PTEC="HP.."), None),
    (historic(HCHP=20, PTEC="HP.."), None),
    (historic(HCHC=1, HCHP=2**32, PTEC="HP.."), None),
    (standard(EASF01=1, NTARF=1), None),
]


def test_the_total_is_whole_or_not_there(tables: Database) -> None:
    assert one_by_one(tables, "total_base_index_in_wh", TOTALS) == [number for _, number in TOTALS]


@pytest.fixture(scope="module")
def three_months(database: Server) -> Iterator[Database]:
    """One frame in 30 minutes, from the beginning of November to the end of January: 4,416."""
    database.create_database()
    tables = make_tables(database)
    frames = simulated(
        "historic-single-phase-hchp",
        4416,
        start=datetime(2026, 11, 1, tzinfo=UTC),
        every=timedelta(minutes=30),
    )
    assert store(tables, frames) == 4416
    database.sql(f"ANALYZE TABLE {database.name}.frames PERSISTENT FOR ALL")
    # To be told how a view is read takes a right that people have, and the storer does not.
    database.sql(f"GRANT SHOW VIEW ON {database.name}.* TO '{database.user}'@'%'")
    yield tables
    database.sql(f"REVOKE SHOW VIEW ON {database.name}.* FROM '{database.user}'@'%'")


RANGES = (
    ("2026-11-10", "2026-11-12", "p202611", 96),
    ("2026-12-31 12:00", "2027-01-01 12:00", "p202612,p202701", 48),
    ("2027-01-30 12:00", "2027-02-20", "p202701,p202702", 72),
)


@pytest.mark.parametrize(
    "select",
    [
        "SELECT * FROM teleinfoframes WHERE timestamp BETWEEN {} AND {}",
        "SELECT * FROM teleinfoframes WHERE timestamp BETWEEN {} AND {} ORDER BY timestamp",
        "SELECT * FROM teleinfoframes WHERE timestamp BETWEEN {} AND {} ORDER BY timestamp DESC",
        "SELECT MAX(power_consumption_in_va), MAX(total_base_index_in_wh) - MIN(total_base_index_in_wh)"
        " FROM teleinfoframes WHERE timestamp BETWEEN {} AND {}",
        "SELECT meter_identifier, COUNT(*) FROM teleinfoframes WHERE timestamp BETWEEN {} AND {}"
        " GROUP BY meter_identifier",
    ],
)
def test_a_range_of_time_reads_what_matches_and_no_more(three_months: Database, select: str) -> None:
    for hours, (start, end, where, count) in itertools.product((0, 2, -11), RANGES):
        limits = [f"'{datetime.fromisoformat(at) + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}'" for at in (start, end)]
        session = f"SET time_zone = '{hours:+03}:00'"
        sql = select.format(*limits)
        (frames,) = [row for row in query(three_months, session, f"EXPLAIN PARTITIONS {sql}") if row[2] == "f"]
        _, _, _, read_from, access, _, key, *_ = frames
        assert (read_from, access, key) == (where, "range", "PRIMARY")
        (frames,) = [row for row in query(three_months, session, f"ANALYZE {sql}") if row[2] == "f"]
        assert float(frames[9]) == count  # r_rows: what was really read
        assert query(three_months, session, f"SELECT COUNT(*) FROM ({sql}) AS found")[0][0] == (
            1 if "MAX(" in sql or "GROUP BY" in sql else count
        )


def test_people_see_their_own_time_and_programs_utc(tables: Database) -> None:
    store(tables, [historic(BASE=1)])
    seen = query(tables, "SET time_zone = '+01:00'", "SELECT timestamp FROM teleinfoframes")
    assert seen == [((DAY + FRACTION + timedelta(hours=1)).replace(tzinfo=None),)]
    assert query(tables, "SELECT timestamp FROM teleinfoframes") == [((DAY + FRACTION).replace(tzinfo=None),)]


# Writing.


def test_a_batch_that_comes_twice_is_stored_once(tables: Database) -> None:
    frames = list(simulated("standard-single-phase-base", 50, every=timedelta(seconds=1)))
    assert write(tables, frames) == WriteResult(50, [None] * 50)
    assert write(tables, frames) == WriteResult(0, [None] * 50)
    more = list(simulated("standard-single-phase-base", 60, every=timedelta(seconds=1)))
    assert write(tables, more) == WriteResult(10, [None] * 60)
    assert write(tables, [more[0], more[0]]) == WriteResult(0, [None, None])
    assert exported(tables) == [frame.to_json() for frame in more]
    new = at(historic(BASE=1), DAY + timedelta(days=1))
    assert write(tables, [new, at(historic(BASE=1), new.timestamp), new]) == WriteResult(1, [None, None, None])


def test_a_batch_of_several_statements_with_any_columns_is_stored_exactly(
    tables: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storer.frames.store._ROWS", 3)
    whole = list(every_kind(1, every=timedelta(seconds=1)))
    small = [standard(A="x"), standard(EAST=0), historic(BASE=2**32 - 1, PAPP=2**24 - 1), historic(BASE=2**32)]
    small += [dataclasses.replace(standard(DATE=""), stamps={"DATE": DAY - timedelta(days=4, seconds=1)}, dropped=255)]
    frames = [
        dataclasses.replace(frame, meter=f"meter-{number % 7}", timestamp=DAY + timedelta(seconds=number))
        for number, frame in enumerate(whole + small)
    ]
    assert write(tables, frames[:2]).stored == 2  # the batch has these too
    changed = at(standard(EAST=5), frames[4].timestamp)
    conflict = dataclasses.replace(changed, meter=frames[4].meter)
    result = write(tables, [*frames, conflict])
    assert result.stored == len(frames) - 2
    assert result.reasons[:-1] == [None] * len(frames)
    assert result.reasons[-1] == "another frame is stored under the same meter and timestamp"
    assert exported(tables) == [frame.to_json() for frame in frames]


ANOTHER = "another frame is stored under the same meter and timestamp"


def test_another_frame_of_the_same_identity_is_rejected_and_the_first_stays(tables: Database) -> None:
    first = historic(BASE=1)
    others = (
        historic(BASE=2),  # in a column
        historic(BASE=1, PTEC="TH.."),  # in the label set
        dataclasses.replace(first, dropped=1),
        dataclasses.replace(first, stamps={}),
        standard(BASE=1),
    )
    neighbours = [dataclasses.replace(historic(BASE=3), meter=f"other-{number}") for number in range(len(others))]
    assert write(tables, [first]) == WriteResult(1, [None])
    for neighbour, other in zip(neighbours, others, strict=True):
        assert write(tables, [neighbour, other, first]) == WriteResult(1, [None, ANOTHER, None]), other
    assert exported(tables) == [frame.to_json() for frame in (first, *neighbours)]


def test_a_bad_row_is_reported_and_its_neighbours_are_stored(tables: Database) -> None:
    frames = list(simulated("standard-three-phase-producer", 20, every=timedelta(seconds=1)))
    years = (1, 26, 70, 99, 1969, 2150, 9999)
    for number, year in enumerate(years):
        place = 3 * number
        frames[place] = at(frames[place], datetime(year, 11, 24, 1, 2, place, tzinfo=UTC))
    written = write(tables, frames)
    assert written.stored == 13
    assert [place for place, reason in enumerate(written.reasons) if reason] == [0, 3, 6, 9, 12, 15, 18]
    for number, year in enumerate(years):
        assert f"{year:04}-11-24 01:02:{3 * number:02}.000000" in (written.reasons[3 * number] or "")
    good = [frame for place, frame in enumerate(frames) if place % 3]
    assert exported(tables) == [frame.to_json() for frame in good]


def test_storers_that_write_at_the_same_time_share_rows_and_label_sets(tables: Database) -> None:
    frames = list(simulated("historic-single-phase-hchp", 200, every=timedelta(minutes=7)))
    crowd = 4
    together = threading.Barrier(crowd)

    def work(number: int) -> WriteResult:
        with contextlib.closing(FrameStore(tables)) as frame_store:
            together.wait()
            written = WriteResult(0, [])
            for start in range(0, 200, 10):
                batch = frames[start : start + 10][:: -1 if number % 2 else 1]
                while True:
                    try:
                        written += frame_store.write(batch)
                    except Unavailable:  # a deadlock: that transaction is gone, and is done again
                        continue
                    break
            return written

    with ThreadPoolExecutor(crowd) as pool:
        results = list(pool.map(work, range(crowd)))
    assert sum(written.stored for written in results) == 200
    assert {reason for written in results for reason in written.reasons} == {None}
    assert exported(tables) == [frame.to_json() for frame in frames]
    counts = query(tables, "SELECT COUNT(*), COUNT(DISTINCT content) FROM label_sets")
    assert counts[0][0] == counts[0][1]


def test_a_rejected_message_is_kept_once_and_counted(tables: Database) -> None:
    def rejected(topic: str, payload: bytes, reason: str = "no frame", seconds: int = 0) -> None:
        with contextlib.closing(FrameStore(tables)) as frame_store:
            frame_store.record_rejections([Rejection(topic, payload, reason, NOW + timedelta(seconds=seconds))])

    for seconds in range(3):
        rejected("teleinfo/1/frame", b"?", seconds=seconds)
    rejected("teleinfo/2/frame", b"?")
    rejected("teleinfo/1/frame", b"!")
    rejected("t" * 300, b"\xff\x00'\\" * 50_000, "é😀" * 1000)
    rows = query(
        tables,
        "SELECT topic, payload, reason, size, times, TIMESTAMPDIFF(SECOND, first_at, last_at)"
        " FROM rejected_messages ORDER BY topic, payload",
    )
    assert rows == [
        ("teleinfo/1/frame", b"!", "no frame", 1, 1, 0),
        ("teleinfo/1/frame", b"?", "no frame", 1, 3, 2),
        ("teleinfo/2/frame", b"?", "no frame", 1, 1, 0),
        ("tt" * 127 + "t", (b"\xff\x00'\\" * 50_000)[:65_536], "é😀" * 250, 200_000, 1, 0),
    ]


def test_rejected_messages_have_an_end(tables: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def reject(tables_of: FrameStore, *payloads: bytes) -> int:
        return tables_of.record_rejections(
            [Rejection("teleinfo/1/frame", payload, "no frame", NOW) for payload in payloads]
        )

    def kept() -> dict[bytes, int]:
        return dict(query(tables, "SELECT payload, times FROM rejected_messages"))

    monkeypatch.setattr("storer.frames.rejected.MOST_MESSAGES", 4)
    monkeypatch.setattr("storer.frames.rejected.MOST_BYTES", 1000)
    with contextlib.closing(FrameStore(tables)) as one, contextlib.closing(FrameStore(tables)) as other:
        assert reject(one, b"a" * 400, b"b" * 400, b"a" * 400) == 0
        assert reject(one, b"c" * 300) == 1  # too many bytes
        assert reject(one, b"d" * 200, b"e" * 200) == 1  # what is smaller, fits
        assert reject(other, b"f") == 1  # it looks before it keeps the first
        assert reject(other, b"d" * 200, b"a" * 400) == 0  # what is there is counted still
    assert kept() == {b"a" * 400: 3, b"b" * 400: 1, b"d" * 200: 2}
    with contextlib.closing(FrameStore(tables)) as later:
        monkeypatch.setattr("storer.frames.rejected.MOST_BYTES", 100_000)
        assert reject(later, b"g", b"h", b"i") == 2  # too many messages
        assert len(kept()) == 4


def test_what_not_even_the_record_of_rejections_can_hold_stops_nobody(tables: Database) -> None:
    impossible = Rejection("topic", b"?", "why", datetime(9999, 1, 1, tzinfo=UTC))
    with contextlib.closing(FrameStore(tables)) as frame_store:
        assert frame_store.record_rejections([Rejection("topic", b"1", "why", NOW), impossible]) == 1
    assert query(tables, "SELECT payload FROM rejected_messages") == [(b"1",)]


# What it takes.

PAGE = 16_384


def punches_holes(folder: Path) -> bool:
    """Tell if a file on this file system can give back its middle, which is how pages are compressed."""
    path = folder / "hole"
    path.write_bytes(b"x" * 4 * PAGE)
    command = ["fallocate", "--punch-hole", "--offset", str(PAGE), "--length", str(2 * PAGE), str(path)]
    return subprocess.run(command, check=False).returncode == 0 and path.stat().st_blocks * 512 <= 2 * PAGE


# The most bytes on disk of a frame without its label set.
MOST = {"historic-single-phase-hchp": 26, "standard-three-phase-producer": 27}
LABEL_SET_MOST = 150  # bytes on disk; a whole one takes 350 to 450


@pytest.mark.parametrize("kind", MOST)
def test_how_many_bytes_a_frame_takes(fresh_database: Server, kind: str, tmp_path: Path) -> None:
    """On an evening of two hours; of whole days and more meters: `./run bench --only at_rest`."""
    if not punches_holes(tmp_path):
        pytest.skip("pages are not compressed here")
    tables = make_tables(fresh_database)
    empty, count = allocated(fresh_database), 7200
    frames = simulated(kind, count, every=timedelta(seconds=1), start=DAY + timedelta(hours=17))
    assert store(tables, arriving(frames)) == count
    sizes = {table: size - empty[table] for table, size in allocated(fresh_database).items()}
    assert sum(size for table, size in sizes.items() if table.startswith("frames")) <= MOST[kind] * count
    ((sets,),) = query(tables, "SELECT COUNT(*) FROM label_sets")
    assert sizes["label_sets"] <= LABEL_SET_MOST * sets + 8 * PAGE  # pages that are not full
