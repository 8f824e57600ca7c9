"""What is shown of today does not grow old: each minute, at midnight, and when somebody looks again.

The household is the stand's, whose clock can be set; the browser's is set alike.
"""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.stand import Stand
from tests.support.programs import wait_until

LATE = datetime(2026, 11, 30, 22, 30, 2, tzinfo=UTC)  # half an hour before December: the machine may be slow
TO_MIDNIGHT = timedelta(minutes=30)
TOTALS = {"": ".today .figure-l", "jour": ".key-values .key-value", "bilan": ".totals .figure-2xl"}


def hide(page: Page, hidden: bool) -> None:
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


@pytest.mark.parametrize("mode", ["", "?mode=kiosk"])
@pytest.mark.parametrize("path", TOTALS)
def test_today_is_counted_again_each_minute(stand: Stand, path: str, mode: str) -> None:
    page = stand.open(path + mode)
    total = page.locator(TOTALS[path]).first
    expect(total).to_contain_text("kWh")
    before = total.inner_text()
    stand.pass_by(timedelta(hours=4))
    expect(total).not_to_have_text(before)
    if path:
        expect(page.locator(".stamp")).to_have_text(re.compile(r"à jour à 18:3\d"))


def test_what_somebody_looks_at_stays_while_today_goes_on(stand: Stand) -> None:
    page = stand.open("jour?z=08:00..12:00&t=09:00..10:00")
    expect(page.locator(".measured")).to_contain_text("09:00–10:00")
    page.evaluate("document.querySelector('.day-plot').known = true")
    page.locator("details.figures").last.locator("summary").click()
    page.locator(".day-plot").focus()
    stand.pass_by(timedelta(minutes=40))
    expect(page.locator(".stamp")).to_have_text(re.compile(r"à jour à 15:1\d"))
    expect(page.locator("details.figures").last.locator("tbody tr").last).to_contain_text("15:00")
    expect(page.locator(".measured")).to_contain_text("09:00–10:00")
    expect(page.locator(".day-plot")).to_be_focused()
    assert page.evaluate("document.querySelector('.day-plot').known")
    assert "z=08:00..12:00" in page.url
    assert "t=09:00..10:00" in page.url


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("jour", "Lundi 30 novembre 2026", "Mardi 1er décembre 2026"),
        ("jour?mode=kiosk", "Lundi 30 novembre 2026", "Mardi 1er décembre 2026"),
        ("bilan", "Novembre 2026", "Décembre 2026"),
    ],
)
def test_an_address_without_a_date_moves_on_at_midnight(stand: Stand, path: str, before: str, after: str) -> None:
    page = stand.open(path, LATE)
    expect(page.locator("h1")).to_have_text(before)
    stand.pass_by(TO_MIDNIGHT)
    expect(page.locator("h1")).to_have_text(after)
    expect(page).to_have_title(re.compile(after.removeprefix("Mardi ")))


def test_a_day_that_has_an_address_stays_and_gets_its_morrow_at_midnight(stand: Stand) -> None:
    page = stand.open("jour/2026-11-30", LATE)
    expect(page.get_by_label("Jour suivant")).to_have_count(0)
    stand.pass_by(TO_MIDNIGHT)
    expect(page.get_by_label("Jour suivant")).to_be_visible()
    expect(page.locator("h1")).to_have_text("Lundi 30 novembre 2026")


def test_the_places_lead_to_addresses_that_move_on(stand: Stand) -> None:
    page = stand.open("")
    for name, path in {"Jour": "jour", "Bilan": "bilan", "Contrats": "contrats"}.items():
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("href", stand.address + path)


@pytest.mark.parametrize(
    ("away", "shown", "before", "after"),
    [
        (timedelta(hours=13), "h1", "Mercredi 25 novembre 2026", "Jeudi 26 novembre 2026"),
        (timedelta(minutes=5), ".stamp", re.compile("à jour à 14:3[2-6]"), re.compile("à jour à 14:3[7-9]")),
    ],
)
def test_who_looks_again_sees_what_is_now(
    stand: Stand, away: timedelta, shown: str, before: str | re.Pattern[str], after: str | re.Pattern[str]
) -> None:
    page = stand.open("jour")
    hide(page, hidden=True)
    stand.pass_by(away)
    expect(page.locator(shown)).to_have_text(before)  # nobody looks
    hide(page, hidden=False)
    expect(page.locator(shown)).to_have_text(after)


