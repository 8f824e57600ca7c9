"""One request to a service outside, and why it failed.

Time is bound while connecting, between two pieces and as a whole; what is read is bound in size; a certificate is
always checked; proxies of the environment are not asked, and another host is only followed where the provider says so.
"""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from common.errors import TeleinfoError
from common.machine.project import PROJECT
from common.machine.version import full_version

if TYPE_CHECKING:
    import http.client

Why = Literal["unreachable", "token", "not_allowed", "no_data", "later", "not_understood"]

PAUSE = 1.0  # seconds between two requests of one run
PATIENCE = 10.0  # seconds to connect, and between two pieces
TOTAL = 60.0  # seconds of one request
_ERROR_BODY = 65_536  # bytes that are kept of the body of an error
_AS_THEY_ARE = "%/:?#[]@!$&'()*+,;=~"  # characters of an address
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


class FetchFailed(TeleinfoError):
    """A service gave no answer that can be used; said in both languages, never with a secret."""

    def __init__(
        self,
        why: Why,
        fr: str,
        en: str,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(en)
        self.why, self.fr, self.en = why, fr, en
        self.retry_after = retry_after  # seconds, as the service said
        self.status = status  # None: there was no answer, or it was 200
        self.body = body  # its beginning, of an error
        self.headers = dict(headers or {})  # of an error, names in small letters


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with status 200 and the type that was asked for."""

    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # names in small letters

    def json(self) -> Any:
        """Return the document.

        Raises:
            FetchFailed: it is none.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise FetchFailed("not_understood", "La réponse est illisible.", "The answer cannot be read.") from error


class Client:
    """Asks over TLS, within time and size, without proxies or redirects, and counts its requests: one for a run."""

    def __init__(
        self,
        hosts: Collection[str] | None = None,
        most: int | None = None,
        *,
        pause: float = PAUSE,
        sleep: Callable[[float], None] = time.sleep,
        patience: float = PATIENCE,
        total: float = TOTAL,
    ) -> None:
        """Prepare; `hosts` are all that may be asked, `most` how many requests are left for today."""
        self.requests = 0
        self._hosts = hosts
        self._most = most
        self._pause = pause
        self._sleep = sleep
        self._patience = patience
        self._total = total

    def get(
        self,
        host: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        types: Collection[str] = ("application/json",),
        longest: int = 5_000_000,
        redirect_to: Collection[str] = (),
    ) -> Answer:
        """Return what a host answers; a redirect to one of the named hosts is followed once, over TLS.

        Raises:
            FetchFailed: anything else than 200 of one of the types, whole.
        """
        sent = {"Accept": ", ".join(types), **(headers or {})}
        found = self._ask(host, f"{path}?{urlencode(query)}" if query else path, sent, types, longest)
        if isinstance(found, str):
            there, target = _redirected(host, found, redirect_to)
            if there != host:  # what was meant for one is not for another
                sent = {"Accept": sent["Accept"]}
            found = self._ask(there, target, sent, types, longest)
            if isinstance(found, str):
                raise _elsewhere(there)
        return found

    def _ask(
        self, host: str, target: str, headers: Mapping[str, str], types: Collection[str], longest: int
    ) -> Answer | str:
        """Return the answer, or the address of a redirect."""
        import http.client  # here: nothing of it is needed while every switch is off

        self._count(host)
        _check_headers(headers)
        deadline = time.monotonic() + self._total
        own = {"User-Agent": f"TeleInfo-Monitor/{full_version()} (+{PROJECT})", "Connection": "close"}
        try:
            with contextlib.closing(self._connect(host, deadline)) as connection:
                connection.request("GET", target, headers={**headers, **own})
                with connection.getresponse() as response:
                    if response.status == http.client.OK:
                        return _whole(host, response, types, longest)
                    location = response.headers.get("Location")
                    if response.status in _REDIRECTS and location is not None:
                        return location
                    raise _refused(host, response)
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(host, error) from error

    def _connect(self, host: str, deadline: float) -> "http.client.HTTPConnection":
        """Return an open connection; each wait ends with the deadline."""
        import http.client

        context = ssl.create_default_context()
        context.sslsocket_class = _Socket
        connection = http.client.HTTPSConnection(host, timeout=self._patience, context=context)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        if isinstance(connection.sock, _Socket):
            connection.sock.deadline, connection.sock.patience = deadline, self._patience
            connection.sock.suppress_ragged_eofs = False  # an end that TLS does not confirm may be a cut
        return connection

    def _count(self, host: str) -> None:
        if self._hosts is not None and host not in self._hosts:
            raise ValueError(f"{host} is not declared by the provider")
        if self._most is not None and self.requests >= self._most:
            raise FetchFailed(
                "later",
                "La limite de demandes du jour est atteinte ; la suite demain.",
                "The limit of requests of the day is reached; the rest follows tomorrow.",
            )
        if self.requests:
            self._sleep(self._pause)
        self.requests += 1


class _Socket(ssl.SSLSocket):
    """A socket whose waits end with the deadline of the whole request."""

    deadline = float("inf")
    patience = PATIENCE
    suppress_ragged_eofs: bool

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        """Wait for bytes."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the whole request took too long")
        self.settimeout(min(self.patience, left))
        return super().recv_into(*arguments, **named)


def retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds of a header Retry-After, given as seconds or as a date of HTTP.

    >>> retry_after("120", datetime(2026, 12, 1, tzinfo=UTC))
    120.0
    >>> retry_after("Tue, 01 Dec 2026 00:01:00 GMT", datetime(2026, 12, 1, tzinfo=UTC))
    60.0
    """
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    import email.utils

    try:
        moment = email.utils.parsedate_to_datetime(text)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return max(0.0, seconds)


def _whole(host: str, response: "http.client.HTTPResponse", types: Collection[str], longest: int) -> Answer:
    import http.client

    kind = response.headers.get_content_type() if "Content-Type" in response.headers else ""
    if kind not in types:
        said = _shown(kind)
        raise FetchFailed(
            "not_understood",
            f"{host} a envoyé {said or 'autre chose'} au lieu des données attendues.",
            f"{host} sent {said or 'something else'} instead of the data that was expected.",
        )
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchFailed(
            "not_understood",
            f"La réponse de {host} est compressée sans qu’on l’ait demandé.",
            f"The answer of {host} is compressed, which nobody asked for.",
        )
    cut = FetchFailed(
        "not_understood", f"La réponse de {host} est incomplète.", f"The answer of {host} is not complete."
    )
    try:
        content = response.read(longest + 1)
        if len(content) <= longest and not response.isclosed():
            content += response.read(longest + 1 - len(content))  # a read may be short
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise cut from error
    if len(content) > longest:
        raise FetchFailed(
            "not_understood",
            f"La réponse de {host} est trop longue : plus de {longest / 1e6:g} Mo.",
            f"The answer of {host} is too long: more than {longest / 1e6:g} MB.",
        )
    if response.length:
        raise cut
    return Answer(content, _headers(response))


def _refused(host: str, response: "http.client.HTTPResponse") -> FetchFailed:
    import http.client

    status = response.status
    try:
        body = response.read(_ERROR_BODY)
    except (OSError, http.client.HTTPException):
        body = b""
    why: Why
    if status == 401:
        why, fr, en = "token", f"{host} demande un jeton valable (401).", f"{host} wants a valid token (401)."
    elif status == 403:
        why, fr, en = "not_allowed", f"{host} refuse cette demande (403).", f"{host} refuses this request (403)."
    elif status in (204, 304, 404):
        why, fr, en = "no_data", f"{host} n’a pas ces données ({status}).", f"{host} has no such data ({status})."
    elif status == 429:
        why, fr, en = "later", f"{host} demande d’attendre (429).", f"{host} asks to wait (429)."
    elif status >= 500:
        why, fr, en = "later", f"{host} est en panne ({status}).", f"{host} is out of order ({status})."
    else:
        why, fr, en = (
            "not_understood",
            f"{host} ne comprend pas la demande ({status}).",
            (f"{host} does not understand the request ({status})."),
        )
    wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
    return FetchFailed(why, fr, en, retry_after=wait, status=status, body=body, headers=_headers(response))


def _redirected(host: str, location: str, allowed: Collection[str]) -> tuple[str, str]:
    """Return host, and path with query, that a redirect leads to."""
    try:
        parts = urlsplit(location)
        port = parts.port
    except ValueError:
        raise _elsewhere(host) from None
    there = parts.hostname or (host if not parts.scheme else "")
    is_tls = parts.scheme in ("https", "") and port in (None, 443) and parts.username is None
    if there not in allowed or not is_tls or not parts.path.startswith("/"):
        raise _elsewhere(host)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return there, quote(target, safe=_AS_THEY_ARE)  # a signed address changes in nothing


def _elsewhere(host: str) -> FetchFailed:
    return FetchFailed(
        "not_understood",
        f"{host} renvoie vers une autre adresse, qui n’est pas suivie.",
        f"{host} redirects to another address, which is not followed.",
    )


def _unreachable(host: str, error: Exception) -> FetchFailed:
    if isinstance(error, socket.gaierror):
        fr, en = f"Le nom {host} est introuvable.", f"The name {host} cannot be found."
    elif isinstance(error, ssl.SSLCertVerificationError):
        fr, en = f"Le certificat de {host} n’est pas valable.", f"The certificate of {host} is not valid."
    elif isinstance(error, TimeoutError):
        fr, en = f"{host} n’a pas répondu à temps.", f"{host} did not answer in time."
    else:
        fr, en = f"{host} est injoignable.", f"{host} cannot be reached."
    return FetchFailed("unreachable", fr, en)


def _check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what no header can hold, without saying it: it may be a secret."""
    for value in headers.values():
        if not (value.isascii() and value.isprintable()):
            raise FetchFailed(
                "token",
                "Le jeton contient un caractère interdit.",
                "The token contains a character that is not allowed.",
            )


def _headers(response: "http.client.HTTPResponse") -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _shown(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:60]
