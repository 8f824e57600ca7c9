import dataclasses
import json
import os
import pty
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.contract.frame import Frame
from common.database.mariadb import Database
from storer.export.frames import Selection, read_selection
from tests.support.frames import DAY, every_kind, frames, historic, standard
from tests.support.programs import ENVIRONMENT
from tests.support.servers import Database as Server
from tests.support.servers import free_port
from tests.support.storing import StorerCommand, exported, make_tables, query, store
from tests.support.wording import says


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    """Tables that all tests of this file share: each stores frames of meters of its own."""
    database.create_database()
    return make_tables(database)


@pytest.fixture
def storer(database: Server, tmp_path: Path) -> StorerCommand:
    return StorerCommand(tmp_path, database.port, database.password)


def numbered(meter: str, count: int) -> list[Frame]:
    """Frames of one meter, an hour apart, from the beginning of DAY."""
    frame = dataclasses.replace(historic(BASE=1), meter=meter)
    return [dataclasses.replace(frame, timestamp=DAY + timedelta(hours=number)) for number in range(count)]


ODDITIES = [
    historic(ADCO="031961123456", BASE=8735124, PAPP=390, WATT="  5 ", MOTDETAT=" 000  "),
    standard(MSG1="PAS DE          MESSAGE         ", NGTF="     TEMPO      ", UNKNOWN="é€😀\x00\n\"'\\%s"),
    standard(EAST=2**32, SINSTS=-1, IRMS1=10**30, URMS1="230"),
    standard(URMS1=230, IRMS1=1, EAST=5),  # not in the order of the wire
    dataclasses.replace(standard(EAST=1), dropped=0),
    dataclasses.replace(standard(EAST=1), dropped=3),
    dataclasses.replace(standard(EAST=1), dropped=300),
    dataclasses.replace(standard(EAST=1), stamps={}),
    dataclasses.replace(
        standard(DATE="", SMAXSN=5),
        stamps={"SMAXSN": DAY, "DATE": DAY + timedelta(seconds=1)},
        clock="degraded",
        host_clock="unsynchronised",
        dropped=1,
    ),
    dataclasses.replace(standard(DATE="", EAST=1), stamps={"DATE": DAY.replace(year=2000)}),  # a clock years off
    dataclasses.replace(standard(EAST=1), timestamp=DAY + timedelta(microseconds=1)),
    dataclasses.replace(standard(EAST=1), timestamp=DAY + timedelta(microseconds=999_999)),
]


def test_every_frame_comes_back_byte_for_byte(tables: Database, storer: StorerCommand) -> None:
    bag = list(every_kind(10, every=timedelta(hours=2, minutes=24), start=DAY - timedelta(days=3)))
    for number, frame in enumerate(ODDITIES):
        bag.append(dataclasses.replace(frame, meter=f"odd-{number}"))
    assert store(tables, bag) == len(bag)
    published = {(frame.meter, frame.timestamp): frame.to_json() for frame in bag}
    # whatever the terminal's encoding is
    environment = ENVIRONMENT | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    result = subprocess.run(storer.line("export"), env=environment, capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    lines = result.stdout.splitlines()
    again = [Frame.from_json(line) for line in lines]
    assert [frame.timestamp for frame in again] == sorted(frame.timestamp for frame in bag)
    found = {(frame.meter, frame.timestamp): line for frame, line in zip(again, lines, strict=True)}
    assert found == published


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(frames(), min_size=1, max_size=10))
def test_any_frame_comes_back(tables: Database, bag: list[Frame]) -> None:
    meter = f"any-{os.urandom(8).hex()}"
    bag = [
        dataclasses.replace(frame, meter=meter, timestamp=DAY + timedelta(seconds=number))
        for number, frame in enumerate(bag)
    ]
    assert store(tables, bag) == len(bag)
    assert exported(tables, Selection(meter=meter)) == [frame.to_json() for frame in bag]


