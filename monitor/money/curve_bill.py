"""How what the meter counted is billed by an offer that has no prices for its registers: by the lived curve. Pure."""

from collections.abc import Callable, Mapping, Sequence

from monitor.readings.index_deltas import ROUNDING
from monitor.readings.periods import Energy, HourEnergy

_SURE = 10  # what the curve shows differs by less than a tenth from what was counted


def by_period(
    piece: Energy, slots: Sequence[HourEnergy], period_of: Callable[[HourEnergy], str | None]
) -> Mapping[tuple[str, str | None], int] | None:
    """Return the Wh of a piece by register and period of the offer; None: too much of it is not in the curve.

    They are those of the slots, so hours, days and months add up; what little was counted besides is in the largest.

    Args:
        piece: what was counted.
        slots: the curve of its time.
        period_of: the period of a slot; None: it is not known.
    """
    rest = piece.total_wh - sum(slot.wh for slot in slots)
    if not slots or abs(rest) > max(ROUNDING, abs(piece.total_wh) // _SURE):
        return None
    found: dict[tuple[str, str | None], int] = {}
    for slot in slots:
        key = slot.register or next(iter(piece.wh), ""), period_of(slot)
        found[key] = found.get(key, 0) + slot.wh
    found[max(found, key=lambda key: found[key])] += rest
    return found
