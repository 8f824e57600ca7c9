"""What the doctors of both programs say: findings, each with its cure, and how they look in a terminal."""

import os
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TextIO

from common.plural import plural

FINE, TO_CURE, NOT_CONFIGURED = 0, 1, 2  # exit codes

_NARROWEST, _WIDEST = 40, 120  # columns
_PLAIN = str.maketrans({"✓": "+", "✗": "x", "→": "->", "…": "...", "’": "'", "×": "x"})


class Status(Enum):
    """How bad it is."""

    FINE = "ok"
    MIND = "note"  # it works; somebody should know
    CURE = "problem"  # it does not work, or will not for long


_WORD = max(len(status.value) for status in Status)
_MARKS = {Status.FINE: "✓", Status.MIND: "!", Status.CURE: "✗"}
_COLOURS = {Status.FINE: "32", Status.MIND: "33", Status.CURE: "31"}  # green, yellow, red


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what to do about it."""

    status: Status
    subject: str  # a word: Port, Broker, …
    what: str
    fix: str = ""


def fine(subject: str, what: str) -> Finding:
    """Make a finding of something that is as it should be."""
    return Finding(Status.FINE, subject, what)


def mind(subject: str, what: str, cure: str = "") -> Finding:
    """Make a finding of something to know of; nothing breaks by it."""
    return Finding(Status.MIND, subject, what, cure)


def cure(subject: str, what: str, cure: str) -> Finding:
    """Make a finding of something that must be cured."""
    return Finding(Status.CURE, subject, what, cure)


def exit_code(findings: Iterable[Finding]) -> int:
    """Return 1 when something must be cured, else 0."""
    return TO_CURE if any(finding.status is Status.CURE for finding in findings) else FINE


class Report:
    """Writes findings: on a terminal wrapped and coloured, elsewhere each in one line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._colour = self._terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        width = shutil.get_terminal_size().columns
        self._width = max(_NARROWEST, min(width, _WIDEST))
        self._plain = not _can_write(stream, "✓✗→…")
        self._found: list[Finding] = []

    def show(self, findings: Sequence[Finding]) -> None:
        """Write these findings."""
        for finding in findings:
            self._found.append(finding)
            self._write(self._wrapped(finding) if self._terminal else self._line(finding))

    def end(self) -> int:
        """Write the sum of it; return the exit code."""
        count = {status: sum(finding.status is status for finding in self._found) for status in Status}
        problems, notes = count[Status.CURE], count[Status.MIND]
        text = f"{plural(problems, 'problem')} to cure" if problems else "Nothing to cure"
        if notes:
            text += f", {plural(notes, 'note')} to read"
        self._write(f"\n{text}." if self._terminal else f"{text}.")
        return exit_code(self._found)

    def note(self, text: str) -> None:
        """Write what is being done, for somebody who waits."""
        if self._terminal:
            self._write(f"  … {text}")

    def _line(self, finding: Finding) -> str:
        text = f"{_MARKS[finding.status]} {finding.status.value} {finding.subject}: {finding.what}"
        return f"{text} → {finding.fix}" if finding.fix else text

    def _wrapped(self, finding: Finding) -> str:
        head = f"{_MARKS[finding.status]} {finding.status.value:{_WORD}}  "
        lines = self._fill(f"{finding.subject}: {finding.what}", head, " " * len(head))
        if self._colour:
            lines[0] = f"\x1b[{_COLOURS[finding.status]}m{head}\x1b[0m{lines[0].removeprefix(head)}"
        if finding.fix:
            lines += self._fill(finding.fix, " " * (len(head) - 2) + "→ ", " " * len(head))
        return "\n".join(lines)

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
        if self._plain:
            text = text.translate(_PLAIN)
            text = text.encode(self._stream.encoding or "utf-8", "replace").decode(self._stream.encoding or "utf-8")
        print(text, file=self._stream, flush=True)


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def format_bytes(size: float) -> str:
    """Write a number of bytes for people.

    >>> in_words(9_100_000_000)
    '9.1 GB'
    """
    units = ["B", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    unit = units[0]
    return f"{size:.1f} {unit}" if size < 10 and unit != "B" else f"{size:.0f} {unit}"


def format_days(days: float) -> str:
    """Write a number of days for people.

    >>> time_in_words(5113)
    '14 years'
    """
    if days > 36_525:
        return "more than 100 years"
    for unit, size in (("year", 365.25), ("month", 30.44), ("day", 1.0), ("hour", 1 / 24)):
        if days >= 2 * size:
            return f"{days / size:.0f} {unit}s"
    minutes = round(days * 1440)
    return f"{minutes} minute{'s' if minutes != 1 else ''}"
