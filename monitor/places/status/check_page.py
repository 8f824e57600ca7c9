"""Diagnoses the page: its password, and what answers at its address."""

import contextlib
import http.client
from collections.abc import Iterator
from dataclasses import dataclass

from common.check.config_file import is_readable_by_all
from common.check.findings import Finding
from common.errors import NotReady
from monitor.base.config import MonitorConfig, is_loopback
from monitor.places.status.check_texts import TEXTS
from monitor.web import password

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
        yield TEXTS.finding("page_not_served", url=facts.url)
    elif not facts.ours:
        yield TEXTS.finding("page_port_used", port=listen.port, host=listen.host)
    else:
        yield TEXTS.finding(f"page_ok_{auth}", url=facts.url)


def _diagnose_password(facts: PageFacts) -> Iterator[Finding]:
    config, file = facts.config, facts.config.password_file
    set_password = TEXTS.translated(password.command())
    if config.auth == "none" and not is_loopback(config.listen.host):
        yield TEXTS.finding("page_open", host=config.listen.host)
    if config.auth != "password":
        return
    if file is None:
        yield TEXTS.finding("page_without_password", set_password=set_password)
    elif facts.password_error:
        why = TEXTS.translated(facts.password_error)
        yield TEXTS.finding("page_password_unusable", why=why, set_password=set_password)
    elif facts.readable_by_all:
        yield TEXTS.finding("page_password_readable", file=file)


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
