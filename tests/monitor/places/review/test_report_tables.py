"""Reports, comparisons and prices on a terminal: tables.fr.txt and tables.en.txt."""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.base.formats import Formats
from monitor.money.bill import Cost, add_up
from monitor.money.costs import Answer, Period, join
from monitor.money.price_document import read_document
from monitor.money.price_files import Change
from monitor.money.price_status import OldPrice, PricedAs
from monitor.money.prices import Kind, PricedOffer, PriceRow, PriceTable
from monitor.money.rule_document import read_rule
from monitor.places.contracts.comparison import Comparison, OfferCost, Question
from monitor.places.contracts.terminal import OfferTables
from monitor.places.contracts.usage_curve import Why
from monitor.places.review.report import Tables
from monitor.readings.hours import Meter
from monitor.readings.periods import Energy
from tests.support.golden import check_sentences

START = datetime(2026, 11, 9, 23, tzinfo=UTC)
DAY = timedelta(days=1)
METER = Meter(1, "031961000001", None, None)


def day(number: int, wh: Mapping[str, int], cost: str) -> Period:
    start = START + number * DAY
    seconds = 86_400 if wh else 0
    return Period(Energy(start, start + DAY, wh, None, 0, 0, seconds, 86_400), Cost(energy=Decimal(cost)))


class AllTables(Tables, OfferTables):
    """What `report`, `compare` and `prices` print."""


Printed = Callable[[AllTables], None]


def report(*periods: Period, now: datetime = START + 99 * DAY, **values: Any) -> Printed:
    whole = Period(join([one.energy for one in periods]), add_up(one.cost for one in periods))
    answer = Answer(METER, periods, whole, {}, [], [], **values)
    return lambda tables: tables.energy(answer, "day", date(2026, 8, 1), None, None, START - DAY, now)


def comparison(*offers: OfferCost, days: int = 365, lost: int = 0, **values: Any) -> Comparison:
    question = Question(START - days * DAY, START, 9, "tempo", date(2026, 11, 10))
    ranked = tuple(replace(cost, rank=place if cost.rankable else None) for place, cost in enumerate(offers, 1))
    return Comparison(question, 160_000, days * 24, Decimal(days * 24), days * 24 - lost, ranked, **values)


def compared(found: Comparison, asked: datetime | None = None) -> Printed:
    return lambda tables: tables.comparison(METER, found, asked or found.question.start)


def refused(supplier: str, name: str, kind: Kind | None = Kind.REGULATED, **values: Any) -> OfferCost:
    return OfferCost(PricedOffer(name, supplier, name, kind, checked=date(2026, 2, 1)), False, **values)


def changed(after: Mapping[int, int], power: int | None) -> Printed:
    kwh = {0: {"WE": Decimal("0.15"), "HCHP": Decimal("0.2")}}
    before = PriceRow("mine", date(2026, 8, 1), kwh, {6: Decimal(120), 9: Decimal(168)})
    now = replace(before, subscription={kva: Decimal(amount) for kva, amount in after.items()})
    return lambda tables: tables.price_changes([Change("mine", "Doux", read_rule(RULE, "rule"), before, now)], power)


