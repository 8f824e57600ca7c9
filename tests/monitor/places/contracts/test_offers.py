"""Which offers a contract may have."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from monitor.money.prices import PricedOffer, PriceFile, PriceRow, PriceTable
from monitor.places.contracts.offers import ROUTE
from monitor.web.route import ApiRequest
from tests.support.api import sent
from tests.support.json_schema import check
from tests.support.prices import bundled_prices


def offered(prices: PriceTable) -> list[dict[str, Any]]:
    found = sent(ROUTE.answer(cast("ApiRequest", SimpleNamespace(home=SimpleNamespace(prices=prices)))))
    check(found, ROUTE.schema)
    offers: list[dict[str, Any]] = found["offers"]
    return offers


def file(*offers: PricedOffer, own: bool = False) -> PriceFile:
    rows = [PriceRow(one.id, date(2026, 2, 1), {0: {"BASE": Decimal("0.2")}}, {6: Decimal(150)}) for one in offers]
    return PriceFile("mine" if own else "offers.yaml", tuple(rows), offers, own=own)


GREEN = PricedOffer("green", "Volt", "Vert")


def test_an_offer_is_told_with_its_supplier_and_its_name() -> None:
    assert offered(PriceTable([file(GREEN)])) == [{"id": "green", "supplier": "Volt", "name": "Vert"}]


def test_ones_own_offers_those_without_prices_and_those_that_no_meter_can_compute_are_left_out() -> None:
    refused = PricedOffer("driven", refused="driven_charge")
    bare = replace(file(), offers=(PricedOffer("bare"),))
    assert offered(PriceTable([file(PricedOffer("mine"), own=True), file(GREEN, refused), bare])) == [
        {"id": "green", "supplier": "Volt", "name": "Vert"}
    ]


def test_the_regulated_offers_come_first() -> None:
    assert [one["id"] for one in offered(bundled_prices())[:2]] == ["trv-base", "trv-hphc"]
