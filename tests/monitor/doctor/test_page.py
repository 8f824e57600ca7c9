import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from common.doctor.findings import Finding, Status
from monitor.doctor.page import Answerer, PageFacts, diagnose_page, probe_page
from monitor.settings.config import MonitorConfig
from monitor.settings.listen import Listen
from tests.support.passwords import lock
from tests.support.servers import free_port

FILE = Path("/etc/teleinfo/page-password")


@contextmanager
def served(status: int, kind: str, body: bytes) -> Iterator[tuple[int, list[str]]]:
    """Answerer every question with the same, on a port; the paths that were asked for are collected."""
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


def not_ok(facts: PageFacts) -> list[tuple[Status, str]]:
    return [(finding.status, finding.what) for finding in diagnose_page(facts) if finding.status is not Status.OK]


def only(facts: PageFacts) -> Finding:
    (finding,) = diagnose_page(facts)
    return finding


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "application/json", b'{"openapi": "3.1.0"}'),
        (401, "application/problem+json", b"{}"),
        (503, "application/problem+json", b"{}"),
    ],
    ids=["open", "locked", "waits for its password"],
)
def test_a_page_that_answers_is_ours_with_and_without_a_password(status: int, kind: str, body: bytes) -> None:
    with served(status, kind, body) as (port, asked):
        facts = probe_page(config(port, prefix="/teleinfo"))
    assert facts.answer is Answerer.OURS
    assert asked == ["/teleinfo/api/v1/openapi.json"]
    assert only(facts).what == f"served at http://127.0.0.1:{port}/teleinfo/, asks for no password"


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [(404, "application/json", b"{}"), (200, "text/html", b"<h1>Something else</h1>"), (401, "text/html", b"")],
)
def test_another_program_on_the_port_is_a_problem(status: int, kind: str, body: bytes) -> None:
    with served(status, kind, body) as (port, _):
        facts = probe_page(config(port))
    assert facts.answer is Answerer.OTHER
    ((level, what),) = not_ok(facts)
    assert level is Status.PROBLEM
    assert f"another program uses port {port}" in what


def test_a_page_on_all_addresses_is_asked_on_this_machine(tmp_path: Path) -> None:
    file = lock(tmp_path / "password")
    file.chmod(0o600)
    with served(401, "application/problem+json", b"{}") as (port, _):
        facts = probe_page(config(port, host="0.0.0.0", password_file=file))
    assert only(facts).what == f"served at http://127.0.0.1:{port}/, asks for a password"


def test_a_page_that_nobody_serves_is_noted_with_the_command_that_starts_it() -> None:
    facts = probe_page(config(free_port()))
    assert (facts.answer, facts.cannot_listen) == (Answerer.NOBODY, None)
    finding = only(facts)
    assert finding.status is Status.NOTICE
    assert finding.fix


def test_an_address_of_another_machine_is_a_problem() -> None:
    facts = probe_page(replace(config(free_port(), password_file=FILE), listen=Listen(host="192.0.2.1", port=1)))
    assert facts.cannot_listen == errno.EADDRNOTAVAIL
    assert (Status.PROBLEM, "listen.host: 192.0.2.1 is not an address of this machine") in not_ok(facts)


def test_the_password_file_is_read_as_the_service_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "password"
    assert "No such file" in probe_page(config(free_port(), password_file=file)).password_error
    file.write_text("")
    assert "empty" in probe_page(config(free_port(), password_file=file)).password_error
    file.write_text("secret words\n")
    assert "the password itself" in probe_page(config(free_port(), password_file=file)).password_error
    lock(file).chmod(0o644)
    facts = probe_page(config(free_port(), password_file=file))
    assert (facts.readable_by_all, facts.password_error) == (True, "")


def test_a_page_behind_a_proxy_that_knows_who_somebody_is_refuses_us_and_is_ours() -> None:
    with served(403, "application/problem+json", b"{}") as (port, _):
        facts = probe_page(replace(config(port), auth="header"))
    assert only(facts).what == f"served at http://127.0.0.1:{port}/, lets in whoever its proxy names"


def test_an_address_of_ipv6_is_written_in_brackets() -> None:
    assert PageFacts(host="::", port=8080).url == "http://[::1]:8080/"
