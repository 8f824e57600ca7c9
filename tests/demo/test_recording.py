"""The files of a recorded home, from a monitor that is made up."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from demo.questions import paths
from demo.recording import Recording, file_of

PARIS = ZoneInfo("Europe/Paris")
METER = "031961123456"
EVENTS = b'event: link\ndata: {"meter":"up"}\n\nevent: state\ndata: {"at":"2026-12-02T16:47:36Z","power":2120}\n\n'


class Monitor(BaseHTTPRequestHandler):
    """Answers what it was asked; only the forecast is refused."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/api/v1/forecast":
            self.send_error(404)
            return
        answer = {"asked": url.path, "lang": parse_qs(url.query)["lang"]}
        body = json.dumps({"meters": [{"id": METER}]} if url.path.endswith("/meters") else answer).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(EVENTS if url.path.endswith("/live/stream") else body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Monitor) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def recorded(folder: Path) -> Any:
    text = (folder / "recording.js").read_text()
    return json.loads(text.removeprefix("globalThis.recording = ").removesuffix(";\n"))


def test_answers_are_kept_in_both_languages_and_refusals_are_not(address: str, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    Recording(address, folder, PARIS).make(1, lambda: False)
    for language in ("fr", "en"):
        kept = json.loads((folder / "api" / f"status_{language}_{METER}.json").read_text())
        assert kept == {"asked": "/api/v1/status", "lang": [language]}
    assert not list((folder / "api").glob("forecast*"))
    files = recorded(folder)["files"]
    assert files == [*dict.fromkeys(files)]
    assert {path.name for path in (folder / "api").iterdir()} == set(files)


def test_live_values_are_kept_with_their_times(address: str, tmp_path: Path) -> None:
    Recording(address, tmp_path / "site", PARIS).make(1, lambda: False)
    events = recorded(tmp_path / "site")["events"]
    assert [event["kind"] for event in events] == ["link", "state"]
    assert json.loads(events[1]["data"])["power"] == 2120


def test_each_address_can_be_reloaded_and_loads_what_was_recorded_before_the_page(address: str, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    Recording(address, folder, PARIS).make(1, lambda: False)
    page = (folder / "index.html").read_text()
    assert page.index("recording.js") < page.index("recorded.js") < page.index('type="module"')
    assert '<base href="../">' in (folder / "jour" / "index.html").read_text()
    today = datetime.fromtimestamp(recorded(folder)["at"] / 1000, PARIS).date()
    days = [path for path in paths(today) if path.startswith("jour/")]
    assert all('<base href="../../">' in (folder / day / "index.html").read_text() for day in days)


def test_a_folder_with_other_files_is_left_alone(address: str, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(OSError, match="other files"):
        Recording(address, tmp_path, PARIS).make(1, lambda: False)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_named_by_what_is_asked_but_not_by_the_width_of_the_screen() -> None:
    asked = {"to": "2026-12-03", "from": "2026-12-02", "meter": METER, "points": "1500", "lang": "fr"}
    assert file_of("series", asked) == f"series_2026-12-02_fr_{METER}_2026-12-03.json"
    assert file_of("settings/fields", {"lang": "en"}) == "settings-fields_en.json"
