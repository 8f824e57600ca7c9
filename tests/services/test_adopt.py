"""The original program's table becomes frames."""

import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Database
from common.errors import ConfigError, DatabaseError, PermanentError
from storer.adoption.adopt import adopt
from storer.adoption.original_table import OriginalTable
from storer.adoption.source_clock import SourceClock
from storer.adoption.survey import Survey, survey
from storer.database.schema import migrate
from tests.support.original import METER, TABLE, Row, make_original, steady
from tests.support.programs import ROOT
from tests.support.servers import Database as Server
from tests.support.storing import StorerCommand, client, exported, query

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TABLES = "SHOW TABLES WHERE Tables_in_teleinfodb <> 'table_files'"  # but for the view of the administrator
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
at = datetime.fromisoformat


def frames(database: Database) -> list[Frame]:
    return [Frame.from_json(line) for line in exported(database)]


def times_and_indexes(database: Database) -> list[tuple[datetime, int]]:
    return [(frame.timestamp.replace(tzinfo=None), int(frame.values["BASE"])) for frame in frames(database)]


def survey_of(database: Database, clock: SourceClock | None = None) -> Survey:
    with contextlib.closing(database.connect()) as connection:
        return survey(OriginalTable(connection, "teleinfoframes"), clock or SourceClock())


@pytest.fixture
def storer(fresh_database: Server, tmp_path: Path) -> StorerCommand:
    return StorerCommand(tmp_path, fresh_database.port, fresh_database.password)


# Before.


@pytest.mark.parametrize("name", ["migrate", "run"])
def test_the_programs_name_the_table_and_the_command(fresh_database: Server, storer: StorerCommand, name: str) -> None:
    make_original(fresh_database, steady("2023-11-20", 3, every=SECOND))
    result = storer(name)
    assert result.returncode == 3
    assert "teleinfo-storer adopt" in result.stderr.splitlines()[-1]
    assert query(client(fresh_database), TABLES) == [("teleinfoframes",)]


def test_another_table_of_that_name_is_not_adopted(fresh_database: Server) -> None:
    database = client(fresh_database)
    query(database, "CREATE TABLE teleinfoframes (timestamp TIMESTAMP, watts INT)", "SELECT 1")
    with pytest.raises(PermanentError):
        migrate(database)
    with pytest.raises(DatabaseError, match="meter_identifier, subscription_type"):
        adopt(database, None, NOW)
    assert query(database, TABLES) == [("teleinfoframes",)]


@pytest.mark.parametrize("migrated", [False, True])
def test_without_the_table_there_is_nothing_to_adopt(fresh_database: Server, migrated: bool) -> None:
    if migrated:
        migrate(client(fresh_database))  # the view is no table
    with pytest.raises(DatabaseError, match="no table teleinfoframes"):
        adopt(client(fresh_database), None, NOW)


def test_a_program_that_still_writes_is_not_renamed_away(fresh_database: Server) -> None:
    make_original(fresh_database, steady("2026-11-24 11:59:00", 50, every=SECOND))
    with pytest.raises(DatabaseError, match="teleinfoframes"):
        adopt(client(fresh_database), None, NOW)
    assert query(client(fresh_database), TABLES) == [("teleinfoframes",)]
    assert adopt(client(fresh_database), None, NOW + MINUTE).made.rows == 50


# What becomes of the rows.

MIXED = [
    *steady("2023-11-20 22:00:00", 40, every=7 * MINUTE),
    Row(at("2023-11-21 12:00:00"), 1_000_050, current=0, power=0, state=None),
    Row(at("2023-11-21 12:00:01"), 1_000_051, period="HC..", contract="HC..", schedule="a"),
    Row(at("2023-11-21 12:00:02"), 1_000_052, period="HC..", contract="HC..", schedule="A"),
    Row(at("2023-11-21 12:00:03"), 4_294_967_295, current=65_535, power=16_777_215, subscribed=255, most=65_535),
    Row(at("2023-11-21 12:00:04"), 12, meter="021528603314", most=90),
    Row(at("2024-03-01 00:00:00"), 2_000_000),
]
VIEW = "SELECT * FROM {} ORDER BY timestamp, meter_identifier"


