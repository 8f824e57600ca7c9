"""Findings of the doctors of all programs, each problem with its fix, and how they are printed."""

import argparse
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TextIO

from common.plural import plural
from common.runtime.cli import chosen_language
from common.runtime.logs import printable
from common.settings.language import French

ALL_OK, HAS_PROBLEMS, NOT_CONFIGURED = 0, 1, 2  # exit codes

_NARROWEST, _WIDEST = 40, 120  # columns


class Status(Enum):
    """How bad it is."""

    OK = "ok"
    NOTICE = "note"  # it works; somebody should know
    PROBLEM = "problem"  # it does not work, or soon will not


_MARKS = {Status.OK: "✓", Status.NOTICE: "!", Status.PROBLEM: "✗"}
_COLOURS = {Status.OK: "32", Status.NOTICE: "33", Status.PROBLEM: "31"}  # green, yellow, red


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check, and what to do about it.

    `what` and `fix` may quote a broker, a database or a meter: their control characters are escaped.
    """

    status: Status
    subject: str  # a word: Port, Broker, …
    what: str
    fix: str = ""  # a command or an action


def ok(subject: str, what: str) -> Finding:
    """Make a finding of something that works."""
    return _finding(Status.OK, subject, what)


def notice(subject: str, what: str, fix: str = "") -> Finding:
    """Make a finding of something that works and that somebody should know."""
    return _finding(Status.NOTICE, subject, what, fix)


def problem(subject: str, what: str, fix: str) -> Finding:
    """Make a finding of something that must be fixed."""
    return _finding(Status.PROBLEM, subject, what, fix)


def _finding(status: Status, subject: str, what: str, fix: str = "") -> Finding:
    return Finding(status, subject, printable(what), printable(fix))


class Report:
    """Prints findings: on a terminal wrapped and coloured, elsewhere each in one line."""

    def __init__(self, stream: TextIO, say: Callable[[str], str] = str) -> None:
        """Take where to print, and how to say there what is worded in English."""
        self._stream = stream
        self._say = say
        self._word = max(len(say(status.value)) for status in Status)
        self._terminal = stream.isatty()
        self._colour = self._terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        width = shutil.get_terminal_size().columns
        self._width = max(_NARROWEST, min(width, _WIDEST))
        self._found: list[Finding] = []

    def show(self, findings: Iterable[Finding]) -> None:
        """Print these findings."""
        for finding in findings:
            self._found.append(finding)
            self._write(self._wrapped(finding) if self._terminal else self._line(finding))

    def end(self) -> int:
        """Print the summary; return the exit code."""
        count = {status: sum(finding.status is status for finding in self._found) for status in Status}
        problems, notes = count[Status.PROBLEM], count[Status.NOTICE]
        text = f"{plural(problems, 'problem')} found" if problems else "No problems found"
        text = self._say(f"{text}, {plural(notes, 'note')}." if notes else f"{text}.")
        self._write(f"\n{text}" if self._terminal else text)
        return HAS_PROBLEMS if problems else ALL_OK

    def note(self, text: str) -> None:
        """Print what is being done, for somebody who waits."""
        if self._terminal:
            self._write(f"  … {self._say(text)}")

    def _line(self, finding: Finding) -> str:
        say = self._say
        text = f"{_MARKS[finding.status]} {say(finding.status.value)} {self._text(finding)}"
        return f"{text} → {say(finding.fix)}" if finding.fix else text

    def _wrapped(self, finding: Finding) -> str:
        head = f"{_MARKS[finding.status]} {self._say(finding.status.value):{self._word}}  "
        lines = self._fill(self._text(finding), head, " " * len(head))
        if self._colour:
            lines[0] = f"\x1b[{_COLOURS[finding.status]}m{head}\x1b[0m{lines[0].removeprefix(head)}"
        if finding.fix:
            lines += self._fill(self._say(finding.fix), " " * (len(head) - 2) + "→ ", " " * len(head))
        return "\n".join(lines)

    def _text(self, finding: Finding) -> str:
        subject = self._say(finding.subject)
        colon = ":" if subject == finding.subject and self._say is str else "\u00a0:"
        return f"{subject}{colon} {self._say(finding.what)}"

    def _fill(self, text: str, first: str, others: str) -> list[str]:
        # A command or a path that is cut in two can no longer be copied.
        return textwrap.wrap(
            text,
            self._width,
            initial_indent=first,
            subsequent_indent=others,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _write(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


def report_to(arguments: argparse.Namespace, french: Mapping[str, str]) -> Report:
    """Return the report of a command on its terminal, in the household's language; `french` has its sentences."""
    return Report(sys.stdout, French(french) if chosen_language(arguments) == "fr" else str)
