"""`export --format csv|parquet` and `--rollup`, with a real database."""

import csv
import dataclasses
import io
import json
import os
import pty
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Database
from tests.support.frames import DAY, every_kind, historic
from tests.support.programs import ENVIRONMENT, ROOT
from tests.support.servers import Database as Server
from tests.support.servers import free_port
from tests.support.storing import StorerCommand, make_tables, query, store

Export = Callable[..., bytes]


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    second = dataclasses.replace(historic(BASE=12, PAPP=2**24 + 1, IINST=3), meter="second")
    return [*every_kind(5, every=timedelta(minutes=17)), second]


@pytest.fixture(scope="module")
def tables(database: Server, frames: list[Frame]) -> Database:
    database.create_database()
    tables = make_tables(database)
    assert store(tables, frames) == len(frames)
    hours = [("2026-10-25 00:00:00", 1204, 8_735_124), ("2026-10-25 01:00:00", None, None)]
    for hour, drawn, total in hours:
        query(
            tables,
            "INSERT INTO hours (meter_id, hour, frames, seconds, minutes, drawn_wh, total_last, first_at)"
            f" VALUES (1, '{hour}', 3600, 3600, 1, {drawn or 'NULL'}, {total or 'NULL'}, '{hour}')",
            "SELECT 1",
        )
    query(
        tables,
        "INSERT INTO minutes (meter_id, minute, frames, seconds, power_mean) VALUES"
        " (2, '2026-10-25 00:00:00', 60, 60, 1), (1, '2026-10-25 00:01:00', 60, 60, 390),"
        " (1, '2026-10-25 00:00:00', 30, 30, 400)",
        "SELECT 1",
    )
    return tables


