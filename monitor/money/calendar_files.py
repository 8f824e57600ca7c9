"""Reads the user's calendars of offers: the colours of Tempo, and files of `date;kind` of others."""

import contextlib
import re
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path

from common.errors import ConfigError
from monitor.money.calendars import Calendars, Listed, bundled_calendars
from monitor.money.dated_files import read_colours, read_dated, read_file
from monitor.money.prices import PriceTable

_LINE = re.compile(r"\s*(\d{4}-\d\d-\d\d)\s*[;,]\s*([a-z][a-z-]*)\s*")


def load_calendars(
    tempo: Path | None, files: Iterable[tuple[str, Path]], prices: PriceTable, *, alsace_moselle: bool
) -> Calendars:
    """Read the files that the configuration names: that of Tempo's colours, and others by the name of their calendar.

    Args:
        tempo: the file of colours.
        files: the others.
        prices: whose rules ask for kinds of days.
        alsace_moselle: count the bank holidays of Alsace and Moselle, too.

    Raises:
        ConfigError: one cannot be read, or a line is wrong.
    """
    own = {name: _listed(file, prices.day_kinds(name)) for name, file in files}
    return Calendars(
        written={} if tempo is None else read_colours(read_file(tempo), str(tempo)),
        listed={**bundled_calendars(), **own},
        alsace_moselle=alsace_moselle,
    )


def _listed(file: Path, asked: Collection[str]) -> Listed:
    """Return a calendar: days that are not listed are ordinary from the first listed one to the last.

    One that lists no day of the kinds that are asked for has them in other words, so all its days would be ordinary.
    """
    example = f"2026-01-15;{min(asked, default='peak')}"
    kinds = read_dated(read_file(file), str(file), _parse, f"a day and its kind such as {example}")
    if not kinds:
        raise ConfigError(f"{file}: no days are listed: write a line such as {example} for each")
    if asked and not set(asked) & set(kinds.values()):
        raise ConfigError(
            f"{file}: no day is {' or '.join(sorted(asked))}, the words that the offers ask for: write {example}, not"
            f" {', '.join(sorted(set(kinds.values())))}"
        )
    return Listed(kinds, min(kinds), max(kinds))


def _parse(line: str) -> tuple[date, str] | None:
    match = _LINE.fullmatch(line)
    if match is not None:
        with contextlib.suppress(ValueError):
            return date.fromisoformat(match[1]), match[2]
    return None
