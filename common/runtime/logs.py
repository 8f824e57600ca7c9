"""Sets up logging to standard output, as plain lines or as JSON, and limits repeated lines."""

import json
import logging
import os
import re
import sys
from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any, TextIO

from common.machine.deployment import Deployment, here

_DELIVERY_POINT = re.compile(r"(?<!\d)\d{14}(?!\d)")
# Escaped: control characters, all kinds of line ends, and marks that change the direction of text.
_NOT_PRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def set_up(form: str, program: str, level: str = "INFO") -> None:
    """Log to standard output, `plain` or as `json`; plain lines have no time if systemd's journal adds its own.

    In an image that has all programs, their lines are in one log, so there each has the program's name.
    """
    handler = _Output(sys.stdout)
    name = f"{program}: " if here().deployment in (Deployment.APP, Deployment.IMAGE) else ""
    plain = _Plain("JOURNAL_STREAM" in os.environ, name)
    handler.setFormatter(_Json(program) if form == "json" else plain)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def redact_prm(text: str) -> str:
    """Remove what may be the number of a delivery point (PRM): logs are shared with others.

    >>> redact_prm("'PRM': '09111642617347'")
    "'PRM': '(14 digits)'"
    """
    return _DELIVERY_POINT.sub("(14 digits)", text)


def printable(text: str) -> str:
    r"""Escape control characters: input from MQTT or the meter must not forge lines or control a terminal.

    >>> printable("one\n<0>two\x1b[2J")
    'one\\n<0>two\\x1b[2J'
    """
    return _NOT_PRINTABLE.sub(lambda found: _SHORT.get(found[0]) or _escape(found[0]), text)


def _escape(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 0x100 else f"\\u{ord(character):04x}"


class _Output(logging.StreamHandler[TextIO]):
    """Standard output; a line that cannot be written, as with a full disk, is dropped."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name
        """Ignore OSError: logging would print a traceback, and the arguments without escaping."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


class _Plain(logging.Formatter):
    """Plain lines."""

    def __init__(self, journal: bool, program: str) -> None:
        before = "%(levelname)s" if journal else "%(asctime)s %(levelname)-7s"
        super().__init__(f"{before} {program}%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return redact_prm(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - its name
        """Indent each line: none can be taken for a message, or for a priority (`<0>`) of the journal."""
        return "\n".join(f"    {printable(line)}" for line in super().formatException(ei).split("\n"))


class _Json(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._program = program

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="microseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "program": self._program,
            "message": redact_prm(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = redact_prm(self.formatException(record.exc_info))
        # Inside JSON, \n and \u009b are the characters themselves.
        return _NOT_PRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(entry, ensure_ascii=False))


EVERY = 3600.0  # seconds
_MAX_KEYS = 100  # all further keys share one limit: other programs may publish any number of topics


class RateLimiter:
    """Limits log lines of one kind to one an hour."""

    def __init__(self) -> None:
        self._logged_at: dict[Hashable, float] = {}

    def allow(self, key: Hashable, now: float) -> bool:
        """Return whether a line about `key` may be logged at the monotonic time `now`; if so, the hour starts anew."""
        if key not in self._logged_at and len(self._logged_at) >= _MAX_KEYS:
            key = None
        previous = self._logged_at.get(key)
        if previous is not None and now - previous < EVERY:
            return False
        self._logged_at[key] = now
        return True


class ChangeLogger:
    """Logs a line only when it differs from the previous one: once per change, not once per retry."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self.last_logged = ""  # empty: nothing since the start or the last `reset`

    def log(self, level: int, text: str) -> None:
        """Log a complete text, unless it is the same as the last one."""
        if text != self.last_logged:
            self.last_logged = text
            self._logger.log(level, "%s", text, stacklevel=2)

    def reset(self) -> bool:
        """Forget the last line, so that it is logged when it comes again; return whether there was one."""
        logged, self.last_logged = bool(self.last_logged), ""
        return logged
