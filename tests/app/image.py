"""The image without Home Assistant, as `docker run` starts it, and its page as a browser on this machine meets it."""

import http.client
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tests.app.house import WITHIN, docker
from tests.support.programs import wait_until

SHARED = ("--volume", "/dev/shm:/dev/shm")
PASSWORD = "correct horse"
_CODE = re.compile(r"#(\d{4}-\d{2})")


class Image:
    """A container of the image; each `run` is a new one with the same `/data`."""

    def __init__(self, image: str, name: str) -> None:
        """Prepare it; nothing is started."""
        self.container = name
        self.data = f"{name}-data"
        self._image = image
        self._cookie = ""

    def run(self, *options: str) -> None:
        """Run a container with more options, as the documents have it; wait until the page is there."""
        ports = ("--publish", "127.0.0.1::8080", "--publish", "127.0.0.1::1883")
        machine = ("--add-host", "machine:host-gateway")
        volume = ("--volume", f"{self.data}:/data")
        docker("run", "--detach", "--name", self.container, *ports, *machine, *volume, *options, self._image)
        self.wait()

    def wait(self) -> None:
        """Wait until the page is there."""
        try:
            wait_until(lambda: self._state("Health.Status") == "healthy", WITHIN, "a healthy container")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()[-5000:]}") from None

    def start(self) -> None:
        """Start the same container again."""
        docker("start", self.container)
        self.wait()

    def kill(self) -> None:
        """Kill all of it at once; the container stays."""
        docker("kill", self.container)

    def stop(self) -> int:
        """Stop it as `docker stop` does; return its exit code."""
        docker("stop", self.container)
        return int(self._state("ExitCode"))

    def remove(self) -> None:
        """Remove the container in whatever state, as `docker rm -f` does."""
        docker("rm", "--force", "--volumes", self.container)

    def remove_all(self) -> None:
        """Remove it with its data."""
        self.remove()
        docker("volume", "rm", "--force", self.data)

    def port(self, inside: int) -> int:
        """Return the port of this machine by which one of the container is reached."""
        return int(docker("port", self.container, str(inside)).stdout.decode().split()[0].rpartition(":")[2])

    def log(self) -> str:
        """Return all that it has logged."""
        result = docker("logs", self.container)
        return (result.stdout + result.stderr).decode()

    def inside(self, *command: str, check: bool = True) -> str:
        """Run a command in the container as root, without a shell."""
        return docker("exec", self.container, *command, check=check).stdout.decode()

    def sql(self, statement: str) -> list[list[str]]:
        """Run SQL as the administrator of its database; return the rows as text, none while it is away."""
        command = ("mariadb", "--batch", "--skip-column-names", "teleinfodb", "--execute", statement)
        return [line.split("\t") for line in self.inside(*command, check=False).splitlines()]

    def _state(self, field: str) -> str:
        return docker("inspect", "--format", f"{{{{.State.{field}}}}}", self.container).stdout.decode().strip()

    # -- the page ------------------------------------------------------------------------------------------------------

    def code(self) -> str:
        """Return the code that the log ends with."""
        return str(_CODE.findall(self.log())[-1])

    def enter_by_code(self) -> None:
        """Open the page as who reads the log."""
        form = urlencode({"password": self.code(), "next": ""})
        status, headers, text = self._ask("POST", "/login", form, "application/x-www-form-urlencoded")
        assert status == 303, text
        self._cookie = (headers["Set-Cookie"] or "").partition(";")[0]

    def set_password(self) -> None:
        """Set the password of the page."""
        self.api("PUT", "access/password", {"password": PASSWORD, "current": None})

    def choose_port(self, port: str) -> None:
        """Choose what the reader reads."""
        wait_until(lambda: any(one["asks"] for one in self.readers()), WITHIN, "the reader that asks for its port")
        (reader,) = (one["reader"] for one in self.readers() if one["asks"])
        value = {"reader": reader, "ports": [port], "labels": {}}
        self.api("PUT", "settings/ports", {"value": value}, If_Match='"0"')

    def readers(self) -> list[dict[str, Any]]:
        """Return what the page says of the readers."""
        found: list[dict[str, Any]] = self.api("GET", "ports")["readers"]
        return found

    def api(self, method: str, path: str, content: Mapping[str, Any] | None = None, **headers: str) -> Any:
        """Ask the API; return its answer."""
        body = None if content is None else json.dumps(content)
        status, _, text = self._ask(method, f"/api/v1/{path}", body, "application/json", **headers)
        assert status < 300, f"{status} {text}"
        return json.loads(text) if text else None

    def _ask(
        self, method: str, path: str, body: str | None, kind: str, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port(8080), timeout=30)
        own = {"Content-Type": kind, "Sec-Fetch-Site": "same-origin", "Cookie": self._cookie}
        more = {name.replace("_", "-"): text for name, text in headers.items()}
        try:
            connection.request(method, path, body, own | more)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()
