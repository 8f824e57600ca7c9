"""Each kind of port, over a real pseudo-terminal, socket, RFC 2217 server or simulated meter."""

import array
import contextlib
import fcntl
import os
import socket
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import serial
from serial.rfc2217 import PortManager

from common.errors import PortError
from common.runtime.shutdown import StopEvent
from reader.line.port import Port, open_port
from reader.tic.decoder import Decoder

EVERY_BYTE = bytes(range(256))
TIMEOUT = 30.0  # seconds; a read here takes none of it


class NoWait(StopEvent):
    """A stop event whose wait returns at once."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


class Terminal:
    """A pseudo-terminal with the settings of an interactive shell."""

    def __init__(self) -> None:
        self.master, self._slave = os.openpty()
        self.name = os.ttyname(self._slave)
        attributes = termios.tcgetattr(self._slave)
        attributes[0] |= termios.ICRNL | termios.IXON | termios.ISTRIP | termios.INPCK | termios.PARMRK | termios.BRKINT
        attributes[3] |= termios.ICANON | termios.ISIG | termios.ECHO | termios.IEXTEN
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)

    def attributes(self) -> list[int]:
        return termios.tcgetattr(self._slave)[:6]

    def send(self, data: bytes) -> None:
        """Return when the bytes can be read: until then the kernel may take its time, in a thread of its own."""
        expected = self._readable() + len(data)
        os.write(self.master, data)
        deadline = time.monotonic() + TIMEOUT
        while self._readable() < expected:
            assert time.monotonic() < deadline

    def _readable(self) -> int:
        count = array.array("i", [0])
        fcntl.ioctl(self._slave, termios.FIONREAD, count)
        return count[0]

    def unplug(self) -> None:
        for end in (self.master, self._slave):
            with contextlib.suppress(OSError):
                os.close(end)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.unplug()


@contextlib.contextmanager
def opened(url: str, speed: int = 9600) -> Iterator[Port]:
    port = open_port(url, speed, NoWait())
    try:
        yield port
    finally:
        port.close()


def read(port: Port, count: int) -> bytes:
    """Read `count` bytes, or less if a read times out."""
    data = b""
    while len(data) < count and (more := port.read(TIMEOUT)):
        data += more
    return data


def read_to_the_end(port: Port) -> None:
    """Read until the port fails: pyserial's thread may notice later."""
    while True:
        port.read(TIMEOUT)


def error_of(url: str) -> str:
    with pytest.raises(PortError) as caught:
        open_port(url, 9600, NoWait())
    message = str(caught.value)
    assert message.startswith(f"{url}: ")
    assert "\n" not in message
    return message.removeprefix(f"{url}: ")


# A serial port.


def test_reads_every_byte_of_a_terminal_unchanged(terminal: Terminal) -> None:
    """CR, ETX, EOT, XON and XOFF have no special meaning; the eighth bit is kept."""
    with opened(terminal.name) as port:
        for data in (EVERY_BYTE, EVERY_BYTE[::-1], b"\xff\xff\x00", b"\r\n\x03\x04\x11\x13\x1a\x7f\x8d\x82"):
            os.write(terminal.master, data)
            assert read(port, len(data)) == data
        os.set_blocking(terminal.master, False)
        with pytest.raises(BlockingIOError):  # no echo
            os.read(terminal.master, 1)


def test_opens_a_terminal_raw_with_eight_bits_and_no_parity(terminal: Terminal) -> None:
    with opened(terminal.name, 1200) as port:
        input_flags, output_flags, control_flags, local_flags, speed_in, speed_out = terminal.attributes()
        changing = ("BRKINT", "ICRNL", "IGNCR", "INLCR", "INPCK", "ISTRIP", "IXOFF", "IXON", "PARMRK")
        assert [name for name in changing if input_flags & getattr(termios, name)] == []
        assert local_flags & (termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN) == 0
        assert output_flags & termios.OPOST == 0
        assert control_flags & termios.CSIZE == termios.CS8
        assert control_flags & (termios.PARENB | termios.CSTOPB) == 0
        assert (speed_in, speed_out) == (termios.B1200, termios.B1200)
        port.set_speed(9600)
        assert terminal.attributes()[4:] == [termios.B9600, termios.B9600]
        assert terminal.attributes()[0] & termios.BRKINT == 0
        os.write(terminal.master, EVERY_BYTE)
        assert read(port, 256) == EVERY_BYTE


