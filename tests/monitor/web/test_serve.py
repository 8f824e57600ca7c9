import asyncio
import contextlib
import http.client
import socket
import threading
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

from common.errors import NotReady
from monitor.base.config import Ingress, Listen, MonitorConfig
from monitor.web import access, serve
from monitor.web.access import ConnectionLimit
from monitor.web.http import security_headers
from monitor.web.serve import Serving, application, bind, open_ports
from tests.monitor.web.site import Events, Site, Streams
from tests.support.programs import wait_until
from tests.support.servers import free_port


class Endless(Events):
    """A stream whose viewer hears nothing after the first event."""

    async def events(self) -> AsyncGenerator[bytes, None]:
        yield b": first\n\n"
        await asyncio.Event().wait()


class Flood(Events):
    """A stream that has always more to say."""

    async def events(self) -> AsyncGenerator[bytes, None]:
        while True:
            yield b":" + b" " * 100_000
            await asyncio.sleep(0)


class EndlessStreams(Streams):
    def __init__(self) -> None:
        self.kind: type[Events] = Endless
        self.opened: list[Events] = []

    def open(self, query: str) -> Events:
        self.opened.append(self.kind())
        return self.opened[-1]


class Here:
    def __init__(self, folder: Path) -> None:
        self.streams = EndlessStreams()
        self.config = MonitorConfig(auth="none", listen=Listen(port=free_port()), ingress=Ingress(port=free_port()))
        self.serving = Serving(self.config.is_proxy)
        self.ports = open_ports(self.config)
        self.number, self.ingress = (port.getsockname()[1] for port in self.ports)
        self.ticks = 0
        self.site = Site(folder, self.config, self.streams)
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        router = self.site.router
        self.serving.run(self.ports, lambda closing: application(router, closing, self.ingress), self._tick)
        for port in self.ports:
            port.close()

    def _tick(self) -> None:
        self.ticks += 1

    def connect(self, port: int | None = None) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", port or self.number, timeout=300)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    with running(tmp_path) as here:
        yield here


@contextlib.contextmanager
def running(tmp_path: Path) -> Iterator[Here]:
    here = Here(tmp_path)
    (tmp_path / "page" / "style.css").write_text("p{}" * 1000)
    here.thread.start()
    try:
        yield here
    finally:
        here.serving.stop()
        here.thread.join(60)
        assert not here.thread.is_alive()


def test_a_head_has_the_length_and_no_body_and_no_server_says_its_name(here: Here) -> None:
    with contextlib.closing(here.connect()) as browser:
        browser.request("HEAD", "/style.css")
        answer = browser.getresponse()
        assert (answer.status, answer.getheader("Content-Length"), answer.read()) == (200, "3000", b"")
        assert answer.getheader("Server") is None


def test_what_comes_to_the_port_of_ingress_is_known_by_the_connection_not_by_its_words(here: Here) -> None:
    def base(to: int, named: int) -> str:
        sent = {"Host": f"pi.local:{named}", "X-Ingress-Path": "/api/hassio_ingress/tok"}
        with contextlib.closing(here.connect(to)) as browser:
            browser.request("GET", "/", headers=sent)
            return browser.getresponse().read().decode()

    assert '"/api/hassio_ingress/tok/"' in base(here.ingress, here.number)
    assert '"./"' in base(here.number, here.ingress)


def test_answers_on_one_connection_do_not_wait_for_acknowledgements() -> None:
    with bind(Listen(port=free_port())) as port, socket.create_connection(port.getsockname(), timeout=300):
        accepted, _ = port.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


SECURITY = security_headers(())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense", 400),
        (b"GET /jour/%0d%0aX HTTP/1.1\r\nHost: pi", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: pi", 405),
        (b"GET /nowhere HTTP/1.1\r\nHost: pi", 404),
        (b"GET /style.css HTTP/1.1\r\nHost: pi", 200),
    ],
)
def test_each_reply_has_the_security_headers(here: Here, sent: bytes, status: int) -> None:
    with socket.create_connection(("127.0.0.1", here.number), timeout=300) as raw:
        raw.sendall(sent + b"\r\n\r\n")
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        assert answer.status == status
        assert {name: answer.getheader(name) for name in SECURITY} == SECURITY


