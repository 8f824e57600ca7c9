"""The letter of a digest, and when it is due."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.alerts.digest_figures import digests, last_period
from monitor.alerts.digest_texts import digest_text
from monitor.alerts.message import Letter
from monitor.base.calendar import DIGESTS
from monitor.base.config import MonitorConfig
from monitor.base.formats import Formats
from monitor.base.household import AlertsConfig
from monitor.money.home import Home

_AT = time(7, 30)  # the hours of the night are rolled up
_LATE = timedelta(days=1)  # that it may come


def digest_due(config: AlertsConfig, now: datetime, zone: ZoneInfo) -> str | None:
    """Return the id of the letter that is due now, for a day after its time; None: there is none. Pure.

    Its time is 07:30 on the day after its period, or the end of quiet hours that hold then.
    """
    if config.digest is None or (config.quiet and config.quiet.holds(now.astimezone(zone).time())):
        return None
    start, end = last_period(DIGESTS[config.digest], now, zone)
    clock = config.quiet.end if config.quiet and config.quiet.holds(_AT) else _AT
    due = datetime.combine(end.astimezone(zone).date(), clock, zone)
    return _id(config.digest, start, zone) if due <= now < due + _LATE else None


def digest_letter(home: Home, config: MonitorConfig, period: str, now: datetime) -> Letter | None:
    """Return the digest of all meters, `period` being daily, weekly or monthly; None: nothing is known of that time.

    Raises:
        DatabaseError: the database is unavailable, or refuses a query.
    """
    by, zone = DIGESTS[period], config.time_zone
    found = digests(home, home.meters(), by, now, zone)
    if not found:
        return None
    title, lines = digest_text(found, Formats(config.message_language, zone))
    start, _ = last_period(by, now, zone)
    return Letter(_id(period, start, zone), title, "\n".join(lines), now, now + _LATE)


def _id(period: str, start: datetime, zone: ZoneInfo) -> str:
    return f"digest/{period}/{start.astimezone(zone).date().isoformat()}"
