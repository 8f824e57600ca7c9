"""A running monitor, asked over HTTP on one connection that stays open, as a browser does."""

import contextlib
import gzip
import http.client
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.support.programs import Service
from tests.support.servers import HOST, Broker, Database, free_port


def start(database: Database, folder: Path, broker: Broker) -> Service:
    """Return a monitor that serves the page; a context manager ends it."""
    settings = {
        "name": folder.name,  # two of one name would take the broker from each other
        "listen": {"port": free_port()},
        "auth": "none",
        "mqtt": {"host": broker.host, "port": broker.port},
        "database": database.login,
    }
    monitor = Service("monitor", folder, settings)
    monitor.start().wait_for_log("The page is at", "[Cc]onnected")
    return monitor


class Browser:
    """Asks one question after the other."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection

    def ask(self, question: str) -> bytes:
        """Return the body of an answer of the API, compressed."""
        self._connection.request("GET", f"/api/v1/{question}", headers={"Accept-Encoding": "gzip"})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{question}: {answer.status} {json.loads(body)['detail']}")
        return body

    def asking(self, question: str) -> Callable[[], object]:
        """Return a function that asks a question. Energy without any period in it would say nothing: it is an error."""
        body = self.ask(question)
        text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        if b'"start":[]' in text:
            raise RuntimeError(f"{question}: nothing in the answer")
        return partial(self.ask, question)


@contextlib.contextmanager
def browser(monitor: Service) -> Iterator[Browser]:
    """Keep a connection to a monitor open."""
    port = int(monitor.settings["listen"]["port"])
    with contextlib.closing(http.client.HTTPConnection(HOST, port, timeout=60)) as connection:
        yield Browser(connection)
