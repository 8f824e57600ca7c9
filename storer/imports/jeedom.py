"""History of Jeedom: readings of an index in local time, from its database or from a file `time;value`."""

from datetime import datetime

from storer.imports.foreign_database import ForeignDatabase
from storer.imports.local_clock import LocalClock
from storer.imports.model import Parsed, refused
from storer.imports.readings import local_differences
from storer.imports.series_choice import Series, choose
from storer.imports.text import decode, is_number, local_time, number, rows


def parse_jeedom(data: bytes, clock: LocalClock, register: int, factor: int) -> Parsed:
    """Return the energy between the readings of a file; an index in units of `factor` Wh."""
    readings = []
    for line, cells in rows(decode(data)):
        if len(cells) >= 2 and is_number(cells[0]) and (value := number(cells[1], line)) is not None:
            readings.append((local_time(cells[0], line).replace(tzinfo=None), value * factor))
    if not readings:
        raise refused("there is no history of Jeedom here: lines such as 2025-01-18 17:00:00;1234,5 are expected")
    parsed = Parsed()
    local_differences(readings, register, clock, parsed)
    return parsed


def read_jeedom(source: ForeignDatabase, wanted: Series, clock: LocalClock, factor: int) -> Parsed:
    """Return the energy between the readings of some commands, whose names are their numbers.

    Raises:
        ConfigError: the series are not known, or none is chosen out of several.
    """
    names = source.query("SELECT id, name FROM cmd WHERE isHistorized = 1 ORDER BY id")
    registers = choose(wanted, {str(command): str(name) for command, name in names})
    parsed = Parsed()
    for name, register in registers.items():
        found = [
            row
            for table in ("historyArch", "history")
            for row in source.query(f"SELECT datetime, value FROM {table} WHERE cmd_id = %s", (int(name),))  # noqa: S608 - our own names
        ]
        readings = [
            (time if isinstance(time, datetime) else local_time(str(time)), value * factor)
            for time, text in found
            if (value := number(str(text))) is not None
        ]
        local_differences(readings, register, clock, parsed)
    return parsed
