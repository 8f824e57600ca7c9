"""Enedis' load curve by text file: mean power of the interval that ends at each time, `Horodate;Valeur`."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from common.contract.registers import INJECTED, TOTAL
from storer.imports.clock import DOUBLED, LocalClock
from storer.imports.intervals import Interval, steps, to_hours
from storer.imports.model import Parsed, check_wh, refused
from storer.imports.text import Table, is_number, local_time, number, plain

EMPTY = "empty values"
OTHER_BLOCKS = "blocks that are no load curve"
UNKNOWN_STEP = "values whose step is not known"
_POWER = {"w": 1, "kw": 1000}


@dataclass(slots=True)
class _Block:
    """One block of the file: what it is, and its lines."""

    scale: int | None = 1  # to W; None: no load curve
    register: int = TOTAL
    columns: list[str] = field(default_factory=list)
    rows: list[tuple[datetime, Fraction | None, timedelta | None]] = field(default_factory=list)


def is_curve(table: Table) -> bool:
    """Tell whether this is such a file."""
    return any(plain(cells[0]) in ("identifiant prm", "horodate") for _, cells in table if not is_number(cells[0]))


def parse_curve(table: Table, clock: LocalClock) -> Parsed:
    """Return the hours of all load curves of the file, whatever their steps.

    Raises:
        FileRefused: a value is not to be believed, or there is no load curve.
    """
    parsed = Parsed()
    blocks = _blocks(table)
    curves = [block for block in blocks if block.scale is not None and block.rows]
    if not curves:
        raise refused("there is no load curve in W or kW here; for daily indexes use the kind enedis-index")
    if skipped := sum(block.scale is None for block in blocks):
        parsed.left_out[OTHER_BLOCKS] += skipped
    for register in sorted({block.register for block in curves}):
        rows = [row for block in curves if block.register == register for row in block.rows]
        parsed.periods += to_hours(_intervals(rows, clock, parsed.left_out), register, parsed.left_out)
    return parsed


def _blocks(table: Table) -> list[_Block]:
    blocks: list[_Block] = []
    head: list[str] | None = None
    for line, cells in table:
        first = "" if is_number(cells[0]) else plain(cells[0])
        if first == "identifiant prm":
            head = [plain(cell) for cell in cells]
        elif head is not None:
            blocks.append(_block(dict(zip(head, cells, strict=False))))
            head = None
        elif first == "horodate":
            if not blocks:
                blocks.append(_Block())
            blocks[-1].columns = [plain(cell) for cell in cells]
            if "valeur" not in blocks[-1].columns:
                blocks[-1].scale = None
        elif blocks and blocks[-1].scale is not None and blocks[-1].columns:
            _add(blocks[-1], line, cells)
    return blocks


def _block(facts: dict[str, str]) -> _Block:
    unit = facts.get("unite", "W").lower()
    kind = plain(facts.get("type de donnees", ""))
    curve = unit in _POWER and "index" not in kind and "maximale" not in kind
    injected = plain(facts.get("grandeur metier", "")).startswith(("prod", "inj"))
    return _Block(scale=_POWER[unit] if curve else None, register=INJECTED if injected else TOTAL)


def _add(block: _Block, line: int, cells: list[str]) -> None:
    facts = dict(zip(block.columns, cells, strict=False))
    stamp = local_time(facts["horodate"], line)
    value = number(facts.get("valeur", ""), line)
    minutes = number(facts.get("pas en minutes", ""), line)
    watts = None if value is None else value * (block.scale or 1)
    if watts is not None:
        check_wh(float(watts), 1, line)
    block.rows.append((stamp, watts, None if minutes is None else timedelta(minutes=min(float(minutes), 1440))))


def _intervals(
    rows: list[tuple[datetime, Fraction | None, timedelta | None]], clock: LocalClock, left_out: Counter[str]
) -> list[Interval]:
    clear = {stamp.astimezone(UTC): (watts, step) for stamp, watts, step in rows if stamp.tzinfo is not None}
    aware = [row for row in rows if row[0].tzinfo is not None]
    for stamp, watts, step in aware:
        if clear[stamp.astimezone(UTC)] != (watts, step):
            raise refused(f"{stamp.isoformat()} has several values: {_watts(watts)} and others")
    if len(aware) > len(clear):
        left_out[DOUBLED] += len(aware) - len(clear)
    local = [(stamp, (watts, step)) for stamp, watts, step in rows if stamp.tzinfo is None]
    clear |= dict(clock.resolve(local, left_out))
    ends = sorted(clear)
    intervals = []
    # Lines without a value are there to know the step of the others.
    for end, found in zip(ends, steps(ends), strict=True):
        watts, step = clear[end]
        length = step or found
        if watts is None:
            left_out[EMPTY] += 1
        elif length is None:
            left_out[UNKNOWN_STEP] += 1
        else:
            intervals.append(
                Interval(end, length, watts * Fraction(length / timedelta(hours=1)).limit_denominator(720))
            )
    return intervals


def _watts(value: Fraction | None) -> str:
    return "none" if value is None else f"{float(value):g} W"
