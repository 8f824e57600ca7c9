"""Exports frames from the tables, each exactly as it was published.

Rows with the same label set differ in a few numbers: the first one is decoded, and serves as a template for the others.
"""

import itertools
import json
import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import repeat
from operator import is_not, itemgetter
from typing import Any

from common.contract.frame import parse_time
from common.database.mariadb import Connection, Database, sql_time
from common.errors import ConfigError, MessageError
from storer.database.meters import known_meters, unknown_meter
from storer.frames.label_sets import missing_label_set, read_contents
from storer.frames.relative_registers import idle_totals, value_of
from storer.frames.rows import BOTH, COLUMNS, decode_row, labels_by_column

#: A row: its time as SQL writes it, id and address of the meter, id of the label set, and the columns.
Row = list[Any]
TIME, METER_ID, METER, LABEL_SET_ID, _FIRST_COLUMN = range(5)
_PLACE = {column: place for place, column in enumerate(COLUMNS, _FIRST_COLUMN)}
_CLOCK_OFFSET, _DROPPED, _TOTAL = _PLACE["clock_offset"], _PLACE["dropped"], _PLACE["index_total"]
_encode = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes an encoder each time
log = logging.getLogger(__name__)
_BATCH = 1000  # rows whose label sets are read at once
_CACHE_SIZE = 10_000  # label sets
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class LabelSetMessages:
    """The messages of rows that have the same label set."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        """`content`: of the label set, not a difference."""
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


@dataclass(frozen=True, slots=True)
class Selection:
    """Which frames to export: from `start`, before `end`, of one meter or of all."""

    start: datetime | None = None
    end: datetime | None = None
    meter: str | None = None

    def where(self, time: str) -> tuple[str, list[str]]:
        """Return a WHERE clause, empty if everything is selected, and its arguments; `time` is the column of time.

        The table of meters is `m` in the query.
        """
        limits = {
            f"{time} >= %s": None if self.start is None else sql_time(self.start),
            f"{time} < %s": None if self.end is None else sql_time(self.end),
            "m.identifier = %s": self.meter,
        }
        given = {condition: value for condition, value in limits.items() if value is not None}
        return f" WHERE {' AND '.join(given)}" if given else "", list(given.values())


def read_selection(start: str | None, end: str | None, meter: str | None = None) -> Selection:
    """Make the selection of a command's options; a day begins at midnight UTC.

    Raises:
        ConfigError: a limit is none, or they are in the wrong order.
    """
    first, last = (None if text is None else read_limit(text) for text in (start, end))
    if first and last and last < first:
        raise ConfigError(f"--to {end} is before --from {start}: swap them")
    return Selection(start=first, end=last, meter=meter)


def read_limit(text: str) -> datetime:
    """Parse a time limit: a time, or a day, which begins at midnight UTC.

    Raises:
        ConfigError: the text is neither.

    >>> read_limit("2026-11-24")
    datetime.datetime(2026, 11, 24, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        return parse_time(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)
    except MessageError as error:
        raise ConfigError(f"{text!r} is not a time: write 2026-11-24 or 2026-11-24T18:00:00+01:00") from error


def export(database: Database, selection: Selection, report: Callable[[str], None] = log.warning) -> Iterator[bytes]:
    """Yield the messages of the frames as they were published, in order of time.

    Frames whose label set or meter is missing in the database are skipped; each missing one is reported once.

    Raises:
        ConfigError: the meter is unknown.
    """
    rows, sets = database.connect(), database.connect()
    messages_of: dict[int, LabelSetMessages | int] = {}  # of a label set that cannot be read: which one is missing
    missing: set[str] = set()

    def skip(what: str, row: Row) -> None:
        if what not in missing:
            missing.add(what)
            report(f"{what} is not in the database: skipping its frames, the first of {row[TIME]} UTC")

    try:
        if selection.meter is not None:
            check_meter(sets, selection.meter)
        texts = rows.stream(*_query(selection))
        while batch := [json.loads(text) for (text,) in itertools.islice(texts, _BATCH)]:
            if len(messages_of) >= _CACHE_SIZE:
                messages_of.clear()
            messages_of |= _read_label_sets(sets, {row[LABEL_SET_ID] for row in batch} - messages_of.keys())
            for row in batch:
                messages = messages_of[row[LABEL_SET_ID]]
                if isinstance(messages, int):
                    skip(f"label set {messages}", row)
                elif row[METER] is None:
                    skip(f"meter number {row[METER_ID]}", row)
                else:
                    yield messages.write(row).encode()
    finally:
        rows.close()
        sets.close()


def _read_label_sets(connection: Connection, ids: Collection[int]) -> dict[int, LabelSetMessages | int]:
    contents = read_contents(connection, ids)
    return {
        number: LabelSetMessages(contents[number]) if number in contents else missing_label_set(connection, number)
        for number in ids
    }


def check_meter(connection: Connection, meter: str) -> None:
    """Check that a meter has frames.

    Raises:
        ConfigError: the meter is unknown.
    """
    known = known_meters(connection)
    if meter not in known:
        raise unknown_meter(meter, known)


def _query(selection: Selection) -> tuple[str, list[str]]:
    where, arguments = selection.where("f.timestamp")
    columns = ", ".join(f"f.{column}" for column in COLUMNS)
    sql = (
        # JSON: a row as one text is read five times faster than as thirty values.
        f"SELECT JSON_ARRAY(f.timestamp, f.meter_id, m.identifier, f.label_set_id, {columns})"  # noqa: S608 - our own names
        f" FROM frames AS f LEFT JOIN meters AS m ON m.id = f.meter_id{where} ORDER BY f.timestamp, f.meter_id"
    )
    return sql, arguments
