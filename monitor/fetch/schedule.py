"""When a provider is asked: once a day at a moment of this installation's own, later and later after failures. Pure.

Not everybody asks at the same second: the moment is random within the provider's window, and stays the same.
"""

import hashlib
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=6)
#: What lies further ahead was noted while the clock was wrong.
FURTHEST = timedelta(days=2)
_LONGEST_WAIT = timedelta(days=1)  # that a service may ask for


def daily_moment(seed: str, key: str, window: tuple[time, time], now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next daily moment after `now` (aware), in UTC.

    Args:
        seed: of this installation.
        key: of the provider.
        window: local time, from and to.
        now: the present.
        zone: the local time.
    """
    begin, end = (timedelta(hours=one.hour, minutes=one.minute) for one in window)
    digest = hashlib.sha256(f"{seed} {key}".encode()).digest()
    within = begin + (end - begin) * (int.from_bytes(digest[:4], "big") / 2**32)
    day = now.astimezone(zone).date()
    while True:
        midnight = datetime.combine(day, time.min)
        moment = (midnight + within).replace(tzinfo=zone, microsecond=0).astimezone(UTC)
        if moment > now:
            return moment
        day += _DAY


def after_failure(now: datetime, failures: int, retry_after: float | None, chance: float) -> datetime:
    """Return when to ask again after so many failures in a row.

    Args:
        now: the present.
        failures: 1 or more.
        retry_after: seconds that the service asked to wait.
        chance: 0 to 1, random: who failed together does not come back together.
    """
    doubled = 1 << min(failures - 1, 10)
    pause = min(FIRST_PAUSE * doubled, LONGEST_PAUSE) * (0.75 + chance / 2)
    if retry_after is not None:
        pause = max(pause, min(timedelta(seconds=retry_after), _LONGEST_WAIT))
    return now + pause


def is_due(now: datetime, next_at: float | None) -> bool:
    """Tell whether it is time; also where the time was noted by a clock that was ahead."""
    if next_at is None:
        return True
    there = now.timestamp()
    return next_at <= there or next_at > there + FURTHEST.total_seconds()
