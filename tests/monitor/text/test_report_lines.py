from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from monitor.answers.devices import DevicesAnswer
from monitor.answers.forecasts import Forecast
from monitor.answers.sun import SunAnswer
from monitor.cost.devices import Above, Device
from monitor.cost.sun import Contradiction, Sun
from monitor.text.formats import Formats
from monitor.text.report_lines import device_lines, forecast_line, sun_lines

FRENCH, ENGLISH = (Formats(language, ZoneInfo("Europe/Paris")) for language in ("fr", "en"))
DAY = Sun(12_400, 7600, 5200, 36_000, Decimal("0.95"), Decimal("0.304"))
KNOWN = SunAnswer([DAY], DAY, datetime(2026, 5, 1, tzinfo=UTC), Decimal("0.304"), 6, None)
CAR = Device("voiture", [5000, 7400], [Decimal("0.8"), Decimal("1.2")])
NEW = Device("cave", [None, None], [None, None])
START, END = datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)


def plain(lines: Iterable[str | None]) -> list[str]:
    return [(line or "").replace("\u00a0", " ").replace("\u202f", " ") for line in lines]


def english(found: SunAnswer | None) -> str:
    return " ".join(plain(sun_lines(found, ENGLISH)))


def test_a_roof_is_told_in_french() -> None:
    assert plain(sun_lines(KNOWN, FRENCH)) == [
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
    assert words in english(found)


def test_a_home_without_sun_or_devices_has_no_line_of_them() -> None:
    assert english(None) == ""
    assert "Production" not in english(replace(KNOWN, since=None, whole=None))
    unknown = replace(DAY, production_wh=None, injected_wh=None)  # nothing was injected, so nothing was sold
    assert english(SunAnswer([unknown], None, None, Decimal(0), 0, None)) == ""
    assert not list(device_lines(None, FRENCH))


def test_each_device_and_the_rest_with_their_shares() -> None:
    assert plain(device_lines(DevicesAnswer([CAR, NEW], 31_000, 18_600, Decimal("3.5"), None), FRENCH)) == [
        "voiture : 12,4 kWh · 2,00 € · 40 % de la maison",
        "Reste de la maison : 18,6 kWh · 3,50 € · 60 % de la maison",
    ]
    above = DevicesAnswer([CAR], 10_000, -2400, None, Above(1, 12_400, 10_000))
    *_, rest, told = plain(device_lines(above, FRENCH))
    assert rest == "Reste de la maison : −2,40 kWh"
    assert "12,4 kWh pour 10,0 kWh consommés" in told


def test_a_forecast_is_said_in_euros_where_prices_are_known_else_in_kwh() -> None:
    energy = Forecast(START, END, START, 0, None, None, 612_300, 580_000, 1_650_000)
    money = Forecast(START, END, START, 0, 0, None, 612_300, 580_000, 1_650_000, 1_234_999, 1_150_000, 13_105_000)
    assert plain([forecast_line(energy, ENGLISH), forecast_line(money, FRENCH)]) == [
        "Forecast from 1 November 2026 to 30 November 2026: 612.3 kWh, between 580.0 kWh and 1,650 kWh four times"
        " out of five.",
        "Prévision du 1er novembre 2026 au 30 novembre 2026 : 123 € (612,3 kWh), entre 115 € et 1 310 € quatre fois"
        " sur cinq.",
    ]
    assert "14" in (forecast_line(replace(energy, expected_wh=None, why_not="few_days"), ENGLISH) or "")
    assert forecast_line(replace(energy, expected_wh=None, why_not="no_year"), ENGLISH) is None
    assert forecast_line(None, ENGLISH) is None
