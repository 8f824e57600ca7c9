"""Opens a line: a serial port, a port over the network, or a simulated meter.

A port is opened raw and 8N1: a character has ten bits as in the meter's 7E1, and the parity bit arrives as the eighth
bit and can be checked. With 7E1 the driver would strip the parity bit and pass damaged bytes silently.
"""

import array
import errno
import fcntl
import os
import select
import socket
import termios
import time
from contextlib import suppress
from typing import Protocol

import serial

from common.errors import PortBusy, PortError
from common.machine.deployment import Deployment, here
from common.runtime.shutdown import StopEvent
from reader.config import is_network
from reader.line.pace import ETX, FramePace

_COALESCE = 0.02  # seconds to wait for more bytes after a few, where the end of the frame is unknown
_BURST = 64  # bytes; a read that gives more than this does not wait for more: they did not come at a meter's pace
_UNSTOPPABLE = 1.0  # seconds to wait at once where a stop does not end the wait
_MAX_READ = 4096  # bytes; the size of a tty's buffer
#: Seconds without a byte until the first probe, seconds between probes, and how many may go unanswered.
_KEEPALIVE = {socket.TCP_KEEPIDLE: 20, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}
_TIOCGICOUNT = 0x545D  # reads the counters of a driver, see tty_ioctl(4)
_COUNTERS = {"framing": 6, "overrun": 7, "parity": 8, "break": 9, "buffer_overrun": 10}

_DENIED = "permission denied; add this user to the group dialout (with compose: TIC_GROUP in .env)"
_HINTS = {
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.ENOENT: "no such device; is it plugged in? ls /dev/serial/by-id shows what is",
    errno.ENODEV: "no such device; is it plugged in? ls /dev/serial/by-id shows what is",
    errno.EBUSY: "another program has it open",
    errno.EAGAIN: "another program has it open",
    errno.ENOTTY: "not a serial port",
    errno.EISDIR: "a folder, and no serial port",
    errno.ECONNREFUSED: "connection refused; is the program that serves the port running there?",
}
_BUSY = (errno.EBUSY, errno.EAGAIN)


class Port(Protocol):
    """A source of a meter's bytes."""

    def read(self, timeout: float) -> bytes:
        """Return bytes when some have come, at the latest with the end of a frame; nothing after `timeout` seconds.

        A serial port that knows when the next frame ends sleeps until then, for another `timeout` seconds at most. A
        stop ends the wait; over RFC 2217, within a second.

        Raises:
            PortError: the port is gone.
        """

    def close(self) -> None:
        """Close the port."""

    def set_speed(self, speed: int) -> None:
        """Receive at `speed` bit/s from now on."""

    def driver_errors(self) -> dict[str, int]:
        """Return the error counters of the driver since boot; empty if it has none."""


def open_port(url: str, speed: int, stop: StopEvent) -> Port:
    """Open a port.

    Raises:
        PortError: it does not exist or is not accessible; with a hint what to do.
    """
    if url.startswith("simulate://"):
        return _SimulatedPort(url)
    return _SerialPort(url, speed, stop)