HOUR = "2026-11-24T{:02}:00:00Z"


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (None, None, range(24)),
        (HOUR.format(20), None, range(20, 24)),
        (None, HOUR.format(3), range(3)),  # the first moment that is not wanted any more
        (HOUR.format(3), HOUR.format(5), range(3, 5)),
        ("2026-11-24T03:00:00.000001Z", "2026-11-24T05:00:00.000001Z", range(4, 6)),
        ("2026-11-24T18:00:00+01:00", "2026-11-24T14:00:00-05:00", range(17, 19)),
        ("2026-11-24", "2026-11-25", range(24)),
        ("2026-11-25", None, range(0)),
        (HOUR.format(5), HOUR.format(5), range(0)),
        # limits that the database could not hold
        ("0026-11-24", None, range(24)),
        ("1969-12-31", "9999-12-31", range(24)),
        ("2150-01-01", None, range(0)),
        (None, "0001-01-01", range(0)),
    ],
)
def test_limits_of_time(tables: Database, start: str | None, end: str | None, hours: range) -> None:
    bag = numbered("limits", 24)
    store(tables, bag)
    assert exported(tables, read_selection(start, end, "limits")) == [bag[hour].to_json() for hour in hours]


def test_only_the_meter_that_is_wanted(tables: Database, storer: StorerCommand) -> None:
    one, other = numbered("first", 3), numbered("second", 3)
    store(tables, [*one, *other])
    assert exported(tables, Selection(meter="second")) == [frame.to_json() for frame in other]
    for meter in ("nobody", "First", "' OR 1=1 -- "):  # an address is not a word
        result = storer("export", "--meter", meter)
        assert (result.returncode, result.stdout) == (2, "")
        assert says(result.stderr.strip(), "...first...second...")


def test_an_invalid_limit_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    result = StorerCommand(tmp_path, free_port())("export", "--from", "yesterday")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)


def test_whoever_has_enough_may_go(tables: Database, storer: StorerCommand) -> None:
    """`teleinfo-storer export | head -n 1` says nothing more; neither a pipe nor a batch holds all of this."""
    frame = dataclasses.replace(standard(MSG1="x" * 1_000), meter="verbose")
    store(tables, (dataclasses.replace(frame, timestamp=DAY + timedelta(seconds=number)) for number in range(3000)))
    script = '"$0" "$@" | head -n 1; echo "${PIPESTATUS[0]}"'
    shell = ["bash", "-c", script, *storer.line("export", "--meter", "verbose")]
    result = subprocess.run(shell, env=ENVIRONMENT, capture_output=True, timeout=300, check=False)
    line, code = result.stdout.splitlines()
    Frame.from_json(line)
    assert code == b"0"
    assert result.stderr == b""


@pytest.fixture(scope="module")
def rollups(tables: Database) -> Database:
    """Hours of a meter, and minutes of two."""
    store(tables, [*numbered("hourly", 1), *numbered("other", 1)])
    one, two = (f"(SELECT id FROM meters WHERE identifier = '{name}')" for name in ("hourly", "other"))
    query(
        tables,
        "INSERT INTO hours (meter_id, hour, frames, seconds, minutes, drawn_wh, first_at) VALUES"
        f" ({one}, '2026-10-25 00:00:00', 3600, 3600, 1, 1204, '2026-10-25 00:00:00'),"
        f" ({one}, '2026-10-25 01:00:00', 3600, 3600, 1, NULL, '2026-10-25 01:00:00')",
        "INSERT INTO minutes (meter_id, minute, frames, seconds, power_mean) VALUES"
        f" ({two}, '2026-10-25 00:00:00', 60, 60, 1), ({one}, '2026-10-25 00:01:00', 60, 60, 390),"
        f" ({one}, '2026-10-25 00:00:00', 30, 30, 400)",
        "SELECT 1",
    )
    return tables