def test_a_silent_port_gives_nothing(terminal: Terminal) -> None:
    with opened(terminal.name) as port:
        assert port.read(0) == b""
        assert port.read(0.01) == b""
        assert port.driver_errors() == {}


def test_an_unplugged_port_raises_port_error(terminal: Terminal) -> None:
    with opened(terminal.name) as port:
        os.write(terminal.master, b"PAPP")
        assert read(port, 4) == b"PAPP"
        terminal.unplug()
        with pytest.raises(PortError, match=terminal.name):
            port.read(TIMEOUT)
        with pytest.raises(PortError, match=terminal.name):
            port.set_speed(1200)
        assert port.driver_errors() == {}


def test_what_came_before_a_device_was_gone_is_returned_first(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(terminal.name) as port:
        received = [b"", b"PAPP"]  # a device that is gone is always ready, and gives nothing
        os.write(terminal.master, b"ready")
        monkeypatch.setattr(os, "read", lambda *_: received.pop())
        assert port.read(TIMEOUT) == b"PAPP"
        received.append(b"")
        with pytest.raises(PortError, match=f"{terminal.name}: the device was unplugged"):
            port.read(TIMEOUT)


def test_a_port_can_be_closed_twice_and_a_closed_one_gives_an_error(terminal: Terminal) -> None:
    port = open_port(terminal.name, 9600, NoWait())
    port.close()
    port.close()
    with pytest.raises(PortError):
        port.read(0)


def test_a_port_that_another_program_has_open_is_refused(terminal: Terminal) -> None:
    with opened(terminal.name):
        assert error_of(terminal.name) == "another program has it open"
    with opened(terminal.name) as port:
        os.write(terminal.master, b"\x02")
        assert read(port, 1) == b"\x02"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ttyUSB0", "/dev/serial/by-id"),
        ("capture.bin", "not a serial port"),
        (".", "a folder"),
        ("/dev/null", "not a serial port"),
    ],
)
def test_what_is_no_port_is_refused_with_a_hint(tmp_path: Path, name: str, hint: str) -> None:
    (tmp_path / "capture.bin").write_bytes(b"\x02")
    assert hint in error_of(str(tmp_path / name))


