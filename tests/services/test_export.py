import contextlib
import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.contract.frame import Frame
from common.database.mariadb import Database
from storer.database.frame_store import FrameStore
from storer.export.frames import Selection, read_limit
from tests.support.frames import DAY, FRACTION, every_kind, frames, historic, simulated, standard
from tests.support.servers import Database as Server
from tests.support.servers import free_port
from tests.support.storing import client, exported, make_tables, store

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}  # the programs need not be installed
Command = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    """Tables that all tests of this file share: each stores frames of meters of its own."""
    database.create_database()
    return make_tables(database)


@pytest.fixture
def storer(database: Server, tables: Database, tmp_path: Path) -> Command:
    """The command `teleinfo-storer`, with its configuration."""
    return command(tmp_path, database.port, database.password)


def command(folder: Path, port: int, password: str = "") -> Command:
    file = folder / "storer.yaml"
    file.write_text(json.dumps({"database": {"host": "127.0.0.1", "port": port, "password": password}}))

    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "-P", "-m", "storer", arguments[0], "--config", str(file), *arguments[1:]],
            env=ENVIRONMENT | environment,
            capture_output=True,
            timeout=300,
            check=False,
        )

    return run


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


def test_every_frame_comes_back_byte_for_byte(tables: Database, storer: Command) -> None:
    bag = list(every_kind(10, every=timedelta(hours=2, minutes=24), start=DAY - timedelta(days=3)))
    for number, frame in enumerate(ODDITIES):
        bag.append(dataclasses.replace(frame, meter=f"odd-{number}"))
    assert store(tables, bag) == len(bag)
    published = {(frame.meter, frame.timestamp): frame.to_json() for frame in bag}
    # whatever the terminal's encoding is
    result = storer("export", PYTHONIOENCODING="ascii", LC_ALL="C")
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
    ("arguments", "hours"),
    [
        ([], range(24)),
        (["--from", HOUR.format(20)], range(20, 24)),
        (["--to", HOUR.format(3)], range(3)),  # the first moment that is not wanted any more
        (["--from", HOUR.format(3), "--to", HOUR.format(5)], range(3, 5)),
        (["--from", "2026-11-24T03:00:00.000001Z", "--to", "2026-11-24T05:00:00.000001Z"], range(4, 6)),
        (["--from", "2026-11-24T18:00:00+01:00", "--to", "2026-11-24T14:00:00-05:00"], range(17, 19)),
        (["--from", "2026-11-24"], range(24)),
        (["--to", "2026-11-24"], range(0)),
        (["--from", "2026-11-24", "--to", "2026-11-25"], range(24)),
        (["--from", "2026-11-25"], range(0)),
        (["--from", HOUR.format(5), "--to", HOUR.format(5)], range(0)),
        # limits that the database could not hold
        (["--from", "0026-11-24"], range(24)),
        (["--from", "1969-12-31", "--to", "9999-12-31"], range(24)),
        (["--from", "2150-01-01"], range(0)),
        (["--to", "0001-01-01"], range(0)),
    ],
)
def test_limits_of_time(tables: Database, storer: Command, arguments: list[str], hours: range) -> None:
    bag = numbered("limits", 24)
    store(tables, bag)
    result = storer("export", "--meter", "limits", *arguments)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.splitlines() == [bag[hour].to_json() for hour in hours]


def test_only_the_meter_that_is_wanted(tables: Database, storer: Command) -> None:
    one, other = numbered("first", 3), numbered("second", 3)
    store(tables, [*one, *other])
    assert exported(tables, Selection(meter="second")) == [frame.to_json() for frame in other]
    for meter in ("nobody", "First", "' OR 1=1 -- "):  # an address is not a word
        result = storer("export", "--meter", meter)
        assert (result.returncode, result.stdout) == (2, b"")
        assert re.search(r" is unknown; .*\bfirst\b.*\bsecond\b", result.stderr.decode())


def test_a_label_set_that_is_missing_is_named_once_and_the_other_frames_come(
    fresh_database: Server, tmp_path: Path
) -> None:
    tables = make_tables(fresh_database)
    bag = [
        dataclasses.replace(standard(EAST=second, MSG1=text), timestamp=DAY + timedelta(seconds=second))
        for second, text in enumerate(("kept", "lost", "lost", "kept", "lost too"))
    ]
    store(tables, bag)
    fresh_database.sql(f"DELETE FROM {fresh_database.name}.label_sets WHERE content LIKE '%lost%'")
    result = command(tmp_path, fresh_database.port, fresh_database.password)("export")
    assert result.stdout.splitlines() == [bag[0].to_json(), bag[3].to_json()]
    assert result.returncode == 1
    lines = result.stderr.decode().splitlines()
    assert len(lines) == 2
    assert re.match(
        r"teleinfo-storer: label set \d+ is not in the database: .* the first of 2026-11-24 00:00:01", lines[0]
    )


