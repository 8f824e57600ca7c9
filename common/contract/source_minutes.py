"""The minutes of an hour of a source as one text of `source_minutes`; a row a minute takes six times the room. Pure.

It is JSON, a list a column with a place a minute; where a list ends, its last value goes on. Readings and temperatures
are written as the difference from the one before, the peak as the difference from the mean: that compresses well.
"""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class SourceMinute(NamedTuple):
    """A minute of a source; None: there is no such value."""

    seconds: int  # covered
    energy: int | None = None  # Wh: last reading, or what was integrated so far
    step: int | None = None  # Wh by which the reading changed without energy since the row before
    power: int | None = None  # W: mean
    power_max: int | None = None  # W
    temperature: int | None = None  # 0.1 °C: mean


def pack_hour(minutes: Mapping[int, SourceMinute]) -> str:
    """Write the minutes of an hour, by their number in it.

    >>> pack_hour({1: SourceMinute(60, 1000, power=600, power_max=650), 2: SourceMinute(30, 1010, -5)})
    '{"count":3,"seconds":[null,60,30],"energy":[null,1000,10],"step":[null,null,-5],"power":[null,600,null],"peak":[null,50,null]}'
    """
    rows = [minutes.get(number) for number in range(max(minutes, default=-1) + 1)]
    columns = {
        "seconds": [None if row is None else row.seconds for row in rows],
        "energy": _differences(None if row is None else row.energy for row in rows),
        "step": [None if row is None else row.step for row in rows],
        "power": [None if row is None else row.power for row in rows],
        "peak": [None if row is None or row.power_max is None else row.power_max - (row.power or 0) for row in rows],
        "temperature": _differences(None if row is None else row.temperature for row in rows),
    }
    parts = {name: short for name, column in columns.items() if (short := _short(column))}
    return json.dumps({"count": len(rows), **parts}, separators=(",", ":"))


def unpack_hour(text: str) -> dict[int, SourceMinute]:
    """Return the minutes of an hour, by their number in it and in order.

    >>> hour = unpack_hour('{"count":3,"seconds":[60],"energy":[1000,10]}')
    >>> [(number, row.seconds, row.energy) for number, row in hour.items()]
    [(0, 60, 1000), (1, 60, 1010), (2, 60, 1020)]
    """
    columns = json.loads(text)
    count = columns["count"]
    power, peak = _long(columns.get("power"), count), _long(columns.get("peak"), count)
    rows = zip(
        _long(columns.get("seconds"), count),
        _sums(_long(columns.get("energy"), count)),
        _long(columns.get("step"), count),
        power,
        [None if excess is None else (mean or 0) + excess for mean, excess in zip(power, peak, strict=True)],
        _sums(_long(columns.get("temperature"), count)),
        strict=True,
    )
    return {number: SourceMinute(*row) for number, row in enumerate(rows) if row[0] is not None}


def _differences(values: Iterable[int | None]) -> list[int | None]:
    differences: list[int | None] = []
    before = 0
    for value in values:
        differences.append(None if value is None else value - before)
        before = before if value is None else value
    return differences


def _sums(differences: Iterable[int | None]) -> list[int | None]:
    sums: list[int | None] = []
    total = 0
    for difference in differences:
        total += difference or 0
        sums.append(None if difference is None else total)
    return sums


def _short(column: list[int | None]) -> list[int | None]:
    """Return a column without what only repeats its last value; empty if there is no value in it."""
    length = len(column)
    while length > 1 and column[length - 1] == column[length - 2]:
        length -= 1
    return [] if column[:length] == [None] else column[:length]


def _long(column: list[int | None] | None, count: int) -> list[int | None]:
    column = column or [None]
    return column + column[-1:] * (count - len(column))
