"""Every view in every look: readable by all, nothing beside the screen, nothing from elsewhere, no complaint."""

import itertools
import re
from datetime import UTC, datetime, time, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visits
from tests.browser.home import PARIS, TODAY, YESTERDAY, Home
from tests.browser.stand import Stand
from tests.browser.visit import DEVICES, expect_to_fit

BEGIN, END = (datetime.combine(day, time(), PARIS).astimezone(UTC) for day in (YESTERDAY, TODAY))
HOURS = (END - BEGIN) // timedelta(hours=1)  # of yesterday: 23 or 25 where the clock changed
VIEWS = {
    "now": "",
    "day": f"jour/{YESTERDAY}",
    "compared": f"jour/{YESTERDAY}?c={YESTERDAY - timedelta(days=7)}&t=18:30..19:40",
    "unknown-day": "jour/2020-11-25",
    "week": f"bilan/{YESTERDAY:%G-W%V}",
    "month": f"bilan/{YESTERDAY:%Y-%m}",
    "year": f"bilan/{YESTERDAY:%Y}",
    "range": f"bilan/{YESTERDAY - timedelta(days=40)}..{YESTERDAY}",
    "tempo": f"contrats/{YESTERDAY.year if YESTERDAY.month >= 9 else YESTERDAY.year - 1}",
    "contracts": "contrats",
    "status": "etat",
    "settings": "reglages",
    "kiosk": "?mode=kiosk",
    "together": "?compteur=tous",
    "unknown-meter": "?compteur=999",
    "english": "?lang=en",
}


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def expect_trouble(visit: Visits, view: str) -> None:
    if view == "unknown-day":
        visit.expect_trouble("404")  # the browser's own words for the answer that there is nothing


