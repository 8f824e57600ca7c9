"""The page in the side bar of Home Assistant: in a frame, below a path, under a name of the owner's own."""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, expect

from tests.browser.home import Home
from tests.browser.visit import DEVICES, FOREIGN, Visit
from tests.support.passwords import lock
from tests.support.prefix_proxy import IngressProxy
from tests.support.programs import Service, wait_until
from tests.support.servers import free_port
from tests.support.settings import save_settings
from tests.support.storing import client

PLACES = 6
SAID: dict[str, Any] = {"ports": ["/dev/ttyUSB0"], "found": [], "broker": "service", "database": "internal"}


class Inside:
    """A monitor of the home in the app, and Home Assistant in front of it."""

    def __init__(self, proxy: IngressProxy, app: Path) -> None:
        self.proxy = proxy
        self.app = app
        self.address = f"http://{FOREIGN}:{proxy.port}{proxy.prefix}/"
        self.panel = f"http://{FOREIGN}:{proxy.port}{proxy.PANEL}"

    def say(self, **said: Any) -> None:
        self.app.write_text(json.dumps(SAID | said))


@pytest.fixture
def inside(house: Home, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Inside]:
    """The app; without a broker if it is asked for so."""
    app = tmp_path / "app.json"
    app.write_text(json.dumps(SAID))
    left_out = {"auth", getattr(request, "param", "")}
    settings = {key: value for key, value in house.monitor.settings.items() if key not in left_out}
    settings |= {"name": "inside", "listen": {"port": free_port(), "names": [FOREIGN]}}
    settings |= {"ingress": {"port": (port := free_port())}}
    settings |= {"password_file": str(lock(tmp_path / "password")), "state": str(tmp_path / "state"), "app": str(app)}
    with Service("monitor", tmp_path, settings) as monitor, IngressProxy(port) as proxy:
        monitor.start().wait_for_log("Home Assistant opens the page")
        yield Inside(proxy, app)


@pytest.fixture(params=["desk", "phone"])
def visit(inside: Inside, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Somebody who has opened Home Assistant's panel, which shows the page in a frame of its own origin."""
    visit = Visit(browser.new_context(**DEVICES[request.param], locale="fr-FR"), inside.address)
    visit.page.goto(inside.panel)
    yield visit
    assert visit.troubles() == []
    visit.context.close()


def frame(visit: Visit) -> FrameLocator:
    return visit.page.frame_locator("iframe")


def beside(visit: Visit) -> Any:
    """Return how much of the page is beside the frame, in px."""
    return frame(visit).locator("html").evaluate("(html) => html.scrollWidth - html.clientWidth")


def go(visit: Visit, number: int) -> None:
    """Choose a place."""
    link = frame(visit).locator("nav .places a").nth(number)
    link.click()
    expect(link).to_have_attribute("aria-current", "page")
    expect(frame(visit).locator("#main:not([aria-busy]) h1")).to_be_visible()


def test_each_place_opens_in_the_frame_and_asks_for_nothing_outside_its_path(visit: Visit, inside: Inside) -> None:
    for number in range(PLACES):
        go(visit, number)
        expect(frame(visit).get_by_text("Se déconnecter")).to_have_count(0)
    go(visit, 0)
    expect(frame(visit).locator(".link")).to_have_text("En direct")
    assert [request.url for request in visit.requests if not request.url.startswith(inside.address)] == [inside.panel]
    assert visit.context.cookies() == []
    # All apps share this storage.
    kept = frame(visit).locator("html").evaluate("() => Object.keys(localStorage)")
    assert [name for name in kept if not name.startswith("teleinfo-")] == []
    assert kept
    # Each place is drawn by the page that is there.
    assert len([request for request in visit.requests if request.resource_type == "document"]) == 2


def test_where_the_session_has_ended_the_page_says_so_and_reloads_that_of_home_assistant(
    visit: Visit, inside: Inside
) -> None:
    visit.expected = ("401", "Failed to fetch dynamically")
    expect(frame(visit).locator(".link")).to_have_text("En direct")
    inside.proxy.ended = True
    expect(frame(visit).locator("#main")).to_contain_text("La session a expiré")
    go(visit, 2)
    expect(frame(visit).locator("#main")).to_contain_text("La session a expiré")
    inside.proxy.ended = False
    frame(visit).get_by_role("button", name="Recharger").click()
    expect(frame(visit).locator(".link")).to_have_text("En direct")
    assert [request.url for request in visit.requests].count(inside.panel) == 2


@pytest.mark.parametrize("inside", ["mqtt"], indirect=True)
def test_each_place_says_that_a_broker_is_needed_until_it_is_there(visit: Visit, inside: Inside) -> None:
    inside.say(ports=[], broker="none")
    visit.page.reload()
    for number in range(PLACES):
        go(visit, number)
        setup = frame(visit).locator(".setup")
        install = setup.get_by_role("link", name="Installer Mosquitto")
        expect(install).to_have_attribute(
            "href", re.compile("^https://my.home-assistant.io/redirect/.*core_mosquitto$")
        )
        expect(install).to_have_attribute("target", "_blank")
        wait_until(lambda: beside(visit) == 0, 60, "nothing beside the screen")
    inside.say()
    go(visit, 1)
    expect(frame(visit).locator(".setup")).to_be_empty()


def saved_page(house: Home) -> Any:
    ((value,),) = house.query("SELECT value FROM settings WHERE section = 'page'")
    return {"first_visit": False} | json.loads(value)


def test_the_first_visit_opens_by_itself_and_asks_for_no_password(visit: Visit, house: Home) -> None:
    save_settings(client(house.database), page={"language": "fr"})
    try:

        def opens() -> bool:  # the monitor reads settings again once in a while
            visit.page.reload()
            expect(frame(visit).locator("#main:not([aria-busy]) h1")).to_be_visible()
            with contextlib.suppress(AssertionError):
                expect(frame(visit).locator("h1")).to_have_text("Premiers pas", timeout=2000)
                return True
            return False

        wait_until(opens, 60, "the first visit")
        expect(frame(visit).locator(".visit-steps li").first).to_contain_text("Compteur")
        assert beside(visit) == 0
        go(visit, 0)  # it is left
        wait_until(lambda: saved_page(house)["first_visit"] is True, 60, "that it was left is kept")
    finally:
        save_settings(client(house.database), page={"language": "fr", "first_visit": True})
