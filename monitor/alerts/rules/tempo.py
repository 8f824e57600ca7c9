"""Red or white tomorrow: told when the meter announces it, and again in the evening. Pure."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.contract.offers import TEMPO
from monitor.alerts.signs import Holds, Sign
from monitor.live.chain import HouseNow

REMINDED_AT = time(21)
_NEAR = timedelta(minutes=3)  # the clocks of the meter and of this machine may differ by so much
_DAY = timedelta(days=1)

#: What a kWh in peak hours costs, 1e-4 EUR: of a meter, on a day, of a colour; None: not known.
Price = Callable[[str, date, str], int | None]


def signs(house: HouseNow, zone: ZoneInfo, price: Price) -> list[Sign]:
    """Return the signs of a moment."""
    day, before, after = (TEMPO.day_of((house.at + by).astimezone(zone)) for by in (timedelta(0), -_NEAR, _NEAR))
    if before != after:  # to the meter, tomorrow may be another day than to us
        return []
    reminder = _is_evening(house.at.astimezone(zone))
    tomorrow = (day + _DAY).isoformat()
    return [
        Sign(
            meter.tomorrow,
            Holds.YES,
            meter.identifier,
            f"{tomorrow}/reminder" if reminder else tomorrow,
            figures={
                "day": tomorrow,
                "price": price(meter.identifier, day + _DAY, meter.tomorrow),
                "reminder": int(reminder),
            },
        )
        for meter in house.meters
        if meter.speaking and meter.tomorrow in ("red", "white")
    ]


def _is_evening(local: datetime) -> bool:
    """Tell whether it is late on a Tempo day, which ends at six in the morning."""
    return local.time() >= REMINDED_AT or local.time() < TEMPO.day_starts
