"""A page with a password: in, and out again by the button at its foot."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.home import Home
from tests.browser.visit import DEVICES, Visit
from tests.support.passwords import lock
from tests.support.programs import Service
from tests.support.servers import free_port

OUT = "Se déconnecter"


@pytest.fixture
def locked(house: Home, tmp_path: Path) -> Iterator[str]:
    """A second monitor of the same home, whose page has a password; its address."""
    file = lock(tmp_path / "password")
    settings = {key: value for key, value in house.monitor.settings.items() if key != "auth"}
    settings |= {"name": "locked", "listen": {"port": (port := free_port())}, "password_file": str(file)}
    settings |= {"state": str(tmp_path / "state")}
    with Service("monitor", tmp_path, settings) as monitor:
        monitor.start().wait_for_log(rf":{port}")
        yield f"http://127.0.0.1:{port}/"


def enter(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Mot de passe").fill("correct horse")
    page.get_by_role("button", name="Entrer").click()
    page.wait_for_selector("#main:not([aria-busy]) h1")


@pytest.mark.parametrize("device", ["desk", "phone"])
def test_a_session_is_left_at_the_foot_of_the_page(locked: str, browser: Browser, device: str) -> None:
    visit = Visit(browser.new_context(**DEVICES[device], locale="fr-FR"), locked)
    page = visit.page
    enter(page, f"{locked}etat")
    page.get_by_role("button", name=OUT, exact=True).click()
    expect(page).to_have_url(f"{locked}login")
    page.goto(f"{locked}etat")
    expect(page).to_have_url(re.compile(r"/login\?next=etat$"))
    assert visit.troubles() == []
    visit.context.close()


def test_without_a_password_there_is_nothing_to_leave(house: Home, browser: Browser) -> None:
    visit = Visit(browser.new_context(**DEVICES["desk"], locale="fr-FR"), house.address)
    visit.go("")
    expect(visit.page.get_by_role("button", name=OUT, exact=True)).to_have_count(0)
    visit.context.close()


def test_a_session_on_another_device_is_ended_from_the_page_of_the_state(locked: str, browser: Browser) -> None:
    lost = Visit(browser.new_context(**DEVICES["phone"], locale="fr-FR"), locked)
    enter(lost.page, locked)
    mine = Visit(browser.new_context(**DEVICES["desk"], locale="fr-FR"), locked)
    enter(mine.page, f"{locked}etat")
    mine.page.get_by_role("button", name="Se déconnecter partout").click()
    expect(mine.page).to_have_url(f"{locked}login")
    # Nobody touches the other device: its live values end, and it is led to the login.
    expect(lost.page).to_have_url(re.compile(r"/login\?lang=fr&next=$"))
    for visit in (mine, lost):
        visit.context.close()


def test_the_address_of_the_log_opens_a_page_that_has_no_password_yet(
    house: Home, browser: Browser, tmp_path: Path
) -> None:
    settings = {key: value for key, value in house.monitor.settings.items() if key != "auth"}
    settings |= {"name": "fresh", "listen": {"port": free_port()}, "state": str(tmp_path / "state")}
    with Service("monitor", tmp_path, settings) as monitor:
        monitor.start().wait_for_log("The page has no password yet")
        (address,) = re.findall(r"http://\S+/#\d{4}-\d\d$", monitor.lines("no password yet")[0])
        visit = Visit(browser.new_context(**DEVICES["phone"], locale="fr-FR"), address.partition("#")[0])
        visit.page.goto(address)
        visit.page.wait_for_selector("#main:not([aria-busy]) h1")
        assert "#" not in visit.page.url
        assert visit.troubles() == []
        visit.context.close()