def test_a_meter_that_is_missing_is_named_and_the_other_frames_come(fresh_database: Server, tmp_path: Path) -> None:
    tables = make_tables(fresh_database)
    one, other = numbered("one", 2), numbered("other", 2)
    store(tables, [*one, *other])
    fresh_database.sql(f"DELETE FROM {fresh_database.name}.meters WHERE identifier = 'one'")
    result = command(tmp_path, fresh_database.port, fresh_database.password)("export")
    assert result.stdout.splitlines() == [frame.to_json() for frame in other]
    (line,) = result.stderr.decode().splitlines()
    assert re.match(r"teleinfo-storer: meter number \d+ is not in the database", line)
    assert result.returncode == 1


def test_limits_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    result = command(tmp_path, free_port())("export", "--from", "2026-12-01", "--to", "2026-11-01")
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"--to 2026-11-01 is before --from 2026-12-01" in result.stderr


@pytest.mark.parametrize("option", ["--from", "--to"])
@pytest.mark.parametrize("limit", ["yesterday", "2026-11", "2026-13-01", "2026-11-24 18:00", "2026-11-24T18:00:00"])
def test_an_invalid_limit_is_refused(tmp_path: Path, option: str, limit: str) -> None:
    """Before anything is opened: there is no database here."""
    result = command(tmp_path, free_port())("export", option, limit)
    assert result.returncode == 2
    assert result.stdout == b""
    (line,) = result.stderr.decode().splitlines()
    assert line.startswith("teleinfo-storer: not an instant: ")
    assert "2026-11-24" in line


def test_a_day_begins_at_midnight_utc() -> None:
    assert read_limit("2026-11-24") == DAY
    assert read_limit("2026-11-24T01:00:00+01:00") == DAY


def test_whoever_has_enough_may_go(tables: Database, database: Server, tmp_path: Path) -> None:
    """`teleinfo-storer export | head -n 1` says nothing more; a pipe does not hold all of this."""
    frame = dataclasses.replace(standard(MSG1="x" * 10_000), meter="verbose")
    store(tables, (dataclasses.replace(frame, timestamp=DAY + timedelta(seconds=number)) for number in range(300)))
    command(tmp_path, database.port, database.password)
    script = '"$0" -P -m storer export --meter verbose --config "$1" | head -n 1; echo "${PIPESTATUS[0]}"'
    shell = ["bash", "-c", script, sys.executable, str(tmp_path / "storer.yaml")]
    result = subprocess.run(shell, env=ENVIRONMENT, capture_output=True, timeout=300, check=False)
    line, code = result.stdout.splitlines()
    Frame.from_json(line)
    assert code == b"0"
    assert result.stderr == b""


@pytest.mark.parametrize("name", ["export", "migrate"])
def test_a_database_that_is_away_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    port = free_port()
    result = command(tmp_path, port)(name)
    assert (result.returncode, result.stdout) == (1, b"")
    (line,) = result.stderr.decode().splitlines()
    assert line.startswith(f"teleinfo-storer: database teleinfodb at 127.0.0.1:{port}: Can't connect")


@pytest.mark.parametrize("name", ["export", "migrate"])
def test_a_database_that_refuses_us_is_said_in_one_line(database: Server, tmp_path: Path, name: str) -> None:
    result = command(tmp_path, database.port, "wrong")(name)
    assert (result.returncode, result.stdout) == (3, b"")
    (line,) = result.stderr.decode().splitlines()
    assert "Access denied" in line
    assert line.endswith("(1045); check database.user and database.password")


def test_export_without_tables_says_so(fresh_database: Server, tmp_path: Path) -> None:
    result = command(tmp_path, fresh_database.port, fresh_database.password)("export")
    assert (result.returncode, result.stdout) == (3, b"")
    (line,) = result.stderr.decode().splitlines()
    assert "doesn't exist (1146)" in line


def test_migrate_says_what_it_did(fresh_database: Server, tmp_path: Path) -> None:
    migrate = command(tmp_path, fresh_database.port, fresh_database.password)
    first = migrate("migrate")
    assert (first.returncode, first.stderr) == (0, b"")
    assert first.stdout.startswith(b"version 100: schema\n")
    second = migrate("migrate")
    assert (second.returncode, second.stdout, second.stderr) == (0, b"the tables are up to date\n", b"")


def test_an_export_can_be_stored_again(tables: Database, fresh_database: Server) -> None:
    """From one database to another, by way of text."""
    bag = list(simulated("standard-single-phase-tempo", 20, every=timedelta(hours=1)))
    other = make_tables(fresh_database)
    with contextlib.closing(FrameStore(other)) as frame_store:
        frame_store.write(bag)
    again = [Frame.from_json(line) for line in exported(other)]
    assert again == bag
    assert store(other, again) == 0
    assert client(fresh_database).where == f"teleinfodb at 127.0.0.1:{fresh_database.port}"
    assert again[0].timestamp == DAY + FRACTION
