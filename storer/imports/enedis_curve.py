"""Enedis' load curve by text file: mean power of the interval that ends at each time, `Horodate;Valeur`."""

from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction

from common.contract.registers import INJECTED, TOTAL
from storer.imports.enedis_blocks import Block, read_blocks
from storer.imports.intervals import UNKNOWN, Interval, steps, to_hours
from storer.imports.local_clock import LocalClock
from storer.imports.model import HOUR, Parsed, check_wh, refused
from storer.imports.text import Table, local_time, number, plain

OTHER_BLOCKS = "blocks that are no load curve"
_POWER = {"w": 1, "kw": 1000}


Value = tuple[Fraction | None, timedelta]  # W, and the step, or UNKNOWN


def parse_curve(table: Table, clock: LocalClock) -> Parsed:
    """Return the hours of all load curves of the file, whatever their steps."""
    parsed = Parsed()
    rows: dict[int, list[tuple[datetime, Value]]] = {}
    for block in read_blocks(table):
        factor = _factor(block)
        if factor is None:
            parsed.left_out[OTHER_BLOCKS] += 1
        elif block.rows:
            injected = plain(block.facts.get("grandeur metier", "")).startswith(("prod", "inj"))
            found = rows.setdefault(INJECTED if injected else TOTAL, [])
            found += [_row(cells, factor, line) for line, cells in block.rows]
    if not rows:
        raise refused("there is no load curve in W or kW here; for daily indexes use the kind enedis-index")
    for register, found in sorted(rows.items()):
        parsed.periods += to_hours(_intervals(found, clock, parsed.left_out), register, clock, parsed.left_out)
    return parsed


def _factor(block: Block) -> int | None:
    """Return the factor from the values of a block to W; None: it is no load curve."""
    kind = plain(block.facts.get("type de donnees", ""))
    if "index" in kind or "maximale" in kind or (block.rows and "valeur" not in block.columns):
        return None
    return _POWER.get(block.facts.get("unite", "W").lower())


def _row(cells: dict[str, str], factor: int, line: int) -> tuple[datetime, Value]:
    value = number(cells.get("valeur", ""), line)
    minutes = number(cells.get("pas en minutes", ""), line)
    watts = None if value is None else value * factor
    if watts is not None:
        check_wh(float(watts), 1, line)
    step = UNKNOWN if minutes is None else timedelta(minutes=min(float(minutes), 1440))
    return local_time(cells["horodate"], line), (watts, step)


def _intervals(rows: list[tuple[datetime, Value]], clock: LocalClock, left_out: Counter[str]) -> list[Interval]:
    clear = clock.resolve(rows, left_out)
    intervals = []
    # Lines without a value are there to know the step of the others.
    for (end, (watts, step)), found in zip(clear, steps([end for end, _ in clear]), strict=True):
        length = step or found
        hours = Fraction(length / HOUR).limit_denominator(720)
        intervals.append(Interval(end, length, None if watts is None else watts * hours))
    return intervals
