"""The command `teleinfo-storer import`, with real databases."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.database.mariadb import Database
from common.errors import ConfigError, PermanentError, TeleinfoError
from common.runtime.cli import Command as Parser
from common.runtime.cli import config_option
from storer.imports.command import declare_import, run_import
from tests.support.frames import ADDRESS, standard
from tests.support.imports import content
from tests.support.programs import run_command
from tests.support.rollups import empty, hours_of, moved, roll
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

Command = Callable[..., "Result"]
local = datetime.fromisoformat
ROWS = "SELECT COUNT(*), SUM(wh), SUM(hours) FROM imported_hours"


class Result:
    def __init__(self, code: int, out: io.StringIO, err: str) -> None:
        self.returncode, self.stdout, self.stderr = code, out.getvalue(), err


@pytest.fixture(scope="module")
def made(database: Server) -> Database:
    database.create_database()
    return make_tables(database)


@pytest.fixture
def tables(database: Server, made: Database) -> Iterator[Database]:
    yield made
    empty(database)
    database.sql(f"DELETE FROM {database.name}.imports; DELETE FROM {database.name}.imported_hours;")


@pytest.fixture
def config(database: Server, tables: Database, tmp_path: Path) -> Path:
    file = tmp_path / "storer.yaml"
    file.write_text(
        json.dumps({"database": {"host": "127.0.0.1", "port": database.port, "password": database.password}})
    )
    return file


@pytest.fixture
def storer(config: Path) -> Command:
    """The command, within this process: starting a program takes a second."""

    def run(*arguments: str, now: datetime | None = None) -> Result:
        parser = Parser(prog="import", parents=[config_option(config)])
        declare_import(parser)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            try:
                return Result(run_import(parser.parse_args(arguments), now), out, "")
            except TeleinfoError as error:
                code = 2 if isinstance(error, ConfigError) else 3 if isinstance(error, PermanentError) else 1
                return Result(code, out, f"{error}\n")

    return run


def test_the_program_has_the_command(config: Path, tables: Database, tmp_path: Path) -> None:
    file = saved(tmp_path, "csv.csv")
    result = run_command("storer", "import", "csv", file, "--config", config, "--meter", ADDRESS)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("csv.csv: 3 hours, 1 day from 2024-03-30 00:00 to 2024-03-31 05:00")
    assert query(tables, ROWS) == [(4, 500 + 700 + 650 + 9000, 3 + 24)]


def saved(folder: Path, name: str, saved_as: str | None = None) -> str:
    file = folder / (saved_as or name)
    file.write_bytes(content(name))
    return str(file)


def test_a_file_is_imported_once_listed_and_forgotten(storer: Command, tables: Database, tmp_path: Path) -> None:
    file = saved(tmp_path, "enedis-hours.csv", "Enedis_Conso_Heure_12345678901234.csv")
    dry = storer("enedis", file, "--meter", ADDRESS, "--dry-run")
    assert (dry.returncode, dry.stderr) == (0, "")
    assert "dry run" in dry.stdout
    assert query(tables, "SELECT COUNT(*) FROM meters") == [(0,)]

    first = storer("enedis", file, "--meter", ADDRESS)
    assert (first.returncode, first.stderr) == (0, "")
    assert [line for line in dry.stdout.splitlines() if "dry run" not in line] == first.stdout.splitlines()[:-1]
    assert query(tables, ROWS) == [(8, 500 + 302 + 130 + 1100 + 700 + 800 + 1500 + 900, 8)]
    assert query(tables, "SELECT DISTINCT source FROM imported_hours") == [("enedis",)]

    again = storer("enedis", file)
    assert again.returncode == 0
    assert "already imported: 8" in again.stdout
    assert query(tables, ROWS)[0][0] == 8
    assert query(tables, "SELECT COUNT(*) FROM imports") == [(1,)]

    ((number,),) = query(tables, "SELECT id FROM imports")
    listed = storer("--list").stdout
    name = "Enedis_Conso_Heure_(14 digits).csv"
    assert listed.startswith(f"{number}: enedis {name}, meter {ADDRESS}, 2023-10-29 to 2023-10-29, 8 rows, ")
    assert "12345678901234" not in listed + first.stdout + str(query(tables, "SELECT file FROM imports"))

    forgotten = storer("--forget", str(number))
    assert forgotten.stdout == f"import {number} is forgotten: 8 rows deleted\n"
    assert query(tables, ROWS)[0][0] == query(tables, "SELECT COUNT(*) FROM imports")[0][0] == 0
    assert storer("--forget", str(number)).returncode == 2


def test_a_file_needs_no_kind_and_a_kind_no_small_letters(storer: Command, tables: Database, tmp_path: Path) -> None:
    file = saved(tmp_path, "enedis-hours.csv")
    assert storer("Enedis", file, "--meter", ADDRESS).returncode == 0
    result = storer(file, saved(tmp_path, "edf-30min.csv"))
    assert result.returncode == 0, result.stderr
    assert "already imported: 8" in result.stdout
    assert query(tables, "SELECT DISTINCT source FROM imported_hours ORDER BY source") == [("edf",), ("enedis",)]
    with pytest.raises(SystemExit):
        storer("enedsi", file)


def test_answers_are_in_the_language_of_the_terminal(
    storer: Command, tables: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    file = saved(tmp_path, "enedis-hours.csv")
    dry = storer("enedis", file, "--meter", ADDRESS, "--dry-run").stdout.replace("\u00a0", " ")
    assert "8 heures du 2023-10-29" in dry
    assert "rien n’a été importé" in dry
    assert "importé : c’est l’import" in storer("enedis", file, "--meter", ADDRESS).stdout.replace("\u00a0", " ")
    assert "8 lignes" in storer("--list").stdout


def test_what_is_remembered_of_the_past_is_void_after_an_import_and_after_one_is_forgotten(
    storer: Command, tables: Database, tmp_path: Path
) -> None:
    def version() -> int:
        ((found,),) = query(tables, "SELECT version FROM rollup_state")
        return int(found)

    query(tables, "INSERT INTO rollup_state (id, up_to) VALUES (1, '2026-01-01 00:00:00')")
    before = version()
    assert storer("enedis", saved(tmp_path, "enedis-hours.csv"), "--meter", ADDRESS).returncode == 0
    imported = version()
    ((number,),) = query(tables, "SELECT id FROM imports")
    assert storer("--forget", str(number)).returncode == 0
    assert before < imported < version()


def test_hours_with_readings_keep_them(storer: Command, tables: Database, tmp_path: Path) -> None:
    start = datetime(2023, 10, 29, 0, 20, tzinfo=UTC)
    frame = standard(EAST=1000)
    frames = [moved(frame, start + n * timedelta(minutes=3) - frame.timestamp) for n in range(30)]
    store(tables, frames)
    connection = tables.connect()
    roll(connection, hours_of(frames))
    connection.close()
    result = storer("enedis", saved(tmp_path, "enedis-hours.csv"))
    assert result.returncode == 0, result.stderr
    assert "kept as the meter was read: 2" in result.stdout
    hours = [hour for (hour,) in query(tables, "SELECT hour FROM imported_hours WHERE register = 0 ORDER BY hour")]
    assert [hour.hour for hour in hours] == [22, 23, 3, 4]


def test_coarser_files_fill_what_finer_ones_leave_in_any_order_of_one_command(
    storer: Command, tables: Database, tmp_path: Path
) -> None:
    days = tmp_path / "days.csv"
    days.write_text("start,register,wh\n2025-01-17,total,99\n2025-01-19,total,8000\n")
    result = storer("edf", saved(tmp_path, "edf-30min.csv"), "--meter", ADDRESS)
    assert result.returncode == 0, result.stderr
    result = storer("csv", str(days))
    assert "overlap import" in result.stdout
    assert query(tables, ROWS) == [(49, 24 * 500 + 24 * 1000 + 500 + 8000, 48 + 24)]
    assert query(tables, "SELECT hour, hours FROM imported_hours WHERE wh = 8000") == [(local("2025-01-19 22:00"), 24)]


def test_a_refused_file_imports_nothing_and_says_where(storer: Command, tables: Database, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("start,register,wh\n2025-01-17T00:00Z,total,9\n2025-01-17T01:00Z,total,-1\n")
    result = storer("csv", str(file), "--meter", ADDRESS)
    assert result.returncode == 1
    assert "bad.csv: line 3: -1 Wh" in result.stderr
    assert result.stderr.count("\n") == 1
    assert query(tables, "SELECT COUNT(*) FROM meters, imports") == [(0,)]


def test_energy_of_the_future_is_not_imported(storer: Command, tables: Database, tmp_path: Path) -> None:
    """A file of March 2024, on a day before it ends."""
    result = storer("csv", saved(tmp_path, "csv.csv"), "--meter", ADDRESS, now=datetime(2024, 3, 30, 12, tzinfo=UTC))
    assert (result.returncode, query(tables, ROWS)) == (1, [(0, None, None)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "KIND FILE"),
        (("enedis",), "KIND FILE"),
        (("csv", "/nowhere.csv", "--meter", ADDRESS), "/nowhere.csv"),
        (("csv", "/nowhere.csv"), "--meter ADDRESS"),
        (("csv", "/nowhere.csv", "--meter", "123"), "12 digits"),
        (("csv", "x", "--zone", "Mars", "--meter", ADDRESS), "Mars"),
        (("csv", "x", "--new-meter"), "--meter ADDRESS"),
        (("--list", "csv"), "KIND"),
    ],
)
def test_what_is_wrong_on_the_command_line_is_told_in_a_line(
    storer: Command, arguments: tuple[str, ...], message: str
) -> None:
    result = storer(*arguments)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert message in result.stderr


def test_a_file_that_is_not_of_the_kind_is_refused(storer: Command) -> None:
    result = storer("home-assistant", __file__, "--meter", ADDRESS)
    assert (result.returncode, "a file of SQLite" in result.stderr) == (1, True)


def test_for_programs_there_is_an_object_a_file(storer: Command, tables: Database, tmp_path: Path) -> None:
    file = saved(tmp_path, "csv.csv")
    for again in (False, True):
        found = json.loads(storer(file, "--meter", ADDRESS, "--json").stdout)
        ((number,),) = query(tables, "SELECT id FROM imports")
        assert found["import"] == number
        assert found["meter_is_new"] is not again
        assert (found["kind"], found["file"], found["meter"]) == ("csv", "csv.csv", ADDRESS)
        # The 30th is a day of 24 hours in Paris, the 31st begins at 23:00 UTC.
        assert (found["from"], found["to"]) == ("2024-03-29T23:00:00Z", "2024-03-31T03:00:00Z")
        assert found["has"] == {"hours": 3, "days": 1}
        assert found["new"] == ({} if again else {"hours": 3, "days": 1})
        assert found["new_wh"] == ({} if again else {"supplier_1": 9500, "supplier_2": 1350})
        assert found["same"] == (4 if again else 0)
        assert found["gaps"] == {"count": 1, "hours": 1, "longest": {"from": "2024-03-30T23:00:00Z", "hours": 1}}


def test_the_storers_account_may_forget_and_one_without_the_right_is_told(
    database: Server, tables: Database, storer: Command, tmp_path: Path
) -> None:
    result = storer("csv", saved(tmp_path, "csv.csv"), "--meter", ADDRESS)
    assert result.returncode == 0, result.stderr
    ((number,),) = query(tables, "SELECT id FROM imports")
    account = f"'{client_user(tables)}'@'%'"
    database.sql(f"REVOKE DELETE ON {database.name}.* FROM {account}")
    try:
        refused = storer("--forget", str(number))
        assert refused.returncode == 3
        assert "DELETE on the tables of imports: run mariadb/storer.sql again" in refused.stderr
        assert query(tables, ROWS)[0][0] == 4  # all or nothing
    finally:
        database.sql(f"GRANT DELETE ON {database.name}.* TO {account}")
    assert storer("--forget", str(number)).returncode == 0


def client_user(tables: Database) -> str:
    return str(query(tables, "SELECT CURRENT_USER()")[0][0]).partition("@")[0]


def test_a_file_of_a_meter_that_was_replaced_before_is_taken_where_it_is_said_to_be_another_meter(
    storer: Command, tables: Database, tmp_path: Path
) -> None:
    store(tables, [standard(EAST=1000)])
    ((known,),) = query(tables, "SELECT identifier FROM meters")
    file, old = saved(tmp_path, "csv.csv"), "021861999999"
    refused = storer("csv", file, "--meter", old)
    assert refused.returncode == 2
    assert f"the meter '{old}' is unknown; known meters: {known}" in refused.stderr
    assert "--new-meter" in refused.stderr
    assert query(tables, "SELECT COUNT(*) FROM meters") == [(1,)]

    dry = storer("csv", file, "--meter", old, "--new-meter", "--dry-run")
    assert f"the meter {old} is new" in dry.stdout
    assert query(tables, "SELECT COUNT(*) FROM meters") == [(1,)]

    first = storer("csv", file, "--meter", old, "--new-meter")
    assert (first.returncode, first.stderr) == (0, "")
    assert f"the meter {old} is new" in first.stdout
    assert query(tables, ROWS)[0][0] == 4
    again = storer("csv", file, "--meter", old)
    assert (again.returncode, "already imported: 4" in again.stdout) == (0, True)
    assert " is new" not in again.stdout


def test_outside_temperatures_are_imported_once_listed_and_forgotten(
    storer: Command, tables: Database, tmp_path: Path
) -> None:
    store(tables, [standard(EAST=1000)])
    file = tmp_path / "days.csv"
    file.write_text("2025-01-01,4.8\n2025-01-02,-0.6\n2025-01-03,-1\n2025-01-06,6.2\n")
    ask = ("temperatures", str(file))
    rows = "SELECT start, CAST(ROUND(value * 10) AS SIGNED) FROM outside WHERE what = 'temperature' ORDER BY start"
    assert "4 days from 2025-01-01 to 2025-01-06" in storer(*ask, "--dry-run").stdout
    assert query(tables, rows) == []
    done = storer(*ask)
    assert (done.returncode, done.stderr) == (0, "")
    days = [(datetime(2025, 1, day), value) for day, value in ((1, 48), (2, -6), (3, -10), (6, 62))]  # noqa: DTZ001
    assert query(tables, rows) == days
    again = storer(*ask)
    assert (again.returncode, query(tables, rows)) == (0, days)
    assert "nothing new" in again.stdout
    energy = storer("csv", saved(tmp_path, "csv.csv"))
    assert energy.returncode == 0, energy.stderr
    ((number,),) = query(tables, "SELECT id FROM imports WHERE kind = 'temperatures'")
    first, second = storer("--list").stdout.splitlines()
    assert first.startswith(f"{number}: temperatures days.csv, meter {ADDRESS},")
    assert "2025-01-01 to 2025-01-06, 4 rows, imported" in first
    assert "4 rows, 10.850 kWh" in second
    assert storer("--forget", str(number)).stdout == f"import {number} is forgotten: 4 rows deleted\n"
    assert query(tables, rows) == []
    assert query(tables, ROWS)[0][0] == 4


def test_a_dry_run_of_temperatures_names_no_import_that_is_not_there(
    storer: Command, tables: Database, tmp_path: Path
) -> None:
    store(tables, [standard(EAST=1000)])
    files = []
    for name, temperature in (("first.csv", "4.8"), ("second.csv", "5.0")):
        files.append(tmp_path / name)
        files[-1].write_text(f"2025-01-01,{temperature}\n")
    dry = storer("temperatures", *map(str, files), "--dry-run")
    assert "kept as they are, with another value in a file before: 1" in dry.stdout


def test_temperatures_of_a_meter_of_which_nothing_is_stored_are_refused(
    storer: Command, tables: Database, tmp_path: Path
) -> None:
    file = tmp_path / "days.csv"
    file.write_text("2025-01-01,4.8\n")
    refused = storer("temperatures", str(file), "--meter", ADDRESS)
    assert refused.returncode == 2
    assert query(tables, "SELECT COUNT(*) FROM imports") == [(0,)]
