"""A plain file `start,register,wh` for what no other kind reads: hours, parts of them, or days."""

import re
from collections import Counter, defaultdict
from datetime import datetime
from fractions import Fraction

from common.errors import ConfigError
from storer.imports.local_clock import LocalClock
from storer.imports.model import HOUR, Parsed, check_registers, check_wh, read_register, refused
from storer.imports.periods import EMPTY, Days, Interval, steps_from, to_hours
from storer.imports.text import decode, local_day, local_time, number, plain, rows

_DAY = re.compile(r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}")
_COLUMNS = ["start", "register", "wh"]


def parse_plain(data: bytes, clock: LocalClock) -> Parsed:
    """Return the hours and days of a file; a `start` without an offset is local, one without a time is a whole day.

    If all times are on the hour, each line is an hour; else a line ends where the next one begins.
    """
    text = decode(data)
    table = rows(text, ";" if ";" in text.partition("\n")[0] else ",")
    if not table or [plain(cell) for cell in table[0][1]] != _COLUMNS:
        raise refused("the first line must be: start,register,wh")
    days: dict[int, Days] = {}
    times: defaultdict[int, list[tuple[datetime, Fraction]]] = defaultdict(list)
    parsed = Parsed()
    for line, cells in table[1:]:
        if len(cells) != len(_COLUMNS):
            raise refused(f"3 cells are expected, not {len(cells)}", line)
        try:
            register = read_register(cells[1])
        except ConfigError as error:
            raise refused(str(error), line) from error
        wh = number(cells[2], line)
        if wh is None:
            parsed.left_out[EMPTY] += 1
        elif _DAY.fullmatch(cells[0]):
            days.setdefault(register, Days(clock, register)).add(local_day(cells[0], line), wh, 1, line)
        else:
            check_wh(float(wh), 1, line)
            times[register].append((local_time(cells[0], line), wh))
    try:
        check_registers({*days, *times})
    except ConfigError as error:
        raise refused(str(error)) from error
    for one in days.values():
        parsed.add(one.parsed())
    for register, found in times.items():
        parsed.periods += to_hours(_intervals(found, clock, parsed.left_out), register, clock, parsed.left_out)
    return parsed


def _intervals(found: list[tuple[datetime, Fraction]], clock: LocalClock, left_out: Counter[str]) -> list[Interval]:
    rows = clock.resolve(found, left_out)
    starts = [start for start, _ in rows]
    on_the_hour = all(start.minute == start.second == 0 for start in starts)
    lengths = [HOUR] * len(starts) if on_the_hour else steps_from(starts)
    return [Interval(start + length, length, wh) for (start, wh), length in zip(rows, lengths, strict=True)]
