"""A reverse proxy that shows another server below a path, as nginx or Home Assistant's ingress does."""

import http.client
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

_HOP = {"connection", "transfer-encoding", "keep-alive"}


class PrefixProxy:
    """Listens on a free port of loopback. What is not below the prefix does not exist."""

    def __init__(self, target: int, prefix: str, headers: Mapping[str, str]) -> None:
        """Prepare; `headers` are added to each request, and the prefix is removed."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.pass_on()

            def do_POST(self) -> None:
                self.pass_on()

            def pass_on(self) -> None:
                if not self.path.startswith(f"{prefix}/"):
                    self.send_error(404)
                    return
                server = http.client.HTTPConnection("127.0.0.1", target, timeout=300)
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                path = self.path.removeprefix(prefix)
                sent = {name: text for name, text in self.headers.items() if name.lower() not in _HOP}
                server.request(self.command, path, body, {**sent, **headers})
                answer = server.getresponse()
                self.send_response_only(answer.status)
                for name, text in answer.getheaders():
                    if name.lower() not in _HOP:
                        self.send_header(name, text)
                self.end_headers()
                self.wfile.write(answer.read())
                server.close()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
