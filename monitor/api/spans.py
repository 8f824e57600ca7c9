"""Ranges, numbers and choices that routes of the history are given. Refusals are for people, in French."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.api.call import Call, Refused
from monitor.api.parameters import check_range, time_of
from monitor.calendar import midnight
from monitor.readings.hours import Meter

_HOUR = timedelta(hours=1)


def range_of(
    call: Call, meter: Meter, longest: timedelta, last: timedelta | None = None
) -> tuple[datetime, datetime] | None:
    """Return the range that is asked about; None if neither it nor a default has anything.

    Args:
        call: the question; the range begins with the first energy that is known, and ends now.
        meter: the meter.
        longest: a longer range is refused.
        last: without `from`, the range is this long at most.

    Raises:
        Refused: the range is wrong or too long.
    """
    start, end = time_of(call, "from"), time_of(call, "to")
    if start is not None and end is not None:
        check_range(start, end, longest)
        return start, end
    first = call.answers.first(meter)
    if first is None:
        return None
    chosen_end = end or max(call.now, first + _HOUR)
    chosen = start or (first if last is None else max(first, chosen_end - last))
    if chosen >= chosen_end and (start is None or start >= call.now):
        return None
    check_range(chosen, chosen_end, longest)
    return chosen, chosen_end


def whole_days(call: Call, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Return a range from local midnight to local midnight that holds all of another one."""
    zone = call.config.time_zone
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    return midnight(start.astimezone(zone).date(), zone), midnight(last + timedelta(1), zone)


def one_day(call: Call, moment: datetime) -> tuple[datetime, datetime]:
    """Return the beginning and the end of the local day of an instant."""
    return whole_days(call, moment, moment + timedelta(microseconds=1))


def number_of(call: Call, name: str, least: int, most: int) -> int | None:
    """Return a whole number, None if the parameter is not there.

    Raises:
        Refused: it is none, or too small or too large.
    """
    text = call.parameters.get(name)
    if text is None:
        return None
    # Python reads other digits than ASCII, too, and underscores; and a long text takes it long.
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most))) or not least <= int(text) <= most:
        raise Refused(400, f"{name} doit être un nombre entier de {least} à {most}.")
    return int(text)


def choice_of(call: Call, name: str, choices: Sequence[str]) -> str:
    """Return one of some words, the first if the parameter is not there.

    Raises:
        Refused: it is another word.
    """
    text = call.parameters.get(name, choices[0])
    if text not in choices:
        raise Refused(400, f"{name} doit être l'un de : {', '.join(choices)}.")
    return text


def choices_of(call: Call, name: str, choices: Sequence[str], default: Sequence[str]) -> frozenset[str]:
    """Return the words of a list with commas between them.

    Raises:
        Refused: one is none of the choices.
    """
    text = call.parameters.get(name)
    words = default if text is None else text.split(",")
    if not set(words) <= set(choices):
        raise Refused(400, f"{name} est une liste de : {', '.join(choices)}.")
    return frozenset(words)
