"""Records a home as static files: the page, and the API's answers to what a visitor can ask (demo/questions.py)."""

import contextlib
import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import monitor.page
from demo.questions import paths, questions
from monitor.web.files import Files

_SCRIPT = Path(__file__).with_name("recorded.js")
_PAGE = Path(monitor.page.__file__).parent
_LANGUAGES = ("fr", "en")
_WITHIN = 60.0  # seconds until an answer
_SCRIPTS = '<script src="recording.js"></script>\n<script src="recorded.js"></script>\n<meta name="viewport"'


class Recording:
    """A folder that any server of files can show, as long as nobody needs an address that is not in it."""

    def __init__(self, address: str, folder: Path, zone: ZoneInfo) -> None:
        """Record the page at `address` into a folder that is empty, or has an earlier recording."""
        self._address = address
        self._folder = folder
        self._zone = zone
        self._files: list[str] = []

    def is_ready(self) -> bool:
        """Tell whether the page answers and knows a meter."""
        try:
            return bool(self._ask("meters", {"lang": "fr"})["meters"])
        except OSError:
            return False

    def make(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Record, with the live values of some seconds; `is_over` tells between two answers to end it."""
        answers = self._folder / "api"
        if self._folder.exists() and any(self._folder.iterdir()) and not answers.exists():
            raise OSError(f"{self._folder}: it has other files: name a new folder")
        shutil.rmtree(self._folder, ignore_errors=True)
        answers.mkdir(parents=True)
        meter = self._ask("meters", {"lang": "fr"})["meters"][0]["id"]
        at = time.time()
        today = datetime.fromtimestamp(at, self._zone).date()
        asked: set[str] = set()
        for route, parameters in questions(meter, today):
            for language in _LANGUAGES:
                name = file_of(route, parameters | {"lang": language})
                if name in asked or is_over():
                    continue
                asked.add(name)
                # What the API refuses is not recorded.
                with contextlib.suppress(urllib.error.HTTPError):
                    answer = self._ask(route, parameters | {"lang": language})
                    (answers / name).write_text(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
                    self._files.append(name)
        begun = time.time()
        events = list(self._live(meter, begun + seconds, is_over))
        recording = {"at": int(begun * 1000), "length": int(seconds * 1000), "files": self._files, "events": events}
        (self._folder / "recording.js").write_text(f"globalThis.recording = {json.dumps(recording)};\n")
        self._write_page(paths(today))

    def _ask(self, route: str, parameters: Mapping[str, str]) -> Any:
        url = f"{self._address}api/v1/{route}?{urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=_WITHIN) as answer:
            return json.load(answer)

    def _live(self, meter: str, until: float, is_over: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        """Yield the events of the live values, each with the milliseconds after the first."""
        url = f"{self._address}api/v1/live/stream?{urlencode({'meter': meter, 'lang': 'fr'})}"
        begun = time.time()
        with urllib.request.urlopen(url, timeout=_WITHIN) as stream:
            kind = ""
            for line in stream:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    yield {"after": int((time.time() - begun) * 1000), "kind": kind, "data": value}
                if time.time() > until or is_over():
                    return

    def _write_page(self, addresses: Iterator[str]) -> None:
        """Copy the page, and give each address that can be visited a file: a visitor may reload it."""
        files = Files(_PAGE)
        shutil.copytree(
            files.folder, self._folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("dist", "*.py", "__pycache__")
        )
        shutil.copy(_SCRIPT, self._folder)
        page = (self._folder / "index.html").read_text(encoding="utf-8")
        page = page.replace('<meta name="viewport"', _SCRIPTS, 1)
        (self._folder / "index.html").write_text(page, encoding="utf-8")
        for address in addresses:
            file = self._folder / address / "index.html"
            file.parent.mkdir(parents=True, exist_ok=True)
            base = "../" * (address.count("/") + 1)
            file.write_text(page.replace('<base href="./">', f'<base href="{base}">', 1), encoding="utf-8")


def file_of(route: str, parameters: Mapping[str, str]) -> str:
    """Return the name of an answer's file, as recorded.js makes it of a question."""
    values = [value for name, value in sorted(parameters.items()) if name != "points"]
    return "_".join([route.replace("/", "-"), *values]) + ".json"
