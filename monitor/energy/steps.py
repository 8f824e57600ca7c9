"""What the registers of a meter went on by in a stretch of time, and their names. Pure.

A stretch is cut where the meter begins to send other registers or another contract, so within it one rule holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from common import tariff
from common.registers import REGISTERS
from monitor.history.hours import Values

TOTAL, INJECTED = REGISTERS.index("total"), REGISTERS.index("injected")
SUPPLIER = range(REGISTERS.index("supplier_1"), REGISTERS.index("supplier_10") + 1)
REACTIVE = range(REGISTERS.index("reactive_1"), REGISTERS.index("reactive_4") + 1)

#: Energy that the total shows and no register of the supplier: it has no name in a contract.
OTHER = "OTHER"
_NUMBERED = "EASF"

_NAMES: Mapping[str, tuple[str, ...]] = {
    "base": ("BASE",),
    "hphc": tuple(tariff.HISTORIC_REGISTERS["HC.."].values()),
    "ejp": tuple(tariff.HISTORIC_REGISTERS["EJP."].values()),
    "tempo": tuple(tariff.HISTORIC_REGISTERS["BBR?"].values()),
}


def registers_of(offer: str | None) -> tuple[str, ...]:
    """Return the registers of an offer that historic mode knows, none of another."""
    return _NAMES.get(offer or "", ())


@dataclass(frozen=True, slots=True)
class Step:
    """What was counted: drawn by register, injected, and reactive by label."""

    wh: Mapping[str, int]
    injected_wh: int | None
    reactive_varh: Mapping[str, int]


def supplier_name(number: int, offer: str | None) -> str:
    """Return the name of a supplier register, 1 to 10: as historic mode has it, or as standard mode.

    >>> supplier_name(2, "hphc"), supplier_name(3, None)
    ('HCHP', 'EASF03')
    """
    names = registers_of(offer)
    return names[number - 1] if number <= len(names) else f"{_NUMBERED}{number:02}"


def step(before: Values, after: Values, breaks: Mapping[int, int], *, by_total: bool, offer: str | None) -> Step:
    """Return what was counted between two readings.

    Args:
        before: the readings at the start; None: no such register was ever read.
        after: those at the end.
        breaks: steps between them that are no energy, by register.
        by_total: both readings have the total, of the same mode: it says how much was drawn in all.
        offer: names the registers.
    """
    went_on: list[int | None] = [
        None if last is None or first is None else last - first for first, last in zip(before, after, strict=True)
    ]
    for place, broken in breaks.items():
        if (counted := went_on[place]) is not None:
            went_on[place] = counted - broken
    wh: dict[str, int] = {}
    for place in SUPPLIER:
        if counted := went_on[place]:
            name = supplier_name(place - SUPPLIER.start + 1, offer)
            wh[name] = wh.get(name, 0) + counted
    total = went_on[TOTAL] if by_total else None
    if total is not None:
        if not any(went_on[place] is not None for place in SUPPLIER):
            wh = {"BASE": total} if total else {}
        elif (rest := total - sum(wh.values())) > 0:
            wh[OTHER] = rest
    reactive = {
        f"ERQ{number}": counted for number, place in enumerate(REACTIVE, 1) if (counted := went_on[place]) is not None
    }
    return Step(wh, went_on[INJECTED], reactive)


def complete(known: Step, drawn: int, register: str | None) -> Step:
    """Return the step of an hour in which the meter went to other registers, or its supplier's were set back.

    Args:
        known: what its ends tell.
        drawn: all that was drawn in it: what is not known of a register is that of the one that ran at the end.
        register: the name of that one.
    """
    counted = {name: wh for name, wh in known.wh.items() if name != OTHER}
    named = dict(counted)
    if register is not None and not register.startswith(_NUMBERED):
        # A number is no name in this contract: that register is one of the contract before.
        named = {name: wh for name, wh in counted.items() if not name.startswith(_NUMBERED)}
    if rest := max(drawn, sum(counted.values())) - sum(named.values()):
        named[register or OTHER] = named.get(register or OTHER, 0) + rest
    return replace(known, wh=named)


def recovered(before: Values, after: Values, broken: Sequence[int]) -> int:
    """Return the energy drawn over a gap: what the registers went on by, but for those that show a break there."""
    steps = [
        None if first is None or last is None or place in broken else last - first
        for place, (first, last) in enumerate(zip(before, after, strict=True))
    ]
    total = steps[TOTAL]
    if total is None:
        total = sum(counted for place in SUPPLIER if (counted := steps[place]) is not None)
    return max(total, 0)
