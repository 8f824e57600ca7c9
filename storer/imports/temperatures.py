"""Outside temperatures by day from a file: kept apart from what thermometers send, and from energy."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta

from common.database.mariadb import Connection
from common.plural import plural
from storer.imports.meteo_france import Station
from storer.imports.model import refused
from storer.imports.writer import TEMPERATURES, add_import

HELP = "outside temperatures by day from Météo-France, CSV or CSV.GZ, for comparing years at equal weather"
_BATCH = 1000  # rows of an INSERT


@dataclass(slots=True)
class DayPlan:
    """What becomes of the days of a station; what is there is never replaced."""

    new: dict[date, int] = field(default_factory=dict)
    same: int = 0
    different: Counter[int] = field(default_factory=Counter)  # by the import that they are of


def plan_days(station: Station, stored: Mapping[date, tuple[int, int]], today: date) -> DayPlan:
    """Sort the days of a station; `stored` has temperature and import by day."""
    if max(station.days) > today:
        raise refused(f"{max(station.days)} is in the future: is the clock of this machine right?")
    plan = DayPlan()
    for day, temperature in sorted(station.days.items()):
        if day not in stored:
            plan.new[day] = temperature
        elif stored[day][0] == temperature:
            plan.same += 1
        else:
            plan.different[stored[day][1]] += 1
    return plan


def read_days(connection: Connection, meter: int) -> dict[date, tuple[int, int]]:
    """Return temperature and import of the days that are stored for a meter."""
    rows = connection.query(
        "SELECT hour, temperature, import_id FROM imported_temperatures WHERE meter_id = %s", (meter,)
    )
    return {hour.replace(tzinfo=UTC).date(): (int(value), int(number)) for hour, value, number in rows}


def write_days(connection: Connection, meter: int, file: str, station: Station, plan: DayPlan) -> int:
    """Store the new days, all or none; return the id of the import."""
    # What was read is what counts: the file of a département has more.
    read = "\n".join(f"{station.number} {day} {value}" for day, value in sorted(station.days.items()))
    rows = [(meter, f"{day} 00:00:00", value) for day, value in plan.new.items()]
    with connection.transaction():
        number = add_import(
            connection, meter, TEMPERATURES, f"{station.title}, {file}", hashlib.sha256(read.encode()).digest()
        )
        for begin in range(0, len(rows), _BATCH):
            connection.execute_many(
                "INSERT INTO imported_temperatures (meter_id, hour, temperature, import_id) VALUES (%s, %s, %s, %s)",
                [(*row, number) for row in rows[begin : begin + _BATCH]],
            )
    return number


def describe(file: str, station: Station, plan: DayPlan) -> Iterator[str]:
    """Yield lines for people: what the file has, and what becomes of it."""
    first, last = min(station.days), max(station.days)
    days, mean = len(station.days), sum(station.days.values()) / len(station.days) / 10
    yield f"{file}: {station.title}, {plural(days, 'day')} from {first} to {last}, {mean:.1f} °C in the mean"
    yield f"  new: {plural(len(plan.new), 'day')}"
    if plan.same:
        yield f"  already imported: {plan.same}"
    for number, count in sorted(plan.different.items()):
        where = f"import {number} (to replace them, --forget {number} first)" if number else "a file before"
        yield f"  kept as they are, with another value in {where}: {count}"
    missing = (last - first) // timedelta(1) + 1 - len(station.days)
    if missing:
        yield f"  days missing in between: {missing}"
    for what, count in sorted(station.left_out.items()):
        yield f"  {what}: {count}"
