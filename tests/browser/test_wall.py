"""A screen on the wall (`?mode=kiosk`): nobody scrolls it, nobody touches it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.home import Home
from tests.browser.stand import Stand

#: What people screw to a wall, the display of a Raspberry Pi first.
WALLS = [(800, 480), (1024, 600), (1024, 768), (1280, 720), (1280, 800), (1920, 1080), (2560, 1440), (800, 1280)]
LARGE = [(1920, 1080), (2560, 1440)]


def wall(visit: Visits, size: tuple[int, int], query: str = "") -> Page:
    page = visit(f"?mode=kiosk{query}", viewport={"width": size[0], "height": size[1]})
    expect(page.locator(".today .pair")).to_contain_text("Wh")
    return page


def is_inside(page: Page, selector: str) -> bool:
    box = page.locator(selector).bounding_box()
    size = page.viewport_size
    assert size is not None
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= size["height"] and box["x"] >= 0


@pytest.mark.parametrize("meter", ["tempo", "producer"])  # one phase with colours; three phases
@pytest.mark.parametrize("size", WALLS, ids=str)
def test_all_that_matters_now_stands_on_the_screen(
    visit: Visits, house: Home, size: tuple[int, int], meter: str
) -> None:
    page = wall(visit, size, f"&compteur={getattr(house, meter)}")
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    for selector in (".figure-xl", ".headroom", ".board-now", ".today .pair"):
        assert is_inside(page, selector), selector
    if meter == "tempo":
        assert is_inside(page, ".band-tomorrow")
    else:
        expect(page.locator(".band-tomorrow")).to_be_hidden()


@pytest.mark.parametrize("meter", ["041234567890", "051234560042"])  # as above
@pytest.mark.parametrize("stage", ["overload", "alarm"])
@pytest.mark.parametrize("size", WALLS, ids=str)
def test_an_alert_pushes_nothing_off_the_screen(stand: Stand, size: tuple[int, int], stage: str, meter: str) -> None:
    stand.ask(f"stage/{stage}")
    stand.page.set_viewport_size({"width": size[0], "height": size[1]})
    page = stand.open(f"?mode=kiosk&compteur={meter}")
    expect(page.locator(".notices:visible").first).to_contain_text(re.compile(r"\w"))
    expect(page.locator(".today .pair")).to_contain_text("Wh")
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")
    end = page.evaluate(
        "document.querySelector('.band-tomorrow:not([hidden])')?.getBoundingClientRect().top ?? innerHeight"
    )
    for part in page.locator(".board-now, .board, .today .pair, .today-hours .plot").all():
        box = part.bounding_box()
        assert box is None or box["y"] + box["height"] <= end


@pytest.mark.parametrize("size", LARGE, ids=str)
def test_a_large_screen_is_filled(visit: Visits, size: tuple[int, int]) -> None:
    page = wall(visit, size)
    drawing, band = page.locator(".today-hours").bounding_box(), page.locator(".band-tomorrow").bounding_box()
    assert drawing is not None
    assert band is not None
    assert band["y"] + band["height"] == pytest.approx(size[1], abs=1)
    assert band["width"] == pytest.approx(size[0], abs=1)
    assert band["y"] - (drawing["y"] + drawing["height"]) < 0.05 * size[1]


@pytest.mark.parametrize(("size", "is_shown"), [((768, 1024), False), ((800, 1280), False), ((1920, 1080), True)])
def test_ten_minutes_that_could_not_be_read_are_left_out(stand: Stand, size: tuple[int, int], is_shown: bool) -> None:
    stand.ask("stage/devices")
    stand.page.set_viewport_size({"width": size[0], "height": size[1]})
    expect(stand.open("?mode=kiosk").locator(".minutes .block-head")).to_be_visible(visible=is_shown)


@pytest.mark.parametrize("place", ["", "jour", "bilan", "contrats", "etat"])
def test_nothing_is_shown_that_wants_a_hand(visit: Visits, place: str) -> None:
    page = visit(f"{place}?mode=kiosk")
    wanting = page.locator("nav, button, select, input, summary, .reading, .page-foot")
    assert [one for one in wanting.all() if one.is_visible()] == []


def test_it_is_dark_in_the_hours_that_the_address_names(visit: Visits) -> None:
    assert wall(visit, (800, 480), "&dim=0-24").evaluate("getComputedStyle(document.body).filter") != "none"
    assert wall(visit, (800, 480)).evaluate("getComputedStyle(document.body).filter") == "none"
