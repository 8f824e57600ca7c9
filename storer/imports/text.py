"""Text files as suppliers write them: encodings, decimal commas, thin spaces, names of columns with accents."""

import contextlib
import csv
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from fractions import Fraction

from storer.imports.model import refused

Row = tuple[int, list[str]]  # number of the line, cells
Table = list[Row]

MAX_SIZE = 40_000_000  # bytes of a file, and of what it unpacks to: ten years by half-hours are 20 MB
MOST_CELLS = 3_000_000  # of a table, each row counted as one more: ten years by half-hours have 600,000
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_NUMBER = re.compile(r"[-+]?\d{1,18}(\.\d{1,30})?([eE][-+]?\d{1,2})?")
_YEARS = range(1990, 2038)  # what the tables hold
_NOTHING = ("", "na", "n/a", "null", "none", "-", "nan")
_FRENCH = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")


def decode(data: bytes) -> str:
    """Return the text of a file: UTF-8 with or without a mark, else what Windows writes (ISO-8859-1 is part of it)."""
    if data.startswith(b"\x1f\x8b"):
        raise refused("the file is compressed: unpack it first")
    if data.startswith(b"PK\x03\x04"):
        raise refused("this is a zip or a workbook: unpack it, or save it as CSV, first")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def rows(text: str, delimiter: str = ";") -> Table:
    """Return the lines that are not empty, with their cells stripped."""
    try:
        return [
            (number, [cell.strip() for cell in cells])
            for number, cells in enumerate(csv.reader(_lines(text, delimiter), delimiter=delimiter), 1)
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        # All that csv refuses, unless it is strict.
        raise refused(
            f"this is not a table of text: a cell has more than {csv.field_size_limit():,} characters; is a quote"
            " not closed?"
        ) from error


def _lines(text: str, delimiter: str) -> Iterator[str]:
    count = 0
    for found in _LINE.finditer(text):
        line = found[0]
        count += 2 + line.count(delimiter)
        if count > MOST_CELLS:
            raise refused(f"this file has more than {MOST_CELLS:,} cells")
        yield line


def plain(text: str) -> str:
    """Return text in small letters, without accents and with single spaces, to compare names of columns.

    >>> plain("Période  de consommation")
    'periode de consommation'
    """
    letters = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).lower().split())


def number(text: str, line: int | None = None) -> Fraction | None:
    """Return the exact number; None if the cell has none.

    >>> number("1 016,5"), number("NA")
    (Fraction(2033, 2), None)
    """
    if text.isascii() and text.isdecimal() and len(text) < 18:
        return Fraction(int(text))
    compact = re.sub(r"[\s'\u00a0\u202f]", "", text).replace(",", ".")
    if compact.lower() in _NOTHING:
        return None
    if not _NUMBER.fullmatch(compact):
        raise refused(f"a number is expected, not {text[:40]!r}", line)
    return Fraction(compact)


def local_time(text: str, line: int | None = None) -> datetime:
    """Return a time: aware if it has an offset, else local."""
    found = _time(text)
    if found is None or found.year not in _YEARS:
        raise refused(f"a time is expected, not {text[:40]!r}", line)
    return found


def _time(text: str) -> datetime | None:
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(text)
    for form in _FRENCH:
        with contextlib.suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 - local, as the file has it
    return None


def local_day(text: str, line: int | None = None) -> date:
    """Return a day, written as 31/12/2025 or 2025-12-31."""
    form = "%d/%m/%Y" if "/" in text else "%Y-%m-%d"
    with contextlib.suppress(ValueError):
        day = datetime.strptime(text[:10], form).date()  # noqa: DTZ007 - a day of the local calendar
        if day.year in _YEARS:
            return day
    raise refused(f"a day is expected, not {text[:40]!r}", line)


def cell(cells: Sequence[str], place: int) -> str:
    """Return a cell of a line, which may be shorter than others."""
    return cells[place] if place < len(cells) else ""


def is_number(text: str) -> bool:
    """Return whether a cell begins like a number or a day."""
    return bool(re.match(r"[-+]?\d", text))


def column(names: Sequence[str], *beginnings: str) -> int | None:
    """Return the place of the first column whose plain name begins so."""
    return next((place for place, name in enumerate(names) if plain(name).startswith(beginnings)), None)
