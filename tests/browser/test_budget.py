"""What the bundled page costs a visitor: few requests, little data, and files that the browser keeps."""

import shutil
import subprocess
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.home import Home
from tests.browser.test_views import VIEWS, with_meter
from tests.browser.visit import DEVICES, Visit, whole_page
from tests.support.programs import ROOT, wait_until

FIRST, ANY = 60_000, 150_000  # bytes, compressed
REQUESTS = 5  # of the first view, the stream of live values included


@pytest.fixture(scope="module")
def bundled(house: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The home with the page as wheels and images have it: bundled in a copy, for other tests run on these sources."""
    copy = tmp_path_factory.mktemp("bundled")
    for package in ("common", "monitor"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    bundle = copy / "monitor" / "page" / "dist"
    subprocess.run(["npm", "run", "--silent", "build", "--", str(bundle)], cwd=ROOT, check=True)
    restart(house, PYTHONPATH=str(copy))
    yield house
    restart(house)


def restart(house: Home, **environment: str) -> None:
    house.monitor.stop()
    house.monitor.start(**environment)
    wait_until(house.is_known, 60, "the monitor knows the present", [house.monitor])


#: What comes some seconds after what everybody came for does not come on a machine that is slow, either.
AT_ONCE = """const { setTimeout } = window;
window.setTimeout = (what, ms, ...more) => (ms < 5000 ? setTimeout(what, ms, ...more) : 0);"""


def visitor(bundled: Home, browser: Browser, device: str) -> Visit:
    """Prepare a visit; the day so far is known, for which a page does not wait where nobody has asked for it lately."""
    urllib.request.urlopen(f"{bundled.address}api/v1/live?meter={bundled.tempo}").close()
    context = browser.new_context(**DEVICES[device], locale="fr-FR")
    context.add_init_script(AT_ONCE)
    return Visit(context, bundled.address)


@pytest.mark.parametrize("device", ["desk", "phone"])
@pytest.mark.parametrize("view", [view for view in VIEWS if view != "unknown-day"])
def test_a_view_is_within_its_budget_and_nothing_of_it_moves(
    bundled: Home, browser: Browser, view: str, device: str
) -> None:
    one = visitor(bundled, browser, device)
    one.go(with_meter(VIEWS[view], bundled.tempo))
    sizes = [request.sizes() for request in one.finished]
    shifts = one.page.evaluate("shifts")
    one.context.close()
    assert shifts == []
    size = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    assert size <= (FIRST if view == "now" else ANY)


@pytest.mark.parametrize("device", ["desk", "phone"])
def test_the_first_view_asks_for_little(bundled: Home, browser: Browser, device: str) -> None:
    one = visitor(bundled, browser, device)
    path = with_meter(VIEWS["now"], bundled.tempo)
    one.page.route(bundled.address + path, lambda route: route.fulfill(response=whole_page(route, "later")))
    one.go(path)
    one.context.close()
    asked = [request.url for request in one.requests if request.url.startswith(bundled.address)]
    assert len(asked) <= REQUESTS, asked


def test_the_second_visit_asks_for_no_file_again(bundled: Home, browser: Browser) -> None:
    context = browser.new_context(**DEVICES["desk"], locale="fr-FR")
    one = Visit(context, bundled.address)
    one.go("")
    one.go("etat")  # whose file is another one
    one.go("etat")
    kept = one.page.evaluate(
        "performance.getEntriesByType('resource').filter((one) => /[.](js|css)$/.test(one.name))"
        ".every((one) => one.transferSize === 0)"
    )
    context.close()
    assert kept


def test_a_place_whose_file_does_not_come_is_said_and_comes_later(bundled: Home, browser: Browser) -> None:
    context = browser.new_context(**DEVICES["desk"], locale="fr-FR")
    one = Visit(context, bundled.address)
    one.go("")
    one.page.route("**/others-*.js", lambda route: route.abort())
    one.page.get_by_role("link", name="État").click()
    expect(one.page.locator("#main")).to_contain_text("Le serveur ne répond pas")
    one.page.unroute_all()
    one.page.get_by_role("button", name="Réessayer").click()
    expect(one.page.locator(".summary-line")).to_be_visible()
    context.close()
