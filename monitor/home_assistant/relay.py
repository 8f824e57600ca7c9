"""Home Assistant over a socket of this machine: in its app, this program has no token.

The token of an app opens all of Home Assistant. So a process of its own has it (`deploy/app/home_assistant.py`) and
passes on the few commands that are needed here. A line of JSON is a command, the next line its answer.
"""

import json
import socket
from pathlib import Path
from typing import Any, Self

from common.settings.file_errors import reason
from monitor.home_assistant.texts import EN, StatisticsError

SOCKET = Path("/run/teleinfo/home-assistant/socket")
_ANSWERS_WITHIN = 150.0  # seconds; longer than the process at the other end waits for Home Assistant


class Relay:
    """Sends commands to the process that has the token."""

    def __init__(self, file: Path, oldest: tuple[int, int]) -> None:
        """Connect; `oldest` is the version of Home Assistant that is needed.

        Raises:
            StatisticsError: nobody is there.
        """
        self._file = file
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_ANSWERS_WITHIN)
        try:
            self._socket.connect(str(file))
        except OSError as error:
            self._socket.close()
            raise StatisticsError("unreachable", url=file, reason=reason(error)) from error
        self._lines = self._socket.makefile("rwb")
        self._send({"oldest": oldest})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def call(self, kind: str, **arguments: object) -> Any:
        """Send a command and return its result.

        Raises:
            StatisticsError: the connection is lost, or Home Assistant refuses the command.
        """
        self._send({"type": kind} | arguments)
        try:
            answer = json.loads(self._lines.readline())
        except (OSError, ValueError) as error:
            raise StatisticsError("lost", url=self._file, reason=str(error)) from error
        if "error" in answer:
            key = answer["error"] if answer["error"] in EN else "lost"
            raise StatisticsError(key, **{"url": self._file, "reason": answer["error"], **answer.get("values", {})})
        return answer["result"]

    def _send(self, message: object) -> None:
        try:
            self._lines.write(json.dumps(message).encode() + b"\n")
            self._lines.flush()
        except OSError as error:
            raise StatisticsError("lost", url=self._file, reason=reason(error)) from error