def test_each_row_is_a_frame_that_says_the_same(fresh_database: Server) -> None:
    make_original(fresh_database, MIXED)
    database = client(fresh_database)
    seen: list[int] = []
    done = adopt(database, None, NOW, seen.append)
    assert (done.renamed, done.made.rows, done.left_out) == (True, len(MIXED), 0)
    assert seen == sorted(seen)
    assert seen[-1] == len(MIXED)
    assert (done.made.first, done.made.last) == (
        at("2023-11-20T22:00:00+00:00"),
        at("2024-03-01T00:00:00+00:00"),
    )
    # The view shows what the table shows.
    assert query(database, VIEW.format("teleinfoframes")) == query(database, VIEW.format("teleinfoframes_original"))
    assert frames(database)[0].to_json() == (
        b'{"meter": "031961123456", "timestamp": "2023-11-20T22:00:00.000000Z", "mode": "historic", "frame":'
        b' {"ADCO": "031961123456", "OPTARIF": "BASE", "ISOUSC": 30, "BASE": 1000000, "PTEC": "TH..", "IINST": 2,'
        b' "IMAX": 35, "PAPP": 390, "HHPHC": "A", "MOTDETAT": "000000"}}'
    )
    assert query(database, "SELECT COUNT(*) FROM label_sets") == [(6,)]
    noted = "SELECT source, shift, zone, frames, left_out, finished_at IS NOT NULL FROM adoptions"
    assert query(database, noted) == [("teleinfoframes_original", 0, None, len(MIXED), 0, 1)]


def test_the_partitions_of_its_months_are_made_first(fresh_database: Server) -> None:
    make_original(fresh_database, MIXED)
    database = client(fresh_database)
    adopt(database, None, NOW)
    sql = (
        "SELECT partition_name, table_rows FROM information_schema.partitions"
        " WHERE table_schema = DATABASE() AND table_name = 'frames'"
    )
    rows = dict(query(database, "ANALYZE TABLE frames", sql))
    assert {"p202311", "p202402", "p202403", "p202612"} <= rows.keys()
    assert (rows["p_earlier"], rows["p202311"], rows["p202403"]) == (0, len(MIXED) - 1, 1)


def test_rows_that_cannot_be_frames_are_counted(fresh_database: Server) -> None:
    rows = [*steady("2023-11-20", 3, every=SECOND), Row(at("2023-11-20 01:00:00"), 5, meter="")]
    make_original(fresh_database, rows)
    database = client(fresh_database)
    zero = "SELECT 0, '031961123456', 'BASE', 30, 1, 'TH..', 2, 35, 390, 'A', NULL"
    query(database, "SET sql_mode = ''", f"INSERT INTO teleinfoframes {zero}", "SELECT 1")
    found = survey_of(database)
    assert (found.rows, found.without_meter, found.without_time) == (3, 1, 1)
    done = adopt(database, None, NOW)
    assert (done.made.rows, done.left_out) == (3, 1)
    assert len(frames(database)) == 3


def test_an_empty_table_is_only_renamed(fresh_database: Server) -> None:
    make_original(fresh_database, [])
    done = adopt(client(fresh_database), None, NOW)
    assert (done.renamed, done.made.rows) == (True, 0)
    assert frames(client(fresh_database)) == []


# The hour that comes twice.


def night() -> tuple[list[Row], list[tuple[datetime, int]]]:
    """Rows of the night of 29 October 2023 as the server stored them, and time and index of each as it really was."""
    rows, truth, held = [], [], set()
    begin = at("2023-10-28 22:00:00")
    for number in range(5 * 360):
        real = begin + number * 10 * SECOND
        index = 1_000_000 + number
        # Local text is ambiguous from 0:00 to 2:00 UTC, and the server took it for the first pass. The program was not
        # quite regular, so that the second pass has other seconds.
        doubled = real >= at("2023-10-29 01:00:00") and real < at("2023-10-29 02:00:00")
        if doubled:
            real += (3 if number % 5 else 0) * SECOND
        stored = real - HOUR if doubled else real
        if stored not in held:
            held.add(stored)
            rows.append(Row(stored, index))
            truth.append((real, index))
    return rows, truth