def test_the_first_day_begins_at_midnight_too(stand: Stand) -> None:
    stand.ask("stage/young")
    page = stand.open("")
    names = page.locator(".today .bars text[text-anchor=middle]")
    expect(names).to_have_text([str(hour) for hour in range(0, 24, 3)])
    reading, hours = page.locator(".today .reading"), page.locator(".today .cursor-host")
    hours.press("End")
    expect(reading).to_have_text("23 h")
    for _ in range(10):
        hours.press("ArrowLeft")
    expect(reading).to_contain_text(re.compile(r"13\sh\s: .*kWh"))  # it is 14:32, and the meter came at noon


@pytest.mark.parametrize(
    ("stage", "note"),
    [
        ("young", "Le coût s’affichera d’ici un quart d’heure."),
        ("unpriced", "Prix inconnu pour ce contrat"),
    ],
)
def test_a_cost_that_is_not_there_is_said_with_what_to_do(stand: Stand, stage: str, note: str) -> None:
    stand.ask(f"stage/{stage}")
    expect(stand.open("").locator(".today > .note")).to_contain_text(note)


@pytest.mark.parametrize("path", ["jour", "bilan", "contrats", "etat"])
def test_a_server_that_is_gone_is_said_beside_what_was_read_of_today(stand: Stand, path: str) -> None:
    page = stand.open(path)
    stand.visit.expected = ("ERR_",)
    stand.stop()
    page.clock.fast_forward(61_000)
    expect(page.locator(".trouble")).to_contain_text(re.compile("ne répond pas.*La page réessaie"))
    expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize("width", [320, 360, 390])
def test_the_head_of_a_phone_stays_as_high_whatever_it_says(stand: Stand, width: int) -> None:
    stand.page.set_viewport_size({"width": width, "height": 844})
    head = stand.open("").locator(".head")
    expect(head).to_contain_text("En direct")
    before = head.bounding_box()
    stand.ask("stage/mqtt")
    expect(head).to_contain_text("Direct interrompu")
    assert head.bounding_box() == before
    stand.visit.expected = ("ERR_",)
    stand.stop()
    expect(head).to_contain_text("Reconnexion")
    assert head.bounding_box() == before


def test_the_head_of_a_phone_stays_as_high_when_the_page_has_to_ask(stand: Stand) -> None:
    stand.ask("stage/swallow")
    stand.page.set_viewport_size({"width": 320, "height": 844})
    page = stand.open("")
    head = page.locator(".head")
    before = head.bounding_box()
    page.clock.fast_forward(6_000)
    expect(head).to_contain_text("Direct ralenti")
    assert head.bounding_box() == before


def test_the_clock_of_the_server_decides_whether_something_was_last_seen_today(stand: Stand) -> None:
    stand.ask("stage/reader")
    page = stand.open("etat")
    stand.ask(f"clock/{int((stand.now + timedelta(days=1)).timestamp() * 1000)}")  # this device is a day late
    page.reload()
    expect(page.locator(".chain .down")).to_contain_text(re.compile(r"dernière réception 14:\d\d:\d\d"))