def rolled(storer: StorerCommand, table: str, *arguments: str) -> list[dict[str, Any]]:
    result = storer("export", "--rollup", table, *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("rollups")
def test_hours_have_their_times_and_what_is_not_known_is_null(storer: StorerCommand) -> None:
    rows = rolled(storer, "hours", "--from", "2026-10-25", "--to", "2026-10-26")
    assert [(row["hour"], row["meter"], row["drawn_wh"], row["first_at"]) for row in rows] == [
        ("2026-10-25T00:00:00Z", "hourly", 1204, "2026-10-25T00:00:00Z"),
        ("2026-10-25T01:00:00Z", "hourly", None, "2026-10-25T01:00:00Z"),
    ]


@pytest.mark.usefixtures("rollups")
def test_minutes_are_ordered_by_meter_and_time(storer: StorerCommand) -> None:
    rows = [(row["minute"], row["power_mean"]) for row in rolled(storer, "minutes")]
    assert rows == [("2026-10-25T00:00:00Z", 400), ("2026-10-25T00:01:00Z", 390), ("2026-10-25T00:00:00Z", 1)]
    assert [row["power_mean"] for row in rolled(storer, "minutes", "--meter", "hourly")] == [400, 390]
    assert storer("export", "--rollup", "minutes", "--meter", "nobody").returncode == 2


def test_progress_is_shown_on_a_terminal_only(tables: Database, storer: StorerCommand) -> None:
    frame = dataclasses.replace(historic(BASE=1), meter="many")
    store(tables, (dataclasses.replace(frame, timestamp=DAY + timedelta(seconds=number)) for number in range(2000)))
    control, terminal = pty.openpty()
    try:
        command = storer.line("export", "--meter", "many")
        result = subprocess.run(
            command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=terminal, timeout=300, check=False
        )
        shown = os.read(control, 10_000)
    finally:
        os.close(control)
        os.close(terminal)
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 2000)
    assert b"exporting frames: 1,000" in shown


def test_what_is_missing_is_named_once_and_the_other_frames_come(fresh_database: Server, storer: StorerCommand) -> None:
    tables = make_tables(fresh_database)
    bag = [
        dataclasses.replace(standard(EAST=second, MSG1=text), timestamp=DAY + timedelta(seconds=second))
        for second, text in enumerate(("kept", "lost", "lost", "kept", "lost too"))
    ]
    store(tables, [*bag, *numbered("gone", 2)])
    name = fresh_database.name
    fresh_database.sql(f"DELETE FROM {name}.label_sets WHERE content LIKE '%lost%'")
    fresh_database.sql(f"DELETE FROM {name}.meters WHERE identifier = 'gone'")
    result = storer("export")
    assert result.stdout.splitlines() == [bag[0].to_json().decode(), bag[3].to_json().decode()]
    assert result.returncode == 1
    first, *others = sorted(result.stderr.splitlines())
    assert says(first, "teleinfo-storer: label set ...2026-11-24 00:00:01...")
    assert [line.split()[1] for line in others] == ["label", "meter"]


def test_a_database_that_cannot_be_used_is_said_in_one_line(
    database: Server, fresh_database: Server, tmp_path: Path
) -> None:
    nobody = free_port()
    for port, password, code, fact in (
        (nobody, "", 1, f"teleinfodb at 127.0.0.1:{nobody}"),
        (database.port, "wrong", 3, "database.password"),
        (database.port, database.password, 2, "migrate"),  # there are no tables
    ):
        result = StorerCommand(tmp_path, port, password)("export")
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (code, "", 1)
        assert fact in result.stderr


def test_migrate_says_what_it_did(fresh_database: Server, storer: StorerCommand) -> None:
    first, second = storer("migrate"), storer("migrate")
    assert (first.returncode, first.stderr) == (second.returncode, second.stderr) == (0, "")
    assert first.stdout.startswith("version 100: schema\nversion 101: digests\n")
    assert second.stdout == "the tables are up to date\n"
