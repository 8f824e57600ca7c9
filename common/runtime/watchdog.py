"""Shows from outside that the program is well: to systemd, and by the age of a file."""

import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

EVERY = 10.0  # seconds; the file is touched, and numbers in the words for people change, no more often
_LOOK = 1.0  # seconds


log = logging.getLogger(__name__)

_PATIENCE = 1.0  # seconds; systemd reads at once, unless it hangs


class Notifier:
    """Says READY=1 and the like to whoever started the program, if it wants to hear that."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Take NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment."""
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._said = False
        self.watchdog = _watchdog(environment) if self._address else None
        """How often to say WATCHDOG=1 at least, in seconds; None: nobody watches."""

    def tell(self, *lines: str) -> None:
        """Send assignments such as `READY=1`; who hears nothing ends us or goes on, so a failure is only logged."""
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(_PATIENCE)
                sock.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if not self._said:
                log.warning("systemd does not hear us: %s; look at NOTIFY_SOCKET", error)
            self._said = True
        else:
            self._said = False


def _address(path: str) -> str | None:
    if path.startswith("@"):
        return "\0" + path[1:]
    return path if path.startswith("/") else None


def _watchdog(environment: Mapping[str, str]) -> float | None:
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = environment.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isascii() and text.isdigit() and int(text) else None


@dataclass(frozen=True, slots=True)
class Health:
    """How the program is."""

    alive: bool  # all its threads do their work; a clean start would not do better
    healthy: bool  # what it is there for is being done
    status_text: str  # one line for people


def heartbeat_file(value: Any) -> Path | None:
    """Read the option `heartbeat`."""
    if not isinstance(value, str) or not value.startswith("/") or value.endswith("/"):
        raise ValueError(f"a file such as /run/teleinfo/heartbeat is expected, not {value!r}")
    return Path(value)


class Heartbeat:
    """Beats as long as the loop of the program calls it; used by one thread."""

    def __init__(self, file: Path | None, notifier: Notifier) -> None:
        """Touch `file` while all is well, and tell `notifier`."""
        self._file = file
        self._notifier = notifier
        # Late by one is no harm.
        self._fed_every = min(EVERY, notifier.watchdog / 3) if notifier.watchdog else EVERY
        self._ready = False
        self._words = ""
        self._healthy = False
        self._said = False
        self._looked = self._fed = self._touched = self._spoke = -EVERY

    def due(self, now: float) -> bool:
        """Tell whether it is worth while to find out how the program is, at monotonic `now`."""
        return now - self._looked >= _LOOK

    def beat(self, vitals: Health, now: float) -> None:
        """Say how the program is, at monotonic `now`, as far as it is time to; the first time, that it is ready."""
        self._looked = now
        lines = []
        if not self._ready:
            self._ready = True
            lines.append("READY=1")
        turned = vitals.healthy != self._healthy
        if vitals.status_text != self._words and (turned or now - self._spoke >= EVERY):
            self._words, self._spoke, self._healthy = vitals.status_text, now, vitals.healthy
            lines.append(f"STATUS={vitals.status_text}")
        if vitals.alive and now - self._fed >= self._fed_every:
            self._fed = now
            lines.append("WATCHDOG=1")
        if lines:
            self._notifier.tell(*lines)
        if vitals.healthy and self._file is not None and now - self._touched >= EVERY:
            self._touched = now
            self._touch(self._file)

    def stop(self) -> None:
        """Say that the program is about to end."""
        self._notifier.tell("STOPPING=1", "STATUS=stopping")

    def _touch(self, file: Path) -> None:
        try:
            file.touch()
        except OSError as error:
            if not self._said:
                log.warning("heartbeat: %s cannot be written: %s; trying again", file, error.strerror)
            self._said = True
        else:
            self._said = False
