"""Opens a line: a serial port, a port over the network, or a simulated meter.

A port is opened raw and 8N1: ten bits a character as the line's 7E1, so that the parity bit arrives as the eighth and
can be checked. In its own 7E1 the driver would take the parity off and keep the damaged bytes silently.
"""

import array
import errno
import fcntl
import socket
import termios
import threading
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlsplit

import serial

from common.errors import ConfigError, PortBusy, PortError
from reader.simulator.line import SimulatedLine

_SETTLE = 0.02  # seconds; bytes that follow within it are read together, which spares a small machine the wake-ups
_BURST = 64  # bytes; more than this at once is no trickle
_LARGEST_READ = 4096  # bytes; what a tty holds
#: Seconds without a byte until the peer is asked, seconds between two questions, and how many go unanswered.
_KEEPALIVE = {socket.TCP_KEEPIDLE: 20, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}
_TIOCGICOUNT = 0x545D  # asks a driver for its counters, see tty_ioctl(4)
_COUNTERS = {"framing": 6, "overrun": 7, "parity": 8, "break": 9, "buffer_overrun": 10}

_DENIED = "permission denied; add this user to the group dialout (with compose: TIC_GROUP in .env)"
_CURES = {
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
    """Whatever bytes of a meter come from."""

    def read(self, timeout: float) -> bytes:
        """Return what came in, as soon as something did; nothing after `timeout` seconds.

        Raises:
            PortError: the port is gone.
        """

    def close(self) -> None:
        """Let go of the port."""

    def set_speed(self, speed: int) -> None:
        """Listen at `speed` bit/s from now on."""

    def driver_errors(self) -> dict[str, int]:
        """Return what the driver has counted since the machine started, if it does."""


def check_port(url: str) -> None:
    """Refuse a name that can never be opened.

    Raises:
        ConfigError: with what is expected.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        return
    if scheme == "simulate":
        try:
            SimulatedLine.from_url(url)
        except ValueError as error:
            raise ConfigError(f"port: {error}") from error
    elif not is_network(url):
        raise ConfigError(f"port: {url}: a device, socket://, rfc2217:// or simulate:// is expected")
    elif not _names_host_and_port(url):
        raise ConfigError(f"port: {url}: {scheme}://HOST:PORT is expected")


def is_network(url: str) -> bool:
    """Tell whether the line comes over the network, where a peer can die without a word."""
    return url.startswith(("socket://", "rfc2217://"))


def _names_host_and_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname and parts.port)
    except ValueError:
        return False


def open_port(url: str, speed: int, stop: threading.Event) -> Port:
    """Open a line.

    Raises:
        PortError: it is not there, or not ours; with what to do.
    """
    if url.startswith("simulate://"):
        return _SimulatedPort(url)
    return _SerialPort(url, speed, stop)


class _SerialPort:
    def __init__(self, url: str, speed: int, stop: threading.Event) -> None:
        self._url = url
        self._stop = stop
        try:
            self._serial = serial.serial_for_url(
                url,
                do_not_open=True,
                baudrate=speed,
                bytesize=serial.EIGHTBITS,
                parity=serial.PARITY_NONE,
                stopbits=serial.STOPBITS_ONE,
            )
            if "://" not in url:
                self._serial.exclusive = True
            if url.startswith("socket://"):
                # What a socket has received came in since we are connected; pyserial would throw it away on opening.
                setattr(self._serial, "reset_input_buffer", lambda: None)  # noqa: B010 - a method, to mypy
            self._serial.open()
            if "://" not in url:
                _keep_breaks_harmless(self._serial.fileno())
            if is_network(url):
                _keep_alive(getattr(self._serial, "_socket"))  # noqa: B009 - pyserial shows it nowhere else
        except (OSError, ValueError, termios.error) as error:  # SerialException is an OSError
            if _number(error) in _BUSY:
                raise PortBusy(f"{url}: {_reason(error)}") from error
            raise PortError(f"{url}: {_reason(error)}") from error

    def read(self, timeout: float) -> bytes:
        try:
            self._set_timeout(timeout)
            data: bytes = self._serial.read(1)
        except (OSError, TypeError, termios.error) as error:  # TypeError: pyserial, when the port was closed under it
            raise PortError(f"{self._url}: {_reason(error)}") from error
        if data:
            with suppress(OSError, TypeError, termios.error):  # what came in counts; the next read says it is gone
                data += self._read_waiting()
                if len(data) < _BURST:
                    self._stop.wait(_SETTLE)
                    data += self._read_waiting()
        return data

    def _read_waiting(self) -> bytes:
        if not self._url.startswith("socket://"):
            return bytes(self._serial.read(min(self._serial.in_waiting, _LARGEST_READ)))
        # in_waiting of a socket says that there is something, not how much: a byte a read is slower than a meter.
        self._set_timeout(0)
        return bytes(self._serial.read(_LARGEST_READ))

    def _set_timeout(self, seconds: float) -> None:
        if self._serial.timeout != seconds:  # pyserial sets the port up afresh; with rfc2217 that is a negotiation
            self._serial.timeout = seconds

    def close(self) -> None:
        try:
            self._serial.close()
        except OSError as error:
            raise PortError(f"{self._url}: {_reason(error)}") from error

    def set_speed(self, speed: int) -> None:
        try:
            self._serial.baudrate = speed
            self._serial.reset_input_buffer()
        except (OSError, ValueError, termios.error) as error:
            raise PortError(f"{self._url}: {_reason(error)}") from error

    def driver_errors(self) -> dict[str, int]:
        counters = array.array("i", [0] * 20)
        try:
            fcntl.ioctl(self._serial.fileno(), _TIOCGICOUNT, counters)
        except (OSError, ValueError, AttributeError):  # io.UnsupportedOperation is a ValueError; socket ports have none
            return {}
        return {name: counters[place] for name, place in _COUNTERS.items()}


class _SimulatedPort:
    def __init__(self, url: str) -> None:
        self._line = SimulatedLine.from_url(url)
        self.read = self._line.read
        self.close = self._line.close

    def set_speed(self, speed: int) -> None:
        pass  # a simulated meter is heard at any

    def driver_errors(self) -> dict[str, int]:
        return {}


def _keep_breaks_harmless(terminal: int) -> None:
    # pyserial leaves BRKINT as it was: a break, as which a slower line looks, would throw away what was received.
    attributes = termios.tcgetattr(terminal)
    attributes[0] &= ~termios.BRKINT
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)


def _keep_alive(connection: socket.socket) -> None:
    # We never write to it, so nothing else would tell that the gateway is gone.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _number(error: BaseException) -> int | None:
    cause: BaseException | None = error
    while cause is not None:  # pyserial keeps the number in the error behind its own
        number = cause.args[0] if cause.args else None
        if number in _CURES:
            return int(number)
        cause = cause.__context__
    return None


def _reason(error: BaseException) -> str:
    number = _number(error)
    if number is not None:
        return _CURES[number]
    text = str(error)
    return "the device was unplugged" if "multiple access on port" in text else text
