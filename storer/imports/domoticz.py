"""Domoticz: the short log of the last days by hour, and its calendar by day before that; in local time."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from common.contract.registers import INJECTED, SUPPLIER
from storer.imports.days import Days
from storer.imports.foreign_database import ForeignDatabase
from storer.imports.local_clock import LocalClock
from storer.imports.model import HOUR, MAX_POWER, Parsed
from storer.imports.readings import FALLS, JUMPS, local_differences
from storer.imports.series_choice import Series, choose
from storer.imports.text import local_day, local_time

_DAY = timedelta(days=1)
# Columns of a P1 or Linky device: energy drawn in two tariffs, and injected in two.
_LOG = {SUPPLIER[0]: ("Value1",), SUPPLIER[1]: ("Value5",), INJECTED: ("Value2", "Value6")}
_CALENDAR = {SUPPLIER[0]: ("Counter1",), SUPPLIER[1]: ("Counter3",), INJECTED: ("Counter2", "Counter4")}


def read_domoticz(source: ForeignDatabase, wanted: Series, clock: LocalClock) -> Parsed:
    """Return the energy of some devices, whose names are their numbers, in Wh.

    A meter with tariffs (P1, Linky) becomes registers by itself; any other is the register that was asked for.

    Raises:
        ConfigError: the devices are not known, or none is chosen out of several.
    """
    counters = {int(number) for (number,) in source.query("SELECT DISTINCT DeviceRowID FROM Meter_Calendar")}
    multiple = {int(number) for (number,) in source.query("SELECT DISTINCT DeviceRowID FROM MultiMeter_Calendar")}
    names = {int(number): str(name) for number, name in source.query("SELECT ID, Name FROM DeviceStatus")}
    known = {str(number): names.get(number, "") for number in sorted(counters | multiple)}
    parsed = Parsed()
    for name, register in choose(wanted, known).items():
        device = int(name)
        if device in multiple:
            _tariffs(source, device, clock, parsed)
        else:
            log = source.query("SELECT Date, Value FROM Meter WHERE DeviceRowID = %s ORDER BY Date", (device,))
            has_counter = "Counter" in source.columns("Meter_Calendar")
            calendar = source.query(
                f"SELECT Date, Value, {'Counter' if has_counter else '0'} FROM Meter_Calendar"  # noqa: S608 - our own names
                " WHERE DeviceRowID = %s ORDER BY Date",
                (device,),
            )
            _add(log, calendar, register, clock, parsed)
    return parsed


def _tariffs(source: ForeignDatabase, device: int, clock: LocalClock, parsed: Parsed) -> None:
    has_counters = "Counter1" in source.columns("MultiMeter_Calendar")
    for register, columns in _LOG.items():
        value = " + ".join(columns)
        counter = " + ".join(_CALENDAR[register]) if has_counters else "0"
        log = source.query(
            f"SELECT Date, {value} FROM MultiMeter WHERE DeviceRowID = %s ORDER BY Date",  # noqa: S608 - our own names
            (device,),
        )
        calendar = source.query(
            f"SELECT Date, {value}, {counter} FROM MultiMeter_Calendar WHERE DeviceRowID = %s ORDER BY Date",  # noqa: S608 - our own names
            (device,),
        )
        if any(row[1] for row in [*log, *calendar]):  # else the meter does not have this tariff
            _add(log, calendar, register, clock, parsed)


def _add(
    log: Sequence[Sequence[Any]], calendar: Sequence[Sequence[Any]], register: int, clock: LocalClock, parsed: Parsed
) -> None:
    readings = [(local_time(str(at)), Fraction(str(value))) for at, value in log]
    if readings and readings[0][0].date() in {local_day(str(row[0])) for row in calendar}:
        # The log begins within a day that the calendar has whole: hours of it would displace that day.
        begin = datetime.combine(readings[0][0].date() + _DAY, time()) - HOUR
        readings = [reading for reading in readings if reading[0] > begin]
    local_differences(readings, register, clock, parsed)
    days = Days(clock, register)
    last: tuple[date, Fraction] | None = None
    for line, (at, value, counter) in enumerate(calendar, 1):
        day, total = local_day(str(at)), Fraction(str(counter or 0))
        wh = Fraction(str(value))
        # `Value` lacks what was drawn from the last log line of a day to the first of the next one; `Counter`, which
        # older rows do not have, is the index at the end of the day.
        if last and total and last[0] == day - _DAY and total >= last[1] > 0:
            wh = total - last[1]
        last = (day, total)
        if wh < 0:
            parsed.left_out[FALLS] += 1
        elif wh > MAX_POWER * clock.hours_of(day, day + _DAY):
            parsed.left_out[JUMPS] += 1
        else:
            days.add(day, wh, 1, line)
    parsed.add(days.parsed())
