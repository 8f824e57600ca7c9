"""Now or later: what a kWh costs now, and when it will cost less, as far as prices are known. Pure.

While a roof exports, part of a kWh that is used now comes from it: it costs what its export would have brought.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from common.contract.frame import write_stamp
from common.contract.offers import TEMPO
from common.contract.prices import PriceSpan
from monitor.base.formats import ten_thousandths
from monitor.live.values import Tariff

_DRAWS = 1000  # W of a machine that uses its kWh within an hour
_LEAST = 100  # W; less is no reason to start a machine


def later(
    meter: str,
    spans: Sequence[PriceSpan],
    tariff: Tariff,
    now: datetime,
    zone: ZoneInfo,
    surplus: int | None = None,
    feed_in: Decimal | None = None,
) -> dict[str, Any]:
    """Return the answer of `later`; keys are always there, null where nothing is known.

    A price that differs by less than a cent counts as the same.

    Args:
        meter: its identifier.
        spans: what a kWh costs from now on, as far as it is known.
        tariff: what the meter says; it knows the colour of its next day.
        now: the present time.
        zone: the local time.
        surplus: what is exported now, VA, taken as W; None: not known.
        feed_in: what an exported kWh brings now, EUR; None: nothing.
    """
    answer: dict[str, Any] = {"meter": meter, "price": None, "surplus": None, "change": None, "cheaper": []}
    coming = [span for span in spans if span.end > now]
    if not coming or coming[0].start > now:
        return answer
    present = coming[0]
    answer["price"] = cost = _price(present)
    if surplus is not None and surplus >= _LEAST:
        own = Decimal(min(surplus, _DRAWS)) / _DRAWS
        cost = round((1 - own) * cost + own * ten_thousandths(feed_in or Decimal(0)))
        answer["surplus"] = {"power": surplus, "price": cost}
    change = next((span for span in coming if _cents(span) != _cents(present)), None)
    if change is not None:
        answer["change"] = {"at": write_stamp(change.start), "price": _price(change)}
    cheaper = [span for span in coming if _cents(span) < _rounded(cost)]
    if cheaper:
        cheapest = min(cheaper, key=_cents)  # the first of them
        choices = [span for span in cheaper[:1] if _cents(span) > _cents(cheapest)] + [cheapest]
        answer["cheaper"] = [
            {"at": write_stamp(span.start), "price": _price(span), "colour": _colour(span, tariff, now, zone)}
            for span in choices
        ]
    return answer


def _price(span: PriceSpan) -> int:
    return round(span.value * 10_000)


def _cents(span: PriceSpan) -> int:
    return _rounded(_price(span))


def _rounded(price: int) -> int:
    return (price + 50) // 100


def _colour(span: PriceSpan, tariff: Tariff, now: datetime, zone: ZoneInfo) -> str | None:
    """Return the colour of a moment of the next Tempo day."""
    today, day = (TEMPO.day_of(moment.astimezone(zone)) for moment in (now, span.start))
    return tariff.tomorrow if day == today + timedelta(days=1) else None
