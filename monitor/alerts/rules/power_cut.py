"""Power cuts, told afterwards."""

from datetime import datetime, timedelta

from common.contract.frame import write_stamp
from monitor.alerts.facts import Cut, Facts
from monitor.alerts.signs import Figure, Holds, Sign

_SAME = timedelta(minutes=2)  # between what two meters of a place saw
_MINUTE = timedelta(minutes=1)


def power_cut(facts: Facts, now: datetime) -> list[Sign]:
    """Return the power cuts of the last days; one that several meters saw is of the first of them."""
    found: list[Sign] = []
    seen: list[Cut] = []
    for meter in facts.meters:
        for cut in meter.lately.cuts:
            if cut.end > now or any(_is_same(cut, other) for other in seen):
                continue
            seen.append(cut)
            start, end = write_stamp(cut.start), write_stamp(cut.end)
            figures: dict[str, Figure] = {"start": start, "end": end, "minutes": (cut.end - cut.start) // _MINUTE}
            found.append(Sign("power_cut", Holds.YES, meter.meter, start, cut.start, figures))
    return found


def _is_same(cut: Cut, other: Cut) -> bool:
    return abs(cut.start - other.start) <= _SAME and abs(cut.end - other.end) <= _SAME
