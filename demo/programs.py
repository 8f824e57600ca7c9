"""Runs the project's programs as separate processes."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from demo.servers import spawn

_WARNING = re.compile(r"(?:\S+ (?P<time>\d\d:\d\d:\d\d)\S* )?(?:WARNING|ERROR|CRITICAL)\s+(?P<text>.+)")


class ProgramError(Exception):
    """A program ended or did not respond; the text says which, in one line."""


class Program:
    """One program, with its output in a file. It is killed when the thread that started it ends."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._read = 0  # bytes of the log that were searched for warnings
        self._warning = ""
        with log.open("wb") as output:
            self.process = spawn(command, output)

    def lines(self) -> list[str]:
        """Return the whole lines of its output."""
        return self.log.read_text(errors="replace").split("\n")[:-1]

    def last_warning(self) -> str:
        """Return the last warning of its log, with the time of day; empty while there is none."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data.rfind(b"\n") + 1
        self._read += whole
        for line in data[:whole].decode(errors="replace").splitlines():
            if match := _WARNING.fullmatch(line):
                self._warning = f"{self.name} {match['time'] or ''}".rstrip() + f": {match['text']}"
        return self._warning

    def check(self) -> None:
        """Raise ProgramError if the program has ended."""
        code = self.process.poll()
        if code is not None:
            last = next((line for line in reversed(self.lines()) if line.strip()), "no output")
            raise ProgramError(f"the {self.name} ended with {code}: {last}")

    def stop(self, within: float) -> None:
        """Send SIGTERM; kill the program if it has not ended after `within` seconds."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
