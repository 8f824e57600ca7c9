"""Asks the Supervisor for services and Home Assistant's configuration, and keeps its last answers."""

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Answers = Mapping[str, Any]

_TIMEOUT = 10.0  # seconds
_OF_CORE = ("language", "time_zone")


class Supervisor:
    """The Supervisor's API, for this app."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._url = environment.get("SUPERVISOR_URL", "http://supervisor")
        self._token = environment.get("SUPERVISOR_TOKEN", "")

    def answers(self, kept: Answers, *, database: bool) -> Answers:
        """Ask for everything; what is not there, or not there now, is as in the answers that were kept.

        A service is withdrawn while its app restarts, and Core is down during an update.
        """
        new = {"mqtt": self._get("/services/mqtt"), "core": self._core()}
        if database:
            new["mysql"] = self._get("/services/mysql")
        return {**kept, **{key: answer for key, answer in new.items() if answer}}

    def show(self) -> bool:
        """Put the page into the side bar and start the app again when it hangs; return whether that is done."""
        return self._ask("/addons/self/options", {"ingress_panel": True, "watchdog": True}) is not None

    def _core(self) -> Answers:
        config = self._ask("/core/api/config") or {}
        return {key: config[key] for key in _OF_CORE if config.get(key)}

    def _get(self, path: str) -> Answers:
        answer = (self._ask(path) or {}).get("data")
        return answer if isinstance(answer, dict) else {}

    def _ask(self, path: str, data: Answers | None = None) -> Answers | None:
        """Return the answer; None if there is none, or if it says that the thing is not there."""
        request = urllib.request.Request(
            self._url + path,
            data=None if data is None else json.dumps(data).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
                answer = json.load(response)
        except (OSError, http.client.HTTPException, ValueError):
            return None
        return answer if isinstance(answer, dict) else None


def read_answers(file: Path) -> Answers:
    """Return the answers that were kept; nothing if there are none, or if the file is damaged."""
    try:
        answers = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return answers if isinstance(answers, dict) else {}
