"""Gives the tests of the page a home that lives, and Debian's Chromium."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.home import NO_ALERTS, PARIS, Home, home
from tests.browser.stand import Stand
from tests.browser.visit import DEVICES, FOREIGN, WITHIN, Visit
from tests.support.programs import ROOT, wait_until


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The home of all tests; whoever stops a part of it starts it again."""
    with home(tmp_path_factory.mktemp("home"), alerts=NO_ALERTS) as place:
        yield place


@pytest.fixture(autouse=True)
def known_day(request: pytest.FixtureRequest) -> None:
    """Wait until the home knows its day, and past midnight where that is near: pages are drawn anew then."""
    if "house" in request.fixturenames:
        house = request.getfixturevalue("house")
        wait_until(lambda: f"{datetime.now(PARIS):%H:%M}" != "23:59" and house.is_known(), 600, "a day that is known")


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """What is expected of a page may take as long as what is waited for: without this it is five seconds."""
    expect.set_options(timeout=WITHIN)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; `./run test browser` installs it."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed: ./run test browser installs it", pytrace=False)
    with sync_playwright() as playwright:
        # As root, Chromium's sandbox does not start; the pages are our own.
        arguments = ["--lang=fr-FR", f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def stand(browser: Browser) -> Iterator[Stand]:
    """One visitor of the page with made-up answers."""
    node = shutil.which("node")
    assert node
    command = [node, "tests/page/stand/serve.js", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        try:
            found = Stand(program.stdout.readline().strip(), browser)
            found.stop = partial(stop, program)
            yield found
            found.visit.page.unroute_all(behavior="ignoreErrors")  # an answer may be under way
            found.visit.context.close()
        finally:
            stop(program)
    assert found.visit.troubles() == []


def stop(program: subprocess.Popen[str]) -> None:
    """End a program; return when it answers no more."""
    program.terminate()
    program.wait()


@pytest.fixture
def visit(house: Home, browser: Browser) -> Iterator["Visits"]:
    """Opens pages of the home; what they complained of and asked of other hosts fails the test at its end."""
    visits = Visits(house, browser)
    yield visits
    visits.close()


class Visits:
    """The pages that a test opens."""

    def __init__(self, house: Home, browser: Browser) -> None:
        self._house = house
        self._browser = browser
        self._open: list[Visit] = []

    def __call__(
        self, path: str = "", device: str = "desk", *, theme: str = "light", zone: str = "Europe/Paris", **more: Any
    ) -> Page:
        """Open a path of the page on a device; return it when the view stands."""
        context = self._browser.new_context(
            **DEVICES[device] | {"color_scheme": theme, "timezone_id": zone, "locale": "fr-FR"} | more
        )
        one = Visit(context, self._house.address)
        self._open.append(one)
        one.go(path)
        return one.page

    def expect_trouble(self, *texts: str) -> None:
        """Accept complaints of the browser with these texts: a server was stopped."""
        self._open[-1].expected += texts

    @property
    def asked(self) -> list[str]:
        """The addresses that the last page asked for."""
        return [request.url for request in self._open[-1].requests]

    def close(self) -> None:
        troubles = [trouble for one in self._open for trouble in one.troubles()]
        for one in self._open:
            one.context.close()
        assert troubles == []
