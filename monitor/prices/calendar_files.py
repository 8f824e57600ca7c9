"""Reads the user's calendars of offers: the colours of Tempo, and files of `date;kind` of others."""

import contextlib
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from common.errors import ConfigError
from monitor.prices.calendars import Calendars, Listed, bundled_calendars
from monitor.prices.colour_file import read_colours
from monitor.prices.dated_lines import read_dated
from monitor.prices.table import read_file

_LINE = re.compile(r"\s*(\d{4}-\d\d-\d\d)\s*[;,]\s*([a-z][a-z-]*)\s*")


def load_calendars(tempo: Path | None, files: Iterable[tuple[str, Path]], *, alsace_moselle: bool) -> Calendars:
    """Read the files that the configuration names: that of Tempo's colours, and others by the name of their calendar.

    Raises:
        ConfigError: one cannot be read, or a line is wrong.
    """
    own = {name: _listed(file) for name, file in files}
    return Calendars(
        written={} if tempo is None else read_colours(read_file(tempo), str(tempo)),
        listed={**bundled_calendars(), **own},
        alsace_moselle=alsace_moselle,
    )


def _listed(file: Path) -> Listed:
    """Return a calendar: days that are not listed are ordinary from the first listed one to the last."""
    kinds = read_dated(read_file(file), str(file), _parse, "a day and its kind such as 2026-01-15;peak")
    if not kinds:
        raise ConfigError(f"{file}: no days are listed: write a line such as 2026-01-15;peak for each")
    return Listed(kinds, min(kinds), max(kinds))


def _parse(line: str) -> tuple[date, str] | None:
    match = _LINE.fullmatch(line)
    if match is not None:
        with contextlib.suppress(ValueError):
            return date.fromisoformat(match[1]), match[2]
    return None
