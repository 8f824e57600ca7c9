"""The service `backup` of compose.yaml: runs `teleinfo-storer backup` every BACKUP_EVERY_HOURS hours.

It prints a line for each backup. While the last one succeeded it touches /tmp/heartbeat, for the health check.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path("/backups")
HEARTBEAT = Path("/tmp/heartbeat")  # noqa: S108 - the container's own
BEAT_EVERY = 15.0  # seconds
TRY_AGAIN_AFTER = 600.0  # seconds
SUFFIX = ".jsonl.gz"
STOP = (signal.SIGTERM, signal.SIGINT)


class Schedule:
    """When the next backup is due; times are seconds since the epoch."""

    def __init__(self, folder: Path, every: float) -> None:
        self.healthy = True
        self._folder = folder
        self._every = every
        self._not_before = 0.0

    def due(self, now: float) -> bool:
        """Return whether a backup is due."""
        return now >= self.next(now)

    def next(self, now: float) -> float:
        """Return when the next backup is due; derived from the newest file, so that it survives a restart.

        Files of months do not count: they are written before the one that completes a backup.
        """
        times = [file.stat().st_mtime for file in self._folder.glob(f"*T*Z{SUFFIX}")]
        # A file from the future was made while the clock was wrong.
        newest = max((moment for moment in times if moment <= now), default=0.0)
        return max(newest + self._every, self._not_before)

    def done(self, succeeded: bool, now: float) -> None:
        """Record the outcome of a backup."""
        self.healthy = succeeded
        self._not_before = 0.0 if succeeded else now + TRY_AGAIN_AFTER


def main() -> int:
    """Make backups until SIGTERM; return the exit code."""
    every, keep = os.environ["BACKUP_EVERY_HOURS"], os.environ["BACKUP_KEEP"]
    if not every.isdecimal() or not keep.isdecimal() or not int(every) or not int(keep):
        print("backup: BACKUP_EVERY_HOURS and BACKUP_KEEP must be whole numbers above 0", file=sys.stderr)
        return 2
    signal.pthread_sigmask(signal.SIG_BLOCK, (*STOP, signal.SIGCHLD))
    schedule = Schedule(FOLDER, int(every) * 3600.0)
    stopped = False
    while not stopped:
        if schedule.due(time.time()):
            code = _save(keep)
            if code is None:
                return 0
            schedule.done(code == 0, time.time())
            if code:
                HEARTBEAT.unlink(missing_ok=True)
                # Where all but a month was saved there is a new file, and to try again soon would only make more.
                wait = schedule.next(time.time()) - time.time()
                print(f"backup: failed; trying again in {wait / 60:.0f} min", file=sys.stderr)
        if schedule.healthy:
            HEARTBEAT.touch()
        stopped = signal.sigtimedwait(STOP, BEAT_EVERY) is not None
    return 0


def _save(keep: str) -> int | None:
    """Make a backup, which may take long, and return its exit code; None after SIGTERM."""
    process = subprocess.Popen(["teleinfo-storer", "backup", str(FOLDER), "--keep", keep], preexec_fn=_unblock_signals)
    while (code := process.poll()) is None:
        received = signal.sigtimedwait((*STOP, signal.SIGCHLD), BEAT_EVERY)
        if received is not None and received.si_signo in STOP:
            process.terminate()
            process.wait()
            return None
        if received is None:
            HEARTBEAT.touch()
    return code


def _unblock_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)


if __name__ == "__main__":
    sys.exit(main())
