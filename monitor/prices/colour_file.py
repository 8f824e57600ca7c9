"""Reads a file of Tempo colours: `date;colour`, one a line. Pure."""

import re
from collections.abc import Mapping
from datetime import date

from common.contract.offers import COLOURS
from common.errors import ConfigError

_WORDS: Mapping[str, str] = {
    word: name
    for number, (name, colour) in enumerate(COLOURS.items(), 1)
    for french in [colour.names["fr"].lower()]
    for word in (str(number), name, french, f"tempo_{french}")
}
_LINE = re.compile(r"\s*\"?(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)/(\d\d)/(\d{4}))\"?\s*[;,\t]\s*\"?([^\";,\t]+?)\"?\s*")


def read_colours(content: bytes, origin: str) -> dict[date, str]:
    """Return the colour of each day of a file: blue, white or red.

    Days are ISO or DD/MM/YYYY, colours words in French or English, or 1 to 3; a first line of names is skipped.

    Raises:
        ConfigError: a line is neither, or a day has two colours.
    """
    colours: dict[date, str] = {}
    for number, line in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), 1):
        if not line.strip() or (number == 1 and not any(character.isdigit() for character in line)):
            continue
        match = _LINE.fullmatch(line)
        day = None if match is None else _day(match)
        colour = None if match is None else _WORDS.get(match[7].lower())
        if day is None or colour is None:
            raise ConfigError(
                f"{origin}, line {number}: a day and a colour such as 2026-01-15;rouge are expected: {line!r}"
            )
        if colours.setdefault(day, colour) != colour:
            raise ConfigError(f"{origin}, line {number}: {day} has two colours")
    return colours


def _day(match: re.Match[str]) -> date | None:
    year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
