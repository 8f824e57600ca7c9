"""Where the page is served, and to whom."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Any

from common.settings.config import list_of, matching, option, port_number

_PREFIX = re.compile(r"(/[0-9A-Za-z._~-]+)+")
_SUPERVISOR = ipaddress.IPv4Address("172.30.32.2")  # in each installation; other apps have others of 172.30.33.0/24
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _host(value: Any) -> str:
    if not isinstance(value, str) or not value or any(c in value for c in "/[] ") or value.count(":") == 1:
        raise ValueError(f"an address of this machine such as 127.0.0.1, without a port, is expected, not {value!r}")
    return value


def _prefix(value: Any) -> str:
    if value == "":
        return ""
    if not isinstance(value, str) or not _PREFIX.fullmatch(value.rstrip("/")):
        raise ValueError(f"the beginning of a path such as /teleinfo is expected, not {value!r}")
    return value.rstrip("/")


_names = list_of(matching(r"[0-9A-Za-z][0-9A-Za-z.-]*", "a name such as energy.example.org"), "a list of names")


def _small_names(value: Any) -> tuple[str, ...]:
    return tuple(name.lower() for name in _names(value))


def _network(value: Any) -> Network:
    try:
        if isinstance(value, str):
            return ipaddress.ip_network(value)
    except ValueError:
        pass
    raise ValueError(f"a network such as 172.16.0.0/12 is expected, not {value!r}")


_networks = list_of(_network, "a list of networks such as [172.16.0.0/12]")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    parsed = _parsed(host)
    return host == "localhost" if parsed is None else parsed.is_loopback


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address of a client; None: it is none, such as that of a Unix socket."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


@dataclass(frozen=True, kw_only=True)
class Listen:
    """Where the page is served."""

    host: str = option("127.0.0.1", read=_host)
    port: int = option(8080, read=port_number)
    prefix: str = option("", read=_prefix)  # of a proxy that passes paths on as they are
    names: tuple[str, ...] = option((), read=_small_names)  # more names of this machine; not read with a password
    trusted: tuple[Network, ...] = option((), read=_networks)  # of proxies, whose word about the client is believed

    def trusts(self, address: str) -> bool:
        """Tell whether a proxy with this address is one of ours; those on this machine are."""
        parsed = _parsed(address)
        return parsed is not None and (parsed.is_loopback or any(parsed in network for network in self.trusted))


@dataclass(frozen=True, kw_only=True)
class Ingress:
    """Where Home Assistant asks for the page, for users whom it has checked: no password, and no one else."""

    host: str = option("0.0.0.0", read=_host)  # noqa: S104 - others are refused
    port: int = option(8099, read=port_number)

    def admits(self, address: str) -> bool:
        """Tell whether an address is that of Home Assistant's Supervisor, or of this machine."""
        parsed = _parsed(address)
        return parsed is not None and (parsed.is_loopback or parsed == _SUPERVISOR)
