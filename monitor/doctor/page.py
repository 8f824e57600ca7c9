"""Diagnoses the page: its files and libraries, its password, and what answers at its address."""

import contextlib
import errno
import http.client
import os
import socket
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from common.deployment import Deployment, here
from common.doctor.findings import Finding, notice, ok, problem
from common.file_errors import reason
from monitor.config import MonitorConfig, is_loopback

SUBJECT = "Page"
_PROGRAM = "teleinfo-monitor"
_LIBRARIES = ("uvicorn",)
_SHORTEST = 8  # characters of a password that takes long to guess
_TIMEOUT = 5.0  # seconds
_LARGEST = 1_000_000  # bytes of an answer
#: Addresses that stand for all of a machine, and where it reaches itself.
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - they are only compared


class Answer(StrEnum):
    """Who answers at the address of the page."""

    OURS = "ours"
    OTHER = "other"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What is there of the page."""

    host: str
    port: int
    prefix: str = ""
    asks_password: bool = False
    password_file: Path | None = None
    password_error: str = ""  # why the file cannot be read
    password_length: int = 0
    readable_by_all: bool = False
    has_files: bool = True
    missing_libraries: tuple[str, ...] = ()
    answer: Answer = Answer.NOBODY
    cannot_listen: int | None = None  # the number of the system's error; None: it can, or somebody answers

    @property
    def url(self) -> str:
        """The address, as a browser on this machine takes it."""
        host = _ANY.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}{self.prefix}/"


def probe_page(config: MonitorConfig) -> PageFacts:
    """Collect the facts; a page that is served is asked for its description, which needs no database."""
    host, port, prefix = config.listen.host, config.listen.port, config.listen.prefix
    file, length, error, readable = config.password_file, 0, "", False
    if file is not None:
        try:
            length = len(file.read_text(encoding="utf-8").rstrip("\r\n"))
            readable = bool(file.stat().st_mode & 0o004)
        except OSError as problem_of_file:
            error = reason(problem_of_file)
        except UnicodeDecodeError:
            error = "not UTF-8"
    answer = _ask(_ANY.get(host, host), port, prefix)
    return PageFacts(
        host=host,
        port=port,
        prefix=prefix,
        asks_password=config.auth != "none" and file is not None,
        password_file=file,
        password_error=error,
        password_length=length,
        readable_by_all=readable,
        has_files=files("monitor").joinpath("page", "index.html").is_file(),
        missing_libraries=tuple(name for name in _LIBRARIES if find_spec(name) is None),
        answer=answer,
        cannot_listen=_try_to_listen(host, port) if answer is Answer.NOBODY else None,
    )


def diagnose_page(facts: PageFacts) -> list[Finding]:
    """Turn the facts into findings."""
    findings = [*_diagnose_parts(facts), *_diagnose_password(facts)]
    if facts.answer is Answer.OTHER or facts.cannot_listen is not None:
        return [*findings, _no_place(facts)]
    if facts.answer is Answer.NOBODY:
        start = here(_PROGRAM).start(_PROGRAM)
        return [
            *findings,
            notice(SUBJECT, f"nobody serves it at {facts.url}; reports work without", f"start it: {start}"),
        ]
    asks = "asks for a password" if facts.asks_password else "asks for no password"
    return [*findings, ok(SUBJECT, f"served at {facts.url}, {asks}")]


def _diagnose_parts(facts: PageFacts) -> list[Finding]:
    if facts.missing_libraries:
        names = " and ".join(facts.missing_libraries)
        return [problem(SUBJECT, f"needs the Python package {names}", "install teleinfo-monitor[monitor] again")]
    if not facts.has_files:
        return [problem(SUBJECT, "its files are not there: monitor/page/index.html", "install teleinfo-monitor again")]
    return []


def _diagnose_password(facts: PageFacts) -> list[Finding]:
    file = facts.password_file
    if file is None:
        if is_loopback(facts.host):
            return []
        return [
            notice(
                SUBJECT,
                f"everybody in the network of {facts.host} sees it: auth is none",
                "give a password_file instead, unless this is what you want",
            )
        ]
    write = f"sudo install -m 640 -g {_PROGRAM} /dev/stdin {file}; type it, Enter, Ctrl-D"
    if here(_PROGRAM).deployment is Deployment.COMPOSE:
        write = "docker compose up -d makes it again"
    if facts.password_error:
        return [problem(SUBJECT, f"password_file: {file} cannot be read: {facts.password_error}", write)]
    if not facts.password_length:
        return [problem(SUBJECT, f"password_file: {file} is empty", write)]
    findings = []
    if facts.password_length < _SHORTEST:
        short = f"the password in {file} has {facts.password_length} characters: easy to guess"
        findings.append(notice(SUBJECT, short, f"take {_SHORTEST} or more"))
    if facts.readable_by_all:
        what = f"every user of this machine can read the password in {file}"
        findings.append(notice(SUBJECT, what, f"sudo chmod o-rwx {file}"))
    return findings


def _no_place(facts: PageFacts) -> Finding:
    match facts.cannot_listen:
        case errno.EADDRNOTAVAIL:
            what, fix = f"listen.host: {facts.host} is no address of this machine", "correct it, or take 127.0.0.1"
        case errno.EACCES:
            what, fix = f"listen.port: {facts.port} is for administrators only", "take a port above 1023, such as 8080"
        case None | errno.EADDRINUSE:
            what, fix = f"another program uses port {facts.port} of {facts.host}", "choose another listen.port"
        case number:
            what, fix = f"cannot listen at {facts.host}, port {facts.port}: {os.strerror(number)}", "correct `listen`"
    return problem(SUBJECT, what, fix)


def _ask(host: str, port: int, prefix: str) -> Answer:
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    with contextlib.closing(connection):
        try:
            connection.connect()
        except OSError:
            return Answer.NOBODY
        try:
            connection.request("GET", f"{prefix}/api/v1/openapi.json")
            response = connection.getresponse()
            body = response.read(_LARGEST)
        except (OSError, http.client.HTTPException):
            return Answer.OTHER
    kind = response.headers.get_content_type()
    # With a password it tells nothing to us but that it wants one.
    described = response.status == http.HTTPStatus.OK and b'"openapi"' in body
    refused = response.status == http.HTTPStatus.UNAUTHORIZED and kind == "application/problem+json"
    return Answer.OURS if described or refused else Answer.OTHER


def _try_to_listen(host: str, port: int) -> int | None:
    """Return the number of the error with which the system refuses the address, or None."""
    try:
        (family, kind, _, _, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(family, kind) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except socket.gaierror:
        return errno.EADDRNOTAVAIL
    except OSError as error:
        return error.errno
    return None
