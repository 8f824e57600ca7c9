"""Tells systemd how the program is, by sd_notify(3); without systemd it tells nobody."""

import logging
import os
import socket
from collections.abc import Mapping

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
