"""A day: zoom, pan, select and compare, with mouse, keys and fingers. The address tells what happened."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.home import Home
from tests.browser.test_views import TODAY, YESTERDAY, with_meter

PLOT = ".day-plot"
DAY = f"jour/{YESTERDAY}"


def parameter(page: Page, name: str) -> list[float] | None:
    """Return a range of the address in minutes of the day."""
    values = parse_qs(urlsplit(page.url).query).get(name)
    return None if values is None else [minutes(clock) for clock in values[0].split("..")]


def minutes(clock: str) -> float:
    return sum(int(part) * scale for part, scale in zip(clock.split(":"), (60, 1, 1 / 60), strict=False))


def wait_for_parameter(page: Page, name: str) -> list[float]:
    page.wait_for_function("(name) => new URLSearchParams(location.search).has(name)", arg=name)
    page.wait_for_timeout(300)  # the address follows a movement with a debounce
    found = parameter(page, name)
    assert found is not None
    return found


@pytest.fixture
def day(visit: Visits, house: Home) -> Page:
    page = visit(with_meter(DAY, house.tempo))
    page.wait_for_selector(f"{PLOT} canvas")
    return page


def test_a_stretch_that_is_dragged_over_is_measured(day: Page) -> None:
    box = day.locator(f"{PLOT} .u-over").bounding_box()
    assert box is not None
    day.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60)
    day.mouse.down()
    day.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=5)
    day.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 60, steps=5)
    day.mouse.up()
    start, end = wait_for_parameter(day, "t")
    assert abs(start - 720) < 10
    assert abs(end - 1080) < 10
    expect(day.locator(".reading").first).to_contain_text(re.compile(r"kWh.*€.*max .*VA à"))


def test_keys_move_the_cursor_select_zoom_and_turn_the_page(day: Page) -> None:
    day.focus(PLOT)
    day.keyboard.press("ArrowRight")
    assert re.search("VA", day.get_attribute(PLOT, "aria-valuetext") or "")
    for _ in range(6):
        day.keyboard.press("Shift+ArrowRight")
    start, end = wait_for_parameter(day, "t")
    assert end > start
    day.keyboard.press("Escape")
    day.keyboard.press("+")
    low, high = wait_for_parameter(day, "z")
    assert high - low < 1000
    day.keyboard.press("0")
    day.wait_for_function("() => !new URLSearchParams(location.search).has('z')")
    day.evaluate("document.activeElement.blur()")
    day.keyboard.press("ArrowLeft")
    day.wait_for_url(re.compile(f"{YESTERDAY - timedelta(days=1)}"))
    day.wait_for_selector(f"{PLOT} canvas")
    day.keyboard.press("t")
    day.wait_for_url(re.compile(f"{TODAY}"))


def test_the_help_tells_the_keys(day: Page) -> None:
    day.keyboard.press("?")
    expect(day.locator("dialog[open]")).to_contain_text("zoomer")


def test_another_day_is_laid_over_it(day: Page) -> None:
    other = YESTERDAY - timedelta(days=7)
    day.goto(day.url + f"&c={other}")
    day.wait_for_selector(f"{PLOT} canvas")
    expect(day.locator(".legend").first).to_contain_text(re.compile(f"{other.day}"))


def test_below_two_hours_today_single_frames_are_drawn(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"jour/{TODAY}", house.tempo))
    page.wait_for_selector(f"{PLOT} canvas")
    with page.expect_response(re.compile("source=frames")) as answered:
        page.focus(PLOT)
        page.keyboard.press("End")
        for _ in range(6):
            page.keyboard.press("+")
    assert answered.value.status in (200, 404)


@pytest.fixture
def phone(visit: Visits, house: Home) -> Page:
    page = visit(with_meter(DAY, house.tempo), "phone")
    page.wait_for_selector(f"{PLOT} canvas")
    page.evaluate(
        """() => {
          const over = document.querySelector('.u-over'), box = over.getBoundingClientRect();
          window.finger = (type, id, share, y = 60) => over.dispatchEvent(new PointerEvent('pointer' + type, {
            pointerId: id, pointerType: 'touch', clientX: box.left + share * box.width, clientY: box.top + y,
            bubbles: true, cancelable: true }));
        }"""
    )
    return page


def touch(page: Page, *moves: tuple[str, int, float]) -> None:
    for move in moves:
        page.evaluate("(move) => window.finger(...move)", list(move))


def test_two_fingers_zoom_and_one_moves(phone: Page) -> None:
    touch(
        phone,
        ("down", 1, 0.4),
        ("down", 2, 0.6),
        ("move", 1, 0.3),
        ("move", 2, 0.7),
        ("move", 1, 0.2),
        ("move", 2, 0.8),
    )
    touch(phone, ("up", 1, 0.2), ("up", 2, 0.8))
    low, high = wait_for_parameter(phone, "z")
    assert abs(high - low - 480) < 20
    touch(phone, ("down", 1, 0.7), ("move", 1, 0.6), ("move", 1, 0.2), ("up", 1, 0.2))
    phone.wait_for_timeout(400)
    moved = parameter(phone, "z")
    assert moved is not None
    assert abs(moved[0] - low - 240) < 20
    # Never beyond midnight.
    touch(phone, ("down", 1, 0.9), ("move", 1, 0.5), ("move", 1, 0.0), ("up", 1, 0.0))
    phone.wait_for_timeout(400)
    moved = parameter(phone, "z")
    assert moved is not None
    assert moved[1] <= 1440


def test_the_address_alone_brings_the_same_picture(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"{DAY}?z=06:00..12:00&t=07:10..07:25", house.tempo))
    page.wait_for_selector(f"{PLOT} canvas")
    expect(page.locator(".reading").first).to_contain_text(re.compile(r"07:10.*07:25.*kWh"))
    assert parameter(page, "z") == [360, 720]


@pytest.mark.parametrize("zone", ["Europe/Paris", "UTC", "America/New_York"])
def test_a_day_begins_at_midnight_of_the_meter_wherever_the_browser_is(visit: Visits, house: Home, zone: str) -> None:
    page = visit(with_meter(DAY, house.tempo), zone=zone)
    page.wait_for_selector(f"{PLOT} canvas")
    page.focus(PLOT)
    page.keyboard.press("Home")
    assert re.search(r"\b00:0\d|0 h 0\d", page.get_attribute(PLOT, "aria-valuetext") or "")


def test_a_day_before_all_frames_leads_to_the_first(visit: Visits, house: Home) -> None:
    page = visit(with_meter("jour/2020-01-01", house.tempo))
    visit.expect_trouble("404")
    expect(page.locator("#main")).to_contain_text("Aucune donnée")
    page.get_by_role("link", name="Aller au premier jour").click()
    page.wait_for_selector(f"{PLOT} canvas")
