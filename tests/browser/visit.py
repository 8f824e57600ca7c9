"""One visit: a page, and what it complained of and asked for."""

import itertools
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import APIResponse, BrowserContext, ConsoleMessage, Page, Request, Route

from tests.support.programs import wait_until

#: By name: a screen and what it is touched with.
DEVICES: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 860}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
    "tiny": {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True},
}
#: Collects what has moved without anybody's doing, and by how much.
_SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => list.getEntries().filter((one) => !one.hadRecentInput).forEach((one) => {
  shifts.push([one.value, ...one.sources.map(({ node }) => node?.className || node?.nodeName)]);
})).observe({ type: 'layout-shift', buffered: true });"""
#: A public name that leads here.
FOREIGN = "home.example.org"
#: Connections to this machine, too, are cut where another of its networks comes or goes: the page asks again.
ELSEWHERE = "ERR_NETWORK_CHANGED"
WITHIN = 60_000  # ms: the machine may be loaded


def whole_page(route: Route, last: str) -> APIResponse:
    """Fetch a page with the last answer of those that it begins with: a busy monitor leaves out what takes too long."""
    pages = itertools.islice(iter(route.fetch, None), 100)
    return next(page for page in pages if f'"{last}?' in page.text())


def expect_to_fit(page: Page) -> None:
    """Wait until nothing of a page stands beside the screen: drawings get their size after a frame."""
    assert page.viewport_size is not None
    page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=page.viewport_size["width"])


def change_answers(page: Page, route: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let a page get other answers of a route: each with what is changed of it."""

    def answer(question: Route) -> None:
        reply = question.fetch()
        given = reply.json()
        question.fulfill(response=reply, json=given | change(given))

    page.route(re.compile(rf"/api/v1/{route}(\?|$)"), answer)


class Visit:
    """A page in a context of its own."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.expected: tuple[str, ...] = ()
        self.requests: list[Request] = []
        self._before = 0  # requests of pages that were left
        self.finished: list[Request] = []
        self._failed: list[Request] = []
        self._complaints: list[str] = []
        context.add_init_script(_SHIFTS)
        self.page = context.new_page()
        self.page.set_default_timeout(WITHIN)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._complaints.append(f"error: {error}"))
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("requestfinished", lambda request: self.finished.append(request))
        self.page.on("requestfailed", lambda request: self._failed.append(request))

    def go(self, path: str) -> None:
        """Open a path; return when its view stands, with all that it asked for."""
        self._before = len(self.requests)
        self.page.goto(self.address + path)
        self.page.wait_for_selector("#main:not([aria-busy]) h1")
        self.page.wait_for_function("() => document.fonts.status === 'loaded'")
        self.rest()

    def rest(self) -> None:
        """Wait until nothing is asked for any more but the stream, and the page has drawn what it got."""
        wait_until(lambda: self._is_answered() and self._is_answered(), WITHIN / 1000, "the last answer is drawn")

    def _is_answered(self) -> bool:
        # Drawings get their size after a frame. Chromium may announce no idle time until something is drawn again.
        self.page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestIdleCallback(done, { timeout: 5000 })))"
        )
        over = self.finished + self._failed
        return all(request in over or "live/stream" in request.url for request in self.requests[self._before :])

    def troubles(self) -> list[str]:
        """Return what a visitor must never meet: errors, refusals of the policy, requests to other hosts."""
        host = urlsplit(self.address).netloc
        strangers = [
            request.url
            for request in self.requests
            if urlsplit(request.url).scheme in ("http", "https") and urlsplit(request.url).netloc != host
        ]
        complaints = [text for text in self._complaints if not any(known in text for known in self.expected)]
        return complaints + [f"asked another host: {url}" for url in strangers]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and ELSEWHERE not in message.text:
            self._complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}")
