"""Reports on a terminal: what fits is shown whole, whatever its width."""

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.answers.costs import Answer, Period, join
from monitor.cost.bill import Cost, add_up
from monitor.cost.comparison import Comparison, OfferCost, Question
from monitor.cost.whose import PricedAs
from monitor.cost.why import Why
from monitor.prices.age import OldPrice
from monitor.prices.document import read_document
from monitor.prices.model import Kind, PricedOffer, PriceRow, PriceTable
from monitor.prices.rule_document import read_rule
from monitor.prices.update import Change
from monitor.readings.hours import Meter
from monitor.readings.periods import Energy
from monitor.report.tables import Tables
from monitor.text.formats import Formats

START = datetime(2026, 11, 9, 23, tzinfo=UTC)
DAY = timedelta(days=1)
METER = Meter(1, "031961000001", None, None)
FRENCH = Formats("fr", ZoneInfo("Europe/Paris"))


def day(number: int, wh: Mapping[str, int], cost: str) -> Period:
    start = START + number * DAY
    seconds = 86_400 if wh else 0
    return Period(Energy(start, start + DAY, wh, None, 0, 0, seconds, 86_400), Cost(energy=Decimal(cost)))


def report(
    *periods: Period,
    old: tuple[OldPrice, ...] = (),
    priced_as: PricedAs | None = None,
    now: datetime = START + 99 * DAY,
) -> str:
    whole = Period(join([one.energy for one in periods]), add_up(one.cost for one in periods))
    answer = Answer(METER, periods, whole, {}, [], [], old, priced_as)
    output = io.StringIO()
    Tables(output, FRENCH).energy(answer, "day", date(2026, 8, 1), None, None, START - DAY, now)
    return output.getvalue()


def test_a_range_that_is_not_over_is_said_up_to_today() -> None:
    days = [day(number, {"BASE": 4000}, "0.80") for number in range(3)]
    text = report(*days, now=START + DAY + timedelta(hours=1))
    assert "du 10 novembre 2026 au 11 novembre 2026" in text
    assert "au 12 novembre 2026" in report(*days)


def test_a_table_has_bars_by_share_and_a_total() -> None:
    periods = (day(0, {"BASE": 5000}, "1.5"), day(1, {"BASE": 10_000}, "13"))
    whole = Period(join([one.energy for one in periods]), add_up(one.cost for one in periods))
    answer = Answer(METER, periods, whole, {}, [], [], ())
    table = """
 Day           kWh                                Cost   Measured
 ────────────────────────────────────────────────────────────────
 Tue 10 Nov   5.00   ████████████                €1.50       100%
 Wed 11 Nov   10.0   ████████████████████████   €13.00       100%

 Total        15.0                              €14.50       100%
"""
    output = io.StringIO()
    Tables(output, Formats("en", FRENCH.zone)).energy(answer, "day", None, None, None, START, START + 99 * DAY)
    assert output.getvalue().replace("\u202f", " ").partition("\n")[2].startswith(table)


def test_registers_have_the_order_of_the_contract() -> None:
    mixed = {"OTHER": 1, "EASF03": 1, "BBRHPJR": 1, "BBRHCJW": 1, "BBRHPJB": 1, "BBRHCJB": 1}
    text = report(day(0, mixed, "1"))
    names = ["Bleu, heures creuses", "Bleu, heures pleines", "Blanc, heures creuses", "Rouge, heures pleines"]
    places = [text.index(name) for name in [*names, "Registre EASF03", "Hors contrat"]]
    assert places == sorted(places)


def test_a_time_without_data_is_a_sentence() -> None:
    text = report(*(day(number, {}, "0") for number in range(9)))
    assert (
        text.replace("\u00a0", " ")
        == "Aucune donnée du 10 novembre 2026 au 18 novembre 2026. La première lecture date\ndu 9 novembre 2026.\n"
    )


def comparison(*offers: OfferCost, days: int = 365, lost: int = 0, **values: Any) -> Comparison:
    question = Question(START - days * DAY, START, 9, "tempo", date(2026, 11, 10))
    ranked = tuple(replace(cost, rank=place if cost.rankable else None) for place, cost in enumerate(offers, 1))
    return Comparison(question, 160_000, days * 24, Decimal(days * 24), days * 24 - lost, ranked, **values)


def compared(
    found: Comparison,
    asked: datetime | None = None,
) -> str:
    output = io.StringIO()
    Tables(output, FRENCH).comparison(METER, found, asked or found.question.start)
    return output.getvalue()


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


