"""Serves bytes on a pseudo-terminal, for programs that read a serial port."""

import fcntl
import os
import select
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

_POLL_EVERY = 0.005  # seconds between two polls of states that the kernel does not report
_STEP = 0.1  # seconds of a wait for a client; they are counted: a machine that stalls for seconds uses up one of them
_MAX_WAIT = 0.2  # seconds until a closed source is noticed
_MAX_DELAY = 1.0  # seconds that a client may be late without losing bytes
_FULL = 4_000  # bytes; almost the buffer of a terminal
_SETUP = 0.5  # seconds for a client to configure the port after opening it, which discards what is in it
_DRAINED = 0.2  # seconds without an unread byte after which the client has read all of them


class ByteSource(Protocol):
    """What a pseudo-terminal serves, such as a simulated or a recorded line."""

    @property
    def closed(self) -> bool: ...  # noqa: D102 - documented by SimulatedLine

    def read(self, timeout: float) -> bytes: ...  # noqa: D102


def serve_pty(source: ByteSource, *, announce: Callable[[str], None], wait_for_client: bool = False) -> None:
    """Serve the bytes of a source on a pseudo-terminal until the source is closed; `announce` gets its name.

    A client that reads too late loses bytes, as on any serial port. With `wait_for_client` the source starts once a
    client has opened the terminal, and waits up to a second while the client is slow, and at the end.
    """
    master, slave = os.openpty()
    try:
        _set_raw(slave)
        os.set_blocking(master, False)
        name = os.ttyname(slave)
        if wait_for_client:
            os.close(slave)
            announce(name)
            _wait_for_client(master, source)
            slave = os.open(name, os.O_RDWR | os.O_NOCTTY)
        else:
            announce(name)
        _serve(source, master, slave, wait_for_client=wait_for_client)
        if wait_for_client:
            _wait_until_read(slave)
    finally:
        # Without an open slave, writing fails while no client has the terminal open.
        os.close(master)
        os.close(slave)


def _serve(source: ByteSource, master: int, slave: int, *, wait_for_client: bool) -> None:
    full_since = None
    while not source.closed:
        received = source.read(_MAX_WAIT)
        if wait_for_client:
            if not _write(master, received, within=_MAX_DELAY):
                _discard(master, slave)
            continue
        now = time.monotonic()
        if _unread(slave) < _FULL:
            full_since = None
        elif full_since is None:
            full_since = now
        elif now - full_since > _MAX_DELAY:
            _discard(master, slave)
            full_since = None
        _write(master, received, within=0.0)


def _discard(master: int, slave: int) -> None:
    """Forget what nobody reads. A closed port keeps nothing: a client that opens it later must not get old frames."""
    termios.tcflush(master, termios.TCOFLUSH)
    termios.tcflush(slave, termios.TCIFLUSH)


def _write(master: int, data: bytes, *, within: float) -> bool:
    """Write as much as there is room for, until there was none for `within` seconds; return whether that was all."""
    poll = select.poll()
    poll.register(master, select.POLLOUT)
    steps = round(within / _STEP)
    while data:
        with suppress(BlockingIOError):
            data = data[os.write(master, data) :]
        if data and not steps:
            return False
        if data and not poll.poll(1000 * _STEP):
            steps -= 1
    return True


def _wait_for_client(master: int, source: ByteSource) -> None:
    """Wait until a program has opened the terminal; until then poll() reports a hang-up."""
    poll = select.poll()
    poll.register(master, 0)
    while not source.closed and poll.poll(0):
        time.sleep(_POLL_EVERY)  # the kernel does not report the end of a hang-up
    time.sleep(_SETUP)


def _wait_until_read(slave: int) -> None:
    """Wait until all bytes are read, plus a moment for those in transit; give up if the client is gone."""
    late = quiet = 0.0
    while late < _MAX_DELAY and quiet < _DRAINED:
        time.sleep(_POLL_EVERY)
        late += _POLL_EVERY
        quiet = 0.0 if _unread(slave) else quiet + _POLL_EVERY


def _set_raw(terminal: int) -> None:
    """Pass all bytes unchanged; by default CR becomes LF, and ETX and EOT interrupt and end the input."""
    attributes = termios.tcgetattr(terminal)
    input_flags, output_flags, control_flags, local_flags = 0, 0, termios.CS8 | termios.CREAD | termios.CLOCAL, 0
    attributes[:4] = [input_flags, output_flags, control_flags, local_flags]
    attributes[6][termios.VMIN], attributes[6][termios.VTIME] = 1, 0
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


def _unread(terminal: int) -> int:
    return int.from_bytes(fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)), sys.byteorder)
