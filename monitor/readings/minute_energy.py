"""What was drawn in a stretch of time by register, from its minutes and the readings at its two ends. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from monitor.readings.grid_curves import MinuteFacts
from monitor.readings.rows import moment_of

_MINUTE = 60
#: Wh a minute: more than any household's meter can count.
_MOST = 1000


def drawn_by_register(
    minutes: Iterable[MinuteFacts],
    before: int,
    after: int,
    end: datetime,
    name: Callable[[int | None, int], str],
    breaks: Mapping[datetime, int],
    turns: Collection[datetime] = (),
) -> dict[str, int]:
    """Return the Wh of each register; their sum is `after - before`, less what is no energy.

    A minute's energy counts for the register that ran at its end.

    Args:
        minutes: those that lie in the stretch, also in part, in order.
        before: the reading at its beginning.
        after: the reading at its end.
        end: its end.
        name: gives the name of a supplier register at a moment, in seconds since 1970.
        breaks: by hour, by how much the total changed without energy.
        turns: the hours in which the meter went to other registers: the total is another one then.
    """
    wh: dict[str, int] = {}
    left = dict(breaks)
    last, last_at, register = before, None, None
    for minute in minutes:
        value = minute.total_last if minute.at + _MINUTE <= end.timestamp() else after
        if value is None:
            continue
        register = name(minute.supplier, minute.at)
        passed = 1 if last_at is None else (minute.at - last_at) // _MINUTE
        step, most = value - last, _MOST * max(passed, 1)
        if not 0 <= step <= most:
            hour = moment_of(minute.at).replace(minute=0)
            step -= left.pop(hour, 0)
            if not 0 <= step <= most and (hour in turns or (step > 0 and last_at is not None)):
                step = 0
        wh[register] = wh.get(register, 0) + step
        last, last_at = value, minute.at
    rest = after - last
    if last_at is not None and rest > _MOST * ((int(end.timestamp()) - last_at) // _MINUTE + 1):
        rest = 0
    if rest:
        register = register or name(None, int(end.timestamp()))
        wh[register] = wh.get(register, 0) + rest
    return {register: counted for register, counted in wh.items() if counted}
