"""Fills the storer's tables with the past of a simulated meter: minutes and hours, as if a storer had run, no frames.

Indexes, registers and contracts are those of the meter's frames. Measurements are close to them (`reader.simulator`).
"""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.contract.registers import REGISTERS
from common.database.mariadb import Connection, sql_time
from reader.simulator.meter import SimulatedMeter
from reader.simulator.summary import MinuteSummary
from reader.tic.decoder import Decoder
from storer.database.ids import add_meters, find_meters
from storer.database.label_sets import LabelSetWriter, find_label_sets
from storer.database.literals import literals
from storer.database.rows import LabelSet, encode_row
from storer.rollups.breaks import Before, HourReadings, judge
from storer.rollups.hours import HOUR
from storer.rollups.minute_columns import HOUR_COLUMNS
from storer.rollups.register_labels import Readings, readings, supplier_number
from storer.rollups.state import raise_version
from storer.rollups.stored_hours import StoredHours

FRAMES = 60  # of a minute
_SECOND = timedelta(seconds=1)
_LONGEST_RUN_OF_SHORT_FRAMES = 20
_DAY = timedelta(days=1)

_ADD_MINUTES = "INSERT INTO minutes ({}) VALUES {}"
_ADD_HOURS = (
    f"INSERT INTO hours (meter_id, hour, {', '.join(HOUR_COLUMNS)})"
    " SELECT meter_id, FROM_UNIXTIME(UNIX_TIMESTAMP(minute) DIV 3600 * 3600) AS hour,"
    f" {', '.join(HOUR_COLUMNS.values())}"
    " FROM minutes WHERE meter_id = %s AND minute >= %s AND minute < %s GROUP BY meter_id, hour"
)


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

    def write(self, start: datetime, end: datetime, *, since: datetime | None = None) -> Iterator[datetime]:
        """Write the hours of [start, end), a day in a transaction; yield up to where they are written.

        Args:
            start: a whole hour, since 2023.
            end: a whole hour. Nothing of the meter may be in the tables between the two.
            since: where the history begins, if that is before `start`: the first hour then has the energy since the
                hour before it.
        """
        before = self._readings(start - HOUR)[0] if since is not None and since < start else None
        while start < end:
            until = min(start + _DAY, end)
            hours = []
            while start < until:
                hour, label_set = self._readings(start)
                hours.append((hour, label_set))
                start += HOUR
            before = self._write(hours, before)
            yield until

    def _write(self, hours: list[tuple[HourReadings, LabelSet]], before: HourReadings | None) -> HourReadings:
        connection = self._connection
        sets = {label_set.digest: label_set for _, label_set in hours}
        known = find_label_sets(connection, sets)
        with connection.transaction():
            for digest in [digest for digest in sets if digest not in known]:
                self._label_sets.add(connection, sets[digest])
        if not self._meter_id:
            add_meters(connection, [self._meter.address])
            self._meter_id = find_meters(connection, [self._meter.address])[self._meter.address]
        start, end = hours[0][0].hour, hours[-1][0].hour + HOUR
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
        return hours[-1][0]

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
            frame = frame_at(self._meter, self._decoder, at)
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
            row["injected_first"], row["injected_last"] = minute.injected
            row["injected_power_mean"], row["injected_power_max"] = minute.injected_power
        return row


def frame_at(meter: SimulatedMeter, decoder: Decoder, moment: datetime) -> Frame:
    """Return the frame of a simulated meter at a moment."""
    (reading,) = decoder.feed(meter.frame(moment))
    return reading.to_frame(meter.address, moment)


def _before(hour: HourReadings | None) -> list[Before | None]:
    if hour is None:
        return [None] * len(REGISTERS)
    return [None if value is None else Before(value, hour.last_at, hour.last_standard) for value in hour.last]