def test_a_body_that_does_not_arrive_is_refused_and_the_log_says_nothing(
    here: Here, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(serve, "_BODY_TIMEOUT", 0.2)
    monkeypatch.setattr(serve, "_SLOWEST", 1e9)
    kind = b"Content-Type: application/octet-stream"
    with socket.create_connection(("127.0.0.1", here.number), timeout=300) as raw:
        raw.sendall(
            b"PUT /api/v1/requests/1/body HTTP/1.1\r\nHost: pi\r\nContent-Length: 30\r\n" + kind + b"\r\n\r\nMOMENT"
        )
        answer = http.client.HTTPResponse(raw)
        answer.begin()
        assert (answer.status, answer.getheader("Content-Type")) == (408, "application/problem+json")
        assert {name: answer.getheader(name) for name in SECURITY} == SECURITY
        assert answer.getheader("Cache-Control") == "no-store"
        assert raw.makefile("rb").read()[-1:] in (b"}", b"")  # the connection ends
    assert not caplog.records


def test_a_body_that_is_too_long_is_refused_and_the_next_change_answered(here: Here) -> None:
    kind = {"Content-Type": "application/json", "If-Match": '"3"'}
    for length, status in ((65_536, 200), (70_000, 413), (65_536, 200)):
        with contextlib.closing(here.connect()) as browser:
            browser.request("PUT", "/api/v1/settings/budget", b'"' + b"x" * (length - 2) + b'"', kind)
            assert browser.getresponse().status == status


def test_a_request_with_two_lengths_is_refused_and_what_follows_is_not_read(here: Here) -> None:
    with socket.create_connection(("127.0.0.1", here.number), timeout=300) as raw:
        raw.sendall(
            b"POST /login HTTP/1.1\r\nHost: pi\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            b"GET /style.css HTTP/1.1\r\nHost: pi\r\n\r\n"
        )
        with raw.makefile("rb") as answers:
            read = answers.read()
    assert read.startswith(b"HTTP/1.1 400 ")
    assert read.count(b"HTTP/1.1") == 1


def test_a_client_that_does_not_read_its_answer_is_disconnected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "_UNREAD", 0.3)
    left = threading.Event()
    monkeypatch.setattr(ConnectionLimit, "leave", lambda *_: left.set())
    with running(tmp_path) as here, socket.create_connection(("127.0.0.1", here.number), timeout=300) as raw:
        (tmp_path / "page" / "long.css").write_bytes(b"p{}\n" * 5_000_000)  # more than the kernel takes
        raw.sendall(b"GET /long.css HTTP/1.1\r\nHost: pi\r\n\r\n")
        assert left.wait(60)
        size = 0
        while got := raw.recv(1_000_000):
            size += len(got)
        assert size < 20_000_000


