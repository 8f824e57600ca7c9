"""What maintainers compare the tables of prices with."""

from datetime import date
from decimal import Decimal

import pytest

from common.errors import ConfigError
from docs.tools.prices import document, newest, regulator
from monitor.prices.cre import read_cre
from monitor.prices.model import PricedOffer, PriceFile, PriceRow
from tests.monitor.prices.test_cre import BASE

ROW = PriceRow(
    "zen",
    date(2026, 8, 1),
    {0: {"HC": Decimal("0.1507"), "HP": Decimal("0.1966")}},
    {6: Decimal("18.36") * 12, 9: Decimal("24.7") * 12},
)
DOCUMENT = "Grille du 1er août 2026\n6 kVA  18,36  15,07 c€  19,66 c€\n9 kVA  24,70\n"


def test_a_row_whose_digits_all_stand_in_the_document_is_right() -> None:
    assert list(document(DOCUMENT, ROW)) == []
    assert list(document("18.36 24.70 0.1507 0,1966", ROW)) == []


@pytest.mark.parametrize(
    ("wrong", "missing"),
    [("118,36", "18.36"), ("18,362", "18.36"), ("15,70 c€", "0.1507"), ("24,71", "24.70")],
)
def test_a_number_that_is_not_in_the_document_is_told(wrong: str, missing: str) -> None:
    right = {"18.36": "18,36", "0.1507": "15,07 c€", "24.70": "24,70"}[missing]
    (line,) = document(DOCUMENT.replace(right, wrong), ROW)
    assert missing in line


def test_what_the_regulator_has_otherwise_is_told() -> None:
    theirs = read_cre(BASE.encode(), "Option_Base.csv")
    ours = PriceFile("ours", offers=(PricedOffer("trv-base", meter="base"),))
    assert all("no such row" in line for line in regulator(theirs, ours))
    same = PriceFile(
        "ours",
        tuple(PriceRow("trv-base", row.start, row.kwh, row.subscription) for row in theirs.rows),
        offers=ours.offers,
    )
    assert list(regulator(theirs, same)) == []
    row = theirs.rows[-1]
    power = min(row.subscription)
    dearer = PriceFile(
        "ours",
        tuple(
            PriceRow("trv-base", one.start, one.kwh, {kva: amount * 2 for kva, amount in one.subscription.items()})
            for one in theirs.rows
        ),
        offers=ours.offers,
    )
    assert any(f"{power} kVA" in line for line in regulator(theirs, dearer))


def test_an_offer_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="zan"):
        newest([PriceFile("ours", (ROW,))], "zan")
