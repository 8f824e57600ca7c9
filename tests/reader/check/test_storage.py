import os
from datetime import timedelta
from pathlib import Path

from common.machine.host import Host, User
from common.machine.version import BUILD_DATE
from reader.check.storage import StorageFacts, probe_storage
from reader.config import ReaderConfig, SpoolConfig
from tests.support.clock import FakeClock

NOW = BUILD_DATE + timedelta(hours=12)  # whatever the version
ME = User("me", os.geteuid(), frozenset((os.getegid(), *os.getgroups())))
STRANGER = User("stranger", 54_321, frozenset({54_321}))
SET = FakeClock(NOW, synchronised=True, build_date=BUILD_DATE)


def probe(tmp_path: Path, journal: Path | None = None, spool: Path | None = None, user: User = ME) -> StorageFacts:
    folders = SpoolConfig(journal=journal or tmp_path / "journal", path=spool or tmp_path / "spool")
    return probe_storage(ReaderConfig(port=("/dev/ttyAMA0",), spool=folders), Host(tmp_path), user, SET)


def test_folders_and_disk_are_measured_and_nothing_is_made(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "spool.sqlite").write_bytes(bytes(5000))
    (spool / "spool.sqlite.unusable.1").write_bytes(bytes(100))
    facts = probe(tmp_path)
    assert facts.spool_size == 5000
    assert facts.free
    assert (facts.spool_writable, facts.spool_read_only) == (True, False)
    assert facts.journal_writable  # it is not there yet, but can be made
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spool"]
    spool.chmod(0o755)
    assert not probe(tmp_path, user=STRANGER).spool_writable


def test_folders_that_systemd_will_create_are_no_problem(tmp_path: Path) -> None:
    unit = tmp_path / "etc/systemd/system/teleinfo-reader.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nRuntimeDirectory=teleinfo\nStateDirectory=teleinfo\n")
    folders = Path("/run/teleinfo"), Path("/var/lib/teleinfo")
    facts = probe(tmp_path, *folders, STRANGER)
    assert (facts.journal_writable, facts.spool_writable) == (True, True)
    # Whoever was there first may have made it for somebody else.
    for folder in ("run/teleinfo", "var/lib/teleinfo"):
        (tmp_path / folder).mkdir(parents=True)
    facts = probe(tmp_path, *folders, STRANGER)
    assert (facts.journal_writable, facts.spool_writable) == (False, False)


def test_a_file_in_place_of_a_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    facts = probe(tmp_path, tmp_path / "file", tmp_path / "file" / "spool")
    assert (facts.journal_writable, facts.spool_writable) == (False, False)


def test_a_journal_that_the_reader_refuses_is_found(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o1777)
    (tmp_path / "link").symlink_to(tmp_path)
    assert probe(tmp_path, tmp_path / "open").journal_refused == "others may write into it"
    assert probe(tmp_path, tmp_path, user=STRANGER).journal_refused == f"it belongs to user {os.geteuid()}"
    assert probe(tmp_path, tmp_path / "link").journal_refused == "it is a symbolic link"
    assert probe(tmp_path, tmp_path / "later").journal_refused == ""
