"""Serves a line on a pseudo terminal, so that programs that want a serial port can read it."""

import fcntl
import os
import select
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

_NAP = 0.005  # seconds between two looks at what the kernel does not report
_LONGEST_WAIT = 0.2  # seconds until a closed line is noticed
_PATIENCE = 1.0  # seconds that a reader may be late and still get all of it


_FULL = 4_000  # bytes; what a terminal keeps for its reader, nearly
_OPENING = 0.5  # seconds; who has opened a port sets it up, and throws away what was in it
_QUIET = 0.2  # seconds without an unread byte; then all of them were read


class Line(Protocol):
    """Where a pseudo-terminal gets its bytes from."""

    @property
    def closed(self) -> bool: ...  # noqa: D102 - as SimulatedLine has it

    def read(self, timeout: float) -> bytes: ...  # noqa: D102


def serve_pty(line: Line, *, announce: Callable[[str], None], patient: bool = False) -> None:
    """Serve a line on a pseudo-terminal, whose name is announced, until the line is closed.

    Whoever reads too late loses bytes, as on any serial port: nothing here waits for a reader. With `patient` the line
    begins when a reader has opened the terminal, and waits for it a moment where it is slow, and at the end.
    """
    master, slave = os.openpty()
    try:
        _set_raw(slave)
        os.set_blocking(master, False)
        name = os.ttyname(slave)
        if patient:
            os.close(slave)
            announce(name)
            _await_reader(master, line)
            slave = os.open(name, os.O_RDWR | os.O_NOCTTY)
        else:
            announce(name)
        _serve(line, master, slave, patient=patient)
        if patient:
            _await_end(slave)
    finally:
        # The slave stays open until now: without it, writing fails while no reader has the terminal open.
        os.close(master)
        os.close(slave)


def _serve(line: Line, master: int, slave: int, *, patient: bool) -> None:
    full_since = None
    while not line.closed:
        received = line.read(_LONGEST_WAIT)
        now = time.monotonic()
        if _unread(slave) < _FULL:
            full_since = None
        elif full_since is None:
            full_since = now
        elif now - full_since > _PATIENCE:
            # Nobody is there. A port that is not open keeps nothing: who opens it later shall not find old frames.
            termios.tcflush(master, termios.TCOFLUSH)
            termios.tcflush(slave, termios.TCIFLUSH)
            full_since = None
        _write(master, received, within=_PATIENCE if patient else 0.0)


def _write(master: int, data: bytes, *, within: float) -> None:
    """Write as much as there is room for, within so many seconds."""
    poll = select.poll()
    poll.register(master, select.POLLOUT)
    deadline = time.monotonic() + within
    while data:
        with suppress(BlockingIOError):
            data = data[os.write(master, data) :]
        left = deadline - time.monotonic()
        if left <= 0:
            return
        if data:
            poll.poll(1000 * left)


def _await_reader(master: int, line: Line) -> None:
    """Wait until a program has the terminal open: as long as none has, it counts as hung up."""
    poll = select.poll()
    poll.register(master, 0)
    while not line.closed and poll.poll(0):
        time.sleep(_NAP)  # the kernel tells nobody of the end of a hang-up
    time.sleep(_OPENING)


def _await_end(slave: int) -> None:
    """Wait until all is read, and a little: the kernel may still have some in its hands. The reader may have gone."""
    now = time.monotonic()
    deadline, quiet_since = now + _PATIENCE, now
    while now < deadline and now - quiet_since < _QUIET:
        time.sleep(_NAP)
        now = time.monotonic()
        if _unread(slave):
            quiet_since = now


def _set_raw(terminal: int) -> None:
    """Let all bytes through as they are; else CR becomes LF, and ETX and EOT are keys that interrupt and end."""
    attributes = termios.tcgetattr(terminal)
    input_flags, output_flags, control_flags, local_flags = 0, 0, termios.CS8 | termios.CREAD | termios.CLOCAL, 0
    attributes[:4] = [input_flags, output_flags, control_flags, local_flags]
    attributes[6][termios.VMIN], attributes[6][termios.VTIME] = 1, 0
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


def _unread(terminal: int) -> int:
    return int.from_bytes(fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)), sys.byteorder)
