"""A day: zoom, pan, select and compare, with mouse, keys and fingers. The address tells what happened."""

import re
from datetime import datetime, time, timedelta
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.home import PARIS, YESTERDAY, Home
from tests.browser.test_views import with_meter
from tests.browser.visit import WITHIN
from tests.support.programs import wait_until

PLOT = ".day-plot"
#: A day of 24 hours, before which there is another one: in the tests, half of the width is noon.
WHOLE = next(
    day
    for day in (YESTERDAY - timedelta(days=back) for back in range(2))
    if datetime.combine(day, time(), PARIS).utcoffset()
    == datetime.combine(day + timedelta(days=1), time(), PARIS).utcoffset()
)
DAY = f"jour/{WHOLE}"


def parameter(page: Page, name: str) -> list[float]:
    """Return a range of the address in minutes of the day; nothing: it is not there."""
    values = parse_qs(page.evaluate("location.search.slice(1)")).get(name, [])
    return [minutes(clock) for value in values for clock in value.split("..")]


def minutes(clock: str) -> float:
    return sum(int(part) * scale for part, scale in zip(clock.split(":"), (60, 1, 1 / 60), strict=False))


def wait_for_range(page: Page, name: str, start: float = 720, end: float = 720, within: float = 10) -> list[float]:
    """Return a range of the address once it is near this one: it follows a movement a moment later."""
    near = pytest.approx([start, end], abs=within)
    wait_until(lambda: parameter(page, name) == near, WITHIN / 1000, f"{name} near {start}..{end}")
    return parameter(page, name)


@pytest.fixture
def day(visit: Visits, house: Home) -> Page:
    page = visit(with_meter(DAY, house.tempo))
    page.wait_for_selector(f"{PLOT} canvas")
    return page


def drag(page: Page, low: float, high: float) -> None:
    """Drag the mouse over parts of the plot, from 0 to 1."""
    box = page.locator(f"{PLOT} .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * low, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (low + high) / 2, box["y"] + 60, steps=5)
    page.mouse.move(box["x"] + box["width"] * high, box["y"] + 60, steps=5)
    page.mouse.up()


def test_an_interval_that_is_dragged_over_is_measured_and_its_ends_are_pulled(day: Page) -> None:
    drag(day, 0.5, 0.75)
    wait_for_range(day, "t", 720, 1080)
    expect(day.locator(".reading").first).to_contain_text(re.compile(r"kWh.*€.*max .*VA à"))
    drag(day, 0.75, 0.875)
    start, end = wait_for_range(day, "t", 720, 1260)
    day.get_by_role("slider", name="Début de la sélection").press("ArrowRight")
    wait_for_range(day, "t", start + 1, end, within=0.5)
    day.get_by_role("slider", name="Fin de la sélection").press("Escape")
    wait_until(lambda: not parameter(day, "t"), WITHIN / 1000, "nothing is selected")


def test_the_energy_of_the_hours_is_saved_as_a_file(day: Page) -> None:
    block = day.locator("section.block", has=day.get_by_role("heading", name="Énergie par heure"))
    block.get_by_text("Voir les chiffres").click()
    with day.expect_download() as file:
        block.get_by_role("link", name=re.compile("CSV")).click()
    text = file.value.path().read_text("utf-8-sig")
    assert text.startswith("Début;Fin;")
    assert len(text.splitlines()) in (24, 25, 26)


def test_keys_move_the_cursor_select_zoom_and_turn_the_page(day: Page) -> None:
    day.keyboard.press("?")
    expect(day.locator("dialog[open]")).to_contain_text("zoomer")
    day.keyboard.press("?")
    day.focus(PLOT)
    day.keyboard.press("ArrowRight")
    expect(day.locator(PLOT)).to_have_attribute("aria-valuetext", re.compile("VA"))
    for _ in range(6):
        day.keyboard.press("Shift+ArrowRight")
    start, end = wait_for_range(day, "t", within=720)
    assert end > start
    day.keyboard.press("Escape")
    day.keyboard.press("+")
    low, high = wait_for_range(day, "z", within=720)
    assert high - low < 1000
    day.keyboard.press("0")
    wait_until(lambda: not parameter(day, "z"), WITHIN / 1000, "the whole day")
    day.evaluate("document.activeElement.blur()")
    day.keyboard.press("ArrowLeft")
    day.wait_for_url(re.compile(f"{WHOLE - timedelta(days=1)}"))
    day.wait_for_selector(f"{PLOT} canvas")
    day.keyboard.press("t")
    day.wait_for_url(re.compile(r"/jour\?"))  # without a date: it is today's, whichever day that is


def test_below_two_hours_today_single_frames_are_drawn(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"jour/{datetime.now(PARIS).date()}", house.tempo))
    page.wait_for_selector(f"{PLOT} canvas")
    with page.expect_response(re.compile("source=frames")) as answered:
        page.focus(PLOT)
        page.keyboard.press("End")
        for _ in range(6):
            page.keyboard.press("+")
    assert answered.value.status in (200, 404)


