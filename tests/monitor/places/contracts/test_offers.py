"""The offers that a contract may have."""

from types import SimpleNamespace
from typing import Any, cast

from monitor.money.prices import PricedOffer, PriceFile, PriceTable
from monitor.places.contracts.offers import answer


def test_offers_come_by_supplier_and_one_s_own_come_first() -> None:
    offers = (PricedOffer("zen", "EDF", "Zen"), PricedOffer("mine"), PricedOffer("eco", "alpiq", "Éco"))
    prices = PriceTable([PriceFile("bundled", offers=offers)])
    request = cast("Any", SimpleNamespace(home=SimpleNamespace(prices=prices)))
    found = [(one.id, one.supplier, one.name) for one in answer(request).offers]
    assert found == [("mine", "", "mine"), ("eco", "alpiq", "Éco"), ("zen", "EDF", "Zen")]


def test_the_structure_of_a_meter_leads_to_the_regulated_offer() -> None:
    offers = (PricedOffer("trv-tempo", "EDF", "Tarif Bleu Tempo", meter="tempo"), PricedOffer("zen", "EDF", "Zen"))
    prices = PriceTable([PriceFile("bundled", offers=offers)])
    request = cast("Any", SimpleNamespace(home=SimpleNamespace(prices=prices)))
    assert [(one.id, one.structure) for one in answer(request).offers] == [("trv-tempo", "tempo"), ("zen", None)]
