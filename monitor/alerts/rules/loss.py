"""Frames that a reader counted and that never came."""

from datetime import timedelta

from common.contract.frame import write_stamp
from monitor.alerts.facts import MeterFacts
from monitor.alerts.recent import Loss
from monitor.alerts.signs import Figure, Holds, Sign

_HOUR = timedelta(hours=1)
_ONE = timedelta(days=1)  # between the hours of one loss, at most
_EDGE = timedelta(days=7)  # what begins earlier may have begun before what was looked at, so its first hour is unknown


def loss(meter: MeterFacts) -> list[Sign]:
    """Return the losses of the last week; hours that follow each other within a day are one loss."""
    together: list[list[Loss]] = []
    for one in meter.daily.losses:
        if together and one.hour - together[-1][-1].hour <= _ONE:
            together[-1].append(one)
        else:
            together.append([one])
    return [_sign(meter, hours) for hours in together if hours[0].hour >= meter.daily.at - _EDGE]


def _sign(meter: MeterFacts, hours: list[Loss]) -> Sign:
    first, end = hours[0].hour, hours[-1].hour + _HOUR
    frames = sum(one.frames for one in hours)
    figures: dict[str, Figure] = {"frames": frames, "start": write_stamp(first), "end": write_stamp(end)}
    return Sign("loss", Holds.YES, meter.meter, write_stamp(first), first, figures)
