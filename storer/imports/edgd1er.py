"""The table of edgd1er/teleinfo: a row a frame of standard mode, at local times that are marked as UTC."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from fractions import Fraction

from common.contract.registers import INJECTED, SUPPLIER, TOTAL
from common.errors import ConfigError
from storer.imports.foreign_database import ForeignDatabase
from storer.imports.local_clock import LocalClock
from storer.imports.model import Parsed, refused
from storer.imports.readings import local_differences

_LABELS = {TOTAL: "EAST", **{number: f"EASF{number:02}" for number in SUPPLIER}, INJECTED: "EAIT"}
_DAY = timedelta(days=1)


def read_edgd1er(
    source: ForeignDatabase, meter: str, clock: LocalClock, progress: Callable[[float, int], None] = lambda *_: None
) -> Parsed:
    """Return the energy of each hour by supplier register, or as total where the table has none.

    `progress` is called with the part that is done, and the count of rows.

    Raises:
        ConfigError: the table is of other meters.
    """
    columns = source.columns("frame")
    registers = {register: label for register, label in _LABELS.items() if label in columns}
    if not {"TIME", "ADSC"} <= columns or not registers:
        raise refused("there is no table `frame` with the columns TIME, ADSC and EAST")
    # So that a TIMESTAMP is read as the digits that were written.
    source.query("SET SESSION time_zone = @@GLOBAL.time_zone")
    found = _last_of_hours(source, registers, meter, progress)
    drawn = [register for register in SUPPLIER if any(value for _, value in found.get(register, ()))]
    parsed = Parsed()
    for register, readings in found.items():
        # The registers are the total, by period of the tariff.
        if (register == INJECTED and any(value for _, value in readings)) or register in (drawn or [TOTAL]):
            local_differences(readings, register, clock, parsed)
    return parsed


def _last_of_hours(
    source: ForeignDatabase, registers: dict[int, str], meter: str, progress: Callable[[float, int], None]
) -> dict[int, list[tuple[datetime, Fraction]]]:
    """Read the last row of each hour, a day at a time: a year has thirty million rows."""
    ((first, last),) = source.query("SELECT MIN(TIME), MAX(TIME) FROM frame")
    if first is None:
        raise refused("the table `frame` is empty")
    begin, end = first, last
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    found: dict[int, list[tuple[datetime, Fraction]]] = {register: [] for register in registers}
    others: set[str] = set()
    count = 0
    sql = (
        f"SELECT TIME, ADSC, {', '.join(registers.values())} FROM frame WHERE TIME IN"  # noqa: S608 - our own names
        f" (SELECT MAX(TIME) FROM frame WHERE TIME >= %s AND TIME < %s GROUP BY HOUR(TIME)) ORDER BY TIME"
    )
    while day <= end:
        for time, address, *values in source.query(sql, (f"{day}", f"{day + _DAY}")):
            if address is None or int(address) != int(meter):  # a number: leading zeros are lost
                others.add(f"{int(address or 0):012}")
                continue
            count += 1
            for register, value in zip(registers, values, strict=True):
                if value not in (None, ""):
                    found[register].append((time, Fraction(int(value))))
        day += _DAY
        progress((day - begin) / (end - begin + _DAY), count)
    if not count:
        raise ConfigError(f"the table `frame` has no rows of the meter {meter}, but of {_listed(others)}: use --meter")
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
