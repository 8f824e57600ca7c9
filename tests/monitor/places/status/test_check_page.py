import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from common.check.findings import Finding, Status
from monitor.base.config import Listen, MonitorConfig
from monitor.places.status.check import PageFacts, diagnose_page, probe_page
from tests.support.passwords import lock
from tests.support.servers import free_port


@contextmanager
def served(status: int, kind: str, body: bytes) -> Iterator[tuple[int, list[str]]]:
    """Answer every question with the same, on a port; the paths that were asked for are collected."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()


def config(port: int, host: str = "127.0.0.1", prefix: str = "", password_file: Path | None = None) -> MonitorConfig:
    auth = "none" if password_file is None else "password"
    return MonitorConfig(listen=Listen(host=host, port=port, prefix=prefix), auth=auth, password_file=password_file)


def only(facts: PageFacts) -> Finding:
    (finding,) = diagnose_page(facts)
    return finding


PROBLEM, OPENAPI = "application/problem+json", b'{"openapi": "3.1.0"}'


@pytest.mark.parametrize(
    ("status", "kind", "body", "says"),
    [
        (200, "application/json", OPENAPI, "served at http://127.0.0.1:{port}/teleinfo/, asks for no password"),
        (401, PROBLEM, b"{}", "served at http://127.0.0.1:{port}/teleinfo/, asks for no password"),
        (503, PROBLEM, b"{}", "served at http://127.0.0.1:{port}/teleinfo/, asks for no password"),  # has none yet
        (403, PROBLEM, b"{}", "served at http://127.0.0.1:{port}/teleinfo/, asks for no password"),  # behind a proxy
        (404, "application/json", b"{}", "another program uses port {port} of 127.0.0.1"),
        (200, "text/html", b"<h1>Something else</h1>", "another program uses port {port} of 127.0.0.1"),
        (401, "text/html", b"", "another program uses port {port} of 127.0.0.1"),
    ],
)
def test_our_page_is_told_from_another_program(status: int, kind: str, body: bytes, says: str) -> None:
    with served(status, kind, body) as (port, asked):
        finding = only(probe_page(config(port, prefix="/teleinfo")))
    assert asked == ["/teleinfo/api/v1/openapi.json"]
    assert finding.what == says.format(port=port)
    assert (finding.status is Status.PROBLEM) == says.startswith("another")


def test_a_page_on_all_addresses_is_asked_on_this_machine(tmp_path: Path) -> None:
    file = lock(tmp_path / "password")
    file.chmod(0o600)
    with served(401, PROBLEM, b"{}") as (port, _):
        facts = probe_page(config(port, host="0.0.0.0", password_file=file))
    assert only(facts).what == f"served at http://127.0.0.1:{port}/, asks for a password"


def test_a_page_that_nobody_serves_is_noted() -> None:
    assert only(probe_page(config(free_port()))).status is Status.NOTICE


def test_the_password_file_is_read_as_the_service_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "password"

    def look() -> PageFacts:
        return probe_page(config(free_port(), password_file=file))

    assert "No such file" in look().password_error
    for text, error in (("", "empty"), ("secret words\n", "the password itself")):
        file.write_text(text)
        assert error in look().password_error
    lock(file).chmod(0o644)
    assert (look().readable_by_all, look().password_error) == (True, "")


def test_an_address_of_ipv6_is_written_in_brackets() -> None:
    assert PageFacts(config=config(8080, host="::")).url == "http://[::1]:8080/"
