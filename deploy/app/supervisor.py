"""Asks the Supervisor for services and Home Assistant's configuration, and keeps its last answers."""

import http.client
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Answers = Mapping[str, Any]

_TIMEOUT = 5.0  # seconds
_OF_CORE = ("language", "time_zone")


class Supervisor:
    """The Supervisor's API, for this app."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.reached = True  # by the last question
        self._host = urlsplit(environment.get("SUPERVISOR_URL", "http://supervisor")).netloc
        self._token = environment.get("SUPERVISOR_TOKEN", "")

    def answers(self, kept: Answers, *, database: bool) -> Answers:
        """Ask for everything; what is not there now is as in the answers that were kept.

        A service is withdrawn while its app restarts, and Core is down during an update.
        """
        new = {"mqtt": self._service("mqtt"), "core": self._core()}
        if database:
            new["mysql"] = self._service("mysql")
        return {**kept, **{key: answer for key, answer in new.items() if answer}}

    def show(self) -> bool:
        """Put the page into the sidebar, and have a hung app restarted; return whether that is done."""
        return self._ask("POST", "/addons/self/options", {"ingress_panel": True, "watchdog": True}) is not None

    def _core(self) -> Answers:
        config = self._ask("GET", "/core/api/config") or {}
        return {key: config[key] for key in _OF_CORE if config.get(key)}

    def _service(self, name: str) -> Answers:
        answer = (self._ask("GET", f"/services/{name}") or {}).get("data")
        return answer if isinstance(answer, dict) and answer.get("host") else {}

    def _ask(self, method: str, path: str, content: Answers | None = None) -> Answers | None:
        """Return the answer; None if there is none, or if it says that the thing is not there."""
        connection = http.client.HTTPConnection(self._host, timeout=_TIMEOUT)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if content is None else json.dumps(content), headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            self.reached = False
            return None
        finally:
            connection.close()
        self.reached = True
        try:
            answer = json.loads(text)
        except ValueError:
            return None
        return answer if response.status == http.client.OK and isinstance(answer, dict) else None


def read_answers(file: Path) -> Answers:
    """Return the answers that were kept; nothing if there are none, or if the file is damaged."""
    try:
        answers = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return answers if isinstance(answers, dict) else {}
