"""A broker whose behaviour a test decides: it reads packets of MQTT 5 and answers as the test's function does."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Self

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 4, 8, 12, 14
CONNACK = b"\x20\x03\x00\x00\x00"
TAKEN_OVER = b"\xe0\x02\x8e\x00"


def connack(properties: bytes = b"") -> bytes:
    """Make a CONNACK (success) with properties, fewer than 120 bytes of them."""
    return bytes((0x20, 3 + len(properties), 0, 0, len(properties))) + properties


class Connection:
    """One client."""

    def __init__(self, number: int, sock: socket.socket) -> None:
        self.number = number  # the first one is 1
        self._socket = sock

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def packet(self) -> tuple[int, bytes] | None:
        """Return the next packet: its kind and all of its bytes; None when the client has gone."""
        head = self._exactly(2)
        if head is None:
            return None
        length, shift, last = head[1] & 0x7F, 7, head[1]
        while last & 0x80:
            more = self._exactly(1)
            if more is None:
                return None
            head += more
            last = more[0]
            length |= (last & 0x7F) << shift
            shift += 7
        body = self._exactly(length)
        return None if body is None else (head[0] >> 4, head + body)

    def _exactly(self, count: int) -> bytes | None:
        data = b""
        while len(data) < count:
            with contextlib.suppress(OSError):
                piece = self._socket.recv(count - len(data))
                if piece:
                    data += piece
                    continue
            return None
        return data


class FakeBroker:
    """Listens on a port of its own; each client has a thread that runs `serve`, then closes the connection."""

    def __init__(self, serve: Callable[[Connection], None], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.opened: list[float] = []  # monotonic
        self._serve = serve
        self._server = socket.create_server((host, port))
        self.port: int = self._server.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._main = threading.Thread(target=self._run, name="fake broker")

    def __enter__(self) -> Self:
        self._main.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._main.join()
        self._server.close()
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # the end
            while True:
                sock, _ = self._server.accept()
                self.opened.append(time.monotonic())
                self._sockets.append(sock)
                thread = threading.Thread(target=self._one, args=(Connection(len(self.opened), sock), sock))
                self._threads.append(thread)
                thread.start()

    def _one(self, connection: Connection, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            self._serve(connection)


def answer(connection: Connection, first_answer: bytes = CONNACK) -> list[bytes]:
    """Accept the client and answer all its packets until it leaves; return what it published."""
    published: list[bytes] = []
    while packet := connection.packet():
        answer_one(connection, packet, published, first_answer)
    return published


def answer_one(connection: Connection, packet: tuple[int, bytes], published: list[bytes], first_answer: bytes) -> None:
    """Answer one packet; what the client publishes is added to the list."""
    kind, data = packet
    if kind == CONNECT:
        connection.send(first_answer)
    elif kind == SUBSCRIBE:
        connection.send(b"\x90\x04" + data[2:4] + b"\x00\x01")
    elif kind == PINGREQ:
        connection.send(b"\xd0\x00")
    elif kind == PUBLISH:
        published.append(data)
        start = 1 + next(n for n, byte in enumerate(data[1:], 1) if byte < 0x80)
        start += 2 + int.from_bytes(data[start : start + 2], "big")
        connection.send(b"\x40\x02" + data[start : start + 2])


def filters_of(packet: bytes) -> list[str]:
    """Return the topic filters of a SUBSCRIBE without properties, and of less than 16 kB."""
    start = 2 + (packet[1] >= 0x80) + 3
    names = []
    while start < len(packet):
        end = start + 2 + int.from_bytes(packet[start : start + 2], "big")
        names.append(packet[start + 2 : end].decode())
        start = end + 1
    return names
