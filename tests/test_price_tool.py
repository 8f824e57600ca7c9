"""What maintainers compare the tables of prices with."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from common.errors import ConfigError
from docs.tools.prices import document, newest, regulator, text_of
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
    [
        ("118,36", "18.36"),
        ("18,362", "18.36"),
        ("15,70 c€", "0.1507"),
        ("depuis le 15.07.2026", "0.1507"),
        ("24,71", "24.70"),
    ],
)
def test_a_number_that_is_not_in_the_document_is_told(wrong: str, missing: str) -> None:
    right = {"18.36": "18,36", "0.1507": "15,07 c€", "24.70": "24,70"}[missing]
    (line,) = document(DOCUMENT.replace(right, wrong), ROW)
    assert missing in line


@pytest.mark.parametrize(
    ("text", "there"),
    [("34,00", True), ("34\u00a0€", True), ("34 kVA, TVA 34 %", False), ("12,34 €", False), ("408,00 par an", True)],
)
def test_a_subscription_without_cents_is_no_other_number(text: str, there: bool) -> None:
    row = replace(ROW, kwh={}, subscription={12: Decimal(408)})  # 34 EUR a month
    assert (not list(document(text, row))) is there


def test_a_price_with_many_digits_has_all_of_them() -> None:
    row = replace(ROW, kwh={0: {"BASE": Decimal("0.194321")}}, subscription={})
    assert list(document("0,194321", row)) == []
    assert list(document("0,1943", row)) != []


def _pdf(*lines: str) -> bytes:
    """Return a PDF with lines of text, cut where "|" stands; its objects are found although no table names them."""
    text = " ".join(f"T* ({line.replace('|', ') Tj (')}) Tj" for line in lines).encode("cp1252")
    stream = b"BT /F 12 Tf 14 TL 50 700 Td %s ET" % text
    return (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
        b"4 0 obj<</Length %d>>stream\n%s\nendstream endobj\n"
        b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%%%EOF\n" % (len(stream), stream)
    )


def test_a_pdf_is_read_whatever_its_name_and_a_scan_refused(tmp_path: Path) -> None:
    file = tmp_path / "download"
    file.write_bytes(_pdf("6 kVA  18|,36\xa0€  15,0|7\xa0c€/kWh  0,1966\xa0€/kWh", "9 kVA  24,70\xa0€"))
    assert list(document(text_of(file), ROW)) == []
    file.write_bytes(_pdf())
    with pytest.raises(ConfigError, match="no price"):
        text_of(file)


def test_what_has_no_prices_is_no_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "grille.pdf"
    file.write_text("<!doctype html><title>404</title>", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"grille\.pdf: no price"):
        text_of(file)
    file.write_bytes(_pdf("18,36"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="poppler-utils"):
        text_of(file)


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
