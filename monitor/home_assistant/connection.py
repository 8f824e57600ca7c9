"""A connection to Home Assistant: its WebSocket interface, one command after the other."""

import contextlib
import json
import time
from typing import Any, Self
from urllib.parse import urlsplit

import websocket

from monitor.home_assistant.recorder import SUPERVISOR
from monitor.home_assistant.texts import StatisticsError

#: Home Assistant hangs up when nobody answers its pings, as while a large database is read.
_IDLE = 20.0  # seconds
_ANSWERS_WITHIN = 120.0  # seconds; a year of hours from an SD card takes its time


class HomeAssistant:
    """Sends commands as an administrator."""

    def __init__(self, url: str, token: str, oldest: tuple[int, int]) -> None:
        """Connect to Home Assistant at an address such as http://homeassistant.local:8123.

        Raises:
            StatisticsError: it cannot be reached, refuses the token or is too old.
        """
        self.url = url
        self._token = token
        self._oldest = oldest
        self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _connect(self) -> None:
        self._number = 0
        try:
            self._socket = websocket.create_connection(
                socket_address(self.url), timeout=_ANSWERS_WITHIN, suppress_origin=True, http_no_proxy=["*"]
            )
        except (OSError, ValueError, websocket.WebSocketException) as error:
            raise StatisticsError("unreachable", url=self.url, reason=_reason(error)) from error
        try:
            self._log_in()
        except BaseException:
            self._close()
            raise
        self._used = time.monotonic()

    def _close(self) -> None:
        with contextlib.suppress(OSError, websocket.WebSocketException):
            self._socket.close()

    def _log_in(self) -> None:
        self._receive()  # auth_required
        self._send({"type": "auth", "access_token": self._token})
        answer = self._receive()
        if answer.get("type") != "auth_ok":
            raise StatisticsError("token", url=self.url)
        version = str(answer.get("ha_version", ""))
        if tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) < self._oldest:
            raise StatisticsError("too_old", version=version, oldest=".".join(map(str, self._oldest)))

    def call(self, kind: str, **arguments: object) -> Any:
        """Send a command and return its result.

        Raises:
            StatisticsError: the connection is lost, or Home Assistant refuses the command.
        """
        if time.monotonic() - self._used > _IDLE:
            self._close()
            self._connect()
        self._number += 1
        self._send({"id": self._number, "type": kind} | arguments)
        while True:
            answer = self._receive()
            if answer.get("id") != self._number or answer.get("type") != "result":
                continue
            self._used = time.monotonic()
            if answer["success"]:
                return answer["result"]
            error = answer["error"]
            if error.get("code") == "unauthorized":
                raise StatisticsError("no_administrator", url=self.url)
            if error.get("code") == "not_found":
                raise StatisticsError("not_found", command=kind)
            raise StatisticsError("refused", command=kind, reason=str(error.get("message")))

    def _send(self, message: object) -> None:
        try:
            self._socket.send(json.dumps(message))
        except (OSError, websocket.WebSocketException) as error:
            raise StatisticsError("lost", url=self.url, reason=_reason(error)) from error

    def _receive(self) -> dict[str, Any]:
        try:
            message: dict[str, Any] = json.loads(self._socket.recv())
        except (OSError, ValueError, websocket.WebSocketException) as error:
            raise StatisticsError("lost", url=self.url, reason=_reason(error)) from error
        return message


def socket_address(url: str) -> str:
    """Return the address of the WebSocket interface; the Supervisor has it elsewhere.

    >>> socket_address("https://ha.example.org/"), socket_address("http://supervisor/core")
    ('wss://ha.example.org/api/websocket', 'ws://supervisor/core/websocket')
    """
    address = url.rstrip("/").replace("http", "ws", 1)
    return address + ("/websocket" if urlsplit(url).hostname == SUPERVISOR else "/api/websocket")


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