def run(
    server: Server | None, folder: Path, *arguments: str, **options: object
) -> "subprocess.CompletedProcess[bytes]":
    storer = StorerCommand(folder, server.port, server.password) if server else StorerCommand(folder, free_port())
    given: dict[str, object] = {"env": ENVIRONMENT, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = storer.line("export", *arguments)
    return subprocess.run(command, timeout=300, check=False, **given | options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def export(database: Server, tables: Database, tmp_path: Path) -> Export:
    def call(*arguments: str) -> bytes:
        result = run(database, tmp_path, *arguments)
        assert (result.returncode, result.stderr) == (0, b"")
        return result.stdout

    return call


def rows_of(text: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_frames_say_what_the_view_says(tables: Database, frames: list[Frame], export: Export) -> None:
    rows = rows_of(export("--format", "csv"))
    assert len(rows) == len(frames)
    seen = query(
        tables,
        "SELECT timestamp, meter_identifier, subscription_type, subscription_power_in_a, current_pricing_period,"
        " total_base_index_in_wh, power_consumption_in_va FROM teleinfoframes",
    )
    view = {
        (str(meter), time.replace(tzinfo=UTC)): ["" if value is None else str(value) for value in rest]
        for time, meter, *rest in seen
    }
    names = ("subscription_type", "subscribed_current", "pricing_period", "index_total", "power")
    found = {(row["meter"], datetime.fromisoformat(row["timestamp"])): [row[name] for name in names] for row in rows}
    assert found == view
    assert [row["timestamp"] for row in rows] == sorted(row["timestamp"] for row in rows)


def test_all_columns_of_frames_are_there(tables: Database, export: Export) -> None:
    header = export("--format", "csv", "--to", "2000-01-01").decode().strip().split(",")
    columns = {name for (name, *_) in query(tables, "SHOW COLUMNS FROM frames")}
    assert set(header) >= columns - {"meter_id", "label_set_id"}
    assert len(header) == len(set(header))


def test_parquet_says_what_csv_says(export: Export) -> None:
    pytest.importorskip("pyarrow", reason="there is no pyarrow for this machine")
    import pyarrow.parquet as pq

    for arguments in ([], ["--rollup", "hours"], ["--rollup", "minutes"]):
        rows = rows_of(export("--format", "csv", *arguments))
        found = pq.read_table(io.BytesIO(export("--format", "parquet", *arguments))).to_pylist()
        assert rows
        assert [
            {
                name: ""
                if value is None
                else value.isoformat().replace("+00:00", "Z")
                if isinstance(value, datetime)
                else str(value)
                for name, value in row.items()
            }
            for row in found
        ] == rows


def test_hours_in_each_form(tables: Database, export: Export) -> None:
    ((meter,),) = query(tables, "SELECT identifier FROM meters WHERE id = 1")
    plain = rows_of(export("--rollup", "hours", "--format", "csv"))
    assert [(row["hour"], row["meter"], row["drawn_wh"], row["total_last"]) for row in plain] == [
        ("2026-10-25T00:00:00Z", meter, "1204", "8735124"),
        ("2026-10-25T01:00:00Z", meter, "", ""),
    ]
    french = rows_of(export("--rollup", "hours", "--format", "csv", "--locale", "fr"), ";")
    assert [(row["hour"], row["drawn_kwh"]) for row in french] == [
        ("25/10/2026 02:00:00", "1,204"),
        ("25/10/2026 02:00:00", ""),
    ]
    lines = [json.loads(line) for line in export("--rollup", "hours", "--zone", "Europe/Paris").splitlines()]
    assert [(line["first_at"], line["drawn_wh"]) for line in lines] == [
        ("2026-10-25T02:00:00+02:00", 1204),
        ("2026-10-25T02:00:00+01:00", None),
    ]


def test_minutes_are_ordered_by_meter_and_time(export: Export) -> None:
    rows = rows_of(export("--rollup", "minutes", "--format", "csv"))
    assert [(row["minute"], row["power_mean"]) for row in rows] == [
        ("2026-10-25T00:00:00Z", "400"),
        ("2026-10-25T00:01:00Z", "390"),
        ("2026-10-25T00:00:00Z", "1"),
    ]


def test_a_day_begins_at_midnight_of_the_zone(export: Export) -> None:
    """The day of 25 October has 25 hours in Paris, and begins at 22:00 UTC of the day before."""
    csv_hours = ("--rollup", "hours", "--format", "csv")
    assert len(rows_of(export(*csv_hours, "--from", "2026-10-25"))) == 2
    assert len(rows_of(export(*csv_hours, "--to", "2026-10-25"))) == 0
    paris = ("--zone", "Europe/Paris", "--from", "2026-10-25", "--to", "2026-10-26")
    assert len(rows_of(export(*csv_hours, *paris))) == 2
    new_york = ("--zone", "America/New_York", "--to", "2026-10-25")
    assert len(rows_of(export(*csv_hours, *new_york))) == 2


def test_only_the_meter_that_is_wanted(database: Server, tables: Database, export: Export, tmp_path: Path) -> None:
    rows = rows_of(export("--format", "csv", "--meter", "second"))
    assert [(row["meter"], row["index_total"], row["power"], row["current"]) for row in rows] == [
        ("second", "12", "", "3")
    ]
    assert run(database, tmp_path, "--format", "csv", "--meter", "nobody").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "fact"),
    [
        (["--locale", "fr"], b"--format csv"),
        (["--locale", "fr", "--format", "parquet"], b"--format csv"),
        (["--zone", "Europe/Paris"], b"--format csv"),
        (["--zone", "Paris"], b"Europe/Paris"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, arguments: list[str], fact: bytes) -> None:
    """Before anything is opened: there is no database here."""
    result = run(None, tmp_path, *arguments)
    assert (result.returncode, result.stdout) == (2, b"")
    assert fact in result.stderr


def test_without_pyarrow_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "pyarrow.py").write_text("raise ModuleNotFoundError(name='pyarrow')")
    environment = ENVIRONMENT | {"PYTHONPATH": f"{blocked}:{ROOT}"}
    result = run(None, tmp_path, "--format", "parquet", env=environment)
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"-m pip install pyarrow" in result.stderr


def test_progress_is_shown_on_a_terminal_only(fresh_database: Server, tmp_path: Path) -> None:
    many = make_tables(fresh_database)
    frame = historic(BASE=1)
    store(many, (dataclasses.replace(frame, timestamp=DAY + timedelta(seconds=number)) for number in range(2000)))
    control, terminal = pty.openpty()
    try:
        result = run(fresh_database, tmp_path, "--format", "csv", stderr=terminal)
        shown = os.read(control, 10_000)
    finally:
        os.close(control)
        os.close(terminal)
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 2001
    assert b"exporting frames: 1,000" in shown
