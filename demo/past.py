"""Follows the process that gives the meter a past, and says how far it is."""

import contextlib
import sys
from datetime import datetime
from pathlib import Path

from common.contract.frame import format_time
from demo.programs import Program


class Past:
    """The history of a simulated meter, being written beside the demo."""

    def __init__(self, folder: Path, kind: str, until: datetime, *, sun: bool) -> None:
        """Start to write it, or to go on with it; `until` is when this run began, `sun` as for the demo."""
        command = [sys.executable, "-P", "-m", "demo.fill", "--config", str(folder / "storer.yaml")]
        command += ["--kind", kind, "--until", format_time(until), *(["--sun"] if sun else [])]
        self._program = Program("history", command, folder / "history.log")
        self._done = False

    def progress(self) -> str:
        """Return how far it is, for the live line; empty once it is complete.

        Raises:
            ProgramError: it ended otherwise.
        """
        if self._done:
            return ""
        if self._program.process.poll() is not None:
            if self._program.process.returncode != 0:
                self._program.check()
            self._done = True
            return ""
        return progress_of(self._program.log.read_text(errors="replace"))

    def stop(self, within: float) -> None:
        """End it, wherever it is: a day is in the tables whole or not at all."""
        self._program.stop(within)


def progress_of(log: str) -> str:
    r"""Return the progress that the last whole line tells.

    >>> progress_of("0 400\n17 400\n18 4")
    'history 17/400 days'
    >>> progress_of("")
    'history …'
    """
    with contextlib.suppress(ValueError, IndexError):
        done, days = map(int, log[: log.rindex("\n")].split("\n")[-1].split())
        return f"history {done}/{days} days"
    return "history …"
