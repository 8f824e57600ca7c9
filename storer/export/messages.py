"""Writes rows of `frames` as the messages that were published.

Rows with the same label set differ in a few numbers: the first one is decoded, and serves as a template for the others.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import repeat
from operator import is_not, itemgetter
from typing import Any

from storer.frames.relative_registers import idle_totals, value_of
from storer.frames.rows import BOTH, COLUMNS, decode_row, labels_by_column

#: A row: its time as SQL writes it, id and address of the meter, id of the label set, and the columns.
Row = list[Any]
TIME, METER_ID, METER, LABEL_SET_ID, _FIRST_COLUMN = range(5)
_PLACE = {column: place for place, column in enumerate(COLUMNS, _FIRST_COLUMN)}
_CLOCK_OFFSET, _DROPPED, _TOTAL = _PLACE["clock_offset"], _PLACE["dropped"], _PLACE["index_total"]
_encode = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes an encoder each time


class LabelSetMessages:
    """The messages of rows that have the same label set."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        """`content` is that of the label set, whole."""
        relative = content.get("relative")
        self._idle = idle_totals(content.get("columns", {}), content["frame"]) if relative else {}
        self._both = relative == BOTH
        self._content = {key: part for key, part in content.items() if key != "relative"}
        self._templates: dict[tuple[object, ...], _Template] = {}

    def write(self, row: Row) -> str:
        """Return the message of a row. The row is changed."""
        for column, idle in self._idle.items():
            place = _PLACE[column]
            row[place] = value_of(column, row[place], row[_TOTAL], idle, both=self._both)
        key = (row[METER_ID], *map(is_not, row, repeat(None)))
        template = self._templates.get(key)
        if template is None:
            template = self._templates[key] = _Template(row, self._content)
        return template.write(row)


@dataclass(frozen=True, slots=True)
class _Field:
    """Stands in a message for a field of the row."""

    place: int
    form: str = "%s"


class _Template:
    """The messages of rows of one meter that have the same label set, and numbers in the same columns."""

    def __init__(self, row: Row, content: Mapping[str, Any]) -> None:
        frame = decode_row(_time(row), row[METER], tuple(row[_FIRST_COLUMN:]), content)
        message = {"meter": frame.meter, "timestamp": _Field(TIME, '"%sZ"'), **frame.payload()}
        for column, label in labels_by_column(content).items():
            if row[_PLACE[column]] is not None:
                message["frame"][label] = _Field(_PLACE[column])
        self._has_date = row[_CLOCK_OFFSET] is not None
        if self._has_date:
            message["stamps"]["DATE"] = _Field(_CLOCK_OFFSET, '"%sZ"')
        if row[_DROPPED] is not None:
            message["dropped"] = _Field(_DROPPED)
        places: list[int] = []
        self._text = _form(message, places)
        self._fields = itemgetter(*places)  # of one place it is no tuple, which `%` takes as well

    def write(self, row: Row) -> str:
        """Return the message of a row. The row is changed."""
        if self._has_date:
            row[_CLOCK_OFFSET] = _date(row)
        row[TIME] = row[TIME].replace(" ", "T")
        message: str = self._text % self._fields(row)
        return message


def _form(thing: object, places: list[int]) -> str:
    """Return JSON with a form for each field, and add their places."""
    if isinstance(thing, _Field):
        places.append(thing.place)
        return thing.form
    if isinstance(thing, dict):
        return "{" + ", ".join(f"{_form(key, places)}: {_form(part, places)}" for key, part in thing.items()) + "}"
    return _encode(thing).replace("%", "%%")


def _time(row: Row) -> datetime:
    return datetime.fromisoformat(row[TIME]).replace(tzinfo=UTC)


def _date(row: Row) -> str:
    time = datetime.fromisoformat(row[TIME]).replace(microsecond=0) + timedelta(seconds=row[_CLOCK_OFFSET])
    return time.isoformat()
