"""A headless Chromium with one page, controlled by the DevTools protocol."""

import base64
import contextlib
import http.client
import json
import os
import shutil
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from demo.servers import HOST, die_with
from tests.home_assistant.websocket import WebSocket

READY_WITHIN = 60.0  # seconds
SHOWN_WITHIN = 120.0

_TALL = 4000  # pixels: taller than any page

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
#: A JavaScript function of a node: its text, including that of shadow roots.
_TEXT_OF = """
function textOf(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent + " ";
  if (["STYLE", "SCRIPT"].includes(node.nodeName)) return "";
  const text = [...node.childNodes].map(textOf).join("");
  return (node.shadowRoot ? textOf(node.shadowRoot) : "") + text;
}
"""
_TEXT = f"({_TEXT_OF})(document.body)"
#: A JavaScript function of a text: where the card of Home Assistant with this text ends, in pixels.
_END = f"""
(text) => {{
  {_TEXT_OF}
  const end = (node) => Math.max(
    node.localName === "ha-card" && textOf(node).includes(text) ? node.getBoundingClientRect().bottom : 0,
    ...[...(node.shadowRoot?.children ?? []), ...(node.children ?? [])].map(end),
  );
  return end(document.body);
}}
"""


class ChromiumError(Exception):
    """The browser is missing, or a page does not show what it should; the text says why."""


@contextlib.contextmanager
def browse(folder: Path, *, language: str, time_zone: str) -> Iterator["Page"]:
    """Start a browser whose data is in a folder, with an empty page."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        raise ChromiumError("Chromium is not installed: apt-get install chromium")
    folder.mkdir(parents=True)
    with (folder / "output.log").open("ab") as output:
        process = subprocess.Popen(
            [program, *_FLAGS, f"--lang={language}", f"--user-data-dir={folder}/profile", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
            preexec_fn=die_with(os.getpid()),
        )
    try:
        with Page(_page_address(folder / "profile/DevToolsActivePort", process)) as page:
            page.command("Page.enable")
            page.command("Emulation.setTimezoneOverride", timezoneId=time_zone)
            calm = [{"name": "prefers-reduced-motion", "value": "reduce"}]
            page.command("Emulation.setEmulatedMedia", features=calm)
            yield page
    finally:
        process.terminate()
        process.wait()


def _page_address(file: Path, process: subprocess.Popen[bytes]) -> str:
    """Return the address of the browser's page, as soon as its port is known."""
    deadline = time.monotonic() + READY_WITHIN
    while True:
        with contextlib.suppress(OSError, IndexError, ValueError, StopIteration):
            connection = http.client.HTTPConnection(HOST, int(file.read_text().splitlines()[0]), timeout=10)
            try:
                connection.request("GET", "/json/list")
                targets = json.loads(connection.getresponse().read())
            finally:
                connection.close()
            return str(next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page"))
        if process.poll() is not None:
            raise ChromiumError(f"Chromium ended by itself with {process.returncode}")
        if time.monotonic() > deadline:
            raise ChromiumError(f"Chromium was not ready within {READY_WITHIN:.0f} s")
        time.sleep(0.1)  # between two looks


class Page:
    """The page of a browser."""

    def __init__(self, address: str) -> None:
        url = urllib.parse.urlsplit(address)
        assert url.hostname is not None
        assert url.port is not None
        self._socket = WebSocket(url.hostname, url.port, url.path)
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send one command of the DevTools protocol, and return its result."""
        self._number += 1
        self._socket.send({"id": self._number, "method": method, "params": parameters})
        while True:
            answer = self._socket.receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise ChromiumError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def resize(self, width: int, height: int) -> None:
        """Give the page a size, in pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **size)

    def remember(self, items: dict[str, str]) -> None:
        """Put items into the local storage of each page, before it is loaded."""
        script = "".join(f"localStorage.setItem({json.dumps(key)}, {json.dumps(item)});" for key, item in items.items())
        self.command("Page.addScriptToEvaluateOnNewDocument", source=script)

    def open(self, address: str, *, until: str) -> None:
        """Open an address, and return when the page contains a text."""
        self.command("Page.navigate", url=address)
        self.wait(f"{_TEXT}.includes({json.dumps(until)})")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; a promise is awaited."""
        answer = self.command("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise ChromiumError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def text(self) -> str:
        """Return the text of the page."""
        return " ".join(str(self.evaluate(_TEXT)).split())

    def wait(self, expression: str) -> None:
        """Wait until a JavaScript expression is true; it may fail while a page is loading."""
        deadline = time.monotonic() + SHOWN_WITHIN
        while True:
            with contextlib.suppress(ChromiumError):
                if self.evaluate(f"Boolean({expression})"):
                    return
            if time.monotonic() > deadline:
                raise ChromiumError(f"not within {SHOWN_WITHIN:.0f} s: {expression}; the page is: {self.text()[:1000]}")
            time.sleep(0.2)  # between two looks

    def picture(self, *, width: int, down_to: str, margin: int) -> bytes:
        """Return a PNG of the page, once nothing moves: down to the end of the card with a text, and a margin."""
        self.resize(width, _TALL)
        self._screenshot()
        self.resize(width, int(self.evaluate(f"({_END})({json.dumps(down_to)})")) + margin)
        return self._screenshot()

    def _screenshot(self) -> bytes:
        deadline = time.monotonic() + SHOWN_WITHIN
        previous = b""
        while True:
            current = base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"])
            if current == previous:
                return current
            if time.monotonic() > deadline:
                raise ChromiumError("the page does not stop changing")
            previous = current
            time.sleep(1)  # between two pictures
