"""A Supervisor for one app, and Home Assistant's Ingress in front of it: run as a file in a container of its own.

It needs nothing but Python. Three servers: the API that apps ask, Ingress, and one by which the tests set what the
others answer (`PATCH /`, a part of `STATE`) and read what was asked (`GET /`).
"""

import http.client
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

API_PORT = 80
INGRESS_PORT = 8123
CONTROL_PORT = 8001
INGRESS_PATH = "/api/hassio_ingress/k1d9VJQn-lVzUpy7dW0oC2sRGTGbqGm5"
COOKIE = "ingress_session"

STATE: dict[str, Any] = {
    "token": "",  # of the app that runs
    "app": ["", 0],  # where it serves Ingress: address and port
    "info": {},  # of the app: version, options, switches …
    "services": {},  # what is provided: its name and how to connect; null while it is not
    "allowed": [],  # services that the app asks for in its configuration
    "core": None,  # what Core says of itself; none while it is down
    "session": "",  # the only one of Ingress that has not run out
}
REQUESTS: list[dict[str, Any]] = []

_NOT_PASSED_ON = {"content-length", "transfer-encoding", "connection", "keep-alive"}
_USER = {"X-Remote-User-Id": "a1b2", "X-Remote-User-Name": "zoe", "X-Remote-User-Display-Name": "Zoé"}
#: Parts of a query that Home Assistant takes for an attack.
_SUSPECT = re.compile(r"\w=/([\w.]/)+|concat.*\(|union.*select.*\(", re.IGNORECASE)


class Answerer(BaseHTTPRequestHandler):
    """What all three servers need."""

    protocol_version = "HTTP/1.1"

    def send(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        body = text.encode()
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, status: int, content: Any) -> None:
        self.send(status, json.dumps(content), "application/json")

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def log_message(self, *_: object) -> None:
        pass


class Api(Answerer):
    """`http://supervisor`."""

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.body() or b"null"))

    def _answer(self, given: Any) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        REQUESTS.append({"method": self.command, "path": self.path, "token": token, "given": given})
        if token != STATE["token"]:
            status = 403 if token else 401
            self.send(status, f"{status}: {http.client.responses[status]}")
            return
        match (self.command, self.path.split("/")[1:]):
            case ("GET", ["core", "api", "config"]):
                if STATE["core"] is None:
                    self.send(502, "502: Bad Gateway")
                else:
                    self.send_json(200, STATE["core"])
            case ("GET", ["services", name]):
                self._send_service(name)
            case ("GET", ["info"]):
                self._ok({"timezone": "Europe/Paris", "arch": "amd64", "hostname": "homeassistant"})
            case ("GET", ["addons", "self", "info"]):
                self._ok({"ip_address": STATE["app"][0], "ingress_entry": INGRESS_PATH, **STATE["info"]})
            case ("POST", ["addons", "self", "options"]):
                STATE["info"] |= given
                self._ok({})
            case ("POST", ["addons", "self", "restart"]):
                self._ok({})
            case _:
                self._error(403, "Forbidden")

    def _send_service(self, name: str) -> None:
        if name not in STATE["allowed"]:
            self._error(403, "No access to this service")
        elif not STATE["services"].get(name):
            self._error(400, "Service not enabled")
        else:
            self._ok(STATE["services"][name])

    def _ok(self, data: Any) -> None:
        self.send_json(200, {"result": "ok", "data": data})

    def _error(self, status: int, message: str) -> None:
        self.send_json(status, {"result": "error", "message": message})


class Ingress(Answerer):
    """The proxies of Core and Supervisor, one behind the other, as a browser meets them."""

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def do_PUT(self) -> None:
        self._pass_on()

    def do_DELETE(self) -> None:
        self._pass_on()

    def do_HEAD(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        path, _, query = self.path.partition("?")
        cookies = dict(cookie.strip().partition("=")[::2] for cookie in self.headers.get("Cookie", "").split(";"))
        if not path.startswith(f"{INGRESS_PATH}/"):
            self.send(404, "404: Not Found")
        elif not STATE["session"] or cookies.get(COOKIE) != STATE["session"]:
            self.send(401, "401: Unauthorized")
        elif _SUSPECT.search(query):
            self.send(400, "400: Bad Request")
        else:
            address, port = STATE["app"]
            app = http.client.HTTPConnection(address, port, timeout=60)
            try:
                answer = self._ask(app)
            except ConnectionError:  # refused, or closed before the answer: the app's programs are restarted
                self.send(502, "502: Bad Gateway")
            else:
                self._send_answer(answer)
            finally:
                app.close()

    def _ask(self, app: http.client.HTTPConnection) -> http.client.HTTPResponse:
        own = {
            **_USER,
            "X-Ingress-Path": INGRESS_PATH,
            "X-Forwarded-For": f"{self.client_address[0]}, 172.30.32.1",
            "X-Forwarded-Host": self.headers.get("Host", ""),
            "X-Forwarded-Proto": "https",
        }
        left_out = _NOT_PASSED_ON | {name.lower() for name in own}
        body = self.body()
        path = self.path.removeprefix(INGRESS_PATH)
        app.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
        kept = [(name, value) for name, value in self.headers.items() if name.lower() not in left_out]
        for name, value in (*kept, *own.items()):
            app.putheader(name, value.encode())
        if self.command in ("POST", "PUT"):
            app.putheader("Content-Length", str(len(body)))
        app.endheaders(body)
        return app.getresponse()

    def _send_answer(self, answer: http.client.HTTPResponse) -> None:
        length = answer.getheader("Content-Length")
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() == "content-type":
                self.send_header(name, value.partition(";")[0])
            elif name.lower() not in _NOT_PASSED_ON | {"content-encoding"}:
                self.send_header(name, value)
        if length is not None or self.command == "HEAD" or answer.status in (204, 304):
            body = answer.read()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while part := answer.read1():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")


class Control(Answerer):
    """What the tests set and read."""

    def do_GET(self) -> None:
        self.send_json(200, REQUESTS)

    def do_PATCH(self) -> None:
        for name, value in json.loads(self.body()).items():
            known = STATE[name]
            STATE[name] = known | value if isinstance(known, dict) and isinstance(value, dict) else value
        self.send_json(200, STATE)


def main() -> None:
    """Serve until the end of the container."""
    for port, handler in ((API_PORT, Api), (INGRESS_PORT, Ingress)):
        server = ThreadingHTTPServer(("", port), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ThreadingHTTPServer(("", CONTROL_PORT), Control).serve_forever()


if __name__ == "__main__":
    main()
