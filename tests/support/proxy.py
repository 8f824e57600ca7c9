"""A TCP proxy between a client and a server on loopback, which does what a bad network does."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Self

from tests.support.servers import HOST, free_port

_LOOK = 0.1  # seconds until a thread notices that it should end
_PUBACK = 4  # a type of MQTT packets


class WithoutPuback:
    """Drops the PUBACKs from what a broker sends on one connection."""

    def __init__(self) -> None:
        self._rest = b""

    def __call__(self, piece: bytes) -> bytes:
        """Take the next bytes from the broker; return those that the client gets."""
        self._rest += piece
        passed = b""
        while size := _packet_size(self._rest):
            packet, self._rest = self._rest[:size], self._rest[size:]
            if packet[0] >> 4 != _PUBACK:
                passed += packet
        return passed


def _packet_size(data: bytes) -> int:
    """Return the size of the first MQTT packet; 0 while it is incomplete."""
    length = 0
    for place, byte in enumerate(data[1:5]):
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            size = 2 + place + length
            return size if len(data) >= size else 0
    return 0


class _Pipe:
    """One client, and the connection that was made for it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.sockets = (client, server)
        self.gone = threading.Event()

    def close(self) -> None:
        self.gone.set()
        for end in self.sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes the threads that read or write


class Proxy:
    """Can stall, delay, cut and refuse; `up` is from client to server, `down` the way back.

    What is stalled is neither dropped nor answered: it arrives late, or never when the connection is cut meanwhile.
    """

    def __init__(self, target: int = 0, *, host: str = HOST, port: int | None = None) -> None:
        """Listen at `host`, on a free port by default; `target` (a port) may be set before the first client comes."""
        self.target = target
        self.host = host
        self.port = free_port() if port is None else port
        self.opened = 0  # connections that reached the server
        self.cuts = 0  # that fell into a packet
        self.carried = {"up": 0, "down": 0}  # bytes
        self.delay = 0.0  # seconds that each piece takes longer
        self.filter: Callable[[], Callable[[bytes], bytes]] | None = None  # of the way down; one for each connection
        self._flowing = {"up": threading.Event(), "down": threading.Event()}
        self._cut_way = ""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._pipes: list[_Pipe] = []
        self._threads: list[threading.Thread] = []
        self._server: socket.socket | None = None
        self.release()
        self.admit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.release()
        self.refuse()
        for thread in self._threads:
            thread.join()

    def stall(self, *ways: str) -> None:
        """Let nothing through any more, both ways or one; connections stay open, new ones stall, too."""
        for way in ways or ("up", "down"):
            self._flowing[way].clear()

    def release(self) -> None:
        """Let everything through again."""
        for flowing in self._flowing.values():
            flowing.set()

    def cut(self, way: str = "up") -> None:
        """Cut the connection in the middle of the next piece that goes this way."""
        with self._lock:
            self._cut_way = way

    @property
    def about_to_cut(self) -> bool:
        """Whether no piece has come yet since `cut`."""
        return bool(self._cut_way)

    def drop(self) -> None:
        """Cut all connections, between two pieces."""
        for pipe in list(self._pipes):  # each is removed by its own thread when it is closed
            pipe.close()

    def refuse(self) -> None:
        """Cut all connections, and accept no new ones."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        self.drop()

    def admit(self) -> None:
        """Accept connections again."""
        server = socket.create_server((self.host, self.port))
        server.settimeout(_LOOK)
        self._server = server
        self._start(self._accept, server)

    def _start(self, target: object, *arguments: object) -> None:
        assert callable(target)
        thread = threading.Thread(target=target, args=arguments, name="proxy", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, server: socket.socket) -> None:
        while not self._stop.is_set() and self._server is server:
            try:
                client, _ = server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            try:
                target = socket.create_connection((HOST, self.target), timeout=5)
            except OSError:  # the server is down; the client sees a closed connection
                client.close()
                continue
            for end in (client, target):
                end.settimeout(None)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pipe = _Pipe(client, target)
            self._pipes.append(pipe)
            self.opened += 1
            self._start(self._carry, pipe)
            if self._server is not server:  # `refuse` did not see it
                pipe.close()

    def _carry(self, pipe: _Pipe) -> None:
        client, server = pipe.sockets
        back = threading.Thread(target=self._pump, args=(pipe, server, client, "down"), name="proxy", daemon=True)
        back.start()
        self._pump(pipe, client, server, "up")
        back.join()
        self._pipes.remove(pipe)
        client.close()
        server.close()

    def _pump(self, pipe: _Pipe, source: socket.socket, sink: socket.socket, way: str) -> None:
        with contextlib.suppress(OSError):
            for piece in self._pieces(pipe, source, way):
                if self._must_cut(way, piece):
                    sink.sendall(piece[: len(piece) // 2])
                    break
                sink.sendall(piece)
                self.carried[way] += len(piece)
        pipe.close()

    def _pieces(self, pipe: _Pipe, source: socket.socket, way: str) -> Iterator[bytes]:
        passed = self.filter() if self.filter is not None and way == "down" else bytes
        while piece := source.recv(16384):
            while not self._flowing[way].wait(_LOOK):
                if pipe.gone.is_set() or self._stop.is_set():
                    return
            if self.delay:
                pipe.gone.wait(self.delay)
            yield passed(piece)

    def _must_cut(self, way: str, piece: bytes) -> bool:
        with self._lock:
            if self._cut_way != way or len(piece) < 8:  # a handful of bytes is no packet worth it
                return False
            self._cut_way = ""
            self.cuts += 1
            return True
