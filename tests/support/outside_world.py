"""What stands for the services outside: recorded answers for a client, and a TLS server for programs."""

import contextlib
import http.client
import io
import os
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

from monitor.fetch.client import Client
from tests.support.certificates import CertificateAuthority

#: Status, content type ("": none is said) and body; and headers, which win over those that are made. A Content-Length
#: that is longer than the body cuts it in the middle.
Reply = tuple[int, str, bytes] | tuple[int, str, bytes, Mapping[str, str]]
#: What a question is answered: an answer, or a connection that breaks.
Answers = Sequence[Reply | OSError] | Callable[[Mapping[str, str], Mapping[str, str]], Reply | OSError]
Table = Mapping[tuple[str, str], Answers]  # by host and path; a function is given query and headers


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    def __iter__(self) -> Iterator[Any]:
        return iter((self.host, self.path, self.query, self.headers))


class _Replies:
    """Answers requests from a table, in order, and keeps them."""

    def __init__(self, table: Table) -> None:
        self.table = dict(table)
        self.asked: list[Asked] = []
        self._used: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def answer(self, request: bytes) -> Reply | OSError:
        line, _, rest = request.partition(b"\r\n")
        method, target, _ = line.decode("ascii").split(" ")
        headers = dict(http.client.parse_headers(io.BytesIO(rest)).items())
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        asked = Asked(headers.pop("Host"), parts.path, query, headers)
        assert method == "GET"
        with self._lock:
            self.asked.append(asked)
            answers = self.table.get((asked.host, asked.path))
            assert answers is not None, f"nobody expects {asked.host}{asked.path}"
            if not callable(answers):
                return self._next(asked, answers)
        return answers(asked.query, asked.headers)  # without the lock: it may wait

    def _next(self, asked: Asked, answers: Sequence[Reply | OSError]) -> Reply | OSError:
        number = self._used.get((asked.host, asked.path), 0)
        assert number < len(answers), f"{asked.host}{asked.path} is asked more than {number} times"
        self._used[asked.host, asked.path] = number + 1
        return answers[number]


def _bytes(reply: Reply) -> bytes:
    status, content_type, body = reply[:3]
    headers = {"Content-Type": content_type} if content_type else {}
    extra = reply[3] if len(reply) == 4 else {}
    if "Transfer-Encoding" not in extra:
        headers["Content-Length"] = str(len(body))
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in {**headers, **extra, "Connection": "close"}.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class RecordedClient(Client):
    """A client with the same rules and no network: each host and path answers what was recorded, in order.

    The waits between requests are in `waited`, and take no time.
    """

    def __init__(self, table: Table, *, most: int | None = None) -> None:
        self.waited: list[float] = []
        super().__init__(None, most, sleep=self.waited.append)
        self._replies = _Replies(table)

    @property
    def asked(self) -> Sequence[Asked]:
        """What was asked; each can be taken apart as `host, path, query, headers`."""
        return self._replies.asked

    def _connect(self, host: str, deadline: float) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(host)
        connection.sock = _RecordedSocket(self._replies)
        return connection


class _RecordedSocket:
    """What http.client uses of a socket."""

    def __init__(self, replies: _Replies) -> None:
        self._replies = replies
        self._request = b""

    def sendall(self, data: bytes) -> None:
        self._request += data

    def makefile(self, mode: str) -> io.BytesIO:
        reply = self._replies.answer(self._request)
        if isinstance(reply, OSError):
            raise reply
        return io.BytesIO(_bytes(reply))

    def close(self) -> None:
        """It is none."""


class OutsideWorld:
    """A local TLS server that stands for all hosts of a table, for programs that know nothing of it.

    A program that is started with `environment()` reaches it instead of the hosts, whose certificates are checked
    against its own authority; other hosts but this machine are unknown there, and kept in `refused`.
    """

    def __init__(self, folder: Path, table: Table, *, certified: Sequence[str] | None = None) -> None:
        """Prepare; `certified`: the names in the certificate, if these are not the hosts of the table."""
        self._folder = folder
        self._replies = _Replies(table)
        self.hosts = sorted({host for host, _ in table})
        self.authority = CertificateAuthority(folder / "authority", "Outside world")
        names = ",".join(f"DNS:{name}" for name in certified or self.hosts)
        certificate, key = self.authority.sign("outside", names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.failures: list[str] = []  # of the table: a test asserts that there are none
        self._server = _server(context, self._replies, self.failures)
        self._refused = folder / "refused"
        (folder / "sitecustomize.py").write_text(_SITE.format(
            hosts=self.hosts, port=self._server.server_address[1], refused=str(self._refused)
        ))  # fmt: skip

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def asked(self) -> Sequence[Asked]:
        """What was asked."""
        return list(self._replies.asked)

    @property
    def refused(self) -> Sequence[str]:
        """The other names that programs asked for."""
        return self._refused.read_text().splitlines() if self._refused.exists() else []

    def answer(self, host: str, path: str, answers: Answers) -> None:
        """Answer otherwise from now on; the host must be one of the table's."""
        assert host in self.hosts
        self._replies.table[host, path] = answers
        self._replies._used.pop((host, path), None)

    def environment(self) -> dict[str, str]:
        """Return the variables of a child process that is to reach this world."""
        path = os.pathsep.join(filter(None, [str(self._folder), os.environ.get("PYTHONPATH", "")]))
        return {"PYTHONPATH": path, "SSL_CERT_FILE": str(self.authority.certificate)}

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """Let this process reach it, too, until the end of the context."""
        variables = {"SSL_CERT_FILE": str(self.authority.certificate)}
        patched: dict[str, Any] = {}
        with mock.patch.object(socket, "getaddrinfo", socket.getaddrinfo), mock.patch.dict(os.environ, variables):
            exec((self._folder / "sitecustomize.py").read_text(), patched)
            yield


#: Imported by Python as it starts, before any program.
_SITE = """\
import ipaddress
import socket

_known = socket.getaddrinfo


def _look_up(host, port, *more, **named):
    name = host.decode() if isinstance(host, bytes) else host
    if name in {hosts!r} and port in (443, "443", "https"):
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", {port}))]
    try:
        is_here = name in (None, "", "localhost", "0.0.0.0", "::") or ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_here = False
    if is_here:
        return _known(host, port, *more, **named)
    with open({refused!r}, "a") as file:
        file.write(f"{{name}}\\n")
    raise socket.gaierror(socket.EAI_NONAME, "unknown in the world of this test")


socket.getaddrinfo = _look_up
"""


def _server(context: ssl.SSLContext, replies: _Replies, failures: list[str]) -> socketserver.ThreadingTCPServer:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(60)
            with contextlib.suppress(OSError), context.wrap_socket(self.request, server_side=True) as connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = connection.recv(65_536)
                    if not piece:
                        return
                    request += piece
                try:
                    reply = replies.answer(request)
                except AssertionError as failure:
                    failures.append(str(failure))
                    return
                if not isinstance(reply, OSError):
                    connection.sendall(_bytes(reply))
                    connection.unwrap()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    return Server(("127.0.0.1", 0), Handler)
