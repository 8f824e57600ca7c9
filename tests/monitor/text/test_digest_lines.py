"""Digests as people read them on a phone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.answers.costs import Answer, Period
from monitor.answers.digest import Digest
from monitor.answers.forecasts import Forecast
from monitor.calendar import midnight
from monitor.cost.bill import Cost, Missing
from monitor.cost.weather import AtEqualWeather, Fit, WhyNot
from monitor.cost.whose import PricedAs
from monitor.readings.hours import Meter
from monitor.readings.periods import Energy
from monitor.readings.power import Peak
from monitor.text.digest_lines import digest_text
from monitor.text.formats import Formats

PARIS = ZoneInfo("Europe/Paris")
METER = Meter(1, "031961000001", None, None)
TEMPO = {"BBRHCJB": 20_100, "BBRHPJB": 40_200, "BBRHCJW": 5000, "BBRHPJW": 11_000, "BBRHCJR": 3000, "BBRHPJR": 4900}
PEAK = Peak(datetime(2026, 11, 20, 19, 4, tzinfo=UTC), 6420, None)


def period(
    first: date, end: date, wh: Mapping[str, int], cost: Cost | None = None, missing: int = 0, **energy: Any
) -> Period:
    start, until = midnight(first, PARIS), midnight(end, PARIS)
    seconds = int((until - start).total_seconds())
    found = Energy(start, until, wh, None, 0, 0, seconds - missing, seconds)
    return Period(replace(found, **energy), cost or Cost(missing=[Missing(first, None, "contract")]))


def priced(subscription: str = "0", **registers: str) -> Cost:
    amounts = {name: Decimal(amount) for name, amount in registers.items()}
    return Cost(sum(amounts.values(), Decimal(0)), Decimal(subscription), amounts)


def week(wh: Mapping[str, int], cost: Cost | None = None, **energy: Any) -> Period:
    return period(date(2026, 11, 16), date(2026, 11, 23), wh, cost, **energy)


def digest(whole: Period, by: str = "week", meter: Meter = METER, **more: Any) -> Digest:
    known = {
        "before": None,
        "peak": None,
        "base_load": None,
        "tempo_left": None,
        "forecast": None,
        "weather": None,
        **more,
    }
    return Digest(by, Answer(meter, [whole], whole, {}, [], []), **known)


def told(*digests: Digest, language: str = "fr") -> list[str]:
    title, lines = digest_text(digests, Formats(language, PARIS))
    return [line.replace("\u202f", " ").replace("\u00a0", " ") for line in (title, *lines)]


NOVEMBER = Forecast(
    midnight(date(2026, 11, 1), PARIS),
    midnight(date(2026, 12, 1), PARIS),
    midnight(date(2026, 11, 23), PARIS),
    so_far_wh=310_000,
    so_far_cost=700_000,
    expected_wh=412_400,
    low_wh=390_000,
    high_wh=450_000,
    expected_cost=824_000,
    low_cost=744_900,
    high_cost=911_000,
)
FULL = digest(
    week(
        TEMPO,
        priced("3.20", BBRHCJB="2.66", BBRHPJB="6.48", BBRHCJW="0.75", BBRHPJW="2.06", BBRHCJR="0.47", BBRHPJR="3.46"),
        missing=3600 * 5,
        recovered_wh=3200,
    ),
    before=period(date(2026, 11, 9), date(2026, 11, 16), {"BBRHPJB": 78_700}, priced(BBRHPJB="15.90")),
    peak=PEAK,
    base_load=180,
    tempo_left={"blue": 280, "white": 30, "red": 12},
    forecast=NOVEMBER,
)


@pytest.mark.parametrize(("language", "name"), [("fr", "Tarif Bleu d’EDF, supposé"), ("en", "EDF Tarif Bleu, assumed")])
def test_a_cost_at_prices_that_are_assumed_says_whose_they_are(language: str, name: str) -> None:
    assumed = replace(FULL, answer=replace(FULL.answer, priced_as=PricedAs("EDF", assumed=True)))
    assert name in told(assumed, language=language)[1]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "fr",
            [
                "Semaine du 16/11 au 22/11",
                "84,2 kWh · 19,08 €",
                "Écart avec sem. 46 : +7 % en kWh, +20 % en €",
                "Bleu : HC 20,1 · HP 40,2 kWh · 9,14 €",
                "Blanc : HC 5,00 · HP 11,0 kWh · 2,81 €",
                "Rouge : HC 3,00 · HP 4,90 kWh · 3,93 €",
                "Pointe 6 420 VA ven. 20/11 · talon 180 W",
                "Jours restants : bleu 280, blanc 30, rouge 12",
                "Prévision nov. 2026 : 82 € (74 € à 91 €)",
                "Mesuré à 97 % · rattrapé 3,20 kWh",
            ],
        ),
        (
            "en",
            [
                "Week from 16 Nov to 22 Nov",
                "84.2 kWh · €19.08",
                "Against week 46: +7% in kWh, +20% in €",
                "Blue: off-peak 20.1 · peak 40.2 kWh · €9.14",
                "White: off-peak 5.00 · peak 11.0 kWh · €2.81",
                "Red: off-peak 3.00 · peak 4.90 kWh · €3.93",
                "Peak 6,420 VA Fri 20 Nov · base load 180 W",
                "280 blue, 30 white, 12 red days left",
                "Nov 2026 expected: €82 (€74 to €91)",
                "97% measured · 3.20 kWh recovered",
            ],
        ),
    ],
)
def test_all_there_is_to_say_fits_a_phone(language: str, expected: list[str]) -> None:
    assert told(FULL, language=language) == expected


def test_a_day_of_one_register_is_short() -> None:
    whole = period(date(2026, 11, 24), date(2026, 11, 25), {"BASE": 9500}, priced("0.50", BASE="1.84"))
    before = period(date(2026, 11, 17), date(2026, 11, 18), {"BASE": 9500}, priced("0.50", BASE="1.90"))
    assert told(digest(whole, "day", before=before, peak=PEAK)) == [
        "Mardi 24 novembre",
        "9,50 kWh · 2,34 €",
        "Écart avec mar. 17/11 : ±0 % en kWh, −2 % en €",
        "Pointe 6 420 VA à 20 h 04",
    ]


def test_the_first_of_a_month_is_written_as_people_say_it() -> None:
    first = digest(period(date(2026, 12, 1), date(2026, 12, 2), {"BASE": 9500}), "day")
    assert [told(first, language=language)[0] for language in ("fr", "en")] == [
        "Mardi 1er décembre",
        "Tuesday 1 December",
    ]


def test_january_is_compared_with_december_of_the_year_before_and_months_by_the_day() -> None:
    january = period(date(2027, 1, 1), date(2027, 2, 1), {"BASE": 310_000}, priced(BASE="62"))
    december = period(date(2026, 12, 1), date(2027, 1, 1), {"BASE": 620_000}, priced(BASE="31"))
    assert told(digest(january, "month", before=december))[::2] == [
        "Janvier 2027",
        "Écart avec déc. 2026 : −50 % en kWh, +100 % en €",
    ]
    february = period(date(2027, 2, 1), date(2027, 3, 1), {"BASE": 280_000}, priced(BASE="56"))
    assert told(digest(february, "month", before=january), language="en")[2] == (
        "Per day, against Jan 2027: ±0% in kWh, ±0% in €"
    )


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (None, "9,00 kWh · prix inconnu"),
        (
            Cost(Decimal("1.5"), missing=[Missing(date(2026, 11, 20), "base", "BASE")]),
            "9,00 kWh · 1,50 € (partiel)",
        ),
    ],
)
def test_a_cost_that_is_not_known_is_neither_shown_nor_compared(cost: Cost | None, text: str) -> None:
    before = period(date(2026, 11, 9), date(2026, 11, 16), {"BASE": 4500}, priced(BASE="1"))
    assert told(digest(week({"BASE": 9000}, cost), before=before))[1:] == [text, "Écart avec sem. 46 : +100 % en kWh"]


def test_a_forecast_without_prices_is_of_energy_and_one_that_says_why_not_is_left_out() -> None:
    unpriced = replace(NOVEMBER, expected_cost=None, low_cost=None, high_cost=None)
    assert told(digest(week({"BASE": 9000}), forecast=unpriced))[2:] == [
        "Prévision nov. 2026 : 412 kWh (390 kWh à 450 kWh)"
    ]
    why_not = Forecast(NOVEMBER.start, NOVEMBER.end, NOVEMBER.until, 1000, None, "few_days")
    assert told(digest(week({"BASE": 9000}), forecast=why_not))[2:] == []


def test_two_kinds_of_hours_have_a_line_each_and_the_subscription_another() -> None:
    lines = told(digest(week({"HCHP": 6000, "HCHC": 3000}, priced("4.53", HCHP="1.24", HCHC="0.47"))))
    assert lines[1:] == [
        "9,00 kWh · 6,24 €",
        "HC : 3,00 kWh · 0,47 €",
        "HP : 6,00 kWh · 1,24 €",
        "Abonnement : 4,53 €",
    ]


def test_the_first_week_says_since_when() -> None:
    three_days = 3 * 86_400
    lines = told(digest(week({"BASE": 9000}, covered=three_days, expected=three_days)))
    assert lines[2:] == ["Relevés depuis ven. 20/11"]


def test_what_a_producer_exported_is_there() -> None:
    assert told(digest(week({"BASE": 9000}, injected_wh=12_300)))[1] == ("9,00 kWh · prix inconnu · injecté 12,3 kWh")


def test_the_smallest_of_many_registers_share_a_line() -> None:
    wh = {f"EASF{number:02}": 1000 * number for number in range(1, 7)}
    lines = told(digest(week(wh, priced(EASF01="0.1", EASF02="0.2", EASF06="0.6"))))
    assert lines[2:] == [
        "Registre EASF04 : 4,00 kWh",
        "Registre EASF05 : 5,00 kWh",
        "Registre EASF06 : 6,00 kWh · 0,60 €",
        "Autres : 6,00 kWh · 0,30 €",
    ]


def test_two_meters_share_ten_lines_and_keep_what_matters() -> None:
    garage = digest(week({"BASE": 1000}), meter=Meter(2, "031961000002", None, None, name="Garage"))
    named = replace(FULL, answer=replace(FULL.answer, meter=replace(METER, name="Maison")))
    assert told(named, garage) == [
        "Semaine du 16/11 au 22/11",
        "Maison : 84,2 kWh · 19,08 €",
        "Écart avec sem. 46 : +7 % en kWh, +20 % en €",
        "Prévision nov. 2026 : 82 € (74 € à 91 €)",
        "Mesuré à 97 % · rattrapé 3,20 kWh",
        "Garage : 1,00 kWh · prix inconnu",
    ]


JANUARY = period(date(2026, 1, 1), date(2026, 2, 1), {"BASE": 900_000}, priced(BASE="180"))
COLDER = AtEqualWeather(31, 409.6, 315.0, 900_000, 878_000, Fit(2140, 0.784), None, -0.1232)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("fr", "À météo égale avec janv. 2025 : −12 % en kWh"),
        ("en", "At equal weather, against Jan 2025: −12% in kWh"),
    ],
)
def test_a_month_is_compared_at_equal_weather(language: str, line: str) -> None:
    assert line in told(digest(JANUARY, "month", weather=COLDER), language=language)


def test_weather_that_explains_little_has_no_line() -> None:
    weak = replace(COLDER, why_not=WhyNot.WEAK, change=None)
    assert told(digest(JANUARY, "month", weather=weak)) == told(digest(JANUARY, "month"))
