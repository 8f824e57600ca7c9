"""Reads a file of Tempo colours: `date;colour`, one a line. Pure."""

import re
from collections.abc import Mapping
from datetime import date

from common.contract.offers import COLOURS
from monitor.money.dated_lines import read_dated

_WORDS: Mapping[str, str] = {
    word: name
    for number, (name, colour) in enumerate(COLOURS.items(), 1)
    for french in [colour.names["fr"].lower()]
    for word in (str(number), name, french, f"tempo_{french}")
}
_LINE = re.compile(r"\s*\"?(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)/(\d\d)/(\d{4}))\"?\s*[;,\t]\s*\"?([^\";,\t]+?)\"?\s*")


def read_colours(content: bytes, origin: str) -> dict[date, str]:
    """Return the colour of each day of a file: blue, white or red.

    Days are ISO or DD/MM/YYYY, colours words in French or English, or 1 to 3.

    Raises:
        ConfigError: a line is neither, or a day has two colours.
    """
    return read_dated(content, origin, _parse, "a day and a colour such as 2026-01-15;rouge")


def _parse(line: str) -> tuple[date, str] | None:
    match = _LINE.fullmatch(line)
    day = None if match is None else _day(match)
    colour = None if match is None else _WORDS.get(match[7].lower())
    return None if day is None or colour is None else (day, colour)


def _day(match: re.Match[str]) -> date | None:
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
