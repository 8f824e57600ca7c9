"""The page as static files, on any server of files: what a visitor of the demo sees."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, expect

from demo.recording import Recording
from tests.browser.home import PARIS, TODAY, Home
from tests.browser.visit import DEVICES, Visit


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(house: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("static")
    Recording(house.address, folder / "demo", PARIS).make(5, lambda: False)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/demo/"  # below a path, as the pages of a project are
        server.shutdown()


@pytest.fixture
def visit(address: str, browser: Browser) -> Iterator[Visit]:
    one = Visit(browser.new_context(**DEVICES["desk"], timezone_id="Europe/Paris", locale="fr-FR"), address)
    yield one
    one.context.close()
    assert one.troubles() == []


def test_the_live_values_go_on(visit: Visit) -> None:
    visit.go("")
    clock = visit.page.locator("time.clock")
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)
    expect(visit.page.locator("#main")).to_contain_text("En direct")


@pytest.mark.parametrize("path", ["jour", "bilan", "bilan/2026", "contrats", "etat", "reglages"])
def test_each_place_stands_with_all_that_it_shows(visit: Visit, path: str) -> None:
    visit.go(path)
    assert "démonstration" not in visit.page.locator("#main").inner_text()


def test_what_was_not_recorded_is_said_in_words(visit: Visit) -> None:
    visit.go("jour")
    visit.page.evaluate("(path) => history.pushState(null, '', path)", f"jour/{TODAY - timedelta(days=30)}")
    visit.page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    expect(visit.page.locator("#main")).to_contain_text("ne fait pas partie de la démonstration")
    visit.expected = ("démonstration",)  # the page logs what it was refused
