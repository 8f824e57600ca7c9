"""Reports the health of the program to its supervisor: to systemd (sd_notify), and by the age of a heartbeat file."""

import logging
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from common.runtime.logs import ChangeLogger

log = logging.getLogger(__name__)

EVERY = 10.0  # seconds; the file is touched, and the status text changes, at most so often
_EVALUATE_EVERY = 1.0  # seconds
_SEND_TIMEOUT = 1.0  # seconds; systemd reads at once, unless it hangs


class Notifier:
    """Sends READY=1 and the like to systemd; does nothing where NOTIFY_SOCKET is not set."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment."""
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._log = ChangeLogger(log)
        self.watchdog = _watchdog(environment) if self._address else None
        """Within how many seconds WATCHDOG=1 is expected; None: no watchdog."""

    def send(self, *lines: str) -> None:
        """Send assignments such as `READY=1`; a failure is only logged."""
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(_SEND_TIMEOUT)
                sock.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            self._log.log(logging.WARNING, f"sd_notify failed: {error}; check NOTIFY_SOCKET")
        else:
            self._log.reset()


def _address(path: str) -> str | None:
    if path.startswith("@"):
        return "\0" + path[1:]
    return path if path.startswith("/") else None


def _watchdog(environment: Mapping[str, str]) -> float | None:
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = environment.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isascii() and text.isdigit() and int(text) else None


class Health(NamedTuple):
    """The health of the program."""

    alive: bool  # no thread is stuck: a restart would not help
    healthy: bool  # it does its work
    status_text: str  # one line for people


def heartbeat_file(value: Any) -> Path | None:
    """Read the option `heartbeat`."""
    if not isinstance(value, str) or not value.startswith("/") or value.endswith("/"):
        raise ValueError(f"a file such as /run/teleinfo/heartbeat is expected, not {value!r}")
    return Path(value)


class Heartbeat:
    """Reports the health for as long as the main loop calls `beat`; used by one thread."""

    def __init__(self, file: Path | None, notifier: Notifier) -> None:
        """Touch `file` while the program is healthy, and send its health to `notifier`."""
        self._file = file
        self._notifier = notifier
        # A third: one or two may be late.
        self._watchdog_every = min(EVERY, notifier.watchdog / 3) if notifier.watchdog else EVERY
        self._ready = False
        self._healthy = False
        self._status_text = ""
        self._log = ChangeLogger(log)
        self._evaluated_at = self._watchdog_at = self._touched_at = self._status_at = -EVERY

    @property
    def next_due(self) -> float:
        """When the health is to be evaluated again, in monotonic seconds, at the latest."""
        return self._evaluated_at + max(self._watchdog_every, _EVALUATE_EVERY)

    def due(self, now: float) -> bool:
        """Return whether the health may be evaluated again at monotonic `now`."""
        return now - self._evaluated_at >= _EVALUATE_EVERY

    def beat(self, health: Health, now: float) -> None:
        """Report the health at monotonic `now`, no more often than needed; the first call reports READY, too."""
        self._evaluated_at = now
        lines = []
        if not self._ready:
            self._ready = True
            lines.append("READY=1")
        changed = health.healthy != self._healthy
        if health.status_text != self._status_text and (changed or now - self._status_at >= EVERY):
            self._status_text, self._status_at, self._healthy = health.status_text, now, health.healthy
            lines.append(f"STATUS={health.status_text}")
        if health.alive and now - self._watchdog_at >= self._watchdog_every:
            self._watchdog_at = now
            lines.append("WATCHDOG=1")
        if lines:
            self._notifier.send(*lines)
        if health.healthy and self._file is not None and now - self._touched_at >= EVERY:
            self._touched_at = now
            self._touch(self._file)

    def stop(self) -> None:
        """Report that the program is stopping."""
        self._notifier.send("STOPPING=1", "STATUS=stopping")

    def _touch(self, file: Path) -> None:
        try:
            file.touch()
        except OSError as error:
            self._log.log(logging.WARNING, f"heartbeat: {file} cannot be written: {error.strerror}; trying again")
        else:
            self._log.reset()
