"""Now or later: what a kWh costs now, and when it will cost less, as far as prices are known. Pure.

While a roof exports, part of a kWh that is used now comes from it: it costs what its export would have brought.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from common.contract.offers import COLOURS, TEMPO
from common.contract.prices import PriceSpan
from monitor.base.answer import answer_type, one_of
from monitor.base.formats import ten_thousandths
from monitor.live.values import Tariff
from monitor.money.amounts import Assumed

_DRAWS = 1000  # W of a machine that uses its kWh within an hour
_LEAST = 100  # W; less is no reason to start a machine

_Price = Annotated[int, "1e-4 EUR a kWh, all taxes included"]


@answer_type
class Surplus:
    """What a roof exports now."""

    power: Annotated[int, "exported now, W"]
    price: _Price


@answer_type
class PriceChange:
    """Another price."""

    at: datetime
    price: _Price


@answer_type
class CheaperPrice:
    """A price that is lower than that of now."""

    at: datetime
    price: _Price
    colour: Annotated[
        Annotated[str, one_of(*COLOURS)] | None, "of the next Tempo day; null: before it, or without Tempo"
    ]


@answer_type
class Later:
    """The answer of `later`."""

    meter: str
    price: Annotated[int | None, "now, 1e-4 EUR a kWh, all taxes included; null: not known"] = None
    assumed: Assumed = False
    surplus: Annotated[
        Surplus | None,
        "while a roof exports 100 W or more: a kWh that is used within an hour from now, at the price of feed_in as"
        " far as the surplus goes; null: less is exported",
    ] = None
    change: Annotated[PriceChange | None, "the next price that differs by 0.01 EUR; null: none is known"] = None
    cheaper: Annotated[
        Sequence[CheaperPrice],
        "the next price cheaper than that of now, with its surplus, and the cheapest; empty: none is known",
    ] = ()


def later(
    meter: str,
    spans: Sequence[PriceSpan],
    tariff: Tariff,
    now: datetime,
    zone: ZoneInfo,
    surplus: int | None = None,
    feed_in: Decimal | None = None,
) -> Later:
    """Return the answer of `later`.

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
    coming = [span for span in spans if span.end > now]
    if not coming or coming[0].start > now:
        return Later(meter)
    present = coming[0]
    cost, own_energy = _price(present), None
    if surplus is not None and surplus >= _LEAST:
        own = Decimal(min(surplus, _DRAWS)) / _DRAWS
        cost = round((1 - own) * cost + own * ten_thousandths(feed_in or Decimal(0)))
        own_energy = Surplus(surplus, cost)
    change = next((span for span in coming if _cents(span) != _cents(present)), None)
    return Later(
        meter,
        _price(present),
        present.assumed,
        own_energy,
        None if change is None else PriceChange(change.start, _price(change)),
        [CheaperPrice(span.start, _price(span), _colour(span, tariff, now, zone)) for span in _cheaper(coming, cost)],
    )


def _cheaper(coming: Sequence[PriceSpan], cost: int) -> list[PriceSpan]:
    """Return the first span that is cheaper, and the cheapest of all."""
    cheaper = [span for span in coming if _cents(span) < _rounded(cost)]
    if not cheaper:
        return []
    cheapest = min(cheaper, key=_cents)  # the first of them
    return [span for span in cheaper[:1] if _cents(span) > _cents(cheapest)] + [cheapest]


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
