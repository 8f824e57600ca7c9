"""The tools `compare_offers` and `tempo`: which offer would have cost what, and the colours of days."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from common.contract.offers import COLOURS
from monitor.base.answer import Share, answer_type, one_of
from monitor.mcp.words import FROM, METER, TO, Label, asking, euros, label, meter_of
from monitor.money.prices import Kind
from monitor.places.contracts import compare
from monitor.places.contracts import tempo as season
from monitor.places.contracts.tempo import DaysOfColours, TempoChance
from monitor.web.route import ApiRequest, Route

_MOST = 12  # offers, with one's own and the regulated ones
_Colour = Annotated[str, one_of(*COLOURS)] | None


@answer_type
class OfferCost:
    """What an offer would have cost."""

    rank: Annotated[int | None, "1: the cheapest; null: it cannot be compared"]
    offer: str
    supplier: Annotated[str, "empty: the household's own"]
    total_eur: Annotated[float | None, "EUR of the range, all taxes and the subscription included; null: not known"]
    more_than_yours_eur: Annotated[float | None, "EUR; less than 0: cheaper than yours; null: not known"]
    yours: Annotated[bool, "it is the home's present offer"]
    regulated: Annotated[bool, "its prices are regulated"]
    closed: Annotated[bool, "it takes no new contracts"]
    not_compared: Annotated[str | None, "why it has no rank"]
    checked: Annotated[date | None, "when its prices were last looked at"]


@answer_type
class Ranking:
    """What `compare_offers` says."""

    meter: Label
    from_: date
    last_day: date
    wh: Annotated[int, "Wh that were drawn"]
    power_kva: Annotated[int, "subscribed power, kVA: the same for all offers"]
    measured: Annotated[Share, "share of the hours that are known"]
    verdict: Annotated[str | None, "what is concluded"]
    refused: Annotated[str | None, "why nothing is ranked"]
    offers: Annotated[Sequence[OfferCost], f"the cheapest first: {_MOST}, with one's own and the regulated ones"]
    more: Annotated[int, "so many offers more are known"]


def _compare(request: ApiRequest) -> Ranking:
    meter = meter_of(request)
    found = compare.answer(asking(request, meter))
    own = next((one.total for one in found.offers if one.yours and one.total is not None), None)
    shown = [
        one
        for place, one in enumerate(found.offers)
        if (place < _MOST and one.rank is not None) or one.yours or one.kind is Kind.REGULATED
    ]
    return Ranking(
        meter=label(meter),
        from_=found.from_,
        last_day=found.last_day,
        wh=found.wh,
        power_kva=found.power,
        measured=round(found.hours_known / found.hours, 4) if found.hours else 0.0,
        verdict=found.verdict,
        refused=found.refused,
        offers=[
            OfferCost(
                rank=one.rank,
                offer=one.name,
                supplier=one.supplier,
                total_eur=euros(one.total),
                more_than_yours_eur=None if own is None or one.total is None else euros(one.total - own),
                yours=one.yours,
                regulated=one.kind is Kind.REGULATED,
                closed=one.closed,
                not_compared=one.refused,
                checked=one.checked,
            )
            for one in shown
        ],
        more=len(found.offers) - len(shown),
    )


COMPARE = Route(
    "compare_offers",
    "What each electricity offer would have cost (EUR) for what this home drew, by default in the last twelve months.",
    (METER, FROM, TO),
    _compare,
)


@answer_type
class Tempo:
    """What `tempo` says."""

    meter: Label
    subscribed: Annotated[bool, "the home has a Tempo contract"]
    season_from: Annotated[date, "the season runs from 1 September to 31 August"]
    today: _Colour
    tomorrow: _Colour
    used: Annotated[DaysOfColours, "days of each colour up to today"]
    remaining: Annotated[DaysOfColours | None, "days of each colour after today; null: a past day is not known"]
    red_days: Annotated[Sequence[date], "that are known"]
    white_days: Annotated[Sequence[date], "that are known"]
    chances: Annotated[Sequence[TempoChance], "forecast of days that nobody has announced, not facts"]
    source_of_chances: Annotated[str | None, "who forecasts them"]


def _tempo(request: ApiRequest) -> Tempo:
    meter = meter_of(request)
    found = season.answer(asking(request, meter))
    letters = "".join(found.colours.values())
    facts = request.home.facts([meter], request.now).get(meter.number)
    structure = None if facts is None or facts.offer is None else request.home.prices.structure(facts.offer)

    def days(letter: str) -> list[date]:
        return [found.first + timedelta(number) for number, one in enumerate(letters) if one == letter]

    return Tempo(
        meter=label(meter),
        subscribed=structure == "tempo",
        season_from=found.first,
        today=found.today,
        tomorrow=found.tomorrow,
        used=found.used,
        remaining=found.remaining,
        red_days=days(COLOURS["red"].letter),
        white_days=days(COLOURS["white"].letter),
        chances=found.chances,
        source_of_chances=found.source_of_chances,
    )


TEMPO = Route(
    "tempo",
    "Tempo: the colour of today and tomorrow, chances of the next days, red and white days of the season, days left.",
    (METER,),
    _tempo,
)
