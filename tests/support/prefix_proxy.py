"""A reverse proxy that shows another server below a path, as nginx or Home Assistant's ingress does."""

import http.client
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

_HOP = {"connection", "transfer-encoding", "keep-alive"}


class PrefixProxy:
    """Listens on a free port of loopback. What is not below the prefix does not exist."""

    def __init__(self, target: int, prefix: str, headers: Mapping[str, str]) -> None:
        """Prepare; `headers` are added to each request, and the prefix is removed."""
        self.prefix = prefix
        self._target = target
        self._headers = headers
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not proxy.answers(self):
                    proxy._pass_on(self)

            def do_POST(self) -> None:
                proxy._pass_on(self)

            def do_PUT(self) -> None:
                proxy._pass_on(self)

            def do_DELETE(self) -> None:
                proxy._pass_on(self)

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

    def answers(self, browser: BaseHTTPRequestHandler) -> bool:
        """Answer a request that is not passed on; return whether it was one."""
        return False

    def refuses(self) -> bool:
        """Whether who asks is refused, and what is sent to them ends."""
        return False

    def shown(self, name: str, text: str) -> str:
        """Return a header of an answer as it is passed on."""
        return text

    def _pass_on(self, browser: BaseHTTPRequestHandler) -> None:
        if not browser.path.startswith(f"{self.prefix}/"):
            browser.send_error(404)
            return
        if self.refuses():
            _answer(browser, 401, "text/plain", "401: Unauthorized")
            return
        with closing(http.client.HTTPConnection("127.0.0.1", self._target, timeout=300)) as server:
            body = browser.rfile.read(int(browser.headers.get("Content-Length", "0")))
            path = browser.path.removeprefix(self.prefix)
            sent = {name: text for name, text in browser.headers.items() if name.lower() not in _HOP}
            server.request(browser.command, path, body, {**sent, **self._headers})
            answer = server.getresponse()
            browser.send_response_only(answer.status)
            for name, text in answer.getheaders():
                if name.lower() not in _HOP:
                    browser.send_header(name, self.shown(name.lower(), text))
            browser.end_headers()
            # Each piece at once, as it comes, until the browser or the server is gone.
            with suppress(ConnectionError, http.client.IncompleteRead):
                while (piece := answer.read1(65536)) and not (answer.length is None and self.refuses()):
                    browser.wfile.write(piece)


def _answer(browser: BaseHTTPRequestHandler, status: int, kind: str, text: str) -> None:
    browser.send_response_only(status)
    browser.send_header("Content-Type", f"{kind}; charset=utf-8")
    browser.end_headers()
    browser.wfile.write(text.encode())


class IngressProxy(PrefixProxy):
    """Home Assistant's Core and Supervisor, as they pass requests on to an app, and the page around it."""

    PANEL = "/app/teleinfo"

    def __init__(self, target: int, user: str = "0a1b2c3d4e5f40718293a4b5c6d7e8f9") -> None:
        """Prepare; all who come through it are one user."""
        prefix = "/api/hassio_ingress/aB3-token_x"
        headers = {
            "X-Ingress-Path": prefix,
            "X-Forwarded-For": "203.0.113.9",
            "X-Forwarded-Host": "home.example.org",
            "X-Forwarded-Proto": "http",
            "X-Remote-User-Id": user,
        }
        super().__init__(target, prefix, headers)
        self.ended = False  # the session of the user

    def answers(self, browser: BaseHTTPRequestHandler) -> bool:
        """Show the page of the app in a frame."""
        if browser.path != self.PANEL:
            return False
        style = "border: 0; width: 100%; height: 100vh"
        page = f'<body style="margin: 0"><iframe src="{self.prefix}/" style="{style}"></iframe>'
        _answer(browser, 200, "text/html", f'<!doctype html><link rel="icon" href="data:,">{page}')
        return True

    def refuses(self) -> bool:
        """Whether the session has ended."""
        return self.ended

    def shown(self, name: str, text: str) -> str:
        """Cut the encoding off."""
        return text.partition(";")[0] if name == "content-type" else text
