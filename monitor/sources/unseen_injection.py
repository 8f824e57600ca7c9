"""Recognises a home that injects while its meter does not count it: the meter is not in producer mode. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from monitor.readings.rows import moment_of

#: How far back it is looked.
SPAN = timedelta(days=14)
#: A minute of so much moves an index that counts it, even with a low power factor; currents are rounded to 1 A.
LEAST = 500  # VA
_DAYS, _MINUTES = 2, 30  # at least: a meter that is read badly for an hour is no roof
_DAYLIGHT = range(7, 21)  # local hours
_MOST_AT_NIGHT = 10  # percent of them


@dataclass(frozen=True, slots=True)
class UnseenInjection:
    """What was probably injected in the last days, and not counted."""

    days: int
    minutes: int
    power: int  # VA: the mean, from a current that is rounded to 1 A


def judge(minutes: Sequence[tuple[int, int]], zone: ZoneInfo) -> UnseenInjection | None:
    """Return what minutes tell in which power flows and no index moves, each with its start and VA; None: nothing.

    By night there is no sun: then it is something else.
    """
    local = [moment_of(at).astimezone(zone) for at, _ in minutes]
    days = {at.date() for at in local}
    by_night = sum(at.hour not in _DAYLIGHT for at in local)
    if len(days) < _DAYS or len(local) < _MINUTES or by_night * 100 > _MOST_AT_NIGHT * len(local):
        return None
    return UnseenInjection(len(days), len(local), round(sum(power for _, power in minutes) / len(minutes)))