def test_both_passes_of_the_doubled_hour_get_their_time_for_each_meter(fresh_database: Server) -> None:
    rows, truth = night()
    other = "021528603314"
    others = [dataclasses.replace(row, time=row.time + SECOND, meter=other, index=row.index * 2) for row in rows]
    make_original(fresh_database, [*rows, *others])
    found = survey_of(client(fresh_database))
    doubled = sorted((hour.meter, hour.time, hour.split) for hour in found.doubled)
    assert doubled == [(meter, at("2023-10-29 00:00:00"), True) for meter in (other, METER)]
    assert found.fall_count == 0
    adopt(client(fresh_database), None, NOW)
    for meter, expected in ((METER, truth), (other, [(real + SECOND, 2 * index) for real, index in truth])):
        own = [frame for frame in frames(client(fresh_database)) if frame.meter == meter]
        assert [(frame.timestamp.replace(tzinfo=None), frame.values["BASE"]) for frame in own] == expected


def test_a_table_in_true_utc_is_not_split(fresh_database: Server) -> None:
    """An index that falls in that hour is not enough: the hour behind it has rows."""
    rows = steady("2023-10-29 00:00:00", 720, every=10 * SECOND)
    rows[100] = dataclasses.replace(rows[100], index=1_000_500)
    make_original(fresh_database, rows)
    found = survey_of(client(fresh_database))
    assert [hour.split for hour in found.doubled] == [False]
    assert found.fall_count == 1
    adopt(client(fresh_database), None, NOW)
    assert times_and_indexes(client(fresh_database)) == [(row.time, row.index) for row in rows]


PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize("clock", [SourceClock(shift=-2), SourceClock(shift=1), SourceClock(zone=PARIS)], ids=str)
def test_times_are_converted_as_is_told(fresh_database: Server, clock: SourceClock) -> None:
    """Shifted, or local times in a server in UTC, as in a container."""

    def as_written(time: datetime) -> datetime:
        if clock.zone is None:
            return time - clock.shift * HOUR
        return time.replace(tzinfo=UTC).astimezone(clock.zone).replace(tzinfo=None)

    rows, truth = night()
    make_original(fresh_database, [dataclasses.replace(row, time=as_written(row.time)) for row in rows])
    if clock.zone is not None:
        assert survey_of(client(fresh_database)).local_times
        assert not survey_of(client(fresh_database), clock).local_times
    adopt(client(fresh_database), clock, NOW)
    assert times_and_indexes(client(fresh_database)) == truth


@pytest.mark.parametrize("rolled_up", [True, False])
def test_the_rollups_of_its_days_are_requested(fresh_database: Server, rolled_up: bool) -> None:
    make_original(fresh_database, MIXED)
    database = client(fresh_database)
    query(database, "RENAME TABLE teleinfoframes TO teleinfoframes_original", "SELECT 1")
    migrate(database)
    if rolled_up:  # else the first storer makes all of them
        query(database, "INSERT INTO rollup_state (id, up_to) VALUES (1, '2026-11-24 12:00:00')", "SELECT 1")
    adopt(database, None, NOW)
    requested = query(database, "SELECT rebuild_from, rebuild_to FROM rollup_state")
    assert requested == ([(at("2023-11-20 22:00:00"), at("2024-03-01 01:00:00"))] if rolled_up else [])


# Interrupted, repeated, undone.


def test_a_second_run_changes_nothing(fresh_database: Server) -> None:
    make_original(fresh_database, MIXED)
    database = client(fresh_database)
    adopt(database, SourceClock(shift=1), NOW)
    before = exported(database)
    done = adopt(database, None, NOW)
    assert (done.renamed, done.made.rows, done.all.rows) == (False, 0, len(MIXED))
    assert exported(database) == before
    with pytest.raises(ConfigError, match="--shift 1"):
        adopt(database, SourceClock(shift=2), NOW)
    assert exported(database) == before


