"""A request and its response, independent of the web library."""

import gzip
import hashlib
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from monitor.base.answer import plain
from monitor.base.formats import unbroken
from monitor.base.request_errors import RequestError

NO_STORE = "no-store"
REVALIDATE = "private, max-age=0, must-revalidate"  # kept, but asked for again each time: late frames change the past
SMALLEST_ZIPPED = 1000  # bytes
_LANGUAGE = re.compile(r"(?:^|&)lang=(fr|en)(?:&|$)")
_ZIPPED = ("text/", "application/json", "application/problem+json", "application/manifest+json", "image/svg+xml")

#: The titles of problems, by language and status.
TITLES: Mapping[str, Mapping[int, str]] = {
    "fr": {
        400: "Question incorrecte",
        401: "Mot de passe nécessaire",
        403: "Refusé",
        404: "Introuvable",
        405: "Méthode refusée",
        408: "Trop lent",
        409: "Trop tard",
        412: "Modifié entre-temps",
        413: "Trop long",
        414: "Adresse trop longue",
        415: "Format refusé",
        422: "À corriger",
        428: "Version manquante",
        429: "Trop de demandes",
        500: "Erreur du programme",
        501: "Non installé",
        503: "Momentanément indisponible",
    },
    "en": {
        400: "Bad question",
        401: "Password needed",
        403: "Refused",
        404: "Not found",
        405: "Method refused",
        408: "Too slow",
        409: "Too late",
        412: "Changed meanwhile",
        413: "Too long",
        414: "Address too long",
        415: "Format refused",
        422: "To be corrected",
        428: "Version missing",
        429: "Too many requests",
        500: "Internal error",
        501: "Not installed",
        503: "Unavailable at the moment",
    },
}
#: Of the script in index.html, for what cannot wait for another file.
_SCRIPT = "'sha256-xNCB3OVHjS7skvJvFL4OMQ6t063p6n0Zx8yVWYi1yzM='"
_POLICY = (
    f"default-src 'self'; script-src 'self' {_SCRIPT};"
    " base-uri 'self'; form-action 'self'; object-src 'none'; img-src 'self' data: blob:;"
    " frame-ancestors 'self'"
)


async def nothing(_: int) -> bytes:
    """Receive no body."""
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a browser asks for."""

    method: str
    path: str  # decoded, as it came: with "/" in front, and with the prefix of a proxy that keeps it
    query: str = ""  # as it came
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    address: str = ""  # of the client, or of the last proxy
    secure: bool = False  # the connection to this program is TLS
    #: Reads the body once it is wanted, up to so many bytes; raises RequestError if it is longer or does not come.
    receive: Callable[[int], Awaitable[bytes]] = nothing
    own_address: str = ""  # of this machine, to which it came
    ingress: bool = False  # it came to the port of Home Assistant's Ingress
    #: To be called with the session or user that may enter: its connection is kept.
    admit: Callable[[str], None] = lambda _: None


class Stream(Protocol):
    """Events for one viewer."""

    def events(self) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of `text/event-stream`."""

    def close(self) -> None:
        """Forget the viewer, even if no event was ever asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The answer to a request; with `stream` it has no `body`, but events until the client goes away."""

    status: int = 200
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    zipped: bytes | None = None  # `body`, compressed, where that is worth it
    etag: str | None = None
    stream: Stream | None = None

    def having(self, **headers: str) -> "Response":
        """Return it with more headers; `_` in a name stands for `-`."""
        return replace(
            self, headers={**self.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}
        )


def packed(body: bytes, kind: str, level: int = 6, **headers: str) -> Response:
    """Return a response with its entity tag and its compressed form, at a level of gzip."""
    zipped = gzip.compress(body, level, mtime=0) if len(body) >= SMALLEST_ZIPPED and kind.startswith(_ZIPPED) else None
    # Weak: the compressed form has the same.
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Response(body=body, kind=kind, zipped=zipped, etag=etag).having(**headers)


def json_bytes(value: Any) -> bytes:
    """Return JSON as it is sent.

    Raises:
        ValueError: it holds a number that JSON does not have.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=plain).encode()


def problem(refusal: RequestError, language: str, **headers: str) -> Response:
    """Return an error as RFC 9457 has it; its detail says in a language what to do."""
    detail = refusal.sentence(language)
    body = {
        "type": "about:blank",
        "title": TITLES[language][refusal.status],
        "status": refusal.status,
        "detail": unbroken(detail, language),
    }
    return Response(
        status=refusal.status, body=json_bytes(body | refusal.members), kind="application/problem+json"
    ).having(Cache_Control=NO_STORE, **headers)


def security_headers(frame_ancestors: Sequence[str]) -> Mapping[str, str]:
    """Return the headers of every response: what a browser must not do with it.

    `frame_ancestors` are origins whose pages may show ours in a frame.
    """
    headers = {
        "Content-Security-Policy": " ".join([_POLICY, *frame_ancestors]),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if not frame_ancestors:
        headers["X-Frame-Options"] = "SAMEORIGIN"  # it takes no list
    return headers


def language_for(request: Request, configured: str | None) -> str:
    """Return fr or en: as the address asks (`lang`), else that of the configuration, else of the browser, else fr."""
    asked = _LANGUAGE.search(request.query)
    if asked is not None:
        return asked[1]
    accepted = request.headers.get("accept-language", "").lower()
    first = next((part.strip()[:2] for part in accepted.split(",") if part.strip()[:2] in TITLES), "fr")
    return configured or first


def redirect(location: str) -> Response:
    """Return a response that leads to another address, which is relative: nobody but a proxy knows the absolute one."""
    return Response(status=303).having(Location=location, Cache_Control=NO_STORE)


def negotiated(request: Request, response: Response) -> Response:
    """Return the response as the browser takes it: nothing if it has it already, compressed if it can read that."""
    if response.stream is not None:
        return response
    if response.zipped is not None:
        response = response.having(Vary=", ".join(filter(None, (response.headers.get("Vary"), "Accept-Encoding"))))
    etag = response.etag
    if etag is not None and response.headers.get("Cache-Control") != NO_STORE:
        response = response.having(ETag=etag)
        if response.status == 200 and _has(request.headers.get("if-none-match", ""), etag):
            return replace(response, status=304, body=b"")
    if response.zipped is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
        return replace(response, body=response.zipped).having(Content_Encoding="gzip")
    return response


def _has(known: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in known.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.split(","):
        coding, _, weight = part.replace(" ", "").partition(";")
        if coding.lower() in ("gzip", "*"):
            return weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
