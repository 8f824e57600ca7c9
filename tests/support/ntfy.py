"""A real ntfy server, which takes messages."""

import base64
import json
import os
import subprocess
import urllib.request
from http.client import HTTPConnection
from typing import Any

from tests.support.servers import HOST, PASSWORD, FaultyServer, find_program

USER = "house"
_READER = "127.0.0.2"


class Ntfy(FaultyServer):
    """A private ntfy with one account; nobody else may read or write."""

    _kind = "ntfy"

    def url(self, topic: str, password: str = PASSWORD) -> str:
        """Return the address that messages go to."""
        return f"ntfy://{USER}:{password}@{HOST}:{self.port}/{topic}"

    def messages(self, topic: str) -> list[tuple[str, str]]:
        """Return title and text of the messages of a topic, oldest first."""
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        # From another address than who sends: ntfy keeps one visitor for each, without an account while it looks at a
        # request's, and would refuse what another sends at that moment (403).
        connection = HTTPConnection(HOST, self.port, timeout=30, source_address=(_READER, 0))
        try:
            connection.request("GET", f"/{topic}/json?poll=1", headers={"Authorization": f"Basic {basic}"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.reason
            found: list[dict[str, Any]] = [json.loads(line) for line in answer.read().splitlines()]
        finally:
            connection.close()
        return [(message["title"], message["message"]) for message in found]

    def _prepare(self) -> list[str]:
        program, config = find_program("ntfy"), self.folder / "server.yml"
        if not config.exists():
            settings = {
                "base-url": f"http://{HOST}:{self.port}",
                "listen-http": f"{HOST}:{self.port}",
                "cache-file": str(self.folder / "cache.db"),
                "auth-file": str(self.folder / "auth.db"),
                "auth-default-access": "deny-all",
                "visitor-request-limit-exempt-hosts": f"{HOST},{_READER}",
            }
            config.write_text(json.dumps(settings))
        return [program, "serve", "--config", str(config)]

    def start(self) -> None:
        """Start it, with its account."""
        super().start()
        command = [find_program("ntfy"), "user", "--config", str(self.folder / "server.yml"), "add", "--ignore-exists"]
        environment = os.environ | {"NTFY_PASSWORD": PASSWORD}
        subprocess.run([*command, "--role=admin", USER], env=environment, capture_output=True, check=True)

    def _answers(self) -> bool:
        with urllib.request.urlopen(f"http://{HOST}:{self.port}/v1/health", timeout=5) as answer:
            return bool(answer.status == 200)
