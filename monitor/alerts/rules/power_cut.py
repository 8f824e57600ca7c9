"""Power cuts, told afterwards."""

from datetime import datetime, timedelta

from common.contract.frame import write_stamp
from monitor.alerts.facts import Facts
from monitor.alerts.signs import Figure, Holds, Sign

_SAME = timedelta(minutes=2)  # between the starts that two meters of a place saw
_MINUTE = timedelta(minutes=1)


def power_cut(facts: Facts, now: datetime) -> list[Sign]:
    """Return the power cuts of the last days; one that several meters saw is of that which was back first."""
    found: list[Sign] = []
    seen: list[datetime] = []
    cuts = [(cut, meter.meter) for meter in facts.meters for cut in meter.lately.cuts if cut.end <= now]
    for cut, meter in sorted(cuts, key=lambda one: one[0].end):
        if any(abs(cut.start - other) <= _SAME for other in seen):
            continue
        seen.append(cut.start)
        start, end = write_stamp(cut.start), write_stamp(cut.end)
        figures: dict[str, Figure] = {"start": start, "end": end, "minutes": (cut.end - cut.start) // _MINUTE}
        found.append(Sign("power_cut", Holds.YES, meter, start, cut.start, figures))
    return found
