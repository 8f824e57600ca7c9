"""Looks at the original program's table before anything is changed: what is in it, and what is strange."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common.database.mariadb import sql_time
from storer.adoption.original_table import OriginalTable
from storer.adoption.source_clock import Piece, SourceClock

#: Bytes that such a frame takes on disk with page compression, measured.
FRAME_BYTES = 23
#: Adopting a row takes so many times as long as looking at it, measured.
_ADOPTION_TIME = 4.5
MOST_FALLS = 10  # that are kept, to be shown

# One pass over a day: each row with the index of the meter's row before.
_STEPS = """(
  SELECT timestamp, meter_identifier, total_base_index_in_wh,
         LAG(total_base_index_in_wh) OVER (PARTITION BY meter_identifier ORDER BY timestamp) AS previous
  FROM {table} WHERE timestamp >= %s AND timestamp < %s
) AS steps"""
_DAY = f"""
SELECT meter_identifier, COUNT(*), MIN(timestamp), MAX(timestamp),
       MAX(IF(previous IS NULL, total_base_index_in_wh, NULL)),
       MAX((FLOOR(UNIX_TIMESTAMP(timestamp)) << 32) | total_base_index_in_wh) & 4294967295,
       COALESCE(SUM(total_base_index_in_wh < previous), 0)
FROM {_STEPS}
GROUP BY meter_identifier
"""  # noqa: S608 - our own names
_FALLS = f"""
SELECT timestamp, meter_identifier, previous, total_base_index_in_wh
FROM {_STEPS}
WHERE total_base_index_in_wh < previous AND meter_identifier <> '' ORDER BY timestamp
"""  # noqa: S608 - our own names


@dataclass(frozen=True, slots=True)
class Fall:
    """An index that is lower than the one before."""

    time: datetime
    meter: str
    before: int
    after: int


@dataclass(slots=True)
class Meter:
    """What the table has of a meter; times are the table's own."""

    rows: int
    first: datetime
    last: datetime
    last_index: int | None


@dataclass(slots=True)
class DoubledHour:
    """An hour that came twice, of a meter."""

    time: datetime
    meter: str
    split: bool  # False: nothing tells its passes apart, its rows stay as they are


@dataclass(slots=True)
class Survey:
    """What was found; times are the table's own."""

    table: str
    bytes: int = 0  # of the table, as the server says
    without_time: int = 0  # rows
    without_meter: int = 0  # rows
    meters: dict[str, Meter] = field(default_factory=dict)
    doubled: list[DoubledHour] = field(default_factory=list)
    falls: list[Fall] = field(default_factory=list)  # outside of doubled hours, the first ones
    fall_count: int = 0
    seconds: float = 0.0  # that looking took

    def add(self, fall: Fall) -> None:
        """Count a fall, and keep it if it is one of the first."""
        self.fall_count += 1
        if len(self.falls) < MOST_FALLS:
            self.falls.append(fall)

    @property
    def rows(self) -> int:
        """How many rows will be frames."""
        return sum(meter.rows for meter in self.meters.values())

    @property
    def adoption_seconds(self) -> float:
        """How long the adoption will take on this server, roughly."""
        return self.seconds * _ADOPTION_TIME

    @property
    def local_times(self) -> bool:
        """Whether the times look like local times of France: the index falls between 2:00 and 3:00 that night."""
        nights = [fall.time for fall in self.falls if fall.time.month == 10 and fall.time.weekday() == 6]
        return any(night.day > 24 and night.hour == 2 for night in nights)


def survey(source: OriginalTable, clock: SourceClock, progress: Callable[[int], None] = lambda _: None) -> Survey:
    """Read the whole table once, a day a statement; change nothing. `progress` is called with the rows so far."""
    started = time.monotonic()
    found = Survey(source.table, bytes=source.size(), without_time=source.count_without_time())
    for begin, end in source.days():
        _look_at(source, clock, begin, end, found)
        progress(found.rows)
    found.seconds = time.monotonic() - started
    return found


def _look_at(source: OriginalTable, clock: SourceClock, begin: datetime, end: datetime, found: Survey) -> None:
    split_hours: list[tuple[str, Piece]] = []
    for piece in clock.pieces(begin, end):
        for meter, split in (source.splits(piece) if piece.doubled else {}).items():
            found.doubled.append(DoubledHour(piece.begin, meter, split is not None))
            if split is not None:
                split_hours.append((meter, piece))
    limits = (sql_time(begin), sql_time(end))
    fallen = 0
    for meter, rows, first, last, first_index, last_index, falls in source.connection.query(
        _DAY.format(table=source.table), limits
    ):
        if not meter:
            found.without_meter += rows
            continue
        fallen += int(falls)
        known = found.meters.get(meter)
        if known is None:
            found.meters[meter] = Meter(rows, first, last, last_index)
            continue
        if first_index is not None and known.last_index is not None and first_index < known.last_index:
            found.add(Fall(first, meter, known.last_index, first_index))
        known.rows += rows
        known.last = last
        if last_index is not None:
            known.last_index = last_index
    for fall in _falls(source, limits) if fallen else ():
        if not any(meter == fall.meter and piece.begin <= fall.time < piece.end for meter, piece in split_hours):
            found.add(fall)


def _falls(source: OriginalTable, limits: Sequence[str]) -> Iterator[Fall]:
    for row in source.connection.query(_FALLS.format(table=source.table), limits):
        yield Fall(*row)