def test_a_finger_that_moves_sideways_measures(visit: Visits, house: Home) -> None:
    page = visit(with_meter(DAY, house.tempo), "phone")
    page.wait_for_selector(f"{PLOT} canvas")
    page.locator(PLOT).scroll_into_view_if_needed()
    box = page.locator(f"{PLOT} .u-over").bounding_box()
    assert box is not None
    fingers = page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0.5), ("touchMove", 0.6), ("touchMove", 0.7), ("touchMove", 0.75)):
        point = {"x": box["x"] + share * box["width"], "y": box["y"] + 60}
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    wait_for_range(page, "t", 720, 1080, within=20)


@pytest.mark.parametrize("zone", ["Europe/Paris", "UTC", "America/New_York"])
def test_a_day_begins_at_midnight_of_the_meter_wherever_the_browser_is(visit: Visits, house: Home, zone: str) -> None:
    page = visit(with_meter(DAY, house.tempo), zone=zone)
    page.wait_for_selector(f"{PLOT} canvas")
    page.focus(PLOT)
    page.keyboard.press("Home")
    expect(page.locator(PLOT)).to_have_attribute("aria-valuetext", re.compile(r"\b00:0\d|0 h 0\d"))


def test_a_day_before_all_frames_leads_to_the_first(visit: Visits, house: Home) -> None:
    page = visit(with_meter("jour/2020-01-01", house.tempo))
    visit.expect_trouble("404")
    expect(page.locator("#main")).to_contain_text("Aucune donnée")
    page.get_by_role("link", name="Aller au premier jour").click()
    page.wait_for_selector(f"{PLOT} canvas")


def wait_for_handles_on_the_plot(page: Page) -> None:
    """Wait until each end of the selection is as high as the plot and within it."""
    page.wait_for_function("""() => {
            const plot = document.querySelector('.day-plot .u-over').getBoundingClientRect();
            const ends = [...document.querySelectorAll(".handle:not([hidden])")].map(
                (end) => end.getBoundingClientRect());
            const near = (a, b) => Math.abs(a - b) < 2;
            return ends.length === 2 && ends.every((end) => near(end.top, plot.top) && near(end.bottom, plot.bottom)
                && (end.left + end.right) / 2 >= plot.left && (end.left + end.right) / 2 <= plot.right);
        }""")


def test_the_ends_of_a_selection_stand_on_the_plot_though_its_styles_come_late(visit: Visits, house: Home) -> None:
    page = visit("etat", "phone")

    def late(route: Route) -> None:
        page.wait_for_function("() => globalThis.uPlot")  # its script is there first
        route.continue_()

    page.route("**/uPlot*.css", late)
    page.goto(house.address + with_meter(f"{DAY}?t=18:30..20:00", house.tempo))
    expect(page.locator(".handle")).to_have_count(2)
    expect(page.locator(".handle").first).to_be_visible()
    wait_for_handles_on_the_plot(page)


def test_the_ends_of_a_selection_stay_on_the_plot_when_the_window_changes(visit: Visits, house: Home) -> None:
    page = visit(with_meter(f"{DAY}?t=18:30..20:00", house.tempo), "phone")
    expect(page.locator(".handle").first).to_be_visible()
    for width, height in ((844, 390), (390, 844), (320, 640), (390, 2600)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("(width) => innerWidth === width", arg=width)
        wait_for_handles_on_the_plot(page)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    wait_for_handles_on_the_plot(page)
