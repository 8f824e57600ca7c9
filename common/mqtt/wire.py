"""What paho takes for its socket: it takes the messages out of what the broker sends, and puts their answers in.

paho reads a packet in four system calls, takes 35 µs for a message (most of it for properties that ours do not have),
and sends each answer alone. A storer receives thousands a second. So all that has arrived is read at once, PUBLISH is
decoded in `packets.py`, and PUBACKs are sent together. All other packets are paho's. It hands over its socket where it
would have one made with TLS: `Client.tls_set_context`.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Self

from common.mqtt.packets import Incoming, Publish

_AT_ONCE = 65_536  # bytes
_PUBACK = b"\x40\x02"  # and the message's id: success
_PINGRESP = b"\xd0\x00"
_ALIVE_EVERY = 1.0  # seconds


class Wire:
    """The socket of a connection, and in place of the context that would make it one with TLS."""

    check_hostname = True  # the real context does it; paho would do so otherwise

    def __init__(self, deliver: Callable[[Publish], None], *, manual: bool, context: "ssl.SSLContext | None") -> None:
        """Prepare a connection, with TLS if there is a context.

        `deliver` is called in paho's thread. `manual`: messages are acknowledged by `acknowledge` only.
        """
        self._deliver: Callable[[Publish], None] | None = deliver
        self._manual = manual
        self._context = context
        self._tls: ssl.SSLSocket | None = None
        # paho reads and writes in a thread of its own, others acknowledge; and OpenSSL does one thing at a time.
        self._lock = threading.Lock()
        self._incoming = Incoming()
        self._arrived: deque[Publish | bytes] = deque()  # packets in the order of the broker, for nobody yet
        self._for_paho = b""  # of the packet that is being read
        self._alive_at = 0.0  # monotonic time at which paho was last told
        self._acknowledgements = bytearray()  # not sent yet
        self._midway = False  # paho has not sent all of a packet yet

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Acknowledge messages, by their ids; for any thread."""
        packets = b"".join([_PUBACK + mid.to_bytes(2, "big") for mid in mids])
        with self._lock:
            self._acknowledgements += packets
            self._send_acknowledgements()

    def release(self) -> None:
        """Break the reference cycle through `deliver`."""
        self._deliver = None

    # -- a context, to paho --------------------------------------------------------------------------------------------

    def wrap_socket(self, sock: socket.socket, server_hostname: str | None = None, **options: Any) -> Self:
        """Take a socket that is connected."""
        # Nagle's algorithm and delayed acknowledgements together cost 80 ms a frame.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            sock = self._tls = self._context.wrap_socket(sock, server_hostname=server_hostname, **options)
        self.socket = sock
        self.fileno, self.setblocking, self.settimeout = sock.fileno, sock.setblocking, sock.settimeout
        return self

    def do_handshake(self) -> None:
        """Shake hands, with TLS."""
        if self._tls is not None:
            self._tls.do_handshake()

    # -- a socket, to paho ---------------------------------------------------------------------------------------------

    def pending(self) -> int:
        """Return how many bytes can be read, even if nothing arrives; paho asks before it waits, once a second."""
        with self._lock:
            self._send_acknowledgements()
            return len(self._for_paho) + len(self._arrived) + (0 if self._tls is None else self._tls.pending())

    def recv(self, size: int) -> bytes:
        """Deliver messages until another packet comes, and return bytes of that one.

        Raises:
            BlockingIOError: there are none.
            OSError: the connection is lost, or the broker does not speak MQTT 5.
        """
        if not self._for_paho and self._arrived:
            self._pass_on()
        if not self._for_paho:
            with self._lock:
                data = self.socket.recv(_AT_ONCE)
            if not data:
                return data
            self._take(data)
        data, self._for_paho = self._for_paho[:size], self._for_paho[size:]
        if not data:
            raise BlockingIOError
        return data

    def send(self, packet: bytes | bytearray) -> int:
        """Send a packet, or the rest of one; return how many bytes were sent.

        Raises:
            OSError: as that of a socket.
        """
        with self._lock:
            if not self._midway:
                self._send_acknowledgements()
                if self._acknowledgements:
                    raise BlockingIOError
            self._midway = True  # also if it raises: then paho tries again
            sent = self.socket.send(packet)
            self._midway = sent < len(packet)
            return sent

    def close(self) -> None:
        """Close it."""
        with self._lock:
            self.socket.close()

    def _take(self, data: bytes) -> None:
        try:
            self._arrived += self._incoming.feed(data)
        except ValueError as error:
            raise ConnectionError(f"the broker does not speak MQTT 5: {error}") from error
        self._pass_on()
        if not self._for_paho and time.monotonic() >= self._alive_at + _ALIVE_EVERY:
            # It would take a broker for dead that sends messages only, and whose PINGRESP is behind many of them.
            self._alive_at = time.monotonic()
            self._for_paho = _PINGRESP

    def _pass_on(self) -> None:
        """Deliver what arrived before the next packet of paho's, which is read before what came behind it."""
        mids = []
        while self._arrived and not self._for_paho:
            packet = self._arrived.popleft()
            if isinstance(packet, bytes):
                self._for_paho = packet
                continue
            if self._deliver is not None:
                self._deliver(packet)
            if packet.qos and not self._manual:
                mids.append(packet.mid)
        if mids:
            self.acknowledge(mids)

    def _send_acknowledgements(self) -> None:
        """Send what can be sent now, between two packets of paho's. Call it with the lock."""
        if self._acknowledgements and not self._midway:
            with contextlib.suppress(OSError):  # not now; or never: paho's thread meets the same error
                del self._acknowledgements[: self.socket.send(self._acknowledgements)]
