"""Serves bytes on a pseudo-terminal, for programs that read a serial port."""

import fcntl
import os
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

_MAX_WAIT = 0.2  # seconds until a closed source is noticed
_MAX_DELAY = 1.0  # seconds that a client may be late without losing bytes
_FULL = 4_000  # bytes; almost the buffer of a terminal


class ByteSource(Protocol):
    """What a pseudo-terminal serves, such as a simulated line."""

    @property
    def closed(self) -> bool: ...  # noqa: D102 - documented by SimulatedLine

    def read(self, timeout: float) -> bytes: ...  # noqa: D102


def serve_pty(source: ByteSource, *, announce: Callable[[str], None]) -> None:
    """Serve the bytes of a source on a pseudo-terminal until the source is closed; `announce` gets its name.

    A client that reads too late loses bytes, as on any serial port.
    """
    master, slave = os.openpty()
    try:
        _set_raw(slave)
        os.set_blocking(master, False)
        announce(os.ttyname(slave))
        _serve(source, master, slave)
    finally:
        # Without an open slave, writing fails while no client has the terminal open.
        os.close(master)
        os.close(slave)


def _serve(source: ByteSource, master: int, slave: int) -> None:
    full_since = None
    while not source.closed:
        received = source.read(_MAX_WAIT)
        now = time.monotonic()
        if _unread(slave) < _FULL:
            full_since = None
        elif full_since is None:
            full_since = now
        elif now - full_since > _MAX_DELAY:
            _discard(master, slave)
            full_since = None
        with suppress(BlockingIOError):
            os.write(master, received)


def _discard(master: int, slave: int) -> None:
    """Discard unread bytes. A closed port keeps nothing: a client that opens it later must not get old frames."""
    termios.tcflush(master, termios.TCOFLUSH)
    termios.tcflush(slave, termios.TCIFLUSH)


def _set_raw(terminal: int) -> None:
    """Pass all bytes unchanged; by default CR becomes LF, and ETX and EOT interrupt and end the input."""
    attributes = termios.tcgetattr(terminal)
    input_flags, output_flags, control_flags, local_flags = 0, 0, termios.CS8 | termios.CREAD | termios.CLOCAL, 0
    attributes[:4] = [input_flags, output_flags, control_flags, local_flags]
    attributes[6][termios.VMIN], attributes[6][termios.VTIME] = 1, 0
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


def _unread(terminal: int) -> int:
    return int.from_bytes(fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)), sys.byteorder)
