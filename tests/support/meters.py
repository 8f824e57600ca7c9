"""A meter behind a TCP port (`socket://`) whose frames are numbered, and the writing of frames in standard mode.

And one on a serial port: a pseudo-terminal.
"""

import select
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.programs import ENVIRONMENT, command_line
from tests.support.servers import HOST

METER = "031961123456"
ADDRESSES = (METER, "031961234567", "021961345678")  # of the meters, in the order of their ports
MESSAGE_EVERY = 50  # frames after which a meter shows another message: a label set of its own


def group(label: str, *fields: str) -> bytes:
    """Return a group in standard mode, with its checksum by the definition of the specification."""
    zone = "\t".join((label, *fields)).encode() + b"\t"
    return b"\n" + zone + bytes([(sum(zone) & 0x3F) + 0x20]) + b"\r"


def message_of(address: str, number: int) -> str:
    """Return the message of a frame; each block of MESSAGE_EVERY frames of a meter has its own."""
    return f"{address} {number // MESSAGE_EVERY:019}"


def numbered_frame(number: int, index: int, now: float, address: str = METER, breaker: int = 9) -> bytes:
    """Return a frame with its number as SINSTS, and with the message of that number; `breaker` in kVA."""
    stamp = time.strftime("H%y%m%d%H%M%S", time.gmtime(now + 3600))
    groups = (
        group("ADSC", address),
        group("DATE", stamp, ""),
        group("NGTF", "      BASE      "),
        group("EAST", f"{index:09}"),
        group("EASF01", f"{index:09}"),
        group("EASD01", f"{index:09}"),
        group("IRMS1", f"{number % 60:03}"),
        group("URMS1", f"{225 + number % 10:03}"),
        group("PREF", f"{breaker:02}"),
        group("SINSTS", f"{number:05}"),
        group("STGE", "003A0001"),
        group("MSG1", message_of(address, number)),
        group("NTARF", "01"),
    )
    return b"\x02" + b"".join(groups) + b"\x03"


class Meter:
    """A meter behind a TCP port (`socket://`); it records which frames it sent to a connected reader, and when.

    Not the first of a connection: it may come before the reader has emptied the port's buffer.
    """

    def __init__(self, frames_a_second: float, host: str = HOST, address: str = METER, first: int = 0) -> None:
        self.address = address
        self.breaker = 9  # kVA
        self.sent: list[tuple[int, float]] = []  # number, monotonic time
        self._first = first
        self._pace = 1 / frames_a_second
        self._server = socket.create_server((host, 0))
        self.port: int = self._server.getsockname()[1]
        self._stop = threading.Event()
        self._cut_until = 0.0
        self._thread = threading.Thread(target=self._run, name="meter", daemon=True)
        self._thread.start()

    def cut(self, seconds: float) -> None:
        """Cut the line for a while."""
        self._cut_until = time.monotonic() + seconds

    @contextmanager
    def faster(self, frames_a_second: float) -> Iterator[None]:
        """Send so many frames a second for a while."""
        before, self._pace = self._pace, 1 / frames_a_second
        yield
        self._pace = before

    def stop(self) -> None:
        """Send nothing more."""
        self._stop.set()
        self._thread.join()
        self._server.close()

    def _run(self) -> None:
        number = self._first
        began = time.time()
        self._server.settimeout(0.1)
        while not self._stop.is_set():
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(60)
                due, is_first = time.monotonic(), True
                while not self._stop.is_set() and time.monotonic() >= self._cut_until:
                    now = time.time()
                    # Two kilowatts: an index that moves as a meter's does.
                    index = 10_000_000 + int((now - began) * 2000 / 3600)
                    frame = numbered_frame(number, index, now, self.address, self.breaker)
                    try:
                        if _is_closed(connection):
                            break
                        at = time.monotonic()  # before: a frame into the hands of a reader that dies is of its life
                        connection.sendall(frame)
                    except OSError:
                        number += 1
                        break
                    if not is_first:
                        self.sent.append((number, at))
                    number, is_first = number + 1, False
                    due += self._pace
                    self._stop.wait(max(0.0, due - time.monotonic()))
            while time.monotonic() < self._cut_until and not self._stop.wait(0.05):
                pass


def _is_closed(connection: socket.socket) -> bool:
    """Return whether the reader has closed the connection: the first frame sent to it would seem to arrive."""
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and connection.recv(1) == b""


@contextmanager
def meter_on_a_port() -> Iterator[str]:
    """Have a simulated meter at the other end of a pseudo-terminal; yield its name."""
    command = command_line("reader", "simulate", "standard-single-phase-base")
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
