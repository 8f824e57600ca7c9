"""Enedis' tables in local time since 2025, and those of the bookmarklet: `Début;Fin;Valeur`, or days."""

from datetime import datetime, timedelta
from fractions import Fraction

from common.contract.registers import INJECTED, TOTAL
from storer.imports.days import Days
from storer.imports.intervals import Interval, to_hours
from storer.imports.local_clock import LocalClock
from storer.imports.model import HOUR, Parsed, check_wh, refused
from storer.imports.text import Row, Table, cell, column, is_number, local_day, local_time, number, plain
from storer.imports.workbook import serial_time

_UNITS = {"kwh": (1000, True), "wh": (1, True), "kw": (1000, False), "w": (1, False)}  # factor, energy


def header(table: Table) -> int | None:
    """Return the place of the row with the names of the columns; None: this is no such table."""
    for place, (_, cells) in enumerate(table):
        first = column(cells, "debut") is not None and column(cells, "fin") is not None
        day = column(cells, "date") == 0 and len(cells) > 1 and "wh" in plain(cells[1])
        if first or day:
            return place
    return None


def parse_table(table: Table, place: int, clock: LocalClock, epoch: datetime) -> Parsed:
    """Return the hours, or the days, of a table whose column names are here; serial dates count from `epoch`."""
    register = INJECTED if any("production" in plain(" ".join(cells)) for _, cells in table[:place]) else TOTAL
    names, body = table[place][1], table[place + 1 :]
    if column(names, "debut") is None:
        return _days(body, _unit(names[1], table[place][0])[0], register, clock, epoch)
    return _curve(names, body, table[place][0], register, clock, epoch)


def _unit(name: str, line: int) -> tuple[int, bool]:
    words = plain(name).replace("(", " ").replace(")", " ").split()
    for word in words:
        if word in _UNITS:
            return _UNITS[word]
    raise refused(f"the column {name!r} does not say kW or kWh", line)


def _curve(names: list[str], body: Table, line: int, register: int, clock: LocalClock, epoch: datetime) -> Parsed:
    parsed = Parsed()
    start, end = column(names, "debut"), column(names, "fin")
    value = next((n for n, name in enumerate(names) if n not in (start, end) and plain(name)), None)
    if start is None or end is None or value is None:
        raise refused("a column of values is expected beside Début and Fin", line)
    factor, energy = _unit(names[value], line)
    rows: list[tuple[datetime, tuple[timedelta, Fraction | None]]] = []
    for row in body:
        number_, cells = row
        if not is_number(cell(cells, start)):
            continue  # a line of text below the table
        begin, finish = _time(row, start, epoch), _time(row, end, epoch)
        length = _length(begin, finish, clock)
        if not timedelta(0) < length <= HOUR:
            raise refused(f"{begin} to {finish} is not part of an hour", number_)
        found = number(cell(cells, value), number_)
        hours = Fraction(length // timedelta(seconds=1), 3600)
        wh = None if found is None else found * factor * (1 if energy else hours)
        if wh is not None:
            check_wh(float(wh), float(hours), number_)
        rows.append((begin, (length, wh)))
    clear = clock.resolve(rows, parsed.left_out)
    intervals = [Interval(instant + length, length, wh) for instant, (length, wh) in clear]
    parsed.periods = to_hours(intervals, register, clock, parsed.left_out)
    return parsed


def _length(start: datetime, end: datetime, clock: LocalClock) -> timedelta:
    """Return the length of an interval; the hands of the clock alone do not tell it when the clock changes."""
    by_hands = end - start
    if clock.is_twice(start) or clock.is_twice(end):
        return by_hands if by_hands > timedelta(0) else by_hands + HOUR
    return clock.utc(end) - clock.utc(start)


def _time(row: Row, place: int, epoch: datetime) -> datetime:
    line, cells = row
    try:
        return serial_time(float(cell(cells, place)), epoch)
    except ValueError:
        return local_time(cell(cells, place), line).replace(tzinfo=None)


def _days(body: Table, factor: int, register: int, clock: LocalClock, epoch: datetime) -> Parsed:
    days = Days(clock, register)
    for line, cells in body:
        if not is_number(cells[0]):
            continue  # a line of text below the table
        try:
            day = serial_time(float(cells[0]), epoch).date()
        except ValueError:
            day = local_day(cells[0], line)
        days.add(day, number(cell(cells, 1), line), factor, line)
    return days.parsed()
