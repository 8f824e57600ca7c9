import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from common.machine.host import Host, User
from common.machine.version import BUILD_DATE
from reader.check.storage import probe_storage
from reader.config import ReaderConfig, SpoolConfig
from tests.support.clock import FakeClock

NOW = BUILD_DATE + timedelta(hours=12)  # whatever the version
ME = User("me", os.geteuid(), frozenset((os.getegid(), *os.getgroups())))
STRANGER = User("stranger", 54_321, frozenset({54_321}))
SET = FakeClock(NOW, synchronised=True, build_date=BUILD_DATE)


@pytest.fixture
def config(tmp_path: Path) -> ReaderConfig:
    return ReaderConfig(
        port=("/dev/ttyAMA0",), spool=SpoolConfig(journal=tmp_path / "journal", path=tmp_path / "spool")
    )


def test_folders_and_disk_are_measured(config: ReaderConfig, tmp_path: Path) -> None:
    spool = config.spool.path
    spool.mkdir()
    (spool / "spool.sqlite").write_bytes(bytes(5000))
    (spool / "spool.sqlite.unusable.1").write_bytes(bytes(100))
    facts = probe_storage(config, Host(tmp_path), ME, SET)
    assert facts.spool_size == 5000
    assert facts.free
    assert facts.spool_writable
    assert not facts.spool_read_only
    assert facts.journal_writable  # it is not there yet, but can be made
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spool"]  # nothing is made


def test_folders_of_another_user_are_found(config: ReaderConfig, tmp_path: Path) -> None:
    config.spool.path.mkdir(mode=0o755)
    assert not probe_storage(config, Host(tmp_path), STRANGER, SET).spool_writable


def test_folders_that_systemd_will_create_are_no_problem(tmp_path: Path) -> None:
    unit = tmp_path / "etc/systemd/system/teleinfo-reader.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nRuntimeDirectory=teleinfo\nStateDirectory=teleinfo\n")
    here = SpoolConfig(journal=Path("/run/teleinfo"), path=Path("/var/lib/teleinfo"))
    facts = probe_storage(ReaderConfig(port=("/dev/x",), spool=here), Host(tmp_path), STRANGER, SET)
    assert facts.journal_writable
    assert facts.spool_writable
    # Whoever was there first may have made it for somebody else.
    for folder in ("run/teleinfo", "var/lib/teleinfo"):
        (tmp_path / folder).mkdir(parents=True)
    facts = probe_storage(ReaderConfig(port=("/dev/x",), spool=here), Host(tmp_path), STRANGER, SET)
    assert not facts.journal_writable
    assert not facts.spool_writable


def test_a_file_in_place_of_a_folder_is_found(config: ReaderConfig, tmp_path: Path) -> None:
    config.spool.journal.touch()
    (tmp_path / "file").touch()
    below = replace(config, spool=replace(config.spool, path=tmp_path / "file" / "spool"))
    facts = probe_storage(below, Host(tmp_path), ME, SET)
    assert not facts.journal_writable
    assert not facts.spool_writable


def test_a_journal_that_the_reader_refuses_is_found(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o1777)
    (tmp_path / "link").symlink_to(tmp_path)
    machine = Host(tmp_path)

    def refused(name: str, user: User) -> str:
        config = ReaderConfig(port=("simulate://x",), spool=SpoolConfig(journal=tmp_path / name, path=tmp_path))
        return probe_storage(config, machine, user, SET).journal_refused

    assert "others may write" in refused("open", ME)
    assert "belongs to user" in refused("", STRANGER)
    assert "symbolic link" in refused("link", ME)
    assert refused("later", ME) == ""
