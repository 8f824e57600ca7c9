import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.doctor.findings import Status
from common.host import Host, User
from common.version import BUILD_DATE
from reader.config import ReaderConfig, SpoolConfig
from reader.doctor.storage import StorageFacts, diagnose_storage, probe_storage

OK, NOTICE, PROBLEM = Status
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GOOD = StorageFacts(
    user="teleinfo", now=NOW, time_service="systemd-timesyncd", free=20_000_000_000, total=32_000_000_000
)
ME = User("me", os.geteuid(), frozenset((os.getegid(), *os.getgroups())))
STRANGER = User("stranger", 54_321, frozenset({54_321}))


class Clock:
    build_date = datetime(2026, 11, 24, tzinfo=UTC)

    def __init__(self, synchronised: bool) -> None:
        self._synchronised = synchronised

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def uptime(self) -> float:
        return 0.0

    def synchronised(self) -> bool:
        return self._synchronised

    def warn_of_build_date(self, now: datetime) -> None:
        raise AssertionError("the doctor says it in a finding")


def test_a_machine_as_it_should_be_is_fine_and_tells_how_long_the_spool_lasts() -> None:
    found = diagnose_storage(GOOD)
    assert {finding.status for finding in found} == {OK}
    assert "room for 22 days" in found[-1].what
    assert "20 GB are free" in found[-1].what


@pytest.mark.parametrize(
    ("facts", "status", "what", "cure"),
    [
        (replace(GOOD, synchronised=False), PROBLEM, "nothing keeps it right", "timedatectl set-ntp true"),
        (
            replace(GOOD, synchronised=False, time_service="chronyd"),
            PROBLEM,
            "nothing keeps it right",
            "chronyd running",
        ),
        (replace(GOOD, synchronised=False, time_service=""), PROBLEM, "nothing keeps", "apt install systemd-timesyncd"),
        (replace(GOOD, synchronised=False, simulated=True), NOTICE, "does not mind", "timedatectl"),
        (replace(GOOD, now=datetime(1970, 1, 1, tzinfo=UTC)), PROBLEM, "never set", "timedatectl"),
        (replace(GOOD, now=BUILD_DATE - timedelta(seconds=1)), PROBLEM, "never set", "timedatectl"),
        (replace(GOOD, journal_in_memory=False), NOTICE, "not in memory", "tmpfs"),
        (
            replace(GOOD, journal_refused="others may write into it"),
            PROBLEM,
            "run will not use it: others may",
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
        (replace(GOOD, free=30_000_000), NOTICE, "frames of 10 days", "make room"),
        (replace(GOOD, free=3_000_000), PROBLEM, "frames of 25 hours", "make room"),
        (replace(GOOD, damaged=2), NOTICE, "2 damaged pieces", "supply"),
    ],
)
def test_what_is_wrong_is_said_with_its_cure(facts: StorageFacts, status: Status, what: str, cure: str) -> None:
    (finding,) = (finding for finding in diagnose_storage(facts) if finding.status is not OK)
    assert finding.status is status
    assert what in finding.what
    assert cure in finding.fix


@pytest.fixture
def config(tmp_path: Path) -> ReaderConfig:
    return ReaderConfig(
        port=("/dev/ttyAMA0",), spool=SpoolConfig(journal=tmp_path / "journal", path=tmp_path / "spool")
    )


def test_folders_and_disk_are_looked_at_as_they_are(config: ReaderConfig, tmp_path: Path) -> None:
    spool = config.spool.path
    spool.mkdir()
    (spool / "00000001.spool").write_bytes(bytes(5000))
    (spool / "00000001.damaged").write_bytes(bytes(100))
    facts = probe_storage(config, Host(tmp_path), ME, Clock(True))
    assert (facts.spool_size, facts.damaged) == (5000, 1)
    assert facts.free
    assert facts.total
    assert facts.spool_writable
    assert not facts.spool_read_only
    assert facts.journal_writable  # it is not there yet, but can be made
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spool"]  # nothing is made


def test_folders_that_are_not_the_services_are_found(config: ReaderConfig, tmp_path: Path) -> None:
    config.spool.path.mkdir(mode=0o755)
    assert not probe_storage(config, Host(tmp_path), STRANGER, Clock(True)).spool_writable


def test_folders_that_the_service_gets_when_it_starts_are_not_missed_before(tmp_path: Path) -> None:
    unit = tmp_path / "etc/systemd/system/teleinfo-reader.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\nRuntimeDirectory=teleinfo\nStateDirectory=teleinfo\n")
    here = SpoolConfig(journal=Path("/run/teleinfo"), path=Path("/var/lib/teleinfo"))
    facts = probe_storage(ReaderConfig(port=("/dev/x",), spool=here), Host(tmp_path), STRANGER, Clock(True))
    assert facts.journal_writable
    assert facts.spool_writable
    # Whoever was there first may have made it for somebody else.
    for folder in ("run/teleinfo", "var/lib/teleinfo"):
        (tmp_path / folder).mkdir(parents=True)
    facts = probe_storage(ReaderConfig(port=("/dev/x",), spool=here), Host(tmp_path), STRANGER, Clock(True))
    assert not facts.journal_writable
    assert not facts.spool_writable


def test_a_file_in_the_place_of_a_folder_is_found(config: ReaderConfig, tmp_path: Path) -> None:
    config.spool.journal.touch()
    (tmp_path / "file").touch()
    below = replace(config, spool=replace(config.spool, path=tmp_path / "file" / "spool"))
    facts = probe_storage(below, Host(tmp_path), ME, Clock(True))
    assert not facts.journal_writable
    assert not facts.spool_writable


def test_what_could_set_the_clock_is_found(config: ReaderConfig, tmp_path: Path) -> None:
    assert probe_storage(config, Host(tmp_path), ME, Clock(False)).time_service == ""
    service = tmp_path / "usr/sbin/chronyd"
    service.parent.mkdir(parents=True)
    service.touch()
    assert probe_storage(config, Host(tmp_path), ME, Clock(False)).time_service == "chronyd"


def test_a_journal_that_run_refuses_is_found(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o1777)
    (tmp_path / "link").symlink_to(tmp_path)
    machine = Host(tmp_path)

    def refused(name: str, user: User) -> str:
        config = ReaderConfig(port=("simulate://x",), spool=SpoolConfig(journal=tmp_path / name, path=tmp_path))
        return probe_storage(config, machine, user, Clock(True)).journal_refused

    assert "others may write" in refused("open", ME)
    assert "belongs to user" in refused("", STRANGER)
    assert "symbolic link" in refused("link", ME)
    assert refused("later", ME) == ""


def test_in_a_container_folders_and_clock_are_cured_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEINFO_DEPLOYMENT", "compose")
    ill = replace(GOOD, synchronised=False, time_service="", journal_writable=False, spool_writable=False)
    cures = [finding.fix for finding in diagnose_storage(ill)]
    assert len(cures) == 3
    assert all("docker compose" in cure or cure.startswith("outside the container: ") for cure in cures)
    (journal,) = (finding for finding in diagnose_storage(replace(GOOD, journal_in_memory=False)) if finding.fix)
    assert "JOURNAL_IN in .env" in journal.fix
