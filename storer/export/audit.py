"""Compares, hour by hour, how many frames the readers counted with how many rows are stored."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TextIO

from common.contract.frame import write_stamp
from common.database.mariadb import Connection, Database, Rows, sql_time
from common.settings.language import plural
from storer.database.meters import known_meters
from storer.database.months import ceil_hour, floor_hour
from storer.database.schema import open_tables
from storer.export.frames import Selection, check_meter
from storer.rollups.state import read_state

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = _EPOCH + timedelta(seconds=1)  # the smallest TIMESTAMP
_LAST = datetime(9999, 12, 31, tzinfo=UTC)  # after all rows; a later limit, rounded up, would be out of range

# Each query reads a range of a primary key, and only the partitions of `frames` that this range needs. The range is in
# one day, so HOUR is enough: UNIX_TIMESTAMP, a DECIMAL, makes the query take a fourth longer.
NEXT_FRAME = "SELECT MIN(timestamp) FROM frames WHERE timestamp >= %s"
NEXT_TALLY = "SELECT MIN(hour) FROM tallies WHERE hour >= %s"
COUNT_FRAMES = (
    "SELECT HOUR(timestamp) AS hour_of_day, meter_id, COUNT(*) FROM frames"
    " WHERE timestamp >= %s AND timestamp < %s GROUP BY hour_of_day, meter_id"
)
SUM_TALLIES = (
    "SELECT HOUR(hour) AS hour_of_day, meter_id, SUM(frames) FROM tallies"
    " WHERE hour >= %s AND hour < %s GROUP BY hour_of_day, meter_id"
)


@dataclass(frozen=True, slots=True)
class Hour:
    """The frames of one meter in one hour."""

    meter: str
    hour: datetime  # aware, UTC: its beginning
    expected: int | None  # counted by all readers together; None: no tally
    stored: int

    @property
    def missing(self) -> int:
        """How many of the expected frames are not stored."""
        return 0 if self.expected is None else max(0, self.expected - self.stored)


def run_audit(database: Database, selection: Selection, now: datetime, out: TextIO) -> int:
    """Compare the hours of the selection, print the result, and return the exit code.

    Raises:
        ConfigError: the meter is unknown.
    """
    with open_tables(database) as connection:
        hours = audit(connection, now=now, start=selection.start, end=selection.end, meter=selection.meter)
        return report(hours, out)


# One loop: the hour it goes on from and the names it knows pass from day to day.
def audit(
    connection: Connection,
    *,
    now: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
    meter: str | None = None,
) -> Iterator[Hour]:
    """Yield each hour that has rows or a tally, sorted by hour and meter.

    All times are in UTC; a limit inside an hour includes the whole hour. An hour that is not over at `now` is skipped
    if it has no tally yet.

    Raises:
        ConfigError: the meter is unknown.
    """
    if meter is not None:
        check_meter(connection, meter)
    names: dict[int, str] = {}
    # Hours whose frames retention has dropped were complete; now all of their frames would count as missing.
    begin = max(_EPOCH if start is None else floor_hour(start), _dropped_to(connection))
    limit = _LAST if end is None or end > _LAST else ceil_hour(end)
    # A day at a time: this needs little memory, no statement runs for long, and empty days cost nothing.
    while (begin := _next_hour(connection, begin)) < limit:
        day = begin.replace(hour=0)
        day_end = day + _DAY
        period = (_sql_time(begin), _sql_time(min(day_end, limit)))
        # Tallies first: otherwise frames that arrive between the two queries would count as missing.
        expected = _by_hour(day, connection.query(SUM_TALLIES, period))
        stored = _by_hour(day, connection.query(COUNT_FRAMES, period))
        keys = expected.keys() | stored.keys()
        if not names.keys() >= {number for _, number in keys}:
            names = {number: address for address, number in known_meters(connection).items()}
        compared = (
            Hour(
                names.get(number, f"number {number}"), hour, expected.get((hour, number)), stored.get((hour, number), 0)
            )
            for hour, number in keys
        )
        for hour in sorted(compared, key=lambda hour: (hour.hour, hour.meter)):
            over = hour.hour + _HOUR <= now
            if (over or hour.expected is not None) and meter in (None, hour.meter):
                yield hour
        begin = day_end


def report(hours: Iterable[Hour], out: TextIO) -> int:
    """Print which hours are incomplete or unknown; return 1 if an hour is incomplete, else 0.

    Consecutive hours of a meter without a tally are one line.
    """
    complete = incomplete = unknown = missing = 0
    without_tally: dict[str, tuple[datetime, datetime, int]] = {}  # consecutive hours: the first, the last, how many
    for hour in hours:
        if hour.expected is None:
            unknown += 1
            first, _, count = without_tally.get(hour.meter, (hour.hour, hour.hour, 0))
            without_tally[hour.meter] = (first, hour.hour, count + 1)
            continue
        if hour.meter in without_tally:
            print(_without_tally(hour.meter, *without_tally.pop(hour.meter)), file=out)
        if hour.expected < hour.stored:
            unknown += 1
            print(
                f"{write_stamp(hour.hour)}  {hour.meter}  unknown: {hour.expected} counted, {hour.stored} stored;"
                " a reader lost its count, as it does at each start of its host",
                file=out,
            )
        elif hour.missing:
            incomplete += 1
            missing += hour.missing
            print(
                f"{write_stamp(hour.hour)}  {hour.meter}  incomplete:"
                f" {hour.expected} counted, {hour.stored} stored, {hour.missing} missing",
                file=out,
            )
        else:
            complete += 1
    for meter, run in without_tally.items():
        print(_without_tally(meter, *run), file=out)
    print(
        f"{plural(complete, 'hour')} complete, {incomplete} incomplete, {unknown} unknown;"
        f" {plural(missing, 'frame')} missing",
        file=out,
    )
    return 1 if incomplete else 0


def _without_tally(meter: str, first: datetime, last: datetime, count: int) -> str:
    when = write_stamp(first) if first == last else f"{write_stamp(first)} to {write_stamp(last)}"
    return f"{when}  {meter}  unknown: {plural(count, 'hour')} without a tally"


def _dropped_to(connection: Connection) -> datetime:
    """Return before which time frames were dropped; some of then may have come again."""
    state = read_state(connection)
    return _EPOCH if state is None or state.dropped_to is None else state.dropped_to


def _next_hour(connection: Connection, begin: datetime) -> datetime:
    """Return the first hour from `begin` on that has a row or a tally; `_LAST` if there is none."""
    answers = [connection.query(query, (_sql_time(begin),))[0][0] for query in (NEXT_FRAME, NEXT_TALLY)]
    hours = [floor_hour(answer.replace(tzinfo=UTC)) for answer in answers if answer is not None]
    # For a limit after the last possible TIMESTAMP, MariaDB answers with the very first row.
    return min((hour for hour in hours if hour >= begin), default=_LAST)


def _by_hour(day: datetime, rows: Rows) -> dict[tuple[datetime, int], int]:
    return {(day + hour * _HOUR, number): int(count) for hour, number, count in rows}


def _sql_time(instant: datetime) -> str:
    return sql_time(max(instant, _FIRST))
