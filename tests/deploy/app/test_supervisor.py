"""The app's questions to the Supervisor, answered by a server that says what the Supervisor says."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.app.supervisor import Supervisor, read_answers

MQTT = {"host": "core-mosquitto", "port": 1883}
CORE = {"language": "fr", "time_zone": "Europe/Paris"}


class Answering(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, Any]]
    asked: list[tuple[str, str | None, str]]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.asked.append((f"{self.command} {self.path}", self.headers["Authorization"], body))
        status, content = self.answers.get(self.path, (400, {"result": "error", "message": "Service not enabled"}))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(content.encode() if isinstance(content, str) else json.dumps(content).encode())

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Answering.answers, Answering.asked = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def supervisor(server: ThreadingHTTPServer) -> Supervisor:
    url = f"http://127.0.0.1:{server.server_address[1]}"
    return Supervisor({"SUPERVISOR_URL": url, "SUPERVISOR_TOKEN": "token"})


def test_services_and_what_core_says_are_asked_for_with_the_token(server: ThreadingHTTPServer) -> None:
    Answering.answers = {
        "/services/mqtt": (200, {"result": "ok", "data": MQTT}),
        "/core/api/config": (200, CORE | {"currency": "EUR", "components": ["mqtt"]}),
    }
    assert supervisor(server).answers({}, database=False) == {"mqtt": MQTT, "core": CORE}
    assert {authorization for _, authorization, _ in Answering.asked} == {"Bearer token"}
    assert "GET /services/mysql" not in [asked for asked, _, _ in Answering.asked]


@pytest.mark.parametrize(
    "answers",
    [
        {},  # 400: the service is withdrawn while its app restarts
        {"/services/mqtt": (502, "Bad Gateway"), "/core/api/config": (502, {})},  # while Core is down
        {"/services/mqtt": (200, {"result": "ok", "data": {}}), "/core/api/config": (200, {})},
        {"/services/mqtt": (200, "no JSON"), "/core/api/config": (200, "[]")},
    ],
)
def test_what_is_not_there_now_is_as_it_was(server: ThreadingHTTPServer, answers: Any) -> None:
    Answering.answers = answers
    asking = supervisor(server)
    assert asking.answers({"mqtt": MQTT, "core": CORE, "accounts": 1}, database=True) == {
        "mqtt": MQTT,
        "core": CORE,
        "accounts": 1,
    }
    assert asking.reached


def test_a_supervisor_that_does_not_answer_changes_nothing(server: ThreadingHTTPServer) -> None:
    asking = supervisor(server)
    server.shutdown()
    server.server_close()
    assert asking.answers({"mqtt": MQTT}, database=True) == {"mqtt": MQTT}
    assert not asking.reached


def test_the_page_is_put_into_the_side_bar_and_the_app_is_watched(server: ThreadingHTTPServer) -> None:
    assert not supervisor(server).show()
    Answering.answers = {"/addons/self/options": (200, {"result": "ok", "data": {}})}
    assert supervisor(server).show()
    asked, _, body = Answering.asked[-1]
    assert asked == "POST /addons/self/options"
    assert json.loads(body) == {"ingress_panel": True, "watchdog": True}


def test_kept_answers_that_are_damaged_are_none(tmp_path: Path) -> None:
    assert read_answers(tmp_path / "answers.json") == {}
    (tmp_path / "answers.json").write_text('{"mqtt": {"ho')
    assert read_answers(tmp_path / "answers.json") == {}
