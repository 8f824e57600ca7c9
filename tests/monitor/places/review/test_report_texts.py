"""Sentences below a report: report.fr.txt and report.en.txt."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.base.formats import Formats
from monitor.money.forecast import Forecast
from monitor.places.review.report import forecast_line
from monitor.sources.devices import Above, Device, DevicesAnswer
from monitor.sources.sources import Measured
from monitor.sources.sun import SunAnswer
from monitor.sources.sun_energy import Contradiction, Sun
from tests.support.golden import check_sentences

DAY = Sun(12_400, 7600, 5200, 36_000, Decimal("0.95"), Decimal("0.304"))
UNKNOWN = replace(DAY, production_wh=None, injected_wh=None)
KNOWN = SunAnswer([DAY], DAY, datetime(2026, 5, 1, tzinfo=UTC), Decimal("0.304"), 6, None)
CAR = Device("voiture", [5000, 7400], [Decimal("0.8"), Decimal("1.2")])
NEW = Device("cave", [None, None], [None, None])
START, END = datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)
ENERGY = Forecast(START, END, START, 0, None, None, 612_300, 580_000, 1_650_000)
MONEY = replace(ENERGY, expected_cost=1_234_999, low_cost=1_150_000, high_cost=13_105_000)


def sun_lines(sun: SunAnswer | None, formats: Formats) -> Iterable[str]:
    return Measured(sun=sun).lines(formats)


def device_lines(devices: DevicesAnswer | None, formats: Formats) -> Iterable[str]:
    return Measured(devices=devices).lines(formats)


CASES: Mapping[str, Callable[[Formats], Iterable[str | None]]] = {
    "a roof": partial(sun_lines, KNOWN),
    "no price of what is sold": partial(sun_lines, replace(KNOWN, earned=None)),
    "a roof since a day": partial(sun_lines, replace(KNOWN, periods=[replace(DAY, production_wh=None), DAY])),
    "a meter that does not count what is exported": partial(
        sun_lines, replace(KNOWN, whole=replace(DAY, injected_wh=None))
    ),
    "more exported than made": partial(sun_lines, replace(KNOWN, contradiction=Contradiction(2, 420, 2480))),
    "only what is sold is known": partial(sun_lines, replace(KNOWN, since=None, whole=None)),
    "no sun": partial(sun_lines, None),
    "nothing was injected, so nothing was sold": partial(
        sun_lines, SunAnswer([UNKNOWN], None, None, Decimal(0), 0, None)
    ),
    "each device and the rest with their shares": partial(
        device_lines, DevicesAnswer([CAR, NEW], 31_000, 18_600, Decimal("3.5"), None)
    ),
    "devices above the home": partial(
        device_lines, DevicesAnswer([CAR], 10_000, -2400, None, Above(1, 12_400, 10_000))
    ),
    "no devices": partial(device_lines, None),
    "a forecast in kWh, where a price is not known": lambda f: [forecast_line(ENERGY, f)],
    "a forecast in euros": lambda f: [forecast_line(MONEY, f)],
    "too few days for a forecast": lambda f: [forecast_line(replace(ENERGY, expected_wh=None, why_not="few_days"), f)],
    "no forecast": lambda f: [
        forecast_line(replace(ENERGY, expected_wh=None, why_not="no_year"), f),
        forecast_line(None, f),
    ],
}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_is_known_has_its_sentences_and_the_rest_none(language: str) -> None:
    formats = Formats(language, ZoneInfo("Europe/Paris"))
    told: list[str] = []
    for name, lines in CASES.items():
        told += [f"== {name}", *(line for line in lines(formats) if line is not None)]
    check_sentences(Path(__file__).with_name("report"), language, told)
