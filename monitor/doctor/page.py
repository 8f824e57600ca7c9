"""Diagnoses the page: its password, and what answers at its address."""

import contextlib
import http.client
from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What is there of the page."""

    config: MonitorConfig
    password_error: str = ""  # why its file cannot be used
    readable_by_all: bool = False
    ours: bool | None = None  # what answers there is our page; None: nobody answers

    @property
    def url(self) -> str:
        """The address, as a browser on this machine takes it."""
        listen = self.config.listen
        host = _ANY.get(listen.host, listen.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{listen.port}{listen.prefix}/"


def probe_page(config: MonitorConfig) -> PageFacts:
    """Collect the facts; a page that is served is asked for its description, which needs no database."""
    file, error, readable = config.password_file, "", False
    if file is not None:
        try:
            error = "" if password.is_hash(password.read(file)) else password.plain(file)
            readable = is_readable_by_all(file)
        except NotReady as problem_of_file:
            error = str(problem_of_file)
    host = _ANY.get(config.listen.host, config.listen.host)
    ours = _ask(host, config.listen.port, config.listen.prefix)
    return PageFacts(config=config, password_error=error, readable_by_all=readable, ours=ours)


def diagnose_page(facts: PageFacts) -> Iterator[Finding]:
    """Turn the facts into findings."""
    listen, auth = facts.config.listen, facts.config.auth
    yield from _diagnose_password(facts)
    if facts.ours is None:
        start, log = here(_PROGRAM).start(_PROGRAM), here(_PROGRAM).log(_PROGRAM)
        what = f"nothing serves it at {facts.url}; reports work without it"
        yield notice(SUBJECT, what, f"start it: {start}; if it stops again, look for the reason in its log: {log}")
    elif not facts.ours:
        what = f"another program uses port {listen.port} of {listen.host}"
        yield problem(SUBJECT, what, "choose another listen.port")
    else:
        asks = {"password": "asks for a password", "header": "lets in whoever its proxy names"}
        yield ok(SUBJECT, f"served at {facts.url}, {asks.get(auth, 'asks for no password')}")


def _diagnose_password(facts: PageFacts) -> Iterator[Finding]:
    config, file = facts.config, facts.config.password_file
    if config.auth == "none" and not is_loopback(config.listen.host):
        what = f"everybody in the network of {config.listen.host} sees it: auth is none"
        yield notice(SUBJECT, what, "give a password_file instead, unless this is what you want")
    if config.auth != "password":
        return
    if file is None:
        yield problem(SUBJECT, "it has no password yet", f"add password_file, then {password.command()}")
    elif facts.password_error:
        yield problem(SUBJECT, facts.password_error, password.command())
    elif facts.readable_by_all:
        what = f"every user of this machine can read the hash of the password in {file}"
        yield notice(SUBJECT, what, f"sudo chmod o-rwx {file}")


def _ask(host: str, port: int, prefix: str) -> bool | None:
    """Return whether our page answers; None: nobody does."""
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    with contextlib.closing(connection):
        try:
            connection.connect()
        except OSError:
            return None
        try:
            connection.request("GET", f"{prefix}/api/v1/openapi.json")
            response = connection.getresponse()
            body = response.read(_LARGEST)
        except (OSError, http.client.HTTPException):
            return False
    kind = response.headers.get_content_type()
    # It may tell nothing to us but that it wants a password, or has none yet, or that we go round its proxy.
    described = response.status == http.HTTPStatus.OK and b'"openapi"' in body
    refused = response.status in (401, 403, 503) and kind == "application/problem+json"
    return described or refused
