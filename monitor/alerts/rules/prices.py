"""Prices that are out of date for long."""

from datetime import date

from monitor.alerts.facts import MeterFacts
from monitor.alerts.signs import Figure, Holds, Sign
from monitor.money.price_status import SEVEN_MONTHS

_MONTH = 30.44  # days


def prices(meter: MeterFacts, today: date) -> list[Sign]:
    """Return whether the prices of the present contract are out of date, and older than seven months."""
    old = [one for one in meter.daily.old_prices if today - one.start > SEVEN_MONTHS]
    if not old:
        since = meter.daily.prices_since
        return [Sign("prices", Holds.NO, meter.meter, figures={} if since is None else _age(since, today))]
    oldest = min(old, key=lambda one: one.start)
    return [Sign("prices", Holds.YES, meter.meter, figures=_age(oldest.start, today) | {"name": oldest.title})]


def _age(start: date, today: date) -> dict[str, Figure]:
    return {"months": int((today - start).days / _MONTH), "oldest": start.isoformat()}
