import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.doctor.findings import Status
from common.machine.host import Host, User
from common.machine.version import BUILD_DATE
from reader.config import ReaderConfig, SpoolConfig
from reader.doctor.storage import StorageFacts, diagnose_storage, probe_storage
from tests.support.clock import FakeClock

OK, NOTICE, PROBLEM = Status
NOW = BUILD_DATE + timedelta(hours=12)  # whatever the version
GOOD = StorageFacts(user="teleinfo", now=NOW, time_service="systemd-timesyncd", free=20_000_000_000)
ME = User("me", os.geteuid(), frozenset((os.getegid(), *os.getgroups())))
STRANGER = User("stranger", 54_321, frozenset({54_321}))


SET, NOT_SET = (FakeClock(NOW, synchronised=synchronised, build_date=BUILD_DATE) for synchronised in (True, False))


def test_a_healthy_machine_is_ok_and_the_spool_has_a_forecast() -> None:
    found = diagnose_storage(GOOD)
    assert {finding.status for finding in found} == {OK}
    assert "room for 22 days" in found[-1].what
    assert "20 GB free" in found[-1].what


@pytest.mark.parametrize(
    ("facts", "status", "what", "fix"),
    [
        (replace(GOOD, synchronised=False), PROBLEM, "not synchronised", "timedatectl set-ntp true"),
        (
            replace(GOOD, synchronised=False, time_service="chronyd"),
            PROBLEM,
            "not synchronised",
            "chronyd running",
        ),
        (
            replace(GOOD, synchronised=False, time_service=""),
            PROBLEM,
            "not synchronised",
            "apt install systemd-timesyncd",
        ),
        (replace(GOOD, synchronised=False, simulated=True), NOTICE, "simulated", "timedatectl"),
        (replace(GOOD, now=datetime(1970, 1, 1, tzinfo=UTC)), PROBLEM, "never set", "timedatectl"),
        (replace(GOOD, now=BUILD_DATE - timedelta(seconds=1)), PROBLEM, "never set", "timedatectl"),
        (replace(GOOD, journal_free=4096), PROBLEM, "only 4.1 kB free in /run/teleinfo", "du -sh /run/* | sort -h"),
        (replace(GOOD, journal_in_memory=False), NOTICE, "not in memory", "tmpfs"),
        (
            replace(GOOD, journal_refused="others may write into it"),
            PROBLEM,
            "cannot be used: others may",
            "-m 0700",
        ),
        (replace(GOOD, journal_writable=False), PROBLEM, "may not write into /run/teleinfo", "install -d -o teleinfo"),
        (
            replace(GOOD, spool_writable=False),
            PROBLEM,
            "may not write into /var/lib/teleinfo",
            "install -d -o teleinfo",
        ),
        (replace(GOOD, spool_read_only=True, spool_writable=False), PROBLEM, "/var/lib/teleinfo is read-only", "card"),
        (replace(GOOD, spool_size=60_000_000), PROBLEM, "nearly full", "storer"),
        (replace(GOOD, free=30_000_000), NOTICE, "frames of 10 days", "free space"),
        (replace(GOOD, free=3_000_000), PROBLEM, "frames of 25 hours", "free space"),
        (replace(GOOD, damaged=2), NOTICE, "2 unusable files", "supply"),
    ],
)
def test_each_problem_has_its_fix(facts: StorageFacts, status: Status, what: str, fix: str) -> None:
    (finding,) = (finding for finding in diagnose_storage(facts) if finding.status is not OK)
    assert finding.status is status
    assert what in finding.what
    assert fix in finding.fix


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
    assert (facts.spool_size, facts.damaged) == (5000, 1)
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


def test_the_installed_time_service_is_found(config: ReaderConfig, tmp_path: Path) -> None:
    assert probe_storage(config, Host(tmp_path), ME, NOT_SET).time_service == ""
    service = tmp_path / "usr/sbin/chronyd"
    service.parent.mkdir(parents=True)
    service.touch()
    assert probe_storage(config, Host(tmp_path), ME, NOT_SET).time_service == "chronyd"


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


def test_in_a_container_folders_and_clock_are_fixed_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEINFO_DEPLOYMENT", "compose")
    broken = replace(GOOD, synchronised=False, time_service="", journal_writable=False, spool_writable=False)
    fixes = [finding.fix for finding in diagnose_storage(broken)]
    assert len(fixes) == 3
    assert all("docker compose" in fix or fix.startswith("outside the container: ") for fix in fixes)
    (journal,) = (finding for finding in diagnose_storage(replace(GOOD, journal_in_memory=False)) if finding.fix)
    assert "JOURNAL_IN in .env" in journal.fix