BASE, TEMPO = (
    OfferCost(PricedOffer("base", "EDF", "Base"), False, Decimal(1500), Decimal(150)),
    OfferCost(PricedOffer("tempo", "EDF", "Tempo"), True, Decimal(1250), Decimal(150)),
)


def test_a_verdict_on_a_year_has_no_reserve() -> None:
    assert "\nVotre contrat est le moins cher" in compared(comparison(TEMPO, BASE))


@pytest.mark.parametrize(
    ("days", "begins"),
    [
        (42, "Sur 42 jours (sans hiver), votre contrat"),  # from 29 September
        (60, "Sur deux mois (sans hiver), votre contrat"),
        (130, "Sur quatre mois (sans hiver), votre contrat"),
        (335, "Sur onze mois, votre contrat"),
    ],
)
def test_a_verdict_on_a_part_of_a_year_says_so_in_its_first_words(days: int, begins: str) -> None:
    assert begins in words(compared(comparison(TEMPO, BASE, days=days)))


def test_a_cheaper_offer_on_two_months_is_told_as_such() -> None:
    cheaper = replace(BASE, energy=Decimal(1200))
    text = words(compared(comparison(cheaper, TEMPO, days=60)))
    sentence = "Sur deux mois (sans hiver), avec vos habitudes inchangées, EDF · Base aurait coûté 50,00 € de moins"
    sentence += " (parmi 2 offres aux prix récents)."
    assert sentence in text


def test_a_range_that_was_hardly_measured_has_no_table_and_no_verdict() -> None:
    found = comparison(TEMPO, BASE, days=20, lost=408, recovered_wh=159_000, withheld=Why.HOURS)
    text = words(compared(found))
    assert "Il manque 408 heures de mesure sur 480 : le prix n’est pas calculé, il faut neuf heures sur dix." in text
    assert "159,0 kWh sur 160,0 ont été rattrapés" in text
    for part in ("Rang", "Total", "moins cher", "1 400,00"):
        assert part not in text


def test_recovered_energy_that_forbids_a_verdict_is_told_in_figures() -> None:
    text = words(compared(comparison(TEMPO, BASE, recovered_wh=40_000, withheld=Why.RECOVERED)))
    assert "Non classé : 40,0 kWh sur 160,0 ont été rattrapés" in text
    assert "moins cher" not in text


@pytest.mark.parametrize(("quarters", "said"), [(1, "pour 1 quart d’heure."), (1200, "pour 1 200 quarts d’heure.")])
def test_quarters_without_a_price_of_the_market_are_counted(quarters: int, said: str) -> None:
    unknown = OfferCost(PricedOffer("spot", "Sobry", "SoFlex", Kind.REGULATED), False, unknown={Why.SPOT: quarters})
    assert f"Prix spot absent {said}" in words(compared(comparison(TEMPO, unknown)))


def test_one_offer_alone_is_no_table() -> None:
    unknown = OfferCost(PricedOffer("hchp", "EDF", "Heures creuses", Kind.REGULATED), False, unknown={Why.WINDOWS: 480})
    text = words(compared(comparison(TEMPO, unknown)))
    assert "Rien à comparer : une seule offre peut être calculée." in text
    assert "Vos heures creuses ne sont pas connues" in text
    assert "(EDF · Heures creuses)" in text
    assert "Rang" not in text
    assert "moins cher" not in text


def test_offers_that_lack_the_same_are_told_in_one_sentence_and_have_no_rank() -> None:
    old = [
        OfferCost(PricedOffer(name, "Sélia", name, kind, checked=date(2026, 2, 1)), False, Decimal(1), withheld=Why.OLD)
        for name, kind in (("un", Kind.REGULATED), ("deux", Kind.REGULATED), ("trois", None))
    ]
    found = comparison(TEMPO, BASE, *old)
    text = words(compared(found))
    assert "Autres offres, non classées : 1" in text
    assert "Prix vus pour la dernière fois le 1er février 2026" in text
    assert "(Sélia · un ; Sélia · deux)" in text


def test_of_many_offers_the_cheapest_and_ones_own_are_shown() -> None:
    many = [OfferCost(PricedOffer(f"n{n}", "", f"offre {n}"), False, Decimal(1000 + n)) for n in range(20)]
    text = words(compared(comparison(*many, TEMPO)))
    assert [f"offre {n} " in text for n in range(14)] == [True] * 12 + [False] * 2
    assert "21 1 400,00 € EDF · Tempo (votre contrat)" in text
    assert "Autres offres : 8" in text


