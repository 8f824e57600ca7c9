"""Divides the hours of a curve into shorter slots, for prices that change within an hour. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from monitor.readings.periods import HourEnergy
from monitor.readings.power import Slot


def divide(
    hours: Sequence[HourEnergy], slots: Sequence[Slot], name: Callable[[int | None, int], str | None]
) -> list[HourEnergy]:
    """Return each hour in slots, in the shares that minutes show; an hour that minutes do not show stays whole.

    The slots of an hour add up to it exactly: what an hour was drawn is known from its registers. What was recovered
    after an interruption is in the slot that it was seen in, the first one of its hour.

    Args:
        hours: in order.
        slots: in order, from before the first hour, or from the first reading on.
        name: gives the name of a supplier register at a moment, in seconds since 1970.
    """
    shares: dict[datetime, list[tuple[Slot, int]]] = {}
    before = slots[0].first if slots else 0
    for slot in slots:
        shares.setdefault(slot.start.replace(minute=0), []).append((slot, max(slot.total - before, 0)))
        before = slot.total
    divided: list[HourEnergy] = []
    for hour in hours:
        parts = shares.get(hour.start, [])
        if hour.recovered and parts:  # the slot before may be of another day: only those after the first one tell
            parts[0] = parts[0][0], max(hour.wh - sum(wh for _, wh in parts[1:]), 0)
        weight = sum(wh for _, wh in parts)
        if hour.imported or not weight:
            divided.append(hour)
            continue
        remaining, first = hour.wh, True  # the first slot with energy counts as the hour
        for slot, wh in parts:
            # What was rounded goes to the next slot, so the sum is that of the hour.
            part = remaining * wh // weight if weight else 0
            register = name(slot.supplier, int(slot.start.timestamp())) or hour.register
            late = hour.recovered and slot is parts[0][0]
            one = HourEnergy(slot.start, part, register, slot.seconds, recovered=late, imported=False, divided=True)
            divided.append(replace(one, slices=int(first and part > 0)))
            remaining, weight, first = remaining - part, weight - wh, first and not part
    return divided
