"""Single devices on the page: what is on, what a run cost, and their share of the home."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from common.contract.source_minutes import SourceMinute
from tests.browser.conftest import Visits
from tests.browser.home import YESTERDAY, Home
from tests.browser.test_views import HOURS, findings, open_all, with_meter
from tests.browser.test_wall import WALLS, expect_inside, expect_nothing_to_scroll, wall
from tests.support.sources import write_source
from tests.support.storing import client

CAR = "Voiture électrique"
SMALLEST = WALLS[0]
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(scope="module")
def behind_no_meter(house: Home) -> None:
    """A car that took 100 Wh in each hour of the last two days, and charges for an hour; it is behind no meter."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    start = now.replace(minute=5) - 50 * _HOUR
    minutes = {start + hour * _HOUR: SourceMinute(60, 100 * hour, power=100) for hour in range(50)}
    charging = {now + number * _MINUTE: SourceMinute(60, 4900, power=7360) for number in range(-2, 60)}
    write_source(client(house.database), CAR, "device", minutes | charging)


@pytest.fixture
def car(house: Home, behind_no_meter: None) -> Iterator[None]:
    """The car behind a meter."""
    with house.behind(house.tempo, CAR):
        yield


@pytest.mark.usefixtures("car")
@pytest.mark.parametrize(("device", "theme"), [("desk", "light"), ("phone", "dark")])
def test_what_is_on_now(visit: Visits, house: Home, device: str, theme: str) -> None:
    page = visit(with_meter("", house.tempo), device, theme=theme)
    expect(page.locator(".running")).to_contain_text(re.compile(rf"{CAR} 7\s360\sW"))
    assert findings(page) == []


@pytest.mark.usefixtures("car")
@pytest.mark.parametrize(("device", "theme"), [("desk", "light"), ("phone", "dark")])
def test_devices_of_a_day_and_of_a_run(visit: Visits, house: Home, device: str, theme: str) -> None:
    page = visit(with_meter(f"jour/{YESTERDAY}?t=03:00..05:00", house.tempo), device, theme=theme)
    expect(page.locator(".measured")).to_contain_text(re.compile(rf"dont {CAR} 0,20\skWh \(0,0\d\s€\)"))
    energy = f"{HOURS / 10:.2f}".replace(".", ",")  # and on a red day more than a euro
    expect(page.locator(".devices")).to_contain_text(
        re.compile(rf"{CAR}{energy}\skWh\d+\s%\d,\d\d\s€Reste de la maison")
    )
    open_all(page)
    assert findings(page) == []


@pytest.mark.usefixtures("car")
def test_devices_of_a_month_in_english(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"bilan/{YESTERDAY:%Y-%m}", house.tempo))
    page.get_by_text("English").first.click()
    expect(page.locator(".devices")).to_contain_text("Rest of the home")
    open_all(page)
    assert findings(page) == []


@pytest.mark.parametrize("path", ["", f"jour/{YESTERDAY}", f"bilan/{YESTERDAY:%Y-%m}"], ids=["now", "day", "month"])
def test_a_home_without_devices_sees_no_trace_and_asks_for_none(visit: Visits, house: Home, path: str) -> None:
    page = visit(with_meter(path, house.tempo))
    expect(page.locator(".devices, .running")).to_have_count(0)
    assert not [url for url in visit.asked if "api/v1/devices" in url]


@pytest.mark.usefixtures("car")
@pytest.mark.parametrize("size", WALLS, ids=str)
def test_what_is_on_stands_in_a_line_on_a_wall_that_has_room(visit: Visits, house: Home, size: tuple[int, int]) -> None:
    page = wall(visit, size, f"&compteur={house.tempo}")
    running = page.locator(".running")
    if size == SMALLEST:
        expect(running).to_be_hidden()
    else:
        expect(running).to_contain_text(CAR)
        expect_inside(page, ".running")
    expect_nothing_to_scroll(page)
    expect_inside(page, ".band-tomorrow")
    assert page.evaluate("shifts") == []
