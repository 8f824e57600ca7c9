"""Gives the demo's meter a past, beside the running demo: the newest day first, so the page has something at once.

Minutes and hours are written as if a storer had run, without frames. Indexes, registers and contracts are those of the
meter's frames; measurements are close to them (`reader.simulator`). It can be ended at any moment and goes on the next
time: a day is in the tables whole or not at all, and the oldest hour there says how far it is.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from common.contract.frame import Frame, parse_time
from common.contract.labels import Mode
from common.contract.registers import REGISTERS, Readings, readings, supplier_number
from common.contract.source_minutes import SourceMinute, pack_hour, unpack_hour
from common.contract.tally import Tally
from common.database.mariadb import Connection, Database, sql_time
from common.errors import Conflict, TeleinfoError
from common.settings import config
from demo.sun import SunnyHouse, meter_of, sources_of
from reader.simulator.meter import SimulatedMeter
from reader.simulator.summary import MinuteSummary
from reader.tic.decoder import Decoder
from storer.config.options import StorerConfig
from storer.database.literals import literals
from storer.database.meters import add_meters, find_meters
from storer.frames.label_sets import LabelSetWriter, find_label_sets
from storer.frames.rows import LabelSet, encode_row
from storer.frames.store import FrameStore
from storer.rollups.breaks import Before, HourReadings, judge
from storer.rollups.hours import HOUR
from storer.rollups.minute_columns import HOUR_COLUMNS
from storer.rollups.state import raise_version
from storer.rollups.stored_hours import StoredHours
from storer.sources.tables import write_hours

DAYS = 400
FRAMES = 60  # of a minute
_NAME = "history"  # as a reader and as a storer
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_BATCH = 500  # frames
_NICE = 10  # the live part goes first
_LONGEST_RUN_OF_SHORT_FRAMES = 20

_ADD_MINUTES = "INSERT INTO minutes ({}) VALUES {}"
_ADD_HOURS = (
    f"INSERT INTO hours (meter_id, hour, {', '.join(HOUR_COLUMNS)})"
    " SELECT meter_id, FROM_UNIXTIME(UNIX_TIMESTAMP(minute) DIV 3600 * 3600) AS hour,"
    f" {', '.join(HOUR_COLUMNS.values())}"
    " FROM minutes JOIN (SELECT 0 AS carried) AS line"  # what a decoded meter carries over from the hour before
    " WHERE meter_id = %s AND minute >= %s AND minute < %s GROUP BY meter_id, hour"
)
# The storer may do the same at this moment: then the name, or the id, is taken.
_ADD_SOURCE = (
    "INSERT INTO sources (id, name, kind, meter) SELECT COALESCE(MAX(id), 0) + 1, %s, %s, %s FROM sources"
    " ON DUPLICATE KEY UPDATE name = sources.name"
)
_LOCK_SOURCES = "SELECT id FROM sources WHERE id IN %s ORDER BY id FOR UPDATE"
_READ_SOURCE = "SELECT hour, minutes FROM source_minutes WHERE source_id = %s AND hour IN %s"
_WRITE_SOURCE = (
    "INSERT INTO source_minutes (source_id, hour, minutes) VALUES (%s, %s, %s)"
    " ON DUPLICATE KEY UPDATE minutes = VALUES(minutes)"
)


def fill(database: Database, until: datetime, days: int = DAYS, *, sun: bool = False) -> Generator[int, None, None]:
    """Write the past of a meter up to the demo's first run; yield how many days are written, when that changes.

    Args:
        database: with the tables of a storer.
        until: when this run began; only where the tables know nothing of the meter does it matter.
        days: how many.
        sun: the house has a roof, a car and a thermometer.
    """
    meter, house = meter_of(sun=sun), SunnyHouse() if sun else None
    # A transaction may be in another's way.
    again = Retrying(retry=retry_if_exception_type(Conflict), stop=stop_after_attempt(5), reraise=True)
    with contextlib.closing(database.connect()) as connection:
        first = min(until, _oldest(connection, meter, "frames", "timestamp") or until)
        end = first.replace(minute=0, second=0, microsecond=0)
        begin, written = end - days * _DAY, _oldest(connection, meter, "hours", "hour")
        if written is None or written >= end:
            begun = min(until, end + HOUR)
            _write_frames(database, meter, end, begun)
            if house:
                again(_write_sources, connection, house, meter.address, end, begun.replace(second=0, microsecond=0))
            written = end
        history = History(connection, meter)
        yield (end - written) // _DAY
        while written > begin:
            start = max(begin, written - _DAY)
            if house:  # before the hours of the meter, which say that the day is done
                again(_write_sources, connection, house, meter.address, start, written)
            again(history.write, start, written, since=begin)
            written = start
            yield (end - written) // _DAY


def _oldest(connection: Connection, meter: SimulatedMeter, table: str, column: str) -> datetime | None:
    number = find_meters(connection, [meter.address]).get(meter.address)
    rows = connection.query(f"SELECT {column} FROM {table} WHERE meter_id = %s ORDER BY {column} LIMIT 1", (number,))
    return next((time.replace(tzinfo=UTC) for (time,) in rows), None)


def _write_frames(database: Database, meter: SimulatedMeter, start: datetime, end: datetime) -> None:
    """Store the frames of the hour in which the demo was started, up to then: an hour without a gap."""
    decoder = Decoder()
    with contextlib.closing(FrameStore(database, _NAME)) as store:
        moments = [start + number * _SECOND for number in range(int((end - start).total_seconds()))]
        for first in range(0, len(moments), _BATCH):
            store.write([_frame_at(meter, decoder, moment) for moment in moments[first : first + _BATCH]])
        store.write_tallies([Tally(meter.address, start, _NAME, len(moments))])


class History:
    """Writes the past of one meter over a connection; for one thread."""

    def __init__(self, connection: Connection, meter: SimulatedMeter) -> None:
        """`connection` is one that may write all tables, in a session in UTC and outside a transaction."""
        self._connection = connection
        self._meter = meter
        self._decoder = Decoder()
        self._label_sets = LabelSetWriter()
        self._producer = False  # an index of what is injected
        self._meter_id = 0

    def write(self, start: datetime, end: datetime, *, since: datetime | None = None) -> None:
        """Write the hours of [start, end), a day in a transaction.

        Args:
            start: a whole hour, since 2023.
            end: a whole hour. Nothing of the meter may be in the tables between the two.
            since: where the history begins, if that is before `start`: the first hour then has the energy since the
                hour before it.
        """
        before = self._readings(start - HOUR)[0] if since is not None and since < start else None
        while start < end:
            until = min(start + _DAY, end)
            before = self._write(start, until, before)
            start = until

    def _write(self, start: datetime, end: datetime, before: HourReadings | None) -> HourReadings | None:
        connection = self._connection
        hours = [self._readings(start + number * HOUR) for number in range((end - start) // HOUR)]
        sets = {label_set.digest: label_set for _, label_set in hours}
        known = find_label_sets(connection, sets)
        with connection.transaction():
            for digest in [digest for digest in sets if digest not in known]:
                self._label_sets.add(connection, sets[digest])
        if not self._meter_id:
            add_meters(connection, [self._meter.address])
            self._meter_id = find_meters(connection, [self._meter.address])[self._meter.address]
        with connection.transaction():
            ids = find_label_sets(connection, sets)
            rows = []
            for hour, label_set in hours:
                row = dataclasses.replace(hour, label_set_id=ids[label_set.digest])
                rows.append((self._meter_id, row, judge(row, _before(before), before)))
                before = row
            minutes = list(map(self._minute, self._meter.minutes(start, end)))
            connection.execute(
                _ADD_MINUTES.format(", ".join(minutes[0]), literals(minute.values() for minute in minutes))
            )
            connection.execute(_ADD_HOURS, (self._meter_id, sql_time(start), sql_time(end)))
            StoredHours(connection).write_readings(rows)
            raise_version(connection)
        return before

    def _readings(self, hour: datetime) -> tuple[HourReadings, LabelSet]:
        """Return the readings of an hour, and the label set of its last frame."""
        first, first_readings = self._frame(hour, _SECOND)
        last, last_readings = self._frame(hour + HOUR - _SECOND, -_SECOND)
        label_set = encode_row(last).label_set
        columns = json.loads(label_set.content).get("columns", {})
        standard = last.mode is Mode.STANDARD
        found = HourReadings(
            hour=hour,
            first_at=first.timestamp,
            last_at=last.timestamp,
            first_standard=standard,
            last_standard=standard,
            first=first_readings,
            last=last_readings,
            # BASE in historic mode: there is only one.
            supplier=supplier_number(columns.get("index_supplier")) or (None if standard else 1),
        )
        self._producer = found.last[REGISTERS.index("injected")] is not None
        return found, label_set

    def _frame(self, instant: datetime, step: timedelta) -> tuple[Frame, Readings]:
        """Return the first frame with an index and its readings, at an instant or a few seconds after or before it."""
        for number in range(_LONGEST_RUN_OF_SHORT_FRAMES + 1):
            at = instant + number * step
            frame = _frame_at(self._meter, self._decoder, at)
            found = readings(frame.mode, frame.values)
            if any(value is not None for value in found):
                return frame, found
        raise AssertionError(instant)

    def _minute(self, minute: MinuteSummary) -> dict[str, int | str | None]:
        """Return the row of a minute, of those columns that the meter has."""
        standard, three = self._meter.mode == "standard", len(minute.phases) == 3
        row: dict[str, int | str | None] = {
            "meter_id": self._meter_id,
            "minute": sql_time(datetime.fromtimestamp(minute.start, UTC)),
            "frames": FRAMES,
            "seconds": FRAMES,
            "supplier": minute.supplier,
            "overload": minute.overloads or None,
            "power_max_second": minute.power_max_second,
        }
        row["total_first"], row["total_last"] = minute.total
        power = minute.power if standard else [(value + 5) // 10 * 10 for value in minute.power]
        row["power_min"], row["power_mean"], row["power_max"] = power
        for number, phase in enumerate(minute.phases, 1):
            row[f"current_{number}_max"] = phase.current_max
            if standard:
                row[f"voltage_{number}_min"] = phase.voltage_min
                row[f"voltage_{number}_mean"] = phase.voltage_mean
                row[f"voltage_{number}_max"] = phase.voltage_max
            if standard and three:
                row[f"power_{number}_max"] = phase.power_max
        if self._producer:
            row["injected_first"], row["injected_last"] = minute.exported
            row["injected_power_mean"], row["injected_power_max"] = minute.exported_power
        return row


def _frame_at(meter: SimulatedMeter, decoder: Decoder, moment: datetime) -> Frame:
    """Return the frame of a simulated meter at a moment."""
    (reading,) = decoder.feed(meter.frame(moment))
    return reading.to_frame(meter.address, moment)


def _before(hour: HourReadings | None) -> list[Before | None]:
    if hour is None:
        return [None] * len(REGISTERS)
    return [None if value is None else Before(value, hour.last_at, hour.last_standard) for value in hour.last]


# The sources of the house of `--sun`.


def _write_sources(connection: Connection, house: SunnyHouse, meter: str, start: datetime, end: datetime) -> None:
    """Write the minutes of [start, end), and their hours, in one transaction; safe to repeat.

    Args:
        connection: outside a transaction.
        house: whose sources they are.
        meter: its address.
        start: a whole hour.
        end: a whole minute. What is stored from there on is kept.
    """
    if start == end:
        return
    ids = _source_ids(connection, meter)
    with connection.transaction():
        # The storer locks them, too: it may be about to add a minute to the hour that runs.
        connection.query(_LOCK_SOURCES, (list(ids.values()),))
        for name, minutes in house.minutes(start, end).items():
            _write_source(connection, ids[name], minutes)


def _source_ids(connection: Connection, meter: str) -> dict[str, int]:
    """Return the numbers of the sources by name; add those that are missing."""
    found: dict[str, int] = {}
    sources = sources_of(meter)
    while len(found) < len(sources):
        for source in sources:
            connection.execute(_ADD_SOURCE, (source["name"], source["kind"], meter))
        names = [source["name"] for source in sources]
        found = dict(map(tuple, connection.query("SELECT name, id FROM sources WHERE name IN %s", (names,))))
    return found


def _write_source(connection: Connection, number: int, minutes: dict[datetime, SourceMinute]) -> None:
    hours: dict[datetime, dict[int, SourceMinute]] = {}
    for minute, row in minutes.items():
        hours.setdefault(minute.replace(minute=0), {})[minute.minute] = row
    for time, text in connection.query(_READ_SOURCE, (number, [sql_time(hour) for hour in hours])):
        hour = time.replace(tzinfo=UTC)
        hours[hour] = dict(sorted((unpack_hour(text) | hours[hour]).items()))
    connection.execute_many(_WRITE_SOURCE, [(number, sql_time(hour), pack_hour(rows)) for hour, rows in hours.items()])
    write_hours(connection, number, hours)


def main() -> int:
    """Fill, as a process of its own; print how far it is after each day."""
    parser = argparse.ArgumentParser(prog="demo.history")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--until", type=parse_time, required=True)
    parser.add_argument("--sun", action="store_true")
    arguments = parser.parse_args()
    os.nice(_NICE)
    settings = config.load(StorerConfig, arguments.config)
    try:
        database = Database(settings.database)
        for done in fill(database, arguments.until, sun=arguments.sun):
            print(f"history {done}/{DAYS} days", flush=True)
    except TeleinfoError as error:
        print(f"demo.history: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