def test_nothing_is_kept_of_a_connection_that_has_ended(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[Any] = []
    monkeypatch.setattr(ConnectionLimit, "leave", lambda _, connection: ended.append(connection))
    with contextlib.closing(here.connect()) as browser:
        browser.connect()
    wait_until(lambda: bool(ended) and ended[0]._looking.cancelled(), 60, "its timer is cancelled")


@pytest.mark.parametrize("sent", [b"", b"GET /api/v1/meters HTTP/1.1\r\nHost: pi\r\n\r\n"], ids=["silent", "asking"])
def test_connections_of_one_address_without_a_session_give_way_to_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(MonitorConfig, "is_proxy", lambda *_: False)
    monkeypatch.setattr(serve, "_IDLE", 600)  # none is closed for that
    with running(tmp_path) as here, contextlib.ExitStack() as stack:
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", here.number), timeout=300))
            for _ in range(access.MOST_OF_A_GUEST)
        ]
        for connection in held:
            connection.sendall(sent)
        if sent:
            assert [connection.recv(10_000)[:12] for connection in held] == [b"HTTP/1.1 200"] * len(held)
        with contextlib.closing(here.connect()) as browser:
            browser.request("GET", "/style.css")
            assert browser.getresponse().status == 200
        held[0].settimeout(60)
        with contextlib.suppress(ConnectionResetError):
            while held[0].recv(10_000):
                pass  # the rest of the answer; then the end


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /\xff HTTP/1.1\r\nHost: pi\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: pi\r\n\r\n", b"414 400"),  # as it arrives
        (b"GET / HTTP/1.1\r\nHost: pi\r\nX: " + b"x" * 20_000, b"400"),
        (b"GET /%00 HTTP/1.1\r\nHost: pi\r\n\r\n", b"400"),
        (b"GET /api/v1/meters?%ff=%00 HTTP/1.1\r\nHost: pi\r\n\r\n", b"200"),  # the API of this test takes all
    ],
)
def test_what_is_no_request_is_refused_and_the_next_one_answered(here: Here, sent: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", here.number), timeout=300) as raw:
        raw.sendall(sent)
        assert raw.recv(100).split()[1] in status.split()
    with contextlib.closing(here.connect()) as browser:
        browser.request("GET", "/style.css")
        assert browser.getresponse().status == 200


def test_a_viewer_who_goes_away_is_forgotten(here: Here) -> None:
    with contextlib.closing(here.connect()) as browser:
        browser.request("GET", "/api/v1/live/stream")
        answer = browser.getresponse()
        assert answer.readline() == b": first\n"
        (stream,) = here.streams.opened
        assert not stream.closed
        answer.close()
    wait_until(lambda: stream.closed, 60, "the stream is closed")


def test_a_viewer_who_reads_nothing_is_forgotten_in_the_end(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "_UNREAD", 0.3)
    here.streams.kind = Flood
    with socket.create_connection(("127.0.0.1", here.number), timeout=300) as raw:
        raw.sendall(b"GET /api/v1/live/stream HTTP/1.1\r\nHost: pi\r\n\r\n")
        wait_until(lambda: bool(here.streams.opened) and here.streams.opened[0].closed, 60, "the stream is closed")


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET /style.css HTTP/1.1\r\nHost: pi\r\n\r\nGET / HT"])
def test_a_connection_on_which_no_request_comes_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(serve, "_IDLE", 0.5)
    with running(tmp_path) as here, socket.create_connection(("127.0.0.1", here.number), timeout=300) as raw:
        raw.sendall(sent)
        while raw.recv(10_000):
            pass  # the answer of the first request; then the end


def test_a_stream_is_no_connection_without_a_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "_IDLE", 0.5)
    with running(tmp_path) as here, contextlib.closing(here.connect()) as browser:
        browser.request("GET", "/api/v1/live/stream")
        answer = browser.getresponse()
        ticks = here.ticks
        wait_until(lambda: here.ticks > ticks + 2, 60, "two seconds and more")
        assert not here.streams.opened[0].closed
        answer.close()


def test_the_end_does_not_wait_for_viewers(here: Here) -> None:
    with contextlib.closing(here.connect()) as browser:
        browser.request("GET", "/api/v1/live/stream")
        answer = browser.getresponse()
        assert answer.readline() == b": first\n"
        here.serving.stop()
        assert answer.read() == b"\n"  # it ends as a response should, not in the middle
        here.thread.join(60)
        assert not here.thread.is_alive()
        answer.close()
    assert here.streams.opened[0].closed


def test_an_error_in_what_is_done_each_second_ends_the_program(tmp_path: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    async def nothing(scope: object, receive: object, send: object) -> None:
        pass

    with bind(Listen(port=free_port())) as port, pytest.raises(ZeroDivisionError):
        Serving().run([port], lambda _: nothing, fail)


def test_stopping_before_the_start_ends_at_once(tmp_path: Path) -> None:
    here = Here(tmp_path)
    here.serving.stop()
    here.thread.start()
    here.thread.join(60)
    assert not here.thread.is_alive()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_all_addresses_are_those_of_both_kinds() -> None:
    with bind(Listen(host="::", port=free_port())) as port:
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port.getsockname()[1]), timeout=300).close()


def test_all_ports_are_opened_or_none() -> None:
    listen, ingress = Listen(port=free_port()), Ingress(host="192.0.2.1", port=free_port())
    with pytest.raises(NotReady, match="ingress"):
        open_ports(MonitorConfig(listen=listen, ingress=ingress))
    bind(listen).close()
