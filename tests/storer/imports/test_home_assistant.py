import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import ConfigError, FileRefused
from storer.imports.home_assistant import open_file, read_home_assistant
from storer.imports.model import Parsed
from tests.support.imports import energy, of, utc

START = utc("2023-10-28 22:00")
TABLES = """
CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id VARCHAR(255), source VARCHAR(32),
    unit_of_measurement VARCHAR(255), has_mean BOOLEAN, has_sum BOOLEAN, name VARCHAR(255));
CREATE TABLE statistics (id INTEGER PRIMARY KEY, created DATETIME, created_ts FLOAT, metadata_id INTEGER,
    start DATETIME, start_ts FLOAT, mean FLOAT, min FLOAT, max FLOAT, last_reset DATETIME, last_reset_ts FLOAT,
    state FLOAT, sum FLOAT);
CREATE UNIQUE INDEX ix ON statistics (metadata_id, start_ts);
INSERT INTO statistics_meta VALUES
    (1, 'sensor.linky_easf01', 'recorder', 'kWh', 0, 1, NULL), (2, 'sensor.linky_easf02', 'recorder', 'Wh', 0, 1, NULL),
    (3, 'sensor.cellar', 'recorder', '°C', 1, 0, NULL), (4, 'sensor.water', 'recorder', 'm³', 0, 1, NULL);
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database as Home Assistant has it: hours of one register, of which one row is of the old form."""
    path = tmp_path / "home-assistant_v2.db"
    with sqlite3.connect(path) as database:
        database.executescript(TABLES)
        first = START.timestamp()
        for number, total in enumerate([10.0, 10.1, 10.4, 10.400000000000002, 12.0]):
            database.execute(
                "INSERT INTO statistics (metadata_id, start_ts, state, sum) VALUES (1, ?, ?, ?)",
                (first + (number + (number > 3)) * 3600, 5000 + total, total),
            )
        database.execute(
            "INSERT INTO statistics (metadata_id, start, sum) VALUES (1, '2023-10-28 21:00:00.000000', 9.5)"
        )
        for number, total in enumerate([3000.0, 3500.0]):
            database.execute(
                "INSERT INTO statistics (metadata_id, start_ts, sum) VALUES (2, ?, ?)", (first + number * 3600, total)
            )
    database.close()
    database.close()
    return path


def read(file: Path, **series: int) -> Parsed:
    with open_file(file) as source:
        return read_home_assistant(source, {f"sensor.linky_{name}": number for name, number in series.items()})


def test_an_hour_is_the_difference_of_the_running_totals_at_its_ends(file: Path) -> None:
    parsed = read(file, easf01=1)
    assert [period.hours for period in of(parsed, "supplier_1")] == [1, 1, 1, 1, 2]
    assert energy(parsed, "supplier_1") == {
        "2023-10-28 23:00": 500,
        "2023-10-29 00:00": 100,
        "2023-10-29 01:00": 300,
        "2023-10-29 02:00": 0,
        "2023-10-29 04:00": 1600,
    }


def test_each_series_has_its_unit(file: Path) -> None:
    assert energy(read(file, easf01=1, easf02=2), "supplier_2") == {"2023-10-29 00:00": 500}


def test_which_series_must_be_said_if_there_are_several(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"sensor.linky_easf01 \(kWh\); sensor.linky_easf02 \(Wh\)$"):
        read(file)
    with pytest.raises(ConfigError, match=r"'sensor\.linky_east'"):
        read(file, east=0)


def test_the_database_is_only_read_and_newer_columns_may_be_missing(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("DELETE FROM statistics WHERE start_ts IS NULL")
        database.executescript(
            "DELETE FROM statistics_meta WHERE id = 2; ALTER TABLE statistics DROP COLUMN start;"
            " ALTER TABLE statistics_meta DROP COLUMN has_mean; ALTER TABLE statistics_meta ADD mean_type INTEGER;"
        )
    database.close()
    before = file.read_bytes()
    assert len(energy(read(file))) == 4
    assert file.read_bytes() == before


@pytest.mark.parametrize("made", [True, False])
def test_the_database_of_another_program_is_refused(tmp_path: Path, made: bool) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as database:
        if made:
            database.execute("CREATE TABLE a (b INTEGER)")
    database.close()
    with pytest.raises(FileRefused, match="another program"):
        read(other)


@pytest.fixture
def copy(file: Path) -> Iterator[Path]:
    """A copy with a write-ahead log, as Home Assistant's is, in a folder where this process may make no files."""
    with tempfile.TemporaryDirectory() as folder:  # where another user may come, too
        copy = Path(folder) / file.name
        shutil.copy(file, copy)
        with sqlite3.connect(copy) as database:
            database.execute("PRAGMA journal_mode = WAL")
        database.close()
        copy.chmod(0o644)
        copy.parent.chmod(0o555)
        root = os.geteuid() == 0  # who may write anywhere
        if root:
            os.seteuid(65534)
        try:
            yield copy
        finally:
            if root:
                os.seteuid(0)
            copy.parent.chmod(0o755)


def test_a_copy_is_read_in_a_folder_where_no_file_can_be_made(copy: Path) -> None:
    assert energy(read(copy, easf02=2), "supplier_2") == {"2023-10-29 00:00": 500}