@pytest.fixture
def unprivileged(tmp_path: Path) -> Iterator[None]:
    """Drop the rights of root, who may open everything."""
    (tmp_path / "ttyUSB0").touch(mode=0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


def test_a_port_without_permission_raises_with_the_group_to_join(tmp_path: Path, unprivileged: None) -> None:
    assert "group dialout" in error_of(str(tmp_path / "ttyUSB0"))


# The middle of a frame.


class Sleeper(StopEvent):
    """A stop event that sends the next bytes of the line while it is waited for, and keeps how long."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self.waits: list[float] = []
        self.next: list[bytes] = []
        self.clock: Clock | None = None  # goes on while it is waited for
        self._terminal = terminal

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(timeout)
        if self.clock is not None:
            self.clock.now += timeout
        if self.next:
            self._terminal.send(self.next.pop(0))
        return self.is_set()


class Clock:
    """The time of the port, which a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.step = 0.0  # at each reading; with one, no bytes are there before they are waited for
        monkeypatch.setattr("reader.line.port.time", SimpleNamespace(monotonic=self._monotonic))

    def _monotonic(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def sleeper(terminal: Terminal) -> Sleeper:
    return Sleeper(terminal)


def read_frame_at_line_pace(port: Port, terminal: Terminal, clock: Clock) -> None:
    """Let the port read a frame of 960 bytes that takes a second."""
    terminal.send(b"x" * 480)
    assert len(read(port, 480)) == 480
    clock.now += 0.5
    terminal.send(b"x" * 479 + b"\x03")
    assert len(read(port, 480)) == 480


def test_sleeps_until_shortly_before_the_expected_end_of_a_frame(
    terminal: Terminal, sleeper: Sleeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    port = open_port(terminal.name, 9600, sleeper)
    read_frame_at_line_pace(port, terminal, clock)
    clock.now += 0.02
    sleeper.waits.clear()
    sleeper.next = [b"x" * 943 + b"\x03"]
    terminal.send(b"x" * 16)
    assert len(port.read(TIMEOUT)) == 960
    (wait,) = sleeper.waits
    assert 0.9 < wait < 944 / 960
    port.close()


@pytest.mark.parametrize("pieces", [[960], [800, 160]])
def test_sleeps_from_the_end_of_a_frame_to_that_of_the_next(
    terminal: Terminal, sleeper: Sleeper, monkeypatch: pytest.MonkeyPatch, pieces: list[int]
) -> None:
    clock = sleeper.clock = Clock(monkeypatch)
    clock.step = 0.001
    port = open_port(terminal.name, 9600, sleeper)
    read_frame_at_line_pace(port, terminal, clock)
    frame = b"x" * 959 + b"\x03"
    for _ in range(9):
        clock.now += 0.04
        terminal.send(frame[:16])
        sleeper.next = [frame[16:]]
        assert port.read(TIMEOUT) == frame
    sleeper.waits.clear()
    sleeper.next = [frame[: pieces[0]], frame[pieces[0] :]][: len(pieces)]
    assert port.read(TIMEOUT) == frame
    assert 1.01 < sleeper.waits[0] < 1.04
    assert len(sleeper.waits) == len(pieces)
    if len(pieces) == 1:  # after the other one, which was late, the next end is unknown
        sleeper.set()
        assert port.read(TIMEOUT) == b""  # at once
    port.close()


def test_sleeps_no_longer_than_the_caller_allows(
    terminal: Terminal, sleeper: Sleeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    port = open_port(terminal.name, 9600, sleeper)
    read_frame_at_line_pace(port, terminal, clock)
    sleeper.waits.clear()
    sleeper.next = [b"x" * 943 + b"\x03"]
    terminal.send(b"x" * 16)
    assert len(port.read(0.25)) == 960
    assert sleeper.waits == [0.25]
    port.close()


def test_waits_for_more_than_a_few_bytes_once(terminal: Terminal, sleeper: Sleeper) -> None:
    port = open_port(terminal.name, 9600, sleeper)
    terminal.send(b"few")
    assert port.read(TIMEOUT) == b"few"
    assert len(sleeper.waits) == 1
    port.close()


def test_returns_at_once_with_the_end_of_a_frame(terminal: Terminal, sleeper: Sleeper) -> None:
    port = open_port(terminal.name, 9600, sleeper)
    for data in (b"\x03", b"x" * 50 + b"\x03", b"x" * 960 + b"\x03"):
        terminal.send(data)
        assert read(port, len(data)) == data
    assert sleeper.waits == []
    port.close()


def test_a_stop_wakes_a_sleeping_port(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    stop = StopEvent()
    port = open_port(terminal.name, 9600, stop)
    read_frame_at_line_pace(port, terminal, clock)
    stop.set()
    terminal.send(b"x" * 16)
    assert port.read(TIMEOUT) == b"x" * 16
    port.close()


def test_a_stop_ends_the_wait_for_a_silent_line(terminal: Terminal) -> None:
    stop = StopEvent()
    port = open_port(terminal.name, 9600, stop)
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    assert port.read(60) == b""
    assert time.monotonic() - began < TIMEOUT
    port.close()


# Over the network.


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)
        yield listener


def url_of(listener: socket.socket, scheme: str = "socket") -> str:
    return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"


def test_reads_every_byte_of_a_socket_many_at_a_time(listener: socket.socket) -> None:
    """A few bytes a read would be slower than a gateway at 9600 bit/s."""
    with opened(url_of(listener)) as port:
        meter, _ = listener.accept()
        with meter:
            sent = EVERY_BYTE * 64
            meter.sendall(sent)
            data, reads = b"", 0
            while len(data) < len(sent):
                data += port.read(TIMEOUT)
                reads += 1
            assert data == sent
            assert reads < 64
            assert port.read(0) == b""
            port.set_speed(1200)  # no effect: the gateway sets it
            assert port.driver_errors() == {}
            meter.sendall(b"\x82")
            assert read(port, 1) == b"\x82"


def keepalive_of(port: Port) -> tuple[bool, float]:
    """Return whether keepalive is on, and after how many seconds it detects a lost peer."""
    connection = cast(Any, port)._serial._socket
    idle, interval, count = (
        connection.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    return bool(connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)), idle + interval * count


def test_keepalive_detects_a_lost_gateway_within_a_minute(listener: socket.socket) -> None:
    with opened(url_of(listener)) as port:
        on, seconds = keepalive_of(port)
    assert on
    assert seconds <= 60


def test_reads_what_a_gateway_sent_before_it_closed_the_connection(listener: socket.socket) -> None:
    for last in (b"\x03", b"\nPAPP 00750 -\r\x03", EVERY_BYTE * 4):
        with opened(url_of(listener)) as port:
            meter, _ = listener.accept()
            with meter:
                meter.sendall(last)
            assert read(port, len(last)) == last
            with pytest.raises(PortError, match="disconnected"):
                port.read(TIMEOUT)


def test_a_refused_connection_raises_with_a_hint(listener: socket.socket) -> None:
    url = url_of(listener)
    listener.close()
    assert error_of(url).startswith("connection refused")
    url = url.replace("socket", "rfc2217")
    assert error_of(url).startswith("connection refused")


class Rfc2217Server:
    """pyserial's own RFC 2217 server over a loopback port."""

    def __init__(self, listener: socket.socket) -> None:
        self.port: Any = serial.serial_for_url("loop://")
        self.negotiated = 0
        self._listener = listener
        self._client: socket.socket | None = None
        self._connected = threading.Event()
        self.falls_silent = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        self._client, _ = self._listener.accept()
        self._manager = PortManager(self.port, cast(Any, self))
        self._connected.set()
        with contextlib.suppress(OSError):
            while data := self._client.recv(1024):
                if self.falls_silent.is_set():
                    continue
                self.negotiated += data.count(b"\xff\xfa")
                for _ in self._manager.filter(data):
                    pass

    def write(self, data: bytes) -> None:
        """Send to the client; called by the manager."""
        assert self._client
        self._client.sendall(data)

    def send(self, data: bytes) -> None:
        self._connected.wait(TIMEOUT)
        self.write(b"".join(self._manager.escape(data)))

    def close(self) -> None:
        if self._client:
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)
        self._thread.join(TIMEOUT)
        if self._client:
            self._client.close()
        self.port.close()


@pytest.fixture
def server(listener: socket.socket) -> Iterator[Rfc2217Server]:
    server = Rfc2217Server(listener)
    yield server
    server.close()


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # of pyserial, in its own thread's set-up
def test_configures_and_reads_a_port_over_rfc2217(listener: socket.socket, server: Rfc2217Server) -> None:
    with opened(url_of(listener, "rfc2217") + "?timeout=60", 1200) as port:
        assert (server.port.baudrate, server.port.bytesize, server.port.parity) == (1200, 8, "N")
        server.send(EVERY_BYTE)
        assert read(port, 256) == EVERY_BYTE
        assert keepalive_of(port) == (True, 50)
        negotiated = server.negotiated
        for _ in range(3):
            server.send(EVERY_BYTE)
            assert read(port, 256) == EVERY_BYTE
        assert server.negotiated == negotiated  # reading does not reconfigure the port
        port.set_speed(9600)
        assert server.port.baudrate == 9600
        assert port.driver_errors() == {}
        server.close()
        with pytest.raises(PortError, match="rfc2217"):
            read_to_the_end(port)


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # of pyserial, in its own thread's set-up
def test_a_port_whose_gateway_is_silent_is_closed_and_can_be_opened_again(
    listener: socket.socket, server: Rfc2217Server
) -> None:
    """It keeps the connection open and answers nothing: no FIN, no reset."""
    url = url_of(listener, "rfc2217")
    with opened(url, 1200) as port:
        server.send(EVERY_BYTE)
        assert read(port, 256) == EVERY_BYTE
        server.falls_silent.set()
    another = Rfc2217Server(listener)
    try:
        with opened(url, 1200) as port:
            another.send(EVERY_BYTE)
            assert read(port, 256) == EVERY_BYTE
    finally:
        another.close()


# A simulated meter.


def test_a_simulated_meter_is_a_port() -> None:
    with opened("simulate://standard-single-phase-tempo?speed=200") as port:
        decoder = Decoder()
        readings = decoder.feed(port.read(TIMEOUT))
        while len(readings) < 3:
            port.set_speed(1200)  # no effect
            readings += decoder.feed(port.read(TIMEOUT))
        assert all(reading.parity and reading.address and reading.dropped == 0 for reading in readings)
        assert port.driver_errors() == {}
    assert port.read(TIMEOUT) == b""