def findings(page: Page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{one['id']} ({one['impact']}): {one['nodes'][0]['target']} {one['nodes'][0].get('failureSummary', '')}"
        for one in found.response["violations"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desk", "phone"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(visit: Visits, view: str, device: str, theme: str) -> None:
    page = visit(VIEWS[view], device, theme=theme)
    expect_trouble(visit, view)
    open_all(page)
    assert findings(page) == []


@pytest.mark.parametrize("view", ["now", "day", "month", "tempo"])
def test_axe_finds_nothing_at_a_meter_with_three_phases_that_injects(visit: Visits, house: Home, view: str) -> None:
    page = visit(with_meter(VIEWS[view], house.producer), "phone")
    open_all(page)
    assert findings(page) == []


def with_meter(path: str, meter: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}compteur={meter}"


@pytest.mark.parametrize("view", ["now", "compared", "month", "year", "tempo", "contracts", "status"])
def test_the_english_page_shows_no_french(visit: Visits, view: str) -> None:
    path = VIEWS[view]
    page = visit(f"{path}{'&' if '?' in path else '?'}lang=en")
    open_all(page)
    french = re.compile(r"[éèêàâçùôîœ]|\b(?:bleue?|blanc|rouge|jours?|trames?|depuis|coupure|moyenne)\b", re.IGNORECASE)
    names = page.locator("main [lang=fr]").all_text_contents()  # of offers, as their suppliers call them
    text = page.inner_text("main")
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    assert french.findall(text) == []


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_stands_beside_a_screen_of_320_pixels(visit: Visits, view: str) -> None:
    page = visit(VIEWS[view], "tiny")
    expect_trouble(visit, view)
    open_all(page)
    expect_to_fit(page)


@pytest.mark.parametrize(
    ("view", "device"),
    [
        *itertools.product(["now", "day", "month", "tempo", "contracts", "status"], ["desk", "phone"]),
        ("status", "tiny"),
    ],
)
def test_text_of_twice_the_size_stays_on_the_screen(visit: Visits, view: str, device: str) -> None:
    page = visit(VIEWS[view], device)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    expect_to_fit(page)


@pytest.mark.parametrize("device", ["phone", "tiny"])
@pytest.mark.parametrize("view", ["tempo", "status"])
def test_no_column_of_a_table_stands_beside_a_phone(visit: Visits, view: str, device: str) -> None:
    page = visit(VIEWS[view], device)
    page.wait_for_selector(".table-plain table, .events")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.table-plain, .events')]"
        ".every((one) => one.scrollWidth <= one.clientWidth)"
    )


# What a list shows when it is as wide as its choice; buttons side by side.
CUT = """() => [
  ...[...document.querySelectorAll('main select')].filter((list) => {
    const whole = list.cloneNode(), width = list.offsetWidth;
    whole.append(new Option(list.selectedOptions[0].text));
    whole.style.cssText = 'position: absolute; width: auto';
    list.after(whole);
    const cut = whole.offsetWidth > width;
    whole.remove();
    return cut;
  }),
  ...[...document.querySelectorAll('.segmented')].filter((one) => one.scrollWidth > one.clientWidth),
].map((one) => one.textContent)"""


@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("path", ["jour/2026-11-25?c=2026-11-18", "contrats"])
def test_no_choice_is_cut_on_a_phone(stand: Stand, path: str, width: int) -> None:
    stand.page.set_viewport_size({"width": width, "height": 844})
    page = stand.open(path)
    expect(page.locator(".segmented, .chart-bar select").first).to_be_visible()
    assert page.evaluate(CUT) == []


@pytest.mark.parametrize("device", ["desk", "phone"])
@pytest.mark.parametrize("meter", ["041234567890", "051234560042"])  # Tempo, the longest tariffs; three phases
def test_text_of_twice_the_size_covers_no_other_text(stand: Stand, device: str, meter: str) -> None:
    def enlarge(route: Route) -> None:
        sheet = route.fetch()
        route.fulfill(response=sheet, body=sheet.text() + "html { font-size: 32px !important; }")

    stand.page.set_viewport_size(DEVICES[device]["viewport"])
    stand.page.route("**/*.css", enlarge)
    page = stand.open(f"?compteur={meter}")
    page.wait_for_selector(".bars text")
    assert page.evaluate(COVERED) == []


#: Words of the page that lie on others, and names that are broken within a word.
COVERED = """() => {
  const words = [];
  const walk = document.createTreeWalker(document.querySelector('.page'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
    const around = walk.currentNode.parentElement;
    if (!text || around.closest('.hidden, .figure-xl') || !around.checkVisibility()) continue;
    if (boxes.length > text.split(/\\s/).length) words.push([`${text} is broken`, null]);
    for (const box of boxes) words.push([text, box]);
  }
  // Lines are close to each other: what stands above and below a letter is free.
  const cover = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.4 * Math.min(a.height, b.height);
  return words.flatMap(([text, box], i) => !box ? [text]
    : words.slice(i + 1).filter(([, other]) => other && cover(box, other)).map(([other]) => `${text} on ${other}`));
}"""


def test_without_colours_of_its_own_a_page_still_has_edges_and_marks_its_place(visit: Visits) -> None:
    page = visit(VIEWS["day"], forced_colors="active")
    edge = "(one) => getComputedStyle(one).borderTopWidth"
    assert page.locator(".key-band").first.evaluate(edge) == "1px"
    assert page.locator(".places a[aria-current]").evaluate("(one) => getComputedStyle(one).outlineWidth") == "2px"
    page = visit("", forced_colors="active")
    assert page.locator(".gauge-track").first.evaluate(edge) == "1px"


def test_the_longest_name_of_an_offer_stays_on_the_screen(stand: Stand) -> None:
    page = stand.open("contrats")
    page.wait_for_selector(".share-name")
    page.evaluate(
        "document.querySelectorAll('.summary-line, .share-name')"
        ".forEach((one) => { one.lastChild.data = 'x'.repeat(300); })"
    )
    expect_to_fit(page)


def test_on_paper_an_open_table_is_whole(stand: Stand) -> None:
    page = stand.open("bilan/2026-10")
    page.locator(".figures summary").first.click()
    page.emulate_media(media="print")
    table = page.locator(".table-wrap").first
    expect(table.locator("tbody tr")).to_have_count(31)
    page.wait_for_function("(one) => one.scrollHeight === one.clientHeight", arg=table.element_handle())


@pytest.mark.parametrize("view", ["now", "day", "month", "year"])
def test_a_page_without_room_draws_without_complaint(visit: Visits, view: str) -> None:
    page = visit(VIEWS[view])
    page.set_viewport_size({"width": 30, "height": 600})  # as for a moment on the way to paper
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
