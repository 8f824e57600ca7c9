"""Opens a line: a serial port, a port over the network, or a simulated meter.

A port is opened raw and 8N1: ten bits a character as the line's 7E1, so that the parity bit arrives as the eighth and
can be checked. In its own 7E1 the driver would take the parity off and keep the damaged bytes silently.
"""

import array
import errno
import fcntl
import threading
from typing import Protocol

import serial

from common.errors import ConfigError, PortError
from reader.simulated_line import SimulatedLine

_SETTLE = 0.02  # seconds; bytes that follow within it are read together, which spares a small machine the wake-ups
_BURST = 64  # bytes; more than this at once is no trickle
_LARGEST_READ = 4096  # bytes; what a tty holds
_TIOCGICOUNT = 0x545D  # asks a driver for its counters, see tty_ioctl(4)
_COUNTERS = {"framing": 6, "overrun": 7, "parity": 8, "break": 9, "buffer_overrun": 10}

_CURES = {
    errno.EACCES: "permission denied; add this user to the group dialout",
    errno.EPERM: "permission denied; add this user to the group dialout",
    errno.ENOENT: "no such device; is it plugged in? ls /dev/serial/by-id shows what is",
    errno.ENODEV: "no such device; is it plugged in? ls /dev/serial/by-id shows what is",
    errno.EBUSY: "another program has it open",
    errno.EAGAIN: "another program has it open",
    errno.ENOTTY: "not a serial port",
    errno.ECONNREFUSED: "connection refused; is the program that serves the port running there?",
}


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
    elif scheme not in ("socket", "rfc2217"):
        raise ConfigError(f"port: {url}: a device, socket://, rfc2217:// or simulate:// is expected")


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
            self._serial.open()
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise PortError(f"{url}: {_reason(error)}") from error

    def read(self, timeout: float) -> bytes:
        try:
            self._serial.timeout = timeout
            data: bytes = self._serial.read(1)
            if not data:
                return data
            data += self._serial.read(min(self._serial.in_waiting, _LARGEST_READ))
            if len(data) < _BURST:
                self._stop.wait(_SETTLE)
                data += self._serial.read(min(self._serial.in_waiting, _LARGEST_READ))
        except (OSError, TypeError) as error:  # TypeError: pyserial, when the port was closed under it
            raise PortError(f"{self._url}: {_reason(error)}") from error
        return data

    def close(self) -> None:
        try:
            self._serial.close()
        except OSError as error:
            raise PortError(f"{self._url}: {_reason(error)}") from error

    def set_speed(self, speed: int) -> None:
        try:
            self._serial.baudrate = speed
            self._serial.reset_input_buffer()
        except (OSError, ValueError) as error:
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


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in _CURES:
        return _CURES[number]
    text = str(error)
    return "the device was unplugged" if "multiple access on port" in text else text
