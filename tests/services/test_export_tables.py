"""`export --rollup`, with a real database."""

import dataclasses
import json
import os
import pty
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.frame import Frame
from common.database.mariadb import Database
from tests.support.frames import DAY, every_kind, historic
from tests.support.programs import ENVIRONMENT
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


def rows_of(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_hours_have_their_times_and_what_is_not_known_is_null(tables: Database, export: Export) -> None:
    ((meter,),) = query(tables, "SELECT identifier FROM meters WHERE id = 1")
    rows = rows_of(export("--rollup", "hours", "--from", "2026-10-25", "--to", "2026-10-26"))
    assert [(row["hour"], row["meter"], row["drawn_wh"], row["first_at"]) for row in rows] == [
        ("2026-10-25T00:00:00Z", meter, 1204, "2026-10-25T00:00:00Z"),
        ("2026-10-25T01:00:00Z", meter, None, "2026-10-25T01:00:00Z"),
    ]


def test_minutes_are_ordered_by_meter_and_time(export: Export) -> None:
    rows = rows_of(export("--rollup", "minutes"))
    assert [(row["minute"], row["power_mean"]) for row in rows] == [
        ("2026-10-25T00:00:00Z", 400),
        ("2026-10-25T00:01:00Z", 390),
        ("2026-10-25T00:00:00Z", 1),
    ]


def test_only_the_meter_that_is_wanted(database: Server, tables: Database, export: Export, tmp_path: Path) -> None:
    ((meter,),) = query(tables, "SELECT identifier FROM meters WHERE id = 1")
    assert [row["power_mean"] for row in rows_of(export("--rollup", "minutes", "--meter", meter))] == [400, 390]
    assert run(database, tmp_path, "--rollup", "minutes", "--meter", "nobody").returncode == 2


def test_progress_is_shown_on_a_terminal_only(fresh_database: Server, tmp_path: Path) -> None:
    many = make_tables(fresh_database)
    frame = historic(BASE=1)
    store(many, (dataclasses.replace(frame, timestamp=DAY + timedelta(seconds=number)) for number in range(2000)))
    control, terminal = pty.openpty()
    try:
        result = run(fresh_database, tmp_path, stderr=terminal)
        shown = os.read(control, 10_000)
    finally:
        os.close(control)
        os.close(terminal)
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 2000
    assert b"exporting frames: 1,000" in shown
