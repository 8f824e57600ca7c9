"""EDF's files, recognised by their columns: power by half-hours, energy by day or month, indexes; or a zip of them."""

import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from io import BytesIO

from common.contract.registers import SUPPLIER, TOTAL
from storer.imports.local_clock import LocalClock
from storer.imports.model import Parsed, check_wh, refused
from storer.imports.periods import EMPTY, Days, Interval, differences, to_hours
from storer.imports.text import Table, cell, column, decode, is_number, local_day, number, plain, rows
from storer.imports.workbook import DAMAGED, check_size

ESTIMATED = "estimated values, which are kept"
_HALF_HOUR = timedelta(minutes=30)


def parse_edf(data: bytes, clock: LocalClock) -> Parsed:
    """Return the energy of a file, or of all files in a zip."""
    if data[:4] != b"PK\x03\x04":
        parsed = _parse(rows(decode(data)), clock)
        if parsed is None:
            raise refused("this is not a file from EDF: a column Puissance atteinte, Consommation or Index is expected")
        return parsed
    whole, has_file = Parsed(), False
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = sorted(name for name in archive.namelist() if name.lower().endswith(".csv"))
            check_size(archive, names)
            for name in names:
                parsed = _parse(rows(decode(archive.read(name))), clock)
                if parsed is not None:
                    whole.add(parsed)
                    has_file = True
    except DAMAGED as error:
        raise refused("this zip cannot be read: it is damaged, or has a password") from error
    if not has_file:
        raise refused("there is no file of EDF in this zip")
    return whole


def _parse(table: Table, clock: LocalClock) -> Parsed | None:
    parsers: tuple[tuple[str, str, Callable[[list[str], Table, LocalClock], Parsed]], ...] = (
        ("date et heure", "puissance", _half_hours),
        ("date de consommation", "consommation", _days),
        ("periode de consommation", "consommation", _months),
        ("date de releve", "index", _indexes),
    )
    for place, (_, cells) in enumerate(table):
        for first, other, parse in parsers:
            if plain(cells[0]).startswith(first) and any(plain(cell).startswith(other) for cell in cells[1:]):
                return parse(cells, table[place + 1 :], clock)
    return None


def _half_hours(names: list[str], body: Table, clock: LocalClock) -> Parsed:
    """Mean power of half-hours: a line with the day, then its half-hours by their ends, of which 00:00 is the last."""
    parsed = Parsed()
    found: list[tuple[datetime, Fraction | None]] = []
    day: date | None = None
    for line, cells in body:
        if "/" in cells[0]:
            day = local_day(cells[0], line)
            continue
        if day is None:
            raise refused("a day is expected before its half-hours", line)
        try:
            end = time.fromisoformat(cells[0]).replace(tzinfo=None)
        except ValueError as error:
            raise refused(f"a time is expected, not {cells[0][:40]!r}", line) from error
        watts = number(cell(cells, 1), line)
        if watts is not None:
            check_wh(float(watts), 1, line)
        _note(parsed, cells)
        found.append((datetime.combine(day + timedelta(days=end == time()), end), watts))
    intervals = [
        Interval(instant, _HALF_HOUR, None if watts is None else watts / 2)
        for instant, watts in clock.resolve(found, parsed.left_out)
    ]
    parsed.periods = to_hours(intervals, TOTAL, clock, parsed.left_out)
    return parsed


def _days(names: list[str], body: Table, clock: LocalClock) -> Parsed:
    return _whole(names, body, clock, lambda text, line: (local_day(text, line), None))


def _months(names: list[str], body: Table, clock: LocalClock) -> Parsed:
    return _whole(names, body, clock, _month)


def _month(text: str, line: int) -> tuple[date, date]:
    start = local_day(f"01/{text}", line)
    return start, date(start.year + start.month // 12, start.month % 12 + 1, 1)


def _whole(
    names: list[str],
    body: Table,
    clock: LocalClock,
    limits: Callable[[str, int], tuple[date, date | None]],
) -> Parsed:
    days, notes = Days(clock, TOTAL), Parsed()
    place = column(names, "consommation")
    assert place is not None
    factor = 1000 if "kwh" in plain(names[place]) else 1
    for line, cells in body:
        if not is_number(cells[0]):
            continue  # the sum of a year
        start, end = limits(cells[0], line)
        days.add(start, number(cell(cells, place), line), factor, line, end)
        _note(notes, cells)
    notes.add(days.parsed())
    return notes


def _indexes(names: list[str], body: Table, clock: LocalClock) -> Parsed:
    """Readings of the meter at the beginning of a day, by period of the tariff."""
    registers = {
        place: _register(name, len(names))
        for place, name in enumerate(names)
        if place and plain(name).startswith("index")
    }
    readings: dict[int, dict[datetime, int]] = {register: {} for register in registers.values()}
    parsed = Parsed()
    for line, cells in body:
        if not is_number(cells[0]):
            continue
        instant = clock.midnight(local_day(cells[0], line))
        _note(parsed, cells)
        for place, register in registers.items():
            value = number(cell(cells, place), line)
            if value is None:
                parsed.left_out[EMPTY] += 1
                continue
            wh = round(value * 1000)
            if readings[register].setdefault(instant, wh) != wh:
                raise refused(f"{cells[0]} has several readings", line)
    for register, found in readings.items():
        parsed.periods += differences(found.items(), register, parsed.left_out)
    return parsed


def _register(name: str, count: int) -> int:
    words = plain(name)
    if not any(colour in words for colour in ("bleu", "blanc", "rouge")):
        # As historic mode numbers them: HCHC is the first register, HCHP the second.
        if "creuses" in words:
            return SUPPLIER[0]
        if "pleines" in words:
            return SUPPLIER[1]
        if "base" in words or count <= 4:
            return TOTAL
    raise refused(f"the column {name!r} is not known: base, heures pleines and heures creuses are")


def _note(parsed: Parsed, cells: list[str]) -> None:
    if any(plain(cell).startswith("estime") for cell in cells[1:]):
        parsed.left_out[ESTIMATED] += 1
