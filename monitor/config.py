"""The options of `monitor.yaml`."""

import datetime
import ipaddress
import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.contract.frame import METER
from common.contract.offers import BY_ID
from common.database.mariadb import DatabaseConfig
from common.errors import ConfigError
from common.machine.deployment import here
from common.runtime.watchdog import heartbeat_file
from common.settings.config import (
    Broker,
    LogConfig,
    MetricsConfig,
    client_name,
    option,
    port_number,
    section,
    topic_name,
)
from monitor.readings.periods import ContractLine, House

_PREFIX = re.compile(r"(/[0-9A-Za-z._~-]+)+")
_ORIGIN = re.compile(r"https?://(?:[0-9A-Za-z*][0-9A-Za-z.-]*|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?")
_URL = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
_LONGEST_NAME = 40  # characters
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]*")
_SUPERVISOR = ipaddress.IPv4Address("172.30.32.2")  # in each installation; other apps have others of 172.30.33.0/24
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _zone(value: Any) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(value)
    except (TypeError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError(f"a time zone such as Europe/Paris is expected, not {value!r}") from None


def _language(value: Any) -> str:
    if value not in ("fr", "en"):
        raise ValueError(f"fr or en is expected, not {value!r}")
    return str(value)


def _file(value: Any) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError(f"a file such as /etc/teleinfo/prices.yaml is expected, not {value!r}")
    return Path(value)


def _calendars(value: Any) -> tuple[tuple[str, Path], ...]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"files by the name of their calendar such as {{ejp: /etc/teleinfo/ejp.csv}}, not {value!r}")
    return tuple((name, _file(file)) for name, file in value.items())


def _contracts(value: Any) -> tuple[ContractLine, ...]:
    if not isinstance(value, list):
        raise ValueError("a list of lines such as {meter: ..., from: 2025-02-01, offer: tempo, power: 9} is expected")
    return tuple(sorted((_contract(line) for line in value), key=lambda line: (line.meter, line.start)))


def _contract(line: Any) -> ContractLine:
    keys = {"meter", "from", "offer", "power"}
    if not isinstance(line, dict) or set(line) != keys:
        raise ValueError(f"a line has the keys {', '.join(sorted(keys))}; this one is {line!r}")
    meter, start, offer, power = line["meter"], line["from"], line["offer"], line["power"]
    if not isinstance(meter, str):
        raise ValueError(f"the meter of a line is text: write '{meter}' in quotes")
    if type(start) is not datetime.date:
        raise ValueError(f"the day of `from` is written 2025-02-01, not {start!r}")
    if not isinstance(offer, str) or not offer:
        raise ValueError(f"an offer such as {', '.join(BY_ID)}, or one of your prices.yaml, is expected, not {offer!r}")
    if type(power) is not int or not 1 <= power <= 36:
        raise ValueError(f"the subscribed power in kVA, from 1 to 36, is expected, not {power!r}")
    return ContractLine(meter=meter, start=start, offer=offer, power=power)


def _meters(value: Any) -> tuple[House, ...]:
    if not isinstance(value, dict):
        raise ValueError(f"names by address such as {{'031961123456': Maison}} are expected, not {value!r}")
    names: dict[str, str | None] = {}
    replaced: dict[str, str] = {}  # by the address of its successor
    for key, entry in value.items():
        address = _address(key)
        parts = {"name": entry} if isinstance(entry, str) else entry
        if not isinstance(parts, dict) or not parts or not set(parts) <= {"name", "replaces"}:
            raise ValueError(f"{address} has a name, or {{name: ..., replaces: ADDRESS}}, not {entry!r}")
        names[address] = _meter_name(parts["name"]) if "name" in parts else None
        if "replaces" in parts:
            replaced[address] = _address(parts["replaces"])
    _refuse_twice("the meter", list(replaced.values()), "is replaced twice")
    for address in replaced:
        _chain(address, replaced)  # refuses a loop, in which no meter is the newest
    houses = [
        House(address, name, tuple(_chain(address, replaced)))
        for address, name in names.items()
        if address not in replaced.values()
    ]
    _refuse_twice("the name", [house.name.casefold() for house in houses if house.name], "is given twice")
    return tuple(houses)


def _address(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"the address of a meter is text: write '{value}' in quotes")
    if not METER.fullmatch(value):
        raise ValueError(f"{value!r} is not a meter address such as '031961123456'")
    return value


def _meter_name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > _LONGEST_NAME:
        raise ValueError(f"a name such as Maison, of at most {_LONGEST_NAME} characters, is expected, not {value!r}")
    return value.strip()


def _chain(address: str, replaced: Mapping[str, str]) -> list[str]:
    """Return all that a meter replaced, the earliest first."""
    chain = [address]
    while (before := replaced.get(chain[0])) is not None:
        if before in chain:
            raise ValueError(f"{before} replaces itself")
        chain.insert(0, before)
    return chain[:-1]