BASE, TEMPO = (
    OfferCost(PricedOffer("base", "EDF", "Base"), False, Decimal(1500), Decimal(150)),
    OfferCost(PricedOffer("tempo", "EDF", "Tempo"), True, Decimal(1250), Decimal(150)),
)
OLD = OldPrice("trv-tempo", "Tempo", date(2026, 8, 1), "tarif_bleu.yaml", regulated=True)
OWN = OldPrice("zen", "zen", date(2026, 3, 1), "prices.yaml")
SEEN = OldPrice("base", "EDF · Base", date(2026, 7, 1), "offers.yaml", market=True)
ASSUMED = PricedAs("EDF · Tarif Bleu, option Tempo", assumed=True)
RULE = {
    "days": {"we": {"weekdays": ["sat", "sun"]}, "week": "always"},
    "hours": {"we": {"WE": "rest"}, "week": {"HCHP": "rest"}},
}
ROW = {"from": date(2026, 8, 1), "kwh": {"WE": 0.15, "HCHP": 0.2}}
FILE = read_document({"offers": [{"id": "mine", "name": "Doux", "rule": RULE, "rows": [ROW]}]}, "prices.yaml")
ONE = day(0, {"BASE": 1}, "1")
THREE = [day(number, {"BASE": 4000}, "0.80") for number in range(3)]
MIXED = {"OTHER": 1, "EASF03": 1, "BBRHPJR": 1, "BBRHCJW": 1, "BBRHPJB": 1, "BBRHCJB": 1}
CASES: Mapping[str, Printed] = {
    "bars by share and a total": report(day(0, {"BASE": 5000}, "1.5"), day(1, {"BASE": 10_000}, "13")),
    "a range that is not over is said up to today": report(*THREE, now=START + DAY + timedelta(hours=1)),
    "registers have the order of the contract": report(day(0, MIXED, "1")),
    "a time without data is a sentence": report(*(day(number, {}, "0") for number in range(9))),
    "days across new year show their year": report(*(day(number, {"BASE": 1000}, "1") for number in range(50, 54))),
    "prices that are out of date": report(ONE, old=(OLD, OWN)),
    "prices that are assumed": report(ONE, priced_as=ASSUMED),
    "a verdict on a year has no reserve": compared(comparison(TEMPO, BASE)),
    **{
        f"a verdict on {days} days says so in its first words": compared(comparison(TEMPO, BASE, days=days))
        for days in (42, 60, 130, 335)
    },
    "a cheaper offer on two months": compared(comparison(replace(BASE, energy=Decimal(1200)), TEMPO, days=60)),
    "a range that was hardly measured has no table and no verdict": compared(
        comparison(TEMPO, BASE, days=20, lost=408, recovered_wh=159_000, withheld=Why.HOURS)
    ),
    "recovered energy that forbids a verdict": compared(
        comparison(TEMPO, BASE, recovered_wh=40_000, withheld=Why.RECOVERED)
    ),
    **{
        f"{quarters} quarters without a price of the market": compared(
            comparison(TEMPO, refused("Sobry", "SoFlex", unknown={Why.SPOT: quarters}))
        )
        for quarters in (1, 1200)
    },
    "one offer alone is no table": compared(comparison(TEMPO, refused("EDF", "HC", unknown={Why.WINDOWS: 480}))),
    "offers that lack the same are told in one sentence and have no rank": compared(
        comparison(
            TEMPO,
            BASE,
            *(refused("Sélia", name, energy=Decimal(1), withheld=Why.OLD) for name in ("un", "deux")),
            refused("Sélia", "trois", None, energy=Decimal(1), withheld=Why.OLD),
        )
    ),
    "of many offers the cheapest and one's own are shown": compared(
        comparison(
            *(OfferCost(PricedOffer(f"n{n}", "", f"offre {n}"), False, Decimal(1000 + n)) for n in range(20)), TEMPO
        )
    ),
    "a comparison that begins later than was asked": compared(
        comparison(TEMPO, BASE, days=60), asked=START - 360 * DAY
    ),
    "a comparison with prices that are assumed": compared(replace(comparison(TEMPO, BASE), priced_as=ASSUMED)),
    "a comparison with prices that are out of date": compared(comparison(TEMPO, BASE, old=(OLD, SEEN))),
    "a newer table changes what nobody sees": changed({6: 120, 9: 168}, None),
    "a newer table changes a subscription": changed({6: 120, 9: 180}, None),
    "a newer table changes that of another power": changed({6: 120, 9: 180}, 6),
    "prices with the words of their rule": lambda tables: tables.prices(
        [(FILE.rows[0], FILE.origin)], PriceTable([FILE]), 9
    ),
}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_fits_is_shown_whole_and_what_is_missing_is_said(language: str) -> None:
    output = io.StringIO()
    for name, printed in CASES.items():
        output.write(f"== {name}\n")
        printed(AllTables(output, Formats(language, ZoneInfo("Europe/Paris"))))
    check_sentences(Path(__file__).with_name("tables"), language, output.getvalue().splitlines())
