"""The port that Prometheus reads: few threads, and nobody holds one for long."""

import socket
import threading
from collections.abc import Callable
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

THREADS = 4  # that answer scrapes
TIMEOUT = 5.0  # seconds that a client may take to send its request, or to read the answer


def serve(host: str, port: int, application: Callable[..., Any]) -> WSGIServer:
    """Open a port; `serve_forever` then answers.

    Raises:
        OSError: it cannot be opened.
    """
    server = _Server((host, port), Handler)
    server.set_app(application)
    return server


class Handler(WSGIRequestHandler):
    """Reads a request; who sends none is disconnected."""

    timeout = TIMEOUT

    def log_message(self, *_: object) -> None:
        """Log nothing: scrapes are no news."""


class _Server(ThreadingMixIn, WSGIServer):
    """Answers scrapes in a few threads; the others wait in the kernel's queue until one is free."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        self._free = threading.Semaphore(THREADS)
        self.address_family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # Without the look-up of the host's name that the base class makes, which may take seconds.
        TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), port
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._free.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away, or that send no request in time."""
