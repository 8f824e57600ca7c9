"""Findings of `check` of all programs, each problem with its fix; how they are worded, and how they are printed."""

import argparse
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TextIO

from common.check.french import TEXTS
from common.machine.deployment import here
from common.runtime.cli import chosen_language
from common.runtime.logs import printable
from common.settings.language import French, plural, speak, tr
from common.settings.yaml_file import read_yaml

ALL_OK, HAS_PROBLEMS, NOT_CONFIGURED = 0, 1, 2  # exit codes

_NARROWEST, _WIDEST = 40, 120  # columns


class Status(Enum):
    """How bad it is."""

    OK = "ok"
    NOTICE = "note"  # it works, but is worth knowing
    PROBLEM = "problem"  # it does not work, or soon will not


_MARKS = {Status.OK: "✓", Status.NOTICE: "!", Status.PROBLEM: "✗"}
_IN_FRENCH = {Status.OK: "ok", Status.NOTICE: "avis", Status.PROBLEM: "problème"}
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


_WORDED = re.compile(r"([✓!✗]) (.+?)\s?: (.+?)(?: → (.+))?")


class Texts:
    """The findings and other texts of a package, in English and in French; common/check/findings.yaml explains."""

    def __init__(self, file: Path, program: str = "", french: Mapping[str, str] = TEXTS) -> None:
        """Take the file.

        Args:
            file: of the texts.
            program: whose commands they name.
            french: the French of what they quote, which is worded elsewhere in English.
        """
        self._file = file
        self._program = program
        self._table = french

    def text(self, key: str, **values: object) -> str:
        """Return a text that is no finding."""
        return self._of(key).format_map(values)

    def finding(self, key: str, *, level: Status | None = None, on_host: bool = False, **values: object) -> Finding:
        """Make a finding.

        Args:
            key: of its text.
            level: how bad it is, unless as the text says.
            on_host: its fix is a command for the host, not for our container.
            values: what the text names in braces.
        """
        match = _WORDED.fullmatch(self._of(key))
        assert match, key
        commands, program = here(self._program), self._program
        by_name = {name: getattr(commands, name)(program) for name in ("start", "stop", "restart", "log")}
        by_name |= {"check": commands.run(program, "check"), "sudo": commands.sudo(program, "check")} | values
        subject, what, fix = ((text or "").format_map(by_name) for text in match.groups()[1:])
        fix = commands.on_host(fix) if on_host else fix
        by_mark = next(one for one, mark in _MARKS.items() if mark == match[1])
        return Finding(level or by_mark, subject, printable(what), printable(fix))

    def translated(self, text: str) -> str:
        """Return what is worded elsewhere in English, in the language of the report."""
        return tr(text, self._french(text))

    @cached_property
    def _french(self) -> French:
        return French(self._table)

    def _of(self, key: str) -> str:
        return tr(*_read(self._file)[key])


@cache
def _read(file: Path) -> Any:
    return read_yaml(file)


def count(number: int, english: str, french: str, french_plural: str = "") -> str:
    """Write a number with its noun, in the language of the report."""
    several = f"{number} {french_plural or french + 's'}"
    return tr(plural(number, english), f"1 {french}" if number == 1 else several)


class Report:
    """Prints findings: on a terminal wrapped and coloured, elsewhere each in one line."""

    def __init__(self, stream: TextIO) -> None:
        """Take where to print."""
        self._stream = stream
        self._word = max(len(_word(status)) for status in Status)
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
        problems, notes = (
            sum(one.status is status for one in self._found) for status in (Status.PROBLEM, Status.NOTICE)
        )
        problems_found = tr(f"{plural(problems, 'problem')} found", plural(problems, "problème"))
        text = problems_found if problems else tr("No problems found", "Aucun problème")
        text += f", {tr(plural(notes, 'note'), f'{notes} avis')}." if notes else "."
        self._write(f"\n{text}" if self._terminal else text)
        return HAS_PROBLEMS if problems else ALL_OK

    def note(self, text: str) -> None:
        """Print the current step, for the person who waits."""
        if self._terminal:
            self._write(f"  … {text}")

    def _line(self, finding: Finding) -> str:
        text = f"{_MARKS[finding.status]} {_word(finding.status)} {self._text(finding)}"
        return f"{text} → {finding.fix}" if finding.fix else text

    def _wrapped(self, finding: Finding) -> str:
        head = f"{_MARKS[finding.status]} {_word(finding.status):{self._word}}  "
        lines = self._fill(self._text(finding), head, " " * len(head))
        if self._colour:
            lines[0] = f"\x1b[{_COLOURS[finding.status]}m{head}\x1b[0m{lines[0].removeprefix(head)}"
        if finding.fix:
            lines += self._fill(finding.fix, " " * (len(head) - 2) + "→ ", " " * len(head))
        return "\n".join(lines)

    def _text(self, finding: Finding) -> str:
        return f"{finding.subject}{tr(':', ' :')} {finding.what}"

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


def _word(status: Status) -> str:
    return tr(status.value, _IN_FRENCH[status])


def report_to(arguments: argparse.Namespace) -> Report:
    """Return the report of a command on its terminal, in the household's language."""
    speak(chosen_language(arguments))
    return Report(sys.stdout)
