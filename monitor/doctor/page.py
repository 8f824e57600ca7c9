"""Diagnoses the page: its password, and what answers at its address."""

import contextlib
import errno
import http.client
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from common.doctor.config_file import is_readable_by_all
from common.doctor.findings import Finding, notice, ok, problem
from common.errors import NotReady
from common.machine.deployment import here
from monitor import password
from monitor.settings.config import MonitorConfig
from monitor.settings.listen import is_loopback

SUBJECT = "Page"
_PROGRAM = "teleinfo-monitor"
_TIMEOUT = 5.0  # seconds
_LARGEST = 1_000_000  # bytes of an answer
#: Addresses that stand for all of a machine, and where it reaches itself.
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - they are only compared


class Answerer(StrEnum):
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
    auth: str = "password"
    password_file: Path | None = None
    password_error: str = ""  # why the file cannot be used
    readable_by_all: bool = False
    answer: Answerer = Answerer.NOBODY
    cannot_listen: int | None = None  # the number of the system's error; None: it can, or somebody answers

    @property
    def url(self) -> str:
        """The address, as a browser on this machine takes it."""
        host = _ANY.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}{self.prefix}/"


def probe_page(config: MonitorConfig) -> PageFacts:
    """Collect the facts; a page that is served is asked for its description, which needs no database."""
    host, port, prefix = config.listen.host, config.listen.port, config.listen.prefix
    file, error, readable = config.password_file, "", False
    if file is not None:
        try:
            error = "" if password.is_hash(password.read(file)) else password.plain(file)
            readable = is_readable_by_all(file)
        except NotReady as problem_of_file:
            error = str(problem_of_file)
    answer = _ask(_ANY.get(host, host), port, prefix)
    return PageFacts(
        host=host,
        port=port,
        prefix=prefix,
        auth=config.auth,
        password_file=file,
        password_error=error,
        readable_by_all=readable,
        answer=answer,
        cannot_listen=_try_to_listen(host, port) if answer is Answerer.NOBODY else None,
    )


def diagnose_page(facts: PageFacts) -> Iterator[Finding]:
    """Turn the facts into findings."""
    yield from _diagnose_password(facts)
    if facts.answer is Answerer.OTHER or facts.cannot_listen is not None:
        yield _no_place(facts)
    elif facts.answer is Answerer.NOBODY:
        what = f"nothing serves it at {facts.url}; reports work without it"
        yield notice(SUBJECT, what, f"start it: {here(_PROGRAM).start(_PROGRAM)}")
    else:
        asks = {"password": "asks for a password", "header": "lets in whoever its proxy names"}
        yield ok(SUBJECT, f"served at {facts.url}, {asks.get(facts.auth, 'asks for no password')}")


def _diagnose_password(facts: PageFacts) -> Iterator[Finding]:
    file = facts.password_file
    if facts.auth == "none" and not is_loopback(facts.host):
        what = f"everybody in the network of {facts.host} sees it: auth is none"
        yield notice(SUBJECT, what, "give a password_file instead, unless this is what you want")
    if facts.auth != "password":
        return
    if file is None:
        yield problem(SUBJECT, "it has no password yet", f"add password_file, then {password.command()}")
    elif facts.password_error:
        yield problem(SUBJECT, facts.password_error, password.command())
    elif facts.readable_by_all:
        what = f"every user of this machine can read the hash of the password in {file}"
        yield notice(SUBJECT, what, f"sudo chmod o-rwx {file}")


def _no_place(facts: PageFacts) -> Finding:
    match facts.cannot_listen:
        case errno.EADDRNOTAVAIL:
            what, fix = f"listen.host: {facts.host} is not an address of this machine", "correct it, or take 127.0.0.1"
        case errno.EACCES:
            what, fix = f"listen.port: {facts.port} is for administrators only", "take a port above 1023, such as 8080"
        case None | errno.EADDRINUSE:
            what, fix = f"another program uses port {facts.port} of {facts.host}", "choose another listen.port"
        case number:
            what, fix = f"cannot listen at {facts.host}, port {facts.port}: {os.strerror(number)}", "correct `listen`"
    return problem(SUBJECT, what, fix)


def _ask(host: str, port: int, prefix: str) -> Answerer:
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    with contextlib.closing(connection):
        try:
            connection.connect()
        except OSError:
            return Answerer.NOBODY
        try:
            connection.request("GET", f"{prefix}/api/v1/openapi.json")
            response = connection.getresponse()
            body = response.read(_LARGEST)
        except (OSError, http.client.HTTPException):
            return Answerer.OTHER
    kind = response.headers.get_content_type()
    # It may tell nothing to us but that it wants a password, or has none yet, or that we go round its proxy.
    described = response.status == http.HTTPStatus.OK and b'"openapi"' in body
    refused = response.status in (401, 403, 503) and kind == "application/problem+json"
    return Answerer.OURS if described or refused else Answerer.OTHER


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
