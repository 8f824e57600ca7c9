"""The least that publishes with QoS 1, and that counts confirmations: so that a core is left for what is measured."""

import socket
import threading
from typing import Self

from tests.support.servers import HOST

_CONNECT = b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00"  # MQTT 5, clean start, no keepalive, no client id
_WITHIN = 300.0  # seconds


class _BareClient:
    """A connection; what the broker sends is passed to `_received`, in a thread."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_CONNECT)
        assert self._socket.recv(4096)[:1] == b"\x20", "the broker refuses the connection"
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _read(self) -> None:
        while received := self._socket.recv(1 << 20):
            self._received(received)

    def _received(self, received: bytes) -> None:
        pass


class Publisher(_BareClient):
    """Publishes; what the broker answers is read and dropped."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._number = 0
        self._packets: list[bytes] = []

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1, with the next `flush`."""
        self._number = self._number % 65_535 + 1
        name = topic.encode()
        body = len(name).to_bytes(2, "big") + name + self._number.to_bytes(2, "big") + b"\x00"
        self._packets += (b"\x32" + _length(len(body) + len(payload)) + body, payload)

    def flush(self) -> None:
        self._socket.sendall(b"".join(self._packets))
        self._packets.clear()


class TimeCounter:
    """Counts times in a stream: each is within quotes, and ends with Z."""

    def __init__(self) -> None:
        self.count = 0
        self._last = b""

    def feed(self, received: bytes) -> None:
        self.count += (self._last + received).count(b'Z"')
        self._last = received[-1:] or self._last


class Confirmed(_BareClient):
    """Counts the frames that storers confirm."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        topic = b"teleinfo/+/stored"
        body = b"\x00\x01\x00" + len(topic).to_bytes(2, "big") + topic + b"\x00"
        self._socket.sendall(b"\x82" + _length(len(body)) + body)
        assert self._socket.recv(4096)[:1] == b"\x90", "the broker refuses the subscription"
        self._changed = threading.Condition()
        self._times = TimeCounter()

    @property
    def count(self) -> int:
        return self._times.count

    def _received(self, received: bytes) -> None:
        with self._changed:
            self._times.feed(received)
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        """Wait until so many are confirmed."""
        with self._changed:
            done = self._changed.wait_for(lambda: self.count >= count, _WITHIN)
        assert done, f"{self.count} of {count} frames are confirmed"


def _length(number: int) -> bytes:
    encoded = b""
    while True:
        number, digit = divmod(number, 128)
        encoded += bytes([digit | (0x80 if number else 0)])
        if not number:
            return encoded
