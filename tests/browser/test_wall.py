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


def expect_nothing_to_scroll(page: Page) -> None:
    """Wait until all is on the screen: a drawing is too high until it has its size, after a frame."""
    page.wait_for_function("() => document.scrollingElement.scrollHeight <= innerHeight")
    page.wait_for_function("() => document.scrollingElement.scrollWidth <= innerWidth")


def expect_inside(page: Page, selector: str) -> None:
    """Wait until a part is whole on the screen."""
    expect(page.locator(selector)).to_be_in_viewport(ratio=1)


#: No part, and no drawing, is covered by the band at the foot.
ABOVE_BAND = """() => {
  const end = document.querySelector('.band-tomorrow:not([hidden])')?.getBoundingClientRect().top ?? innerHeight;
  return [...document.querySelectorAll('.board-now, .board, .today .pair, .today-hours .plot')]
    .every((part) => part.getBoundingClientRect().bottom <= end);
}"""
#: The drawing reaches down to the band, which is as wide as the screen and stands at its foot.
FILLED = """() => {
  const [drawing, band] = ['.today-hours', '.band-tomorrow'].map((part) =>
    document.querySelector(part).getBoundingClientRect());
  return Math.abs(band.bottom - innerHeight) <= 1 && Math.abs(band.width - innerWidth) <= 1
    && band.top - drawing.bottom < 0.05 * innerHeight;
}"""


@pytest.mark.parametrize("meter", ["tempo", "producer"])  # one phase with colours; three phases
@pytest.mark.parametrize("size", WALLS, ids=str)
def test_all_that_matters_now_stands_on_the_screen(
    visit: Visits, house: Home, size: tuple[int, int], meter: str
) -> None:
    page = wall(visit, size, f"&compteur={getattr(house, meter)}")
    expect_nothing_to_scroll(page)
    for selector in (".figure-xl", ".headroom", ".board-now", ".today .pair"):
        expect_inside(page, selector)
    if meter == "tempo":
        expect_inside(page, ".band-tomorrow")
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
    expect_nothing_to_scroll(page)
    page.wait_for_function(ABOVE_BAND)


@pytest.mark.parametrize("size", LARGE, ids=str)
def test_a_large_screen_is_filled(visit: Visits, size: tuple[int, int]) -> None:
    wall(visit, size).wait_for_function(FILLED)


@pytest.mark.parametrize(("size", "is_shown"), [((768, 1024), False), ((800, 1280), False), ((1920, 1080), True)])
def test_ten_minutes_that_could_not_be_read_are_left_out(stand: Stand, size: tuple[int, int], is_shown: bool) -> None:
    stand.ask("stage/devices")
    stand.page.set_viewport_size({"width": size[0], "height": size[1]})
    expect(stand.open("?mode=kiosk").locator(".minutes .block-head")).to_be_visible(visible=is_shown)


@pytest.mark.parametrize("place", ["", "jour", "bilan", "contrats", "etat"])
def test_nothing_is_shown_that_wants_a_hand(visit: Visits, place: str) -> None:
    page = visit(f"{place}?mode=kiosk")
    wanting = page.locator("nav, button, select, input, summary, .reading, .page-foot")
    expect(wanting.locator("visible=true")).to_have_count(0)


def test_it_is_dark_in_the_hours_that_the_address_names(visit: Visits) -> None:
    assert wall(visit, (800, 480), "&dim=0-24").evaluate("getComputedStyle(document.body).filter") != "none"
    assert wall(visit, (800, 480)).evaluate("getComputedStyle(document.body).filter") == "none"
