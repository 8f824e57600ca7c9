"""Outside temperatures by day from a plain file: kept apart from what thermometers send, and what was fetched."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from pathlib import Path

from common.database.mariadb import Connection
from common.errors import ConfigError
from common.settings.file_errors import reason
from common.settings.language import plural
from storer.imports.model import refused
from storer.imports.text import MAX_SIZE, decode, is_number, local_day, number, rows
from storer.imports.writer import TEMPERATURES, add_import, source_of

HELP = "outside temperatures, a line a day: day,celsius, for comparing years at equal weather"
_BATCH = 1000  # rows of an INSERT
_COLDEST, _WARMEST = -60, 60  # °C


def read_temperatures(file: Path) -> dict[date, int]:
    """Return the mean temperature of each day, 0.1 °C.

    Raises:
        ConfigError: the file cannot be read.
        FileRefused: it is of another kind, or damaged.
    """
    try:
        with file.open("rb") as opened:
            return parse_temperatures(opened.read(MAX_SIZE + 1))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {reason(error)}") from error


def parse_temperatures(data: bytes) -> dict[date, int]:
    """Return the same of the bytes of a file.

    Raises:
        FileRefused: it is of another kind, or damaged.
    """
    if len(data) > MAX_SIZE:
        raise refused(f"it has more than {MAX_SIZE // 1_000_000} MB")
    text = decode(data)
    table = rows(text, ";" if ";" in text.partition("\n")[0] else ",")
    days: dict[date, int] = {}
    for line, cells in table[not (table and is_number(table[0][1][0])) :]:
        if len(cells) != 2:
            raise refused(f"2 cells are expected, a day and its mean in °C, not {len(cells)}", line)
        day, value = local_day(cells[0], line), number(cells[1], line)
        if value is None:
            continue
        if not _COLDEST <= value <= _WARMEST:
            raise refused(f"{float(value):g} °C is not the temperature of a day", line)
        if days.setdefault(day, round(value * 10)) != round(value * 10):
            raise refused(f"{day} has several temperatures", line)
    if not days:
        raise refused("it has no temperatures; lines such as 2026-01-15,5.3 are expected")
    return days


@dataclass(slots=True)
class DayPlan:
    """What becomes of the days of a file; what is there is never replaced."""

    new: dict[date, int] = field(default_factory=dict)
    same: int = 0
    different: Counter[int] = field(default_factory=Counter)  # by the import that they are of


def plan_days(days: Mapping[date, int], stored: Mapping[date, tuple[int, int]], today: date) -> DayPlan:
    """Sort the days of a file; `stored` has temperature and import by day."""
    if max(days) > today:
        raise refused(f"{max(days)} is in the future: is the clock of this machine right?")
    plan = DayPlan()
    for day, temperature in sorted(days.items()):
        if day not in stored:
            plan.new[day] = temperature
        elif stored[day][0] == temperature:
            plan.same += 1
        else:
            plan.different[stored[day][1]] += 1
    return plan


def read_days(connection: Connection) -> dict[date, tuple[int, int]]:
    """Return temperature and import of the days that were imported."""
    rows = connection.query(
        "SELECT start, ROUND(value * 10), SUBSTRING(source, 8) FROM outside"
        " WHERE what = 'temperature' AND source LIKE 'import %%'"
    )
    return {start.replace(tzinfo=UTC).date(): (int(value), int(number)) for start, value, number in rows}


def write_days(
    connection: Connection,
    meter: int,
    file: str,
    days: Mapping[date, int],
    plan: DayPlan,
    written: Callable[[int], None] = lambda _: None,
) -> int:
    """Store the new days, all or none; return the id of the import, which `written` gets in the same transaction."""
    read = "\n".join(f"{day} {value}" for day, value in sorted(days.items()))
    new = [(f"{day} 00:00:00", value / 10) for day, value in plan.new.items()]
    with connection.transaction():
        identifier = add_import(connection, meter, TEMPERATURES, file, hashlib.sha256(read.encode()).digest())
        for begin in range(0, len(new), _BATCH):
            connection.execute_many(
                "INSERT INTO outside (what, start, value, source) VALUES ('temperature', %s, %s, %s)",
                [(*row, source_of(identifier)) for row in new[begin : begin + _BATCH]],
            )
        written(identifier)
    return identifier


def describe(file: str, days: Mapping[date, int], plan: DayPlan) -> Iterator[str]:
    """Yield lines for people: what the file has, and what becomes of it."""
    first, last = min(days), max(days)
    mean = sum(days.values()) / len(days) / 10
    yield f"{file}: {plural(len(days), 'day')} from {first} to {last}, {mean:.1f} °C in the mean"
    yield f"  new: {plural(len(plan.new), 'day')}"
    if plan.same:
        yield f"  already imported: {plan.same}"
    for of_import, count in sorted(plan.different.items()):
        where = f"import {of_import} (to replace them, --forget {of_import} first)" if of_import else "a file before"
        yield f"  kept as they are, with another value in {where}: {count}"
    missing = (last - first) // timedelta(1) + 1 - len(days)
    if missing:
        yield f"  days missing in between: {missing}"
