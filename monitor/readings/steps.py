"""What the registers of a meter went on by in a stretch of time, and their names. Pure.

A stretch is cut where the meter begins to send other registers or another contract, so within it one rule holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from common.contract.registers import INJECTED, NUMBERED, OTHER, SUPPLIER, TOTAL, drawn_over_change, supplier_names
from monitor.readings.rows import Values


def in_order(wh: Mapping[str, int]) -> dict[str, int]:
    """Return energy by register, in the order of their names, and what is outside the contract last."""
    return {name: wh[name] for name in sorted(wh, key=lambda name: (name == OTHER, name))}


@dataclass(frozen=True, slots=True)
class Step:
    """What was counted: drawn by register, and injected."""

    wh: Mapping[str, int]
    injected_wh: int | None


#: |EAST - sum of EASF| changes by no more while only rounding does it: each of up to eleven registers is rounded down.
ROUNDING = 10


def difference(values: Values) -> int | None:
    """Return by how much the total is more than all registers of the supplier; None: one of the two is not there."""
    total, suppliers = values[TOTAL], [value for place in SUPPLIER if (value := values[place]) is not None]
    return None if total is None or not suppliers else total - sum(suppliers)


def step(
    before: Values, after: Values, breaks: Mapping[int, int], *, by_total: bool, offer: str | None, outside: bool
) -> Step:
    """Return what was counted between two readings. Its parts by time add up to it, register by register.

    Args:
        before: the readings at the start; None: no such register was ever read.
        after: those at the end.
        breaks: steps between them that are no energy, by register.
        by_total: both readings have the total, of the same mode: it says how much was drawn in all.
        offer: names the registers.
        outside: what the total shows and no register of the supplier is more than rounding: it has no name in the
            contract. Else it is counted by the first of them: some Wh, or less than none.
    """
    went_on: list[int | None] = [
        None if last is None or first is None else last - first for first, last in zip(before, after, strict=True)
    ]
    for place, broken in breaks.items():
        if (counted := went_on[place]) is not None:
            went_on[place] = counted - broken
    counted_by = {
        name: counted
        for name, place in zip(supplier_names(offer), SUPPLIER, strict=True)
        if (counted := went_on[place]) is not None
    }
    if by_total and (total := went_on[TOTAL]) is not None:
        rest = total - sum(counted_by.values())
        name = OTHER if outside else next(iter(counted_by), "BASE")
        counted_by[name] = counted_by.get(name, 0) + rest
    wh = {name: counted for name, counted in counted_by.items() if counted}
    return Step(wh, went_on[INJECTED])


def complete(known: Step, drawn: int, register: str | None) -> Step:
    """Return the step of an hour in which the meter went to other registers, or its supplier's were set back.

    Args:
        known: what its ends tell.
        drawn: all that was drawn in it: what is not known of a register is that of the one that ran at the end.
        register: the name of that one.
    """
    counted = {name: wh for name, wh in known.wh.items() if name != OTHER}
    named = dict(counted)
    if register is not None and not register.startswith(NUMBERED):
        # A number is no name in this contract: that register is one of the contract before.
        named = {name: wh for name, wh in counted.items() if not name.startswith(NUMBERED)}
    if rest := drawn - sum(named.values()):
        name = register or OTHER
        named[name] = named.get(name, 0) + rest
    return replace(known, wh=named)


def recovered(before: Values, after: Values, breaks: Mapping[int, int], seconds: float) -> int:
    """Return the energy drawn over a gap: what the registers went on by, but for those whose step there is a break.

    Args:
        before: the readings at its beginning.
        after: those at its end.
        breaks: of the hour that the gap ends in, by register; one may also have been set back later in that hour.
        seconds: how long it is.
    """
    steps = [
        None if first is None or last is None or breaks.get(place) == last - first else last - first
        for place, (first, last) in enumerate(zip(before, after, strict=True))
    ]
    total = steps[TOTAL]
    if total is None:  # there is none, or another mode or contract hid it
        total = sum(counted for place in SUPPLIER if (counted := steps[place]) is not None)
        total = max(total, drawn_over_change(before, after, seconds) if _changed(before, after) else 0)
    return max(total, 0)


def _changed(before: Values, after: Values) -> bool:
    return any((before[place] is None) != (after[place] is None) for place in (TOTAL, *SUPPLIER))
