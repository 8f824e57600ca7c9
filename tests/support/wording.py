"""Lines that a person reads: those of the log, and whether one tells what it must, whatever its words."""

import logging
import re

import pytest


def says(line: str, facts: str) -> bool:
    """Return whether a line has these facts, in this order, and any words in place of each `...`.

    >>> says("port: a number from 1 to 9 is expected, not 'a'", "port: ...1...9... not 'a'")
    True
    """
    return re.fullmatch(".*".join(map(re.escape, facts.split("..."))), line) is not None


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged as a warning or worse."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def plain(text: str) -> str:
    """Return a text with plain spaces in place of those that do not break."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")
