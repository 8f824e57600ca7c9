"""The page of a machine that has a network of its own: it is asked from inside."""

import json
from typing import Any
from urllib.parse import quote

from tests.install.machine import Machine

PASSWORD = "correct horse battery"
_ASK = """
import http.client, json, sys
method, path, body, headers = json.loads(sys.argv[1])
connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=60)
connection.request(method, path, body, headers)
answer = connection.getresponse()
print(json.dumps([answer.status, dict(answer.getheaders()), answer.read().decode()]))
"""
Answer = tuple[int, dict[str, str], str]


class Page:
    """A browser with the session that a code or a password has opened."""

    def __init__(self, machine: Machine, key: str) -> None:
        self._machine = machine
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, headers, _ = self._ask("POST", "/login", f"password={quote(key)}", form)
        assert status == 303, f"{status}: {key} opens nothing"
        self._session = {"Cookie": headers["set-cookie"].partition(";")[0]}

    def get(self, name: str) -> Any:
        """Return what the API answers."""
        return self._read(self._ask("GET", f"/api/v1/{name}", None, self._session))

    def send(self, method: str, name: str, body: Any = None, **headers: str) -> Any:
        """Change something; return what the API answers."""
        content = {"Content-Type": "application/json"} if body is not None else {}
        given = None if body is None else json.dumps(body)
        return self._read(self._ask(method, f"/api/v1/{name}", given, self._session | content | headers))

    def save(self, section: str, value: Any) -> None:
        """Save a section of the settings, whatever it was before."""
        version = self.get(f"settings/{section}")["version"]
        self.send("PUT", f"settings/{section}", {"value": value}, **{"If-Match": f'"{version}"'})

    @staticmethod
    def _read(answer: Answer) -> Any:
        status, _, body = answer
        assert status < 300, f"{status}: {body}"
        return json.loads(body) if body else None

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        status, answered, text = json.loads(
            self._machine.run("python3", "-c", _ASK, json.dumps([method, path, body, headers]))
        )
        return status, answered, text
