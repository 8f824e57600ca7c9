"""From where a request may come: names of this machine, pages of our own, and so many connections of a client. Pure."""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Collection
from typing import Protocol
from urllib.parse import urlsplit

from monitor.base.config import Listen, is_loopback, parse_address
from monitor.web.http import Request

#: Names that nobody can register in the public DNS; `.box` is a public domain since 2024.
_PRIVATE = (".localhost", ".local", ".lan", ".home.arpa", ".internal", ".home")
#: Loopback, link-local and private addresses; `is_private` of Python counts more.
_HOME = [
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
        "::1", "fc00::/7", "fe80::/10",
    )
]  # fmt: skip
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]{1,5})?")
_PREFIX = re.compile(r"(?:/[0-9A-Za-z._~-]+)+/?")
MOST = 400  # connections
MOST_OF_A_GUEST = 20  # of one address; not of a proxy, which has the address of all who come through it
MANY_OF_A_MEMBER = 20  # of one session or user; who has more gives way where there is no room left


def is_known_host(request: Request, names: Collection[str]) -> bool:
    """Tell whether a request names this machine as an owner would.

    A foreign page whose name is made to lead here (DNS rebinding) could else read what needs no password. Such a
    name is a public one: addresses, private names and the configured ones are not.
    """
    host = _host(request)
    if host is None:
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE) or host in names
    return True


def _host(request: Request) -> str | None:
    match = _HOST.fullmatch(request.headers.get("host", ""))
    return match[1].strip("[]").lower().rstrip(".") if match else None


def is_from_elsewhere(request: Request) -> bool:
    """Tell whether a page of another site made the browser send this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:  # a browser's own word; pages cannot set it
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return False
    ours = {request.headers.get("host", "").lower(), request.headers.get("x-forwarded-host", "").lower()}
    return urlsplit(origin).netloc.lower() not in ours - {""}  # the origin of a sandboxed frame is "null"


def is_asked_by_a_foreign_page(request: Request) -> bool:
    """Tell whether a page of another site, not a person, asks for data."""
    return request.headers.get("sec-fetch-site") == "cross-site" and request.headers.get("sec-fetch-mode") != "navigate"


def is_proxied(request: Request) -> bool:
    """Tell whether a proxy has passed a request on, and says so."""
    return any(name.startswith("x-forwarded-") or name in ("forwarded", "via", "x-real-ip") for name in request.headers)


def client_address(request: Request, listen: Listen) -> str:
    """Return the client's address; trusted proxies say which it was."""
    forwarded = [part.strip()[:64] for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    address = request.address
    while forwarded and listen.trusts(address):
        address = forwarded.pop()
    return address


def is_at_home(request: Request, listen: Listen) -> bool:
    """Tell whether a request comes from this machine or its network, as far as can be known: not through a proxy.

    A proxy that is not trusted may stand for anyone, and so may one that does not say whom it stands for.
    """
    if is_proxied(request) and not ("x-forwarded-for" in request.headers and listen.trusts(request.address)):
        return False
    parsed = parse_address(client_address(request, listen))
    return parsed is not None and any(parsed in network for network in _HOME)


def is_of_this_machine(request: Request, gateway: str | None) -> bool:
    """Tell whether a program of this machine asks: over the loopback, or by an address of the machine itself.

    What the machine sends into a container comes from its `gateway`.
    """
    return is_loopback(request.address) or request.address in {request.own_address, gateway} - {"", None}


def is_secure(request: Request, listen: Listen) -> bool:
    """Tell whether the browser's connection is TLS, as far as a trusted proxy says so."""
    forwarded = request.headers.get("x-forwarded-proto", "").lower() if listen.trusts(request.address) else ""
    return request.secure or forwarded == "https"


def public_prefix(request: Request) -> str | None:
    """Return the path below which a proxy shows us, if it says so; None: it does not.

    Any client is believed: it changes nothing but where the relative addresses of its own answer begin.
    """
    prefix = request.headers.get("x-ingress-path" if request.ingress else "x-forwarded-prefix", "")
    return prefix.rstrip("/") if _PREFIX.fullmatch(prefix) else None


class Connection(Protocol):
    """A connection that can be ended."""

    def end(self) -> None:
        """End it at once."""


class ConnectionLimit:
    """The connections of a port. Nobody is refused, so who holds connections for nothing keeps nobody out."""

    def __init__(
        self,
        is_proxy: Callable[[str], bool],
        most: int = MOST,
        most_of_a_guest: int = MOST_OF_A_GUEST,
        many_of_a_member: int = MANY_OF_A_MEMBER,
    ) -> None:
        """Begin with none; `is_proxy` tells whose address stands for many clients."""
        self._is_proxy = is_proxy
        self._most = most
        self._most_of_a_guest = most_of_a_guest
        self._many_of_a_member = many_of_a_member
        self._guests: dict[Connection, str] = {}  # by whom nobody vouches (yet), and their addresses; the oldest first
        self._members: dict[Connection, str] = {}  # and the session or user that asked last; the oldest first

    def enter(self, connection: Connection, address: str) -> None:
        """Take in a new connection; another one may have to end for it, or itself where no client has many."""
        self._guests[connection] = address
        same = [one for one, of in self._guests.items() if of == address]
        if len(same) > self._most_of_a_guest and not self._is_proxy(address):
            self._end(same[0])
        elif len(self._guests) + len(self._members) > self._most:
            self._end(self._dispensable())

    def _dispensable(self) -> Connection:
        oldest = next(iter(self._guests))
        if len(self._guests) > 1 or not self._members:
            return oldest
        (client, count), *_ = Counter(self._members.values()).most_common(1)
        return oldest if count <= self._many_of_a_member else next(o for o, of in self._members.items() if of == client)

    def _end(self, connection: Connection) -> None:
        self.leave(connection)
        connection.end()

    def admit(self, connection: Connection, client: str) -> None:
        """Keep a connection from now on: its client, a session or a user, may enter."""
        if self._guests.pop(connection, None) is not None or connection in self._members:
            self._members[connection] = client

    def leave(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._guests.pop(connection, None)
        self._members.pop(connection, None)
