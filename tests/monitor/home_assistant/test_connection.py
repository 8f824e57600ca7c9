"""Home Assistant's WebSocket interface: who may enter, what it refuses, and pauses. The real one is elsewhere."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from monitor.home_assistant import connection
from monitor.home_assistant.connection import HomeAssistant
from monitor.home_assistant.texts import StatisticsError

Answer = Callable[[dict[str, Any]], dict[str, Any]]


class FakeSocket:
    """Answers each message; the first one asks who is there."""

    def __init__(self, version: str, answer: Answer) -> None:
        self._answers = [{"type": "auth_required"}]
        self._version = version
        self._answer = answer

    def send(self, text: str) -> None:
        message = json.loads(text)
        if message["type"] == "auth":
            known = message["access_token"] == "known"
            self._answers.append(
                {"type": "auth_ok", "ha_version": self._version} if known else {"type": "auth_invalid"}
            )
        else:
            self._answers.append({"type": "event", "id": message["id"]})
            self._answers.append({"type": "result", "id": message["id"]} | self._answer(message))

    def recv(self) -> str:
        return json.dumps(self._answers.pop(0))

    def close(self) -> None:
        self._answers.clear()


def says_its_type(message: dict[str, Any]) -> dict[str, Any]:
    return {"success": True, "result": message["type"]}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., HomeAssistant]:
    def make(token: str = "known", version: str = "2026.2.3", answer: Answer = says_its_type) -> HomeAssistant:
        monkeypatch.setattr("websocket.create_connection", lambda *_, **__: FakeSocket(version, answer))
        return HomeAssistant("http://ha:8123", token, (2025, 11))

    return make


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"token": "other"}, "token"),
        ({"version": "2025.10.4"}, "too_old"),
        ({"version": "2025.9.9"}, "too_old"),
        ({"version": "?"}, "too_old"),
    ],
)
def test_who_may_not_enter_is_told_why(
    connect: Callable[..., HomeAssistant], arguments: dict[str, str], key: str
) -> None:
    with pytest.raises(StatisticsError) as caught:
        connect(**arguments)
    assert caught.value.key == key


@pytest.mark.parametrize(("code", "key"), [("unauthorized", "no_administrator"), ("invalid_format", "refused")])
def test_a_refused_command_is_an_error(connect: Callable[..., HomeAssistant], code: str, key: str) -> None:
    home = connect(answer=lambda _: {"success": False, "error": {"code": code, "message": "why"}})
    with pytest.raises(StatisticsError) as caught:
        home.call("recorder/info")
    assert caught.value.key == key


def test_a_lost_connection_is_an_error_and_not_tried_again(connect: Callable[..., HomeAssistant]) -> None:
    sent = []

    def hang_up(message: dict[str, Any]) -> dict[str, Any]:
        sent.append(message["type"])
        raise ConnectionResetError("gone")

    with pytest.raises(StatisticsError) as caught:
        connect(answer=hang_up).call("recorder/adjust_sum_statistics")
    assert caught.value.key == "lost"
    assert len(sent) == 1


def test_after_a_pause_it_connects_again(
    connect: Callable[..., HomeAssistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = connect()
    before = home._socket
    monkeypatch.setattr(connection, "_IDLE", -1.0)
    assert home.call("recorder/info") == "recorder/info"
    assert home._socket is not before
