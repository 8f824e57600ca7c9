"""Compares, hour by hour, how many frames the readers say they made with how many rows there are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TextIO

from common.database import Connection, Database, Rows
from common.errors import ConfigError
from common.frame import write_stamp
from storer.export import Selection

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = _EPOCH + timedelta(seconds=1)  # the first moment that a TIMESTAMP can be
_LAST = datetime(9999, 12, 31, tzinfo=UTC)  # no row is younger; rounded up, a later limit is no date any more

# Each reads a stretch of a primary key, and no more partitions of `frames` than that takes.
NEXT_FRAME = "SELECT MIN(timestamp) FROM frames WHERE timestamp >= %s"
NEXT_TALLY = "SELECT MIN(hour) FROM tallies WHERE hour >= %s"
COUNT_FRAMES = (
    "SELECT UNIX_TIMESTAMP(timestamp) DIV 3600 AS hours, meter_id, COUNT(*) FROM frames"
    " WHERE timestamp >= %s AND timestamp < %s GROUP BY hours, meter_id"
)
SUM_TALLIES = (
    "SELECT UNIX_TIMESTAMP(hour) DIV 3600 AS hours, meter_id, SUM(frames), SUM(DISTINCT frames) FROM tallies"
    " WHERE hour >= %s AND hour < %s GROUP BY hours, meter_id"
)


@dataclass(frozen=True, slots=True)
class Hour:
    """The frames of one meter in one hour."""

    meter: str
    hour: datetime  # aware, UTC: its beginning
    expected: int | None  # by all readers together; None: nobody has told
    stored: int
    repeated: bool = False  # two names with one and the same count: taken for one reader that was renamed

    @property
    def missing(self) -> int:
        """How many of the frames that were told of are not there."""
        return 0 if self.expected is None else max(0, self.expected - self.stored)


def run_audit(database: Database, selection: Selection, now: datetime, out: TextIO) -> int:
    """Compare the hours that the selection touches, print what was found, and return the exit code.

    Raises:
        ConfigError: the meter is not known.
        DatabaseError: the database is away, or refuses us.
    """
    connection = database.connect()
    try:
        hours = audit(connection, now=now, start=selection.start, end=selection.end, meter=selection.meter)
        return report(hours, out)
    finally:
        connection.close()


def audit(
    connection: Connection,
    *,
    now: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    meter: str | None = None,
) -> Iterator[Hour]:
    """Yield each hour that has rows or a tally, in the order of hour and meter.

    All times are in UTC; a limit inside an hour takes the whole hour in. An hour that is not over at `now` needs no
    tally yet: without one it is left out.

    Raises:
        ConfigError: the meter is not known.
        DatabaseError: the database is away, or refuses us.
    """
    names = _meters(connection)
    if meter is not None and meter not in names.values():
        raise ConfigError(f"the meter {meter!r} was never heard; known: {', '.join(names.values()) or 'none'}")
    begin = _EPOCH if start is None else _floor(start)
    limit = _LAST if end is None or end > _LAST else _floor(end + _HOUR - timedelta.resolution)
    # A day at a time: little memory, no statement runs for long, and days without anything cost nothing.
    while (begin := _next_hour(connection, begin)) < limit:
        day_end = begin.replace(hour=0) + _DAY
        stretch = (_text(begin), _text(min(day_end, limit)))
        # Tallies first: frames that come in between would otherwise seem to be missing.
        made = _by_hour(connection.query(SUM_TALLIES, stretch))
        stored = _by_hour(connection.query(COUNT_FRAMES, stretch))
        keys = made.keys() | stored.keys()
        if not names.keys() >= {number for _, number in keys}:
            names = _meters(connection)  # one is new
        found = (
            _compare(names.get(number, f"number {number}"), hour, made.get((hour, number)), stored.get((hour, number)))
            for hour, number in keys
        )
        for hour in sorted(found, key=lambda hour: (hour.hour, hour.meter)):
            over = hour.hour + _HOUR <= now
            if (over or hour.expected is not None) and meter in (None, hour.meter):
                yield hour
        begin = day_end


def report(hours: Iterable[Hour], out: TextIO) -> int:
    """Print, for people, what is short and what is unknown; return 1 if an hour is short, else 0.

    Hours without a tally are one line for each meter, until one with a tally comes.
    """
    whole = short = unknown = missing = 0
    runs: dict[str, _Run] = {}
    for hour in hours:
        if hour.expected is None:
            unknown += 1
            runs.setdefault(hour.meter, _Run(hour.hour)).add(hour.hour)
            continue
        if hour.meter in runs:
            print(runs.pop(hour.meter).line(hour.meter), file=out)
        if hour.expected < hour.stored:
            unknown += 1
            print(
                f"{write_stamp(hour.hour)}  {hour.meter}  unknown: {hour.expected} counted, {hour.stored} stored;"
                " a reader lost its count, as with each start of its machine",
                file=out,
            )
        elif hour.repeated and not hour.missing:
            unknown += 1
            print(
                f"{write_stamp(hour.hour)}  {hour.meter}  unknown: {hour.stored} stored, {hour.expected} counted under"
                " more than one name; a reader was renamed, or one of two has lost its frames",
                file=out,
            )
        elif hour.missing:
            short += 1
            missing += hour.missing
            print(
                f"{write_stamp(hour.hour)}  {hour.meter}  short:"
                f" {hour.expected} made, {hour.stored} stored, {hour.missing} missing",
                file=out,
            )
        else:
            whole += 1
    for meter, run in runs.items():
        print(run.line(meter), file=out)
    print(
        f"{_count(whole, 'hour')} whole, {short} short, {unknown} unknown; {_count(missing, 'frame')} missing", file=out
    )
    return 1 if short else 0


class _Run:
    """Hours of one meter without a tally, one after the other."""

    def __init__(self, first: datetime) -> None:
        self._first = self._last = first
        self._hours = 0

    def add(self, hour: datetime) -> None:
        self._last = hour
        self._hours += 1

    def line(self, meter: str) -> str:
        when = write_stamp(self._first)
        if self._last != self._first:
            when += f" to {write_stamp(self._last)}"
        return f"{when}  {meter}  unknown: {_count(self._hours, 'hour')} without a tally"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _next_hour(connection: Connection, begin: datetime) -> datetime:
    """Return the next hour, from `begin` on, that has a row or a tally; `_LAST` if none has."""
    answers = [connection.query(query, (_text(begin),))[0][0] for query in (NEXT_FRAME, NEXT_TALLY)]
    hours = [_floor(answer.replace(tzinfo=UTC)) for answer in answers if answer is not None]
    # Asked for what comes after the last moment that a TIMESTAMP can be, MariaDB answers with the first row of all.
    return min((hour for hour in hours if hour >= begin), default=_LAST)


def _compare(meter: str, hour: datetime, made: list[int] | None, stored: list[int] | None) -> Hour:
    """Compare the sum of all counts, and of those that differ, with the number of rows.

    A reader that is renamed keeps the name of what it has counted. Earlier versions did not: the same count is there
    under both names. It is told from the counts of two readers by the rows: those have as many as both have made.
    """
    rows = stored[0] if stored else 0
    if made is None:
        return Hour(meter, hour, None, rows)
    total, distinct = made
    repeated = rows <= distinct < total
    return Hour(meter, hour, distinct if repeated else total, rows, repeated)


def _by_hour(rows: Rows) -> dict[tuple[datetime, int], list[int]]:
    return {(_EPOCH + int(hours) * _HOUR, number): [int(count) for count in counts] for hours, number, *counts in rows}


def _meters(connection: Connection) -> dict[int, str]:
    rows = connection.query("SELECT id, identifier FROM meters ORDER BY identifier")
    return {int(number): str(identifier) for number, identifier in rows}


def _floor(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _text(instant: datetime) -> str:
    return max(instant, _FIRST).replace(tzinfo=None).isoformat(" ", "seconds")
