"""What Home Assistant's app says of itself, in a file that the option `app` names: for what is still to be set up."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.runtime.logs import ChangeLogger
from common.settings.file_errors import reason

log = logging.getLogger(__name__)

BROKERS = ("none", "service", "options")
DATABASES = ("internal", "mariadb")


class AppFile:
    """Reads the file again when it has changed."""

    def __init__(self, file: Path) -> None:
        """Prepare; nothing is read yet."""
        self._file = file
        self._changes = ChangeLogger(log)
        self._known: tuple[tuple[int, int], Mapping[str, Any] | None] | None = None

    def read(self) -> Mapping[str, Any] | None:
        """Return what the file says now; None: nothing that can be used, and the log says why."""
        try:
            found = self._file.stat()
            state = (found.st_mtime_ns, found.st_size)
            known = self._known
            if known is None or known[0] != state:
                known = self._known = (state, self._parsed(self._file.read_bytes()))
        except OSError as error:
            self._complain(reason(error))
            return None
        return known[1]

    def _parsed(self, data: bytes) -> Mapping[str, Any] | None:
        try:
            found = _checked(json.loads(data))
        except (ValueError, KeyError, TypeError) as error:
            self._complain(f"not what the app writes: {error!r}")
            return None
        self._changes.reset()
        return found

    def _complain(self, text: str) -> None:
        self._changes.log(logging.WARNING, f"app: {self._file}: {text}; the page does not say what is to be set up")


def _checked(found: Any) -> Mapping[str, Any]:
    return {
        "ports": [_text(port) for port in _list(found["ports"])],
        "found": [_port(one) for one in _list(found["found"])],
        "broker": _word(found["broker"], BROKERS),
        "database": _word(found["database"], DATABASES),
    }


def _port(found: Any) -> Mapping[str, Any]:
    port, says, meter = _text(found["port"]), _text(found["says"]), found.get("meter")
    if meter not in (None, True, False):
        raise TypeError(f"true or false is expected, not {meter!r}")
    return {"port": port, "says": says.removeprefix(port).lstrip(" :"), "meter": meter}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"a list is expected, not {value!r}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text is expected, not {value!r}")
    return value


def _word(value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{' or '.join(known)} is expected, not {value!r}")
    return str(value)