def test_a_place_that_is_slow_is_empty_under_its_own_name(stand: Stand) -> None:
    page = stand.open("")
    held: list[Route] = []
    is_slow = True
    page.route("**/api/v1/energy*", lambda route: held.append(route) if is_slow else route.continue_())
    page.get_by_role("link", name="Bilan", exact=True).click()
    page.clock.run_for(400)
    expect(page.locator("h1")).to_have_text("Bilan")
    expect(page).to_have_title(re.compile("^Bilan"))
    expect(page.locator("#main")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#main .power")).to_have_count(0)
    is_slow = False
    for route in held:
        route.continue_()
    expect(page.locator("h1")).to_have_text("Novembre 2026")
    expect(page.locator("#main")).not_to_have_attribute("aria-busy", "true")


def test_a_first_visit_that_is_slow_shows_that_something_comes(stand: Stand) -> None:
    page = stand.page
    held: list[Route] = []
    page.route("**/main.js", lambda route: held.append(route))
    page.goto(stand.address, wait_until="commit")
    expect(page.locator("#main")).to_have_attribute("aria-busy", "true")
    line = "getComputedStyle(document.body, '::before').animationName"
    wait_until(lambda: page.evaluate(line) == "busy", 60, "the style has come")
    for route in held:
        route.continue_()
    page.wait_for_selector("#main:not([aria-busy]) h1")


def test_a_browser_whose_language_is_no_language_draws_the_curve(stand: Stand) -> None:
    stand.page.add_init_script("Object.defineProperty(Navigator.prototype, 'language', { get: () => 'C' })")
    page = stand.open("jour")  # as WebKit has it where a service has started it, with LANG=C
    expect(page.locator(".day-plot canvas")).to_be_visible()


def test_a_curve_that_cannot_be_drawn_is_said_and_its_figures_are_there(stand: Stand) -> None:
    stand.page.route("**/uPlot.iife.min.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page = stand.open("jour")
    stand.visit.expected = ("uPlot",)
    expect(page.locator(".chart-block")).to_contain_text("Ce navigateur ne peut pas afficher la courbe")
    page.locator(".chart-block summary").click()
    expect(page.locator(".chart-block tbody tr").first).to_contain_text("00:00")
    expect(page.locator(".key-values")).to_contain_text("kWh")


def test_minutes_stand_where_frames_are_no_longer_kept(stand: Stand) -> None:
    page = stand.open("jour/2026-11-18?z=14:00..15:00")  # frames are kept since 14:32
    legend = page.locator(".chart-block .legend")
    expect(legend).to_contain_text("par minute là où les trames ne sont plus gardées")
    page.locator(".day-plot").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".chart-block .reading")).to_contain_text(re.compile(r"14:29:\d\d.*VA"))


def test_what_is_read_aloud_has_words_that_are_apart_and_no_name_twice(stand: Stand) -> None:
    page = stand.open("")
    heading = page.locator("#now-minutes")
    expect(heading).to_contain_text("moyenne")
    assert re.fullmatch(r"Dix dernières minutes moyenne 1\s790\sW \(active\)", heading.text_content() or "")
    assert re.fullmatch(r"[\d\s]*\d\sVA", page.locator(".figure-xl").text_content() or "")
    page = stand.open("jour")
    expect(page.get_by_role("heading", name="Énergie par heure kWh")).to_have_count(1)


@pytest.mark.parametrize(
    ("path", "said", "place"),
    [
        ("bilan/2026-13", "« 2026-13 » n’est ni une semaine", "bilan"),
        ("jour/2026-02-29", "« 2026-02-29 » n’est pas une date", "jour"),
        ("contrats/abc", "« abc » n’est pas une saison", "contrats"),
        ("contrats/1999", "saison 1999–2000", "contrats"),
        ("nowhere", "Il n’y a rien à cette adresse", ""),
        ("jour/2026-11-25/x", "« 2026-11-25/x » n’est pas une date", "jour"),
    ],
)
def test_an_address_of_nothing_says_so_and_leads_to_the_right_one(
    stand: Stand, path: str, said: str, place: str
) -> None:
    page = stand.open(path)
    expect(page.locator(".blank")).to_contain_text(said)
    expect(page.locator(".blank a")).to_have_attribute("href", stand.address + place)


def test_a_period_that_has_not_begun_is_said_to_be_to_come(stand: Stand) -> None:
    expect(stand.open("bilan/2027-03").locator(".blank")).to_contain_text("pas encore commencé")