@pytest.mark.parametrize("step", ["renamed", "migrated", "a day"])
def test_a_run_that_was_broken_off_is_continued(fresh_database: Server, step: str) -> None:
    make_original(fresh_database, MIXED)
    database = client(fresh_database)
    if step == "a day":

        def stop(rows: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            adopt(database, None, NOW, stop)
        assert 0 < len(frames(database)) < len(MIXED)
    else:
        query(database, "RENAME TABLE teleinfoframes TO teleinfoframes_original", "SELECT 1")
        if step == "migrated":
            migrate(database)
    done = adopt(database, None, NOW)
    assert (done.renamed, done.all.rows, done.left_out) == (False, len(MIXED), 0)
    assert query(database, VIEW.format("teleinfoframes")) == query(database, VIEW.format("teleinfoframes_original"))


def test_the_way_back_and_again(fresh_database: Server) -> None:
    """As docs/adoption.md says; the original program writes more, and is adopted again."""
    make_original(fresh_database, MIXED)
    database = client(fresh_database)
    adopt(database, None, NOW)
    page = (ROOT / "docs" / "adoption.md").read_text()
    statements = ["DROP VIEW teleinfoframes", "RENAME TABLE teleinfoframes_original TO teleinfoframes"]
    assert "".join(f"{statement};\n" for statement in statements) in page
    query(database, *statements, "SELECT 1")
    make_original(fresh_database, [Row(at("2024-03-01 00:00:01"), 2_000_001)], table="DO 0")
    with pytest.raises(PermanentError):
        migrate(database)
    done = adopt(database, None, NOW)
    assert (done.renamed, done.made.rows, done.all.rows) == (True, 1, len(MIXED) + 1)
    assert query(database, VIEW.format("teleinfoframes")) == query(database, VIEW.format("teleinfoframes_original"))


def test_two_tables_are_refused(fresh_database: Server) -> None:
    make_original(fresh_database, MIXED)
    database = client(fresh_database)
    adopt(database, None, NOW)
    query(database, "DROP VIEW teleinfoframes", TABLE, "SELECT 1")
    with pytest.raises(DatabaseError, match="teleinfoframes and teleinfoframes_original"):
        adopt(database, None, NOW)


def test_other_frames_in_the_place_of_rows_are_no_silent_loss(fresh_database: Server) -> None:
    make_original(fresh_database, MIXED)
    database = client(fresh_database)
    adopt(database, None, NOW)
    fresh_database.sql("DELETE FROM teleinfodb.adoptions")
    query(database, "UPDATE frames SET power = 1 WHERE timestamp = '2023-11-20 22:07:00'", "SELECT 1")
    done = adopt(database, None, NOW)
    assert (done.all.rows, done.left_out) == (len(MIXED) - 1, 1)
    fresh_database.sql("DELETE FROM teleinfodb.adoptions")
    query(database, "UPDATE frames SET power = 1 WHERE timestamp = '2023-11-20 22:00:00'", "SELECT 1")
    with pytest.raises(DatabaseError, match="cannot be stored"):
        adopt(database, None, NOW)


# What is printed.


def test_a_dry_run_shows_what_is_there_and_changes_nothing(fresh_database: Server, storer: StorerCommand) -> None:
    rows, _ = night()
    new_meter = steady("2023-11-20", 10, every=SECOND, index=5)
    make_original(fresh_database, [*rows, *new_meter])
    result = storer("adopt", "--dry-run")
    assert (result.returncode, result.stderr) == (0, "")
    for text in (
        f"teleinfoframes: {len(rows) + 10:,} rows to adopt",
        f"meter {METER}: {len(rows) + 10:,} rows from 2023-10-28 22:00:00 UTC to 2023-11-20 00:00:09 UTC",
        "told apart by the index: 2023-10-29",
        "2023-11-20 00:00:00 UTC: meter 031961123456, from 1,001,799 to 5 Wh",
    ):
        assert text in result.stdout
    assert query(client(fresh_database), TABLES) == [("teleinfoframes",)]
    result = storer("adopt")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"{len(rows) + 10} rows became frames now, {len(rows) + 10} in all" in result.stdout
    again = storer("adopt", "--dry-run")
    assert "teleinfoframes_original: " in again.stdout


@pytest.mark.parametrize(
    "arguments", [["--shift", "x"], ["--shift", "100"], ["--zone", "Paris"], ["--shift", "1", "--zone", "Europe/Paris"]]
)
def test_a_wrong_option_is_refused(storer: StorerCommand, arguments: list[str]) -> None:
    assert storer("adopt", *arguments).returncode == 2
