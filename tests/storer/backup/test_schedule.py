"""The backup of the night: when it is made, and what a folder that is away does not stop."""

import logging
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from common.database.mariadb import Database, DatabaseConfig
from storer.backup.schedule import BackupScheduler, next_night
from tests.support.programs import WITHIN, wait_until

PARIS = ZoneInfo("Europe/Paris")
NOBODY = Database(DatabaseConfig(host=("127.0.0.1",), port=1))


def nightly(folder: Path | None, stop: threading.Event, script: str) -> BackupScheduler:
    """It runs a script of Python instead of the command."""
    made = BackupScheduler(NOBODY, "main", folder, Path("storer.yaml"), stop)
    made._command = [sys.executable, "-c", script]
    made._failed = "before"  # then the database is not asked when the last one was
    return made


def test_it_is_made_once_a_night_soon_after_three_by_each_storer_at_its_own_time() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=PARIS)
    times = {next_night(f"storer {number}", noon) for number in range(30)}
    assert all(
        datetime(2026, 11, 25, 3, 17, tzinfo=PARIS) <= at <= datetime(2026, 11, 25, 4, tzinfo=PARIS) for at in times
    )
    assert len(times) > 10
    first = next_night("main", noon)
    assert next_night("main", first) - first == timedelta(days=1)


@pytest.mark.parametrize(
    ("script", "failed"),
    [
        ("print('saved')", None),
        ("import sys; print('teleinfo-storer: /mnt/usb: cannot be read'); sys.exit(1)", "/mnt/usb: cannot be read"),
        ("raise SystemExit(3)", "exit code 3"),
    ],
)
def test_why_it_failed_is_in_the_health_and_in_the_log(
    script: str, failed: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    one = nightly(Path("/mnt/usb"), threading.Event(), script)
    one._back_up(timedelta(hours=12))
    assert one.report() == {"folder": "/mnt/usb", "failed": failed}
    assert [record.levelname for record in caplog.records if "Backup: " in record.message][-1:] == [
        "INFO" if failed is None else "WARNING"
    ]


def test_a_folder_that_hangs_does_not_keep_the_storer_from_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storer.backup.schedule.FIRST_AFTER", 0)
    stop, begun = threading.Event(), tmp_path / "begun"
    one = nightly(tmp_path, stop, f"import pathlib, time; pathlib.Path({str(begun)!r}).touch(); time.sleep(600)")
    one.start()
    wait_until(begun.exists, WITHIN, "the process")
    stop.set()
    one._thread.join(WITHIN)
    assert not one._thread.is_alive()


def test_without_a_folder_nothing_is_made() -> None:
    one = nightly(None, threading.Event(), "")
    one.start()
    assert not one._thread.is_alive()
    assert one.report()["folder"] is None