def test_a_comparison_that_begins_later_than_was_asked_says_so() -> None:
    found = comparison(TEMPO, BASE, days=60)
    text = words(compared(found, asked=found.question.start - 300 * DAY))
    assert "Relevés depuis le 11 septembre 2026 à 1 h 00 seulement : la comparaison commence là." in text
    assert "commence là" not in compared(found)


OLD = OldPrice("trv-tempo", "Tempo", date(2026, 8, 1), "tarif_bleu.yaml", regulated=True)


def test_a_cost_of_prices_that_are_out_of_date_says_so_below() -> None:
    own = OldPrice("zen", "zen", date(2026, 3, 1), "prices.yaml")
    text = words(report(day(0, {"BASE": 1}, "1"), old=(OLD, own)))
    assert "Prix à vérifier : la grille Tempo date du 1er août 2026, et les prix réglementés changent le 1er" in text
    assert "la grille zen date du 1er mars 2026, il y a plus de sept mois." in text
    assert "à vérifier" not in report(day(0, {"BASE": 1}, "1"))


def test_prices_that_are_assumed_are_named_beside_the_cost_and_in_a_comparison() -> None:
    whose = PricedAs("EDF · Tarif Bleu, option Tempo", assumed=True)
    text = words(report(day(0, {"BASE": 1}, "1"), priced_as=whose))
    assert "Prix : Tarif Bleu d’EDF, supposé." in text
    assumed = replace(comparison(TEMPO, BASE), priced_as=whose)
    assert "(votre contrat, supposé)" in words(compared(assumed))


def test_a_comparison_with_prices_that_are_out_of_date_says_so() -> None:
    assert "la grille Tempo date du 1er août 2026" in words(compared(comparison(TEMPO, BASE, old=(OLD,))))
    seen = OldPrice("base", "EDF · Base", date(2026, 7, 1), "offers.yaml", market=True)
    assert "EDF · Base (prix du 01/07/2026)" in words(compared(comparison(TEMPO, BASE, old=(seen,))))


def test_days_across_new_year_show_their_year() -> None:
    across = report(*(day(number, {"BASE": 1000}, "1") for number in range(50, 54)))
    assert "mer. 30/12/2026" in across
    assert "sam. 02/01/2027" in across
    inside = report(*(day(number, {"BASE": 1000}, "1") for number in range(4)))
    assert "mar. 10/11 " in inside


@pytest.mark.parametrize(
    ("after", "power", "before", "now"),
    [
        ({6: 120, 9: 168}, None, "", ""),
        ({6: 120, 9: 180}, None, ", 9 kVA 168,00 €/an", ", 9 kVA 180,00 €/an"),
        ({6: 120, 9: 180}, 6, ", 6 kVA 120,00 €/an", ", 6 kVA 120,00 €/an"),
    ],
)
def test_what_a_newer_table_changes_is_shown(
    after: Mapping[int, int], power: int | None, before: str, now: str
) -> None:
    kwh = {0: {"WE": Decimal("0.15"), "HCHP": Decimal("0.2")}}
    old = PriceRow("mine", date(2026, 8, 1), kwh, {6: Decimal(120), 9: Decimal(168)})
    new = replace(old, subscription={kva: Decimal(amount) for kva, amount in after.items()})
    days = {"we": {"weekdays": ["sat", "sun"]}, "week": "always"}
    rule = read_rule({"days": days, "hours": {"we": {"WE": "rest"}, "week": {"HCHP": "rest"}}}, "rule")
    output = io.StringIO()
    Tables(output, FRENCH).price_changes([Change("mine", "Doux", rule, old, new)], power)
    prices = "Le week-end 0,1500, Heures pleines 0,2000 €/kWh"
    assert words(output.getvalue()).strip() == f"Doux [mine] : {prices}{before} → {prices}{now}"


def test_prices_are_shown_with_the_words_of_their_rule() -> None:
    rule = {"days": {"we": {"weekdays": ["sat", "sun"]}, "week": "always"}}
    rule["hours"] = {"we": {"WE": "rest"}, "week": {"HCHP": "rest"}}
    row = {"from": date(2026, 8, 1), "kwh": {"WE": 0.15, "HCHP": 0.2}}
    file = read_document({"offers": [{"id": "mine", "name": "Doux", "rule": rule, "rows": [row]}]}, "prices.yaml")
    output = io.StringIO()
    Tables(output, FRENCH).prices([(file.rows[0], file.origin)], PriceTable([file]), 9)
    assert output.getvalue().splitlines() == [
        "mine (Doux), depuis le 1er août 2026 (prices.yaml)",
        "  Le week-end 0,1500, Heures pleines 0,2000 €/kWh",
    ]