def _refuse_twice(what: str, values: Sequence[str], why: str) -> None:
    if doubled := next((value for value in values if values.count(value) > 1), None):
        raise ValueError(f"{what} {doubled} {why}")


@dataclass(frozen=True, kw_only=True)
class MonitorDatabase(DatabaseConfig):
    """How to reach the database, with the account that can only read."""

    user: str = "teleinfo-monitor"


@dataclass(frozen=True, kw_only=True)
class MonitorMqtt(Broker):
    """How to reach the broker, and the base topic; without it there are no live values."""

    topic: str = option("teleinfo", read=topic_name)


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


def _listed(value: Any, pattern: "re.Pattern[str]", example: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and pattern.fullmatch(item) for item in value):
        raise ValueError(f"a list such as [{example}] is expected, not {value!r}")
    return tuple(value)


def _names(value: Any) -> tuple[str, ...]:
    return tuple(name.lower() for name in _listed(value, _NAME, "energy.example.org"))


def _origins(value: Any) -> tuple[str, ...]:
    return _listed(value, _ORIGIN, '"http://homeassistant.local:8123"')


def _auth(value: Any) -> str:
    if value not in ("password", "header", "none"):
        raise ValueError(f"password, header or none is expected, not {value!r}")
    return str(value)


def _home_assistant(value: Any) -> str:
    if not isinstance(value, str) or not _URL.fullmatch(value):
        raise ValueError(f"an address such as http://homeassistant.local:8123 is expected, not {value!r}")
    return value


def _networks(value: Any) -> tuple[Network, ...]:
    try:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(map(ipaddress.ip_network, value))
    except ValueError:
        pass
    raise ValueError(f"a list of networks such as [172.16.0.0/12] is expected, not {value!r}")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
    names: tuple[str, ...] = option((), read=_names)  # more names of this machine; not read with a password
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


@dataclass(frozen=True, kw_only=True)
class HomeAssistantConfig:
    """How to reach Home Assistant; in its app the Supervisor gives the token."""

    url: str | None = option(None, read=_home_assistant)
    token_file: Path | None = option(None, read=_file)


@dataclass(frozen=True, kw_only=True)
class MonitorConfig:
    """The whole file."""

    name: str = option("main", read=client_name)
    listen: Listen = section(Listen)
    ingress: Ingress | None = None
    auth: str = option("password", read=_auth)
    password_file: Path | None = option(None, read=_file)
    state: Path = option(Path("/var/lib/teleinfo-monitor"), read=_file)
    frame_ancestors: tuple[str, ...] = option((), read=_origins)
    database: MonitorDatabase = section(MonitorDatabase)
    mqtt: MonitorMqtt | None = None
    time_zone: zoneinfo.ZoneInfo = option(zoneinfo.ZoneInfo("Europe/Paris"), read=_zone)
    language: str | None = option(None, read=_language)
    prices: Path | None = option(None, read=_file)
    tempo: Path | None = option(None, read=_file)
    spot: Path | None = option(None, read=_file)
    calendars: tuple[tuple[str, Path], ...] = option((), read=_calendars)  # of offers, by name
    alsace_moselle: bool = False  # has two more bank holidays
    contracts: tuple[ContractLine, ...] = option((), read=_contracts)
    meters: tuple[House, ...] = option((), read=_meters)
    app: Path | None = option(None, read=_file)
    home_assistant: HomeAssistantConfig = section(HomeAssistantConfig)
    heartbeat: Path | None = option(None, read=heartbeat_file)
    metrics: MetricsConfig = section(MetricsConfig)
    log: LogConfig = section(LogConfig)

    def __post_init__(self) -> None:
        """Refuse two answers to one question."""
        if self.auth != "password" and self.password_file is not None:
            raise ConfigError(f"auth: {self.auth} asks for no password, and password_file is given: leave one out")
        if self.ingress is not None and self.ingress.port == self.listen.port:
            raise ConfigError(f"ingress.port: {self.ingress.port} is listen.port, too: choose another one")

    def is_proxy(self, address: str) -> bool:
        """Tell whether an address may be that of many clients."""
        return self.listen.trusts(address) or (self.ingress is not None and self.ingress.admits(address))

    def check_auth(self) -> None:
        """Check that nobody opens the page without saying so.

        Raises:
            ConfigError: it is not said who may enter.
        """
        if self.auth == "password" and self.password_file is None:
            raise ConfigError(
                "monitor.yaml: who may open the page? Write password_file: /etc/teleinfo/page-password and make it with"
                f" `{here('teleinfo-monitor').sudo('teleinfo-monitor', 'password')}`, or write auth: none"
            )
