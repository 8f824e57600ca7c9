"""The app's own database server: what is made, taken over from a backup and upgraded before it starts."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deploy.app import database

VERSION = "11.8.9-MariaDB"


class Server:
    """Stands for the programs that are run; notes them, and what is there when the server starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ran: list[str] = []
        self.fails: Callable[[str], bool] = lambda _: False
        self.code = 1

    def run(self, *command: str) -> str:
        words = " ".join(command)
        if "install-db" in words:
            (self.folder / "databases.new" / "ibdata1").touch()
        self.ran.append(next(word for word in ("install", "check", "restore", "upgrade") if word in words))
        if self.fails(self.ran[-1]):
            raise subprocess.CalledProcessError(self.code, command[0])
        return ""

    @contextmanager
    def private(self, folder: Path) -> Iterator[None]:
        assert folder.exists()
        yield

    def execute(self, _: str, arguments: list[str]) -> None:
        assert f"--datadir={self.folder}/databases" in arguments
        assert (self.folder / "databases" / "ibdata1").exists()
        self.ran.append("started")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server(tmp_path)
    folders = {"FOLDER": "databases", "BACKUP": "backup", "NEWEST": "backup/newest", "_NEW": "databases.new"}
    for name, folder in {**folders, "_DAMAGED": "backup.damaged"}.items():
        monkeypatch.setattr(database, name, tmp_path / folder)
    monkeypatch.setattr(database, "RUN", tmp_path)
    monkeypatch.setattr(database, "_run", server.run)
    monkeypatch.setattr(database, "_private_server", server.private)
    monkeypatch.setattr(database, "_version", lambda: VERSION)
    monkeypatch.setattr("os.execvp", server.execute)
    monkeypatch.setattr("shutil.chown", lambda *_: None)
    monkeypatch.setattr(database, "give_folder", lambda _, folder: folder.mkdir())
    (tmp_path / "backup").mkdir()
    return server


@pytest.fixture
def backup(server: Server) -> Path:
    """What a backup of Home Assistant brought."""
    file = server.folder / "backup" / "newest" / "teleinfodb-2026-11-28T211433Z.sql.gz"
    file.parent.mkdir()
    file.touch()
    return file


def fail_at(name: str) -> Callable[[str], bool]:
    return lambda program: program == name


def test_a_new_database_begins_empty_without_a_backup(server: Server) -> None:
    database.run_database()
    assert server.ran == ["install", "started"]


@pytest.mark.usefixtures("backup")
def test_a_new_database_takes_over_the_backup_once(server: Server) -> None:
    database.run_database()
    assert server.ran == ["install", "check", "restore", "started"]
    database.run_database()
    assert server.ran[4:] == ["started"]


@pytest.mark.usefixtures("backup")
@pytest.mark.parametrize("interrupted", ["install", "restore"])
def test_what_was_interrupted_is_done_again_and_never_taken_for_whole(server: Server, interrupted: str) -> None:
    server.fails = fail_at(interrupted)
    with suppress(subprocess.CalledProcessError):
        database.run_database()
    assert "started" not in server.ran
    assert not (server.folder / "databases").exists()
    server.ran, server.fails = [], lambda _: False
    database.run_database()
    assert server.ran == ["install", "check", "restore", "started"]
    assert not (server.folder / "databases.new").exists()


@pytest.mark.parametrize("name", ["teleinfodb-2026-11-28T211433Z.sql.gz", "teleinfodb-2026-11-28T211433Z.jsonl.gz"])
def test_a_backup_that_is_damaged_or_of_an_earlier_version_is_kept_and_does_not_hinder_new_frames(
    server: Server, name: str
) -> None:
    (server.folder / "backup" / name).touch()
    server.fails = fail_at("check")
    database.run_database()
    assert server.ran == ["install", "check", "started"]
    assert (server.folder / "backup.damaged" / name).exists()
    assert list((server.folder / "backup").iterdir()) == []  # for the next


def test_a_backup_whose_check_was_killed_is_not_damaged(server: Server, backup: Path) -> None:
    """A machine with little memory kills what needs much of it: the database must not begin empty for that."""
    server.fails, server.code = fail_at("check"), -9
    with pytest.raises(subprocess.CalledProcessError):
        database.run_database()
    assert server.ran == ["install", "check"]
    assert (server.folder / "backup" / backup.name).exists()


@pytest.mark.parametrize("fails", [False, True])
def test_tables_of_another_series_are_upgraded_before_the_server_starts(server: Server, fails: bool) -> None:
    database.run_database()
    (server.folder / "databases" / "mariadb_upgrade_info").write_text("11.4.7-MariaDB\n")
    server.ran, server.fails = [], lambda program: fails and program == "upgrade"
    database.run_database()
    assert server.ran == ["upgrade", "started"]


def test_tables_of_the_same_series_need_no_upgrade(server: Server) -> None:
    database.run_database()
    (server.folder / "databases" / "mariadb_upgrade_info").write_text("11.8.3-MariaDB\n")
    server.ran = []
    database.run_database()
    assert server.ran == ["started"]


def test_home_assistant_takes_the_newest_dump_and_a_new_machine_finds_it_among_the_others(server: Server) -> None:
    folder, newest = server.folder / "backup", server.folder / "backup" / "newest"
    assert not database.keep_newest()
    for day in (27, 28):
        (folder / f"teleinfodb-2026-11-{day}T211433Z.sql.gz").write_text(f"{day}")
        assert database.keep_newest()
        assert [file.read_text() for file in newest.iterdir()] == [f"{day}"]
    assert not database.keep_newest()  # no backup was made
    (folder / "teleinfodb-2026-11-27T211433Z.sql.gz").unlink()
    (folder / "teleinfodb-2026-11-28T211433Z.sql.gz").unlink()
    database.run_database()
    assert server.ran == ["install", "check", "restore", "started"]
    assert (folder / "teleinfodb-2026-11-28T211433Z.sql.gz").read_text() == "28"
