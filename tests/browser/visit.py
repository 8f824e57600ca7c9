"""One visit: a page, and what it complained of and asked for."""

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request

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
#: A public name that leads here.
FOREIGN = "home.example.org"
WITHIN = 60_000  # ms: the machine may be loaded


class Visit:
    """A page in a context of its own."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.expected: tuple[str, ...] = ()
        self.requests: list[Request] = []
        self.finished: list[Request] = []
        self._complaints: list[str] = []
        self.page = context.new_page()
        self.page.set_default_timeout(WITHIN)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._complaints.append(f"error: {error}"))
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("requestfinished", lambda request: self.finished.append(request))

    def go(self, path: str) -> None:
        """Open a path; return when its view stands."""
        self.page.goto(self.address + path)
        self.page.wait_for_selector("#main:not([aria-busy]) h1")
        self.page.wait_for_function("document.fonts.status === 'loaded'")

    def rests(self) -> bool:
        """Whether nothing is asked for any more but the stream, and the page has done with what it got."""
        self.page.evaluate("new Promise((done) => requestIdleCallback(done))")
        return all(request in self.finished or "live/stream" in request.url for request in self.requests)

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
        if message.type in ("error", "warning"):
            self._complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}")