@pytest.mark.parametrize(
    ("path", "drawing"), [("jour", ".day-plot canvas"), ("bilan", ".cursor-host"), ("bilan/2026", ".map svg path")]
)
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_moves_when_a_drawing_comes(stand: Stand, path: str, drawing: str, width: int) -> None:
    stand.page.set_viewport_size({"width": width, "height": 900})
    page = stand.open(path)
    page.wait_for_selector(drawing)
    page.wait_for_selector(".bars .seg")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert sum(value for value, *_ in page.evaluate("shifts")) < 0.01


def test_a_curve_is_drawn_although_what_is_selected_of_it_comes_late(stand: Stand) -> None:
    stand.page.route("**/api/v1/interval?*", later)
    expect(stand.open("jour?t=09:00..10:00").locator(".day-plot canvas")).to_be_visible()


def later(route: Route) -> None:
    time.sleep(0.5)
    route.continue_()


#: Counts the drawings that wait for another width.
WATCHED = """
window.watched = 0;
const { observe, disconnect } = ResizeObserver.prototype;
ResizeObserver.prototype.observe = function (node) { watched += 1; observe.call(this, node); };
ResizeObserver.prototype.disconnect = function () { watched -= 1; disconnect.call(this); };
"""


def test_drawings_end_with_the_place_that_they_are_of(stand: Stand) -> None:
    stand.page.add_init_script(WATCHED)
    page = stand.open("bilan/2026")
    page.wait_for_selector(".map svg path")
    page.wait_for_function("() => watched > 1")
    page.get_by_role("link", name="État").click()
    expect(page.locator(".summary-line")).to_be_visible()
    page.wait_for_function("() => watched === 0")


def test_a_look_at_today_that_is_old_has_its_time(stand: Stand) -> None:
    page = stand.open("")
    expect(page.locator(".today > .note")).to_contain_text("abonnement compris", ignore_case=True)
    expect(page.locator(".today > .note")).not_to_contain_text("À jour")
    stand.ask("stage/late")  # the database did not answer in time
    page.clock.fast_forward(61_000)
    expect(page.locator(".today > .note")).to_contain_text("À jour à 14:1")


def test_the_month_is_told_with_what_is_expected_its_range_and_the_budget(stand: Stand) -> None:
    page = stand.open("")
    stand.pass_by(timedelta(seconds=6))  # it comes after what everybody looks at first
    line = page.locator(".today > .note")
    # 710,7 kWh and 163,18 € in 590,5 h of 720.
    expect(line).to_contain_text(re.compile(r"Novembre\s: 199\s€ prévus, entre 188\s€ et 210\s€ \(budget\s: 170\s€\)"))
    line.get_by_role("link").click()
    block = page.locator(".block", has=page.get_by_role("heading", name="Prévision"))
    for text in (
        r"163,\d\d\s€71\d\skWh",
        r"199\s€86\d\skWh",
        r"188\s€ à 210\s€quatre fois sur cinq",
        r"170\s€29\s€ de trop",
    ):
        expect(block).to_contain_text(re.compile(text))
    parts = (".expected .gauge-bar", ".expected-range", ".expected-mark.budget")
    so_far, likely, budget = (page.locator(part) for part in parts)
    left = [one.bounding_box() for one in (so_far, budget, likely)]
    assert all(left)
    assert [box["x"] for box in left if box] == sorted(box["x"] for box in left if box)


@pytest.mark.parametrize(
    ("stage", "path", "text"),
    [
        ("young", "bilan", "14 jours de relevés"),
        ("unpriced", "bilan", r"86\d\skWh"),
        ("ok", "bilan/2026", r"2\s33\d\s€"),
    ],
)
def test_a_review_of_what_goes_on_has_a_forecast(stand: Stand, stage: str, path: str, text: str) -> None:
    stand.ask(f"stage/{stage}")
    page = stand.open(path)
    block = page.locator(".block", has=page.get_by_role("heading", name="Prévision"))
    expect(block).to_contain_text(re.compile(text))
    expect(block).not_to_contain_text("Budget")  # it is one of a month, in euros


def test_a_month_that_is_over_has_no_forecast(stand: Stand) -> None:
    page = stand.open("bilan/2026-10")
    expect(page.locator(".totals")).to_be_visible()
    expect(page.get_by_role("heading", name="Prévision")).to_have_count(0)
