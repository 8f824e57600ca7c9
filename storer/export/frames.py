"""Exports frames from the tables, each exactly as it was published."""

import itertools
import json
import logging
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from common.contract.frame import parse_time
from common.database.mariadb import Connection, Database, sql_time
from common.errors import ConfigError, MessageError
from storer.database.known_meters import known_meters, unknown_meter
from storer.export.messages import LABEL_SET_ID, METER, METER_ID, TIME, LabelSetMessages, Row
from storer.frames.label_sets import missing_label_set, read_contents
from storer.frames.rows import COLUMNS

log = logging.getLogger(__name__)

_BATCH = 1000  # rows whose label sets are read at once
_CACHE_SIZE = 10_000  # label sets
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


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
        ConfigError: the meter is not known.
    """
    rows, sets = database.connect(), database.connect()
    known: dict[int, LabelSetMessages | int] = {}  # of a label set that cannot be read: which one is missing
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
            if len(known) >= _CACHE_SIZE:
                known.clear()
            known |= _read_label_sets(sets, {row[LABEL_SET_ID] for row in batch} - known.keys())
            for row in batch:
                messages = known[row[LABEL_SET_ID]]
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
        ConfigError: the meter is not known.
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
