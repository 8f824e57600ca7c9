"""The sun on the page: what a roof made, what was used and what was sold of it; and the same weather a year before."""

import json
import re
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import expect

from common.contract.source_minutes import SourceMinute
from tests.browser.conftest import Visits
from tests.browser.home import PARIS, YESTERDAY, Home
from tests.browser.stand import Stand
from tests.browser.test_views import END, HOURS, findings, open_all, with_meter
from tests.browser.visit import DEVICES, expect_to_fit
from tests.support.programs import wait_until
from tests.support.sources import write_source
from tests.support.storing import client

ROOF = "toit"
LOOKS = [("desk", "light"), ("desk", "dark"), ("phone", "light"), ("phone", "dark")]
OWN = 100  # Wh in each hour
HEIGHT = "(one) => one.offsetHeight"
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
FIRST = YESTERDAY - timedelta(days=29)  # on a dark day of winter the simulated roof makes too little to sell any
HOURS_OF_MONTH = (END - datetime.combine(FIRST, time(), PARIS).astimezone(UTC)) // _HOUR
OWN_OF_DAY = f"{OWN * HOURS / 1000:.2f}".replace(".", ",")  # kWh
OWN_OF_MONTH = f"{OWN * HOURS_OF_MONTH / 1000:.1f}".replace(".", ",")


@pytest.fixture(scope="module")
def roof(house: Home) -> Iterator[None]:
    """A roof that made all that the producer's meter injected, and 100 Wh more in each hour; 1,260 W for an hour.

    It is in the monitor's answers, too, which come a minute later.
    """
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    start = now.replace(minute=0) - 24 * 40 * _HOUR
    injected = dict(
        house.query(
            "SELECT h.hour, h.injected_wh FROM hours h JOIN meters m ON m.id = h.meter_id WHERE m.identifier = %s",
            house.producer,
        )
    )
    energy = 0
    minutes = {start - _MINUTE: SourceMinute(60, energy, power=0)}
    for hour in range(24 * 40):
        begin = start + hour * _HOUR
        made = OWN + int(injected.get(begin.replace(tzinfo=None)) or 0)
        energy += made
        minutes[begin + _HOUR - _MINUTE] = SourceMinute(60, energy, power=made)
    present = {now + number * _MINUTE: SourceMinute(60, energy, power=1260) for number in range(-2, 60)}
    write_source(client(house.database), ROOF, "production", minutes | present)
    with house.behind(house.producer, ROOF):
        wait_until(lambda: is_live(house), 150, "the roof in the monitor's answers")
        yield


def is_live(house: Home) -> bool:
    """Tell whether the monitor's look at the producer's day is one with the roof."""
    with urllib.request.urlopen(f"{house.address}api/v1/live?meter={house.producer}") as answer:
        return json.load(answer)["production"] is not None


@pytest.mark.usefixtures("roof")
@pytest.mark.parametrize(("device", "theme"), LOOKS)
@pytest.mark.parametrize(
    ("path", "part", "text"),
    [
        ("", ".flows", r"^Toit 1\s260\sW\s*Réseau −?[\d\s]+\sW$"),
        (
            f"jour/{YESTERDAY}",
            ".key-values",
            rf"Production.*dont {OWN_OF_DAY}\skWh autoconsommés.*Taux d’autoproduction\d+\s%",
        ),
        (f"bilan/{FIRST}..{YESTERDAY}", ".key-values", rf"Production.*dont {OWN_OF_MONTH}\skWh autoconsommés.*Vendu"),
    ],
    ids=["now", "day", "month"],
)
def test_what_a_roof_made(visit: Visits, house: Home, path: str, part: str, text: str, device: str, theme: str) -> None:
    page = visit(with_meter(path, house.producer), device, theme=theme)
    expect(page.locator(part).first).to_contain_text(re.compile(text))
    assert page.evaluate("shifts") == []
    open_all(page)
    assert findings(page) == []


@pytest.mark.parametrize("device", ["desk", "phone"])
def test_nothing_moves_when_the_roof_begins_to_make_and_to_sell(stand: Stand, device: str) -> None:
    stand.page.set_viewport_size(DEVICES[device]["viewport"])
    stand.ask("stage/dawn")
    page = stand.open("?compteur=051234560042")
    expect(page.locator(".flows")).to_contain_text(re.compile(r"^Toit 0\sW"))
    at_dawn = page.locator(".power").evaluate(HEIGHT)
    stand.ask("stage/ok")
    expect(page.locator(".flows")).to_contain_text(re.compile(r"^Toit 1\s260\sW"))
    assert page.locator(".power").evaluate(HEIGHT) == at_dawn


@pytest.mark.parametrize(("device", "theme"), LOOKS)
def test_a_month_is_compared_at_equal_weather(stand: Stand, device: str, theme: str) -> None:
    stand.page.set_viewport_size(DEVICES[device]["viewport"])
    stand.page.emulate_media(color_scheme=theme)
    page = stand.open("bilan")
    expect(page.locator(".against")).to_contain_text(re.compile(r"−12\s% à météo égale.*La température explique"))
    assert page.evaluate("shifts") == []
    expect_to_fit(page)
    assert findings(page) == []