class _SerialPort:
    def __init__(self, url: str, speed: int, stop: StopEvent) -> None:
        self._url = url
        self._stop = stop
        self._pace = FramePace()
        device = "://" not in url
        self._selectable = not url.startswith("rfc2217://")  # there a thread of pyserial receives
        try:
            self._serial = serial.serial_for_url(
                url,
                do_not_open=True,
                baudrate=speed,
                bytesize=serial.EIGHTBITS,
                parity=serial.PARITY_NONE,
                stopbits=serial.STOPBITS_ONE,
                timeout=0,
            )
            if device:
                self._serial.exclusive = True
            if url.startswith("socket://"):
                # pyserial would discard what arrived since the connection was made.
                setattr(self._serial, "reset_input_buffer", lambda: None)  # noqa: B010 - a method, to mypy
            self._serial.open()
            if device:
                _ignore_breaks(self._serial.fileno())
            if is_network(url):
                _enable_keepalive(getattr(self._serial, "_socket"))  # noqa: B009 - pyserial has no public name for it
        except (OSError, ValueError, termios.error) as error:  # SerialException is an OSError
            if _number(error) in _BUSY:
                raise PortBusy(f"{url}: {_reason(error)}") from error
            raise PortError(f"{url}: {_reason(error)}") from error

    def read(self, timeout: float) -> bytes:
        try:
            pause = self._pace.pause(time.monotonic())
            if pause and self._stop.wait(min(pause, timeout)):
                return b""
            since = time.monotonic()
            data = self._receive(timeout)
        except (OSError, TypeError, termios.error) as error:  # pyserial raises TypeError after close()
            raise PortError(f"{self._url}: {_reason(error)}") from error
        if data:
            with suppress(OSError, TypeError, termios.error):  # return what was read; the next read raises
                data += self._receive_more(data, since, since + timeout)
        return data

    def _receive_more(self, data: bytes, since: float, deadline: float) -> bytes:
        """Return what follows: all up to an end that is expected, or what comes within a moment after a few bytes."""
        more, received = b"", data
        coalesced = len(data) >= _BURST
        while True:
            now = time.monotonic()
            self._pace.feed(received, since, now)
            pause = self._pace.pause(now)
            if ETX in received or now >= deadline or self._stop.is_set() or (pause is None and coalesced):
                return more
            if pause == 0 and not self._selectable:
                return more
            if pause == 0:
                since, received = now, self._receive(deadline - now)
            else:
                self._stop.wait(min(_COALESCE if pause is None else pause, deadline - now))
                since = time.monotonic()
                received = self._receive(0)
            more += received
            coalesced = True

    def _receive(self, timeout: float) -> bytes:
        """Return all bytes that are there as soon as there are some, nothing after `timeout` seconds."""
        if self._selectable:
            port = self._serial.fileno()
            if timeout > 0 and port not in select.select([port, self._stop.fileno()], [], [], timeout)[0]:
                return b""
            try:
                data = os.read(port, _MAX_READ)  # without pyserial, which waits once more, before and after
            except BlockingIOError:
                return b""
            if timeout > 0 and not data:  # what is gone is ready, and gives nothing
                raise OSError("disconnected" if is_network(self._url) else "the device was unplugged")
            return data
        timeout = min(timeout, _UNSTOPPABLE)
        if self._serial.timeout != timeout and timeout > 0:  # pyserial negotiates with the gateway then
            self._serial.timeout = timeout
        data = bytes(self._serial.read(1)) if timeout > 0 else b""
        return data + bytes(self._serial.read(min(self._serial.in_waiting, _MAX_READ)))

    def close(self) -> None:
        try:
            self._serial.close()
        except OSError as error:
            raise PortError(f"{self._url}: {_reason(error)}") from error

    def set_speed(self, speed: int) -> None:
        try:
            self._serial.baudrate = speed
            self._serial.reset_input_buffer()
            self._pace = FramePace()
        except (OSError, ValueError, termios.error) as error:
            raise PortError(f"{self._url}: {_reason(error)}") from error

    def driver_errors(self) -> dict[str, int]:
        counters = array.array("i", [0] * 20)
        try:
            fcntl.ioctl(self._serial.fileno(), _TIOCGICOUNT, counters)
        except (OSError, ValueError, AttributeError):  # io.UnsupportedOperation is a ValueError; socket ports have none
            return {}
        return {name: counters[index] for name, index in _COUNTERS.items()}


class _SimulatedPort:
    def __init__(self, url: str) -> None:
        # Imported here: a reader of a real meter does without the simulator.
        from reader.simulator.line import SimulatedLine

        self._line = SimulatedLine.from_url(url)
        self.read = self._line.read
        self.close = self._line.close

    def set_speed(self, speed: int) -> None:
        pass  # a simulated meter can be read at any speed

    def driver_errors(self) -> dict[str, int]:
        return {}


def _ignore_breaks(terminal: int) -> None:
    # pyserial does not clear BRKINT. A line at a slower speed looks like a break, which would flush the input.
    attributes = termios.tcgetattr(terminal)
    attributes[0] &= ~termios.BRKINT
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


def _enable_keepalive(connection: socket.socket) -> None:
    # The reader never writes, so only keepalive probes detect that the gateway is gone.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _number(error: BaseException) -> int | None:
    cause: BaseException | None = error
    while cause is not None:  # pyserial hides the number in the original exception
        number = cause.args[0] if cause.args else None
        if number in _HINTS:
            return int(number)
        cause = cause.__context__
    return None


def _reason(error: BaseException) -> str:
    number = _number(error)
    commands = here("teleinfo-reader")
    if number in (errno.EACCES, errno.EPERM) and commands.deployment in (Deployment.APP, Deployment.IMAGE):
        return f"permission denied; {commands.restart('teleinfo-reader')}"
    if number is not None:
        return _HINTS[number]
    return str(error)
