from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from monitor.answers.sun import SunAnswer
from monitor.cost.sun import Contradiction, Sun
from monitor.text.formats import Formats
from monitor.text.sun_words import sun_lines

PARIS = ZoneInfo("Europe/Paris")
DAY = Sun(12_400, 7600, 5200, 36_000, Decimal("0.95"), Decimal("0.304"))
KNOWN = SunAnswer([DAY], DAY, datetime(2026, 5, 1, tzinfo=UTC), Decimal("0.304"), 6, None)


def english(found: SunAnswer | None) -> str:
    return " ".join(sun_lines(found, Formats("en", PARIS)))


def test_a_roof_is_told_in_french() -> None:
    assert [line.replace("\u00a0", " ").replace("\u202f", " ") for line in sun_lines(KNOWN, Formats("fr", PARIS))] == [
        "Production : 12,4 kWh, dont 4,80 kWh autoconsommés et 7,60 kWh injectés.",
        "Autoconsommation : 39 % · taux d’autoproduction : 48 %.",
        "Économisé par l’autoconsommation : 0,95 €, au prix du kWh de chaque heure.",
        "Vente du surplus : 0,30 €.",
        "Heures de surplus, où l’injection dépasse le soutirage : 6.",
    ]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (replace(KNOWN, earned=None), "`feed_in`"),
        (replace(KNOWN, periods=[replace(DAY, production_wh=None), DAY]), "since 1 May 2026"),
        (replace(KNOWN, whole=replace(DAY, injected_wh=None)), "does not count exported energy"),
        (replace(KNOWN, contradiction=Contradiction(2, 420, 2480)), "0.42 kWh, but 2.48 kWh exported"),
        (replace(KNOWN, since=None, whole=None), "Surplus sold: €0.30"),
    ],
)
def test_what_is_not_known_or_cannot_be_is_told(found: SunAnswer, words: str) -> None:
    assert words in english(found).replace("\u202f", " ")


def test_a_home_without_sun_has_no_line() -> None:
    assert english(None) == ""
    assert "Production" not in english(replace(KNOWN, since=None, whole=None))


def test_where_nothing_was_injected_nothing_was_sold() -> None:
    unknown = replace(DAY, production_wh=None, injected_wh=None)
    assert english(SunAnswer([unknown], None, None, Decimal(0), 0, None)) == ""
