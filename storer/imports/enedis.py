"""What Enedis gives to download: load curves, days and daily indexes, as text or as a workbook.

A text file has blocks: facts, a line with the names of columns, and lines of values. A load curve (`Horodate;Valeur`)
has the mean power of the interval that ends at each time; a file of indexes (`Horodate;Type de releve;EAS F1;…;EAS T`)
one reading of all registers a day. Tables in local time, since 2025 and from the bookmarklet, have `Début;Fin;Valeur`,
or days.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from common.contract.registers import INJECTED, SUPPLIER, TOTAL
from storer.imports.local_clock import LocalClock
from storer.imports.model import HOUR, Parsed, Period, check_wh, refused
from storer.imports.periods import FALLS, JUMPS, UNKNOWN, Days, Interval, differences, steps, to_hours
from storer.imports.text import Row, Table, cell, column, decode, is_number, local_day, local_time, number, plain, rows
from storer.imports.workbook import EPOCH, is_workbook, serial_time, sheets

OTHER_BLOCKS = "blocks that are no load curve"
_POWER_UNITS = {"w": 1, "kw": 1000}
_Value = tuple[Fraction | None, timedelta]  # W, and the step, or UNKNOWN
_TABLE_UNITS = {"kwh": (1000, True), "wh": (1, True), "kw": (1000, False), "w": (1, False)}  # factor, energy
OTHER_READINGS = "readings that are not of the end of a day"
NOT_IN_SUM = "days whose registers do not add up to the total, kept as total"
_POINT = re.compile(rb"Identifiant PRM;[^\n]*\n\"?([0-9]{14})\"?;")
_Reading = dict[int, int]  # Wh by register


def parse_enedis(data: bytes, clock: LocalClock) -> Parsed:
    """Return the hours and days of a file."""
    tables, epoch = sheets(data) if is_workbook(data) else ([rows(decode(data))], EPOCH)
    parsed = Parsed()
    has_table = False
    for table in tables:
        if _is_blocks(table):
            parsed.add(_parse_curve(table, clock))
        elif (place := _table_header(table)) is not None:
            parsed.add(_parse_table(table, place, clock, epoch))
        else:
            continue
        has_table = True
    if not has_table:
        raise refused("this is not a file from Enedis: columns Horodate and Valeur, Début and Fin or Date are expected")
    return parsed


def read_prm(data: bytes) -> str | None:
    """Return the delivery point that a text file names at its beginning."""
    found = _POINT.search(data[:4096])
    return found[1].decode() if found else None


@dataclass(frozen=True, slots=True)
class _Block:
    """One block of a file; the names of facts and columns are plain."""

    facts: dict[str, str]
    columns: set[str] = field(default_factory=set)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # number of the line, cells by column


def _is_blocks(table: Table) -> bool:
    """Return whether a table has blocks."""
    return any(plain(cells[0]) in ("identifiant prm", "horodate") for _, cells in table if not is_number(cells[0]))


def _read_blocks(table: Table) -> list[_Block]:
    """Return the blocks of a file; a table without facts is one, too."""
    blocks: list[_Block] = []
    head: list[str] | None = None
    columns: list[str] = []
    for line, cells in table:
        first = "" if is_number(cells[0]) else plain(cells[0])
        if first == "identifiant prm":
            head = [plain(cell) for cell in cells]
        elif head is not None:
            blocks.append(_Block(dict(zip(head, cells, strict=False))))
            head, columns = None, []
        elif first == "horodate":
            columns = [plain(cell) for cell in cells]
            if not blocks:
                blocks.append(_Block({}))
            blocks[-1].columns.update(columns)
        elif first == "periode":
            columns = []  # calendars, which are below the indexes
        elif columns:
            blocks[-1].rows.append((line, dict(zip(columns, cells, strict=False))))
    return blocks


def _parse_curve(table: Table, clock: LocalClock) -> Parsed:
    """Return the hours of all load curves of the file, whatever their steps."""
    parsed = Parsed()
    rows: dict[int, list[tuple[datetime, _Value]]] = {}
    for block in _read_blocks(table):
        factor = _watts(block)
        if factor is None:
            parsed.left_out[OTHER_BLOCKS] += 1
        elif block.rows:
            injected = plain(block.facts.get("grandeur metier", "")).startswith(("prod", "inj"))
            found = rows.setdefault(INJECTED if injected else TOTAL, [])
            found += [_curve_row(cells, factor, line) for line, cells in block.rows]
    if not rows:
        raise refused("there is no load curve in W or kW here; for daily indexes use the kind enedis-index")
    for register, found in sorted(rows.items()):
        parsed.periods += to_hours(_curve_intervals(found, clock, parsed.left_out), register, clock, parsed.left_out)
    return parsed


def _watts(block: _Block) -> int | None:
    """Return the factor from the values of a block to W; None: it is no load curve."""
    kind = plain(block.facts.get("type de donnees", ""))
    if "index" in kind or "maximale" in kind or (block.rows and "valeur" not in block.columns):
        return None
    return _POWER_UNITS.get(block.facts.get("unite", "W").lower())


def _curve_row(cells: dict[str, str], factor: int, line: int) -> tuple[datetime, _Value]:
    value = number(cells.get("valeur", ""), line)
    minutes = number(cells.get("pas en minutes", ""), line)
    watts = None if value is None else value * factor
    if watts is not None:
        check_wh(float(watts), 1, line)
    step = UNKNOWN if minutes is None else timedelta(minutes=min(float(minutes), 1440))
    return local_time(cells["horodate"], line), (watts, step)


def _curve_intervals(rows: list[tuple[datetime, _Value]], clock: LocalClock, left_out: Counter[str]) -> list[Interval]:
    clear = clock.resolve(rows, left_out)
    intervals = []
    # Lines without a value still show the step of the others.
    for (end, (watts, step)), found in zip(clear, steps([end for end, _ in clear]), strict=True):
        length = step or found
        hours = Fraction(length / HOUR).limit_denominator(720)
        intervals.append(Interval(end, length, None if watts is None else watts * hours))
    return intervals


def _table_header(table: Table) -> int | None:
    """Return the place of the row with the names of the columns; None: this is no such table."""
    for place, (_, cells) in enumerate(table):
        first = column(cells, "debut") is not None and column(cells, "fin") is not None
        day = column(cells, "date") == 0 and len(cells) > 1 and "wh" in plain(cells[1])
        if first or day:
            return place
    return None


def _parse_table(table: Table, place: int, clock: LocalClock, epoch: datetime) -> Parsed:
    """Return the hours, or the days, of a table whose column names are here; serial dates count from `epoch`."""
    register = INJECTED if any("production" in plain(" ".join(cells)) for _, cells in table[:place]) else TOTAL
    names, body = table[place][1], table[place + 1 :]
    if column(names, "debut") is None:
        return _table_days(body, _table_unit(names[1], table[place][0])[0], register, clock, epoch)
    return _table_hours(names, body, table[place][0], register, clock, epoch)


def _table_unit(name: str, line: int) -> tuple[int, bool]:
    words = plain(name).replace("(", " ").replace(")", " ").split()
    for word in words:
        if word in _TABLE_UNITS:
            return _TABLE_UNITS[word]
    raise refused(f"the column {name!r} does not say kW or kWh", line)


def _table_hours(names: list[str], body: Table, line: int, register: int, clock: LocalClock, epoch: datetime) -> Parsed:
    parsed = Parsed()
    start, end = column(names, "debut"), column(names, "fin")
    value = next((n for n, name in enumerate(names) if n not in (start, end) and plain(name)), None)
    if start is None or end is None or value is None:
        raise refused("a column of values is expected beside Début and Fin", line)
    factor, energy = _table_unit(names[value], line)
    rows: list[tuple[datetime, tuple[timedelta, Fraction | None]]] = []
    for row in body:
        number_, cells = row
        if not is_number(cell(cells, start)):
            continue  # a line of text below the table
        begin, finish = _table_time(row, start, epoch), _table_time(row, end, epoch)
        length = _table_length(begin, finish, clock)
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


def _table_length(start: datetime, end: datetime, clock: LocalClock) -> timedelta:
    """Return the length of an interval, also across a change of the clock."""
    by_hands = end - start
    if clock.is_twice(start) or clock.is_twice(end):
        return by_hands if by_hands > timedelta(0) else by_hands + HOUR
    return clock.utc(end) - clock.utc(start)


def _table_time(row: Row, place: int, epoch: datetime) -> datetime:
    line, cells = row
    try:
        return serial_time(float(cell(cells, place)), epoch)
    except ValueError:
        return local_time(cell(cells, place), line).replace(tzinfo=None)


def _table_days(body: Table, factor: int, register: int, clock: LocalClock, epoch: datetime) -> Parsed:
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


def parse_index(data: bytes, clock: LocalClock) -> Parsed:
    """Return the energy of each day by register; as total where the registers do not add up to it."""
    parsed = Parsed()
    readings = _index_readings(rows(decode(data)), clock, parsed.left_out)
    if not readings:
        raise refused("there are no daily indexes here: the columns Horodate and EAS F1 are expected")
    for (start, before), (end, after) in pairwise(sorted(readings.items())):
        parsed.periods += _index_day(start, before, end, after, parsed.left_out)
    return parsed


def _index_readings(table: Table, clock: LocalClock, left_out: Counter[str]) -> dict[datetime, _Reading]:
    readings: dict[datetime, _Reading] = {}
    for block in _read_blocks(table):
        if not any(name.startswith("eas ") for name in block.columns):
            continue
        factor = 1000 if block.facts.get("unite", "").lower() == "kwh" else 1
        for line, cells in block.rows:
            if not plain(cells.get("type de releve", "arrete")).startswith("arrete"):
                left_out[OTHER_READINGS] += 1
                continue
            stamp = local_time(cells["horodate"], line)
            instant = stamp.astimezone(UTC) if stamp.tzinfo else clock.utc(stamp)
            reading = _index_reading(cells, factor, line)
            if readings.setdefault(instant, reading) != reading:
                raise refused(f"{cells['horodate']} has several readings", line)
    return readings


def _index_reading(cells: dict[str, str], factor: int, line: int) -> _Reading:
    names = {"eas t": TOTAL, **{f"eas f{number}": number for number in SUPPLIER}}
    reading: _Reading = {}
    for name, register in names.items():
        value = number(cells.get(name, ""), line)
        if value is not None:
            if value < 0:
                raise refused(f"the index {name.upper()} is negative: {float(value):g}", line)
            reading[register] = round(value * factor)
    return reading


def _index_day(
    start: datetime, before: _Reading, end: datetime, after: _Reading, left_out: Counter[str]
) -> list[Period]:
    """Return the energy between two readings, by register if these add up to the total, without registers at rest."""
    wrong: Counter[str] = Counter()
    by_register: dict[int, Period] = {}
    for register in before.keys() & after.keys():
        for period in differences([(start, before[register]), (end, after[register])], register, wrong):
            by_register[register] = period
    total = by_register.pop(TOTAL, None)
    if wrong[FALLS] or wrong[JUMPS]:
        left_out += wrong if total is None else Counter()
        if total is None:
            return []
        left_out[NOT_IN_SUM] += 1
        return [total]
    parts = sorted(by_register.values())
    if total is not None and (not parts or sum(part.wh for part in parts) != total.wh):
        if parts:
            left_out[NOT_IN_SUM] += 1
        return [total]
    running = [part for part in parts if part.wh]
    return running or parts[:1]
