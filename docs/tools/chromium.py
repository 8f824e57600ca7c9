"""A headless Chromium with one page, driven over its DevTools protocol."""

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
#: A function of a node: all that it says, within shadow roots, too.
_SAYS = """
function says(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent + " ";
  if (["STYLE", "SCRIPT"].includes(node.nodeName)) return "";
  const text = [...node.childNodes].map(says).join("");
  return (node.shadowRoot ? says(node.shadowRoot) : "") + text;
}
"""
_TEXT = f"({_SAYS})(document.body)"
#: A function of a text: where the card of Home Assistant that says it ends, in pixels.
_END = f"""
(text) => {{
  {_SAYS}
  const end = (node) => Math.max(
    node.localName === "ha-card" && says(node).includes(text) ? node.getBoundingClientRect().bottom : 0,
    ...[...(node.shadowRoot?.children ?? []), ...(node.children ?? [])].map(end),
  );
  return end(document.body);
}}
"""


class ChromiumError(Exception):
    """The browser cannot be had, or a page does not show what it should; the text says why."""


@contextlib.contextmanager
def browse(folder: Path, *, language: str, time_zone: str) -> Iterator["Page"]:
    """Start a browser whose data is in a folder, with an empty page."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        raise ChromiumError("there is no Chromium here: apt-get install chromium")
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
    """Return the address of the browser's page, as soon as it has told its port."""
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
        """Put items into the local storage of each page, before it looks there."""
        script = "".join(f"localStorage.setItem({json.dumps(key)}, {json.dumps(item)});" for key, item in items.items())
        self.command("Page.addScriptToEvaluateOnNewDocument", source=script)

    def open(self, address: str, *, until: str) -> None:
        """Go to an address, and return when the page says some text."""
        self.command("Page.navigate", url=address)
        self.wait(f"{_TEXT}.includes({json.dumps(until)})")

    def evaluate(self, expression: str) -> Any:
        """Return what an expression of JavaScript is; a promise is waited for."""
        answer = self.command("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise ChromiumError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def text(self) -> str:
        """Return all that the page says."""
        return " ".join(str(self.evaluate(_TEXT)).split())

    def wait(self, expression: str) -> None:
        """Wait until an expression of JavaScript is true; while a page is being loaded it may fail."""
        deadline = time.monotonic() + SHOWN_WITHIN
        while True:
            with contextlib.suppress(ChromiumError):
                if self.evaluate(f"Boolean({expression})"):
                    return
            if time.monotonic() > deadline:
                raise ChromiumError(
                    f"not within {SHOWN_WITHIN:.0f} s: {expression}; the page says: {self.text()[:1000]}"
                )
            time.sleep(0.2)  # between two looks

    def picture(self, *, width: int, down_to: str, margin: int) -> bytes:
        """Take a picture as a PNG, when nothing moves any more: down to the card that says so, and a margin."""
        self.resize(width, _TALL)
        self._rest()
        self.resize(width, int(self.evaluate(f"({_END})({json.dumps(down_to)})")) + margin)
        return self._rest()

    def _rest(self) -> bytes:
        deadline = time.monotonic() + SHOWN_WITHIN
        before = b""
        while True:
            now = base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"])
            if now == before:
                return now
            if time.monotonic() > deadline:
                raise ChromiumError("the page does not come to rest")
            before = now
            time.sleep(1)  # between two pictures
