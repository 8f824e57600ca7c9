"""Makes a backup each night: a thread that runs `teleinfo-storer backup` as a process of its own.

Frames are stored on whatever happens to that process, such as a network share that hangs.
"""

import contextlib
import logging
import sys
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.database.mariadb import Database
from common.errors import DatabaseError
from common.runtime.logs import ChangeLogger

if TYPE_CHECKING:
    import subprocess

log = logging.getLogger(__name__)

FIRST_AFTER = 900.0  # seconds after the start, if the last night was missed
TRY_AGAIN_AFTER = 3600.0  # seconds, each time twice as many, until the next night
LONGEST = 6 * 3600.0  # seconds that a backup may take
_AT, _SPREAD = 3 * 60 + 17, 40  # minutes of the local day
_RECENT, _MISSED = timedelta(hours=12), timedelta(hours=30)
_POLL = 1.0  # seconds


def next_night(name: str, now: datetime) -> datetime:
    """Return when the storer `name` makes its next backup, after `now`, which is local time."""
    minutes = _AT + zlib.crc32(name.encode()) % _SPREAD
    tonight = now.replace(hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)


class BackupScheduler:
    """Runs in a thread of its own, if there is a folder."""

    def __init__(self, database: Database, name: str, folder: Path | None, config: Path, stop: threading.Event) -> None:
        """Work for the storer `name`, whose configuration is the file `config`."""
        self._database = database
        self._name = name
        self._folder = folder
        self._command = [sys.executable, "-P", "-u", "-m", "storer", "backup", "--config", str(config)]
        self._stop = stop
        self._failed: str | None = None  # read by another thread
        self._failures = ChangeLogger(log)
        self._thread = threading.Thread(target=self._run, name="backup", daemon=True)

    def start(self) -> None:
        """Begin, if there is a folder."""
        if self._folder is not None:
            self._thread.start()

    def report(self) -> dict[str, Any]:
        """Return the state for `health`: why the last backup failed, None if it did not."""
        return {"folder": None if self._folder is None else str(self._folder), "failed": self._failed}

    def _run(self) -> None:
        wait, again, limit = FIRST_AFTER, TRY_AGAIN_AFTER, _MISSED
        while not self._stop.wait(wait):
            self._back_up(limit)
            limit = _RECENT
            now = datetime.now().astimezone()
            wait = (next_night(self._name, now) - now).total_seconds()
            if self._failed is None:
                again = TRY_AGAIN_AFTER
            else:
                wait, again = min(wait, again), 2 * again

    def _back_up(self, limit: timedelta) -> None:
        """Make a backup, unless any program finished one within `limit`."""
        try:
            if self._failed is None and self._is_recent(limit):
                return
            self._failed = self._make()
        except (DatabaseError, OSError) as error:
            self._failed = str(error)
        if self._failed is None:
            self._failures.reset()
        else:
            self._failures.log(logging.WARNING, f"Backup: {self._failed}")

    def _is_recent(self, limit: timedelta) -> bool:
        with contextlib.closing(self._database.connect()) as connection:
            ((last,),) = connection.query("SELECT MAX(finished_at) FROM backups")
        return last is not None and datetime.now(UTC) - last.replace(tzinfo=UTC) < limit

    def _make(self) -> str | None:
        """Run the command; return why it failed."""
        import subprocess  # only here: most of the day nothing needs it

        child = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        end = time.monotonic() + LONGEST
        while True:
            try:
                said, _ = child.communicate(timeout=_POLL)
            except subprocess.TimeoutExpired:
                if self._stop.is_set() or time.monotonic() > end:
                    return self._end(child)
                continue
            for line in said.splitlines():
                log.info("Backup: %s", line)
            lines = said.strip().splitlines() or [f"exit code {child.returncode}"]
            return lines[-1].removeprefix("teleinfo-storer: ") if child.returncode else None

    def _end(self, child: "subprocess.Popen[str]") -> str:
        """Kill a backup that takes too long, without waiting: a process blocked on a network share may not end."""
        import subprocess

        child.kill()
        if child.stdout is not None:
            child.stdout.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_POLL)
        return f"it did not finish within {LONGEST / 3600:.0f} hours: does {self._folder} answer?"
