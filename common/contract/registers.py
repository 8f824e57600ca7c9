"""The registers of a meter as the rollups keep them: one name each, whatever the mode or the contract calls them."""

from collections.abc import Sequence

#: The numbered registers of the rollups. The place of a name is its number in `breaks`;
#: `hours` has the columns `<name>_first` and `<name>_last`.
REGISTERS: tuple[str, ...] = (
    "total",
    *(f"supplier_{number}" for number in range(1, 11)),
    *(f"distributor_{number}" for number in range(1, 5)),
    "injected",
    *(f"reactive_{number}" for number in range(1, 5)),
)
#: Energy that the total shows and no register of the supplier: it has no name in a contract.
OTHER = "OTHER"
TOTAL, INJECTED = REGISTERS.index("total"), REGISTERS.index("injected")
SUPPLIER = range(REGISTERS.index("supplier_1"), REGISTERS.index("supplier_10") + 1)
#: More than a house can draw (54 kW), and what may be read at once after a short gap.
LIMIT_WH_PER_SECOND, LIMIT_WH = 15, 200


def can_be_drawn(step: int, seconds: float) -> bool:
    """Tell whether a house can draw so many Wh in a time.

    >>> can_be_drawn(350, 10), can_be_drawn(351, 10), can_be_drawn(-1, 10)
    (True, False, False)
    """
    return 0 <= step <= LIMIT_WH + LIMIT_WH_PER_SECOND * seconds


def drawn_over_change(before: Sequence[int | None], after: Sequence[int | None], seconds: float) -> int:
    """Return the Wh that the meter's total shows from the last readings of a mode or contract to the first of another.

    The total is EAST, or BASE, or the sum of a historic contract's registers. 0 where the two are not of one count, and
    where the mode changes and the contract stays: its registers go on, and tell.

    Args:
        before: the readings by REGISTERS; None: the frame has no such register.
        after: those of the other mode or contract.
        seconds: the time between them.
    """
    has_total = before[TOTAL] is not None or after[TOTAL] is not None
    if has_total and any(before[place] is not None and after[place] is not None for place in SUPPLIER):
        return 0
    steps = [late - early for early in _totals(before) for late in _totals(after)]
    return min((step for step in steps if can_be_drawn(step, seconds)), default=0)


def _totals(values: Sequence[int | None]) -> list[int]:
    suppliers = [value for place in SUPPLIER if (value := values[place]) is not None]
    total = values[TOTAL]
    if total is None:
        return [sum(suppliers)] if suppliers else []
    return [total, *suppliers[:1]]  # BASE is EAST or EASF01: the frame does not say which
