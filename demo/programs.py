"""Runs the project's own programs, as the separate processes that they are."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from demo.servers import die_with

_WARNING = re.compile(r"(?:\S+ (?P<time>\d\d:\d\d:\d\d)\S* )?(?:WARNING|ERROR|CRITICAL)\s+(?P<text>.+)")


class ProgramError(Exception):
    """A program ended, or did not do its part; the text says which, in one line."""


class Program:
    """One program, its output in a file. Start it from a thread that lives as long as it shall: it dies with it."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._read = 0  # bytes of the log that were looked through for warnings
        self._warning = ""
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C in the terminal is for us, we stop our programs in order
                preexec_fn=die_with(os.getpid()),
            )

    def first_line(self) -> str | None:
        """Return the first line of its output, None before it is there."""
        text = self.log.read_text(errors="replace")
        return text.partition("\n")[0] if "\n" in text else None

    def last_warning(self) -> str:
        """Return the last warning of its log, with the time of day; nothing while there is none."""
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
            lines = self.log.read_text(errors="replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
            raise ProgramError(f"the {self.name} ended with {code}: {last}")

    def stop(self, within: float) -> None:
        """Ask the program to end, and end it after `within` seconds if it did not."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
