"""The options of `monitor.yaml`, and the file of Home Assistant's app that one of them names."""

import ipaddress
import json
import logging
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from common.database.mariadb import DatabaseConfig
from common.errors import ConfigError
from common.machine.deployment import take_over
from common.runtime.logs import ChangeLogger
from common.runtime.watchdog import heartbeat_file
from common.settings.config import (
    Broker,
    LogConfig,
    choice,
    client_name,
    list_of,
    matching,
    option,
    port_number,
    section,
    topic_name,
)
from common.settings.file_errors import reason
from monitor.base.household import Household

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
    parsed = parse_address(host)
    return host == "localhost" if parsed is None else parsed.is_loopback


def parse_address(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
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
        parsed = parse_address(address)
        return parsed is not None and (parsed.is_loopback or any(parsed in network for network in self.trusted))


@dataclass(frozen=True, kw_only=True)
class Ingress:
    """Where Home Assistant asks for the page, for users whom it has checked: no password, and no one else."""

    host: str = option("0.0.0.0", read=_host)  # noqa: S104 - others are refused
    port: int = option(8099, read=port_number)

    def admits(self, address: str) -> bool:
        """Tell whether an address is that of Home Assistant's Supervisor, or of this machine."""
        parsed = parse_address(address)
        return parsed is not None and (parsed.is_loopback or parsed == _SUPERVISOR)


_NAME, _STATE = "main", Path("/var/lib/teleinfo-monitor")
_URL = r"https?://[^\s/?#@]+(?:/[^\s?#]*)?"
_ORIGIN = r"https?://(?:[0-9A-Za-z*][0-9A-Za-z.-]*|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?"
_HOME_ASSISTANT = "an address such as http://homeassistant.local:8123"
_origins = list_of(matching(_ORIGIN, _HOME_ASSISTANT), "a list of addresses")


def _zone(value: Any) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(value)
    except (TypeError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        raise ValueError(f"a time zone such as Europe/Paris is expected, not {value!r}") from None


def _file(value: Any) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError(f"a file such as /etc/teleinfo/page-password is expected, not {value!r}")
    return Path(value)


@dataclass(frozen=True, kw_only=True)
class MonitorDatabase(DatabaseConfig):
    """How to reach the database, with the account that can only read."""

    user: str = "teleinfo-monitor"


@dataclass(frozen=True, kw_only=True)
class MonitorMqtt(Broker):
    """How to reach the broker, and the base topic; without it there are no live values."""

    topic: str = option("teleinfo", read=topic_name)


@dataclass(frozen=True, kw_only=True)
class OwnBroker:
    """The broker that came along with this installation; without the section it is somebody else's, and fixed."""

    port: int | None = option(1883, read=port_number)  # where devices reach it; null: it is not published
    tls: bool = False
    choose: bool = False  # the page may name another broker in its place: `<state>/broker.json`
    accounts: Path | None = option(None, read=_file)  # where the accounts go that the page makes; null: it makes none


@dataclass(frozen=True, kw_only=True)
class HomeAssistantConfig:
    """How to reach Home Assistant; in its app the Supervisor gives the token."""

    url: str | None = option(None, read=matching(_URL, _HOME_ASSISTANT))
    token_file: Path | None = option(None, read=_file)


@dataclass(frozen=True, kw_only=True)
class MetricsConfig:
    """Where Prometheus reads the metrics; without a port, nowhere."""

    host: str = "127.0.0.1"
    port: int | None = option(None, read=port_number)


@dataclass(frozen=True, kw_only=True)
class MonitorConfig:
    """The whole file."""

    name: str = option(_NAME, read=client_name)
    listen: Listen = section(Listen)
    ingress: Ingress | None = None
    auth: str = option("password", read=choice("password", "header", "none"))
    password_file: Path | None = option(None, read=_file)
    state: Path = option(_STATE, read=_file)
    frame_ancestors: tuple[str, ...] = option((), read=_origins)
    database: MonitorDatabase = section(MonitorDatabase)
    mqtt: MonitorMqtt | None = None
    own_broker: OwnBroker | None = None
    time_zone: zoneinfo.ZoneInfo = option(zoneinfo.ZoneInfo("Europe/Paris"), read=_zone)
    app: Path | None = option(None, read=_file)
    home_assistant: HomeAssistantConfig = section(HomeAssistantConfig)
    heartbeat: Path | None = option(None, read=heartbeat_file)
    metrics: MetricsConfig = section(MetricsConfig)
    log: LogConfig = section(LogConfig)
    household: Household = option(Household(), in_file=False)  # as the tables have it
    MOVED: ClassVar = (
        "language", "prices", "tempo", "spot", "calendars", "alsace_moselle", "contracts", "meters", "notes", "alerts",
    )  # fmt: skip
    take_over = staticmethod(take_over)

    def __post_init__(self) -> None:
        """Refuse two answers to one question, and keep the memory of several monitors on a machine apart."""
        if self.state is _STATE and self.name != _NAME:  # what the file says is another object
            object.__setattr__(self, "state", _STATE / f"monitor-{self.name}")
        if self.auth != "password" and self.password_file is not None:
            raise ConfigError(f"auth: {self.auth} asks for no password, and password_file is given: leave one out")
        if self.ingress is not None and self.ingress.port == self.listen.port:
            raise ConfigError(f"ingress.port: {self.ingress.port} is listen.port, too: choose another one")

    def is_proxy(self, address: str) -> bool:
        """Tell whether an address may be that of many clients."""
        return self.listen.trusts(address) or (self.ingress is not None and self.ingress.admits(address))

    @property
    def page_password(self) -> Path | None:
        """The file with the hash of the password: the one that is fixed, else the page's own; None: it is not asked."""
        if self.auth != "password":
            return None
        return self.password_file or self.state / "password"


log = logging.getLogger(__name__)


class AppFile:
    """Reads the file, which `deploy/app` of the same release writes."""

    def __init__(self, file: Path) -> None:
        """Prepare; nothing is read yet."""
        self._file = file
        self._changes = ChangeLogger(log)

    def read(self) -> Mapping[str, Any] | None:
        """Return what the file says now; None: it cannot be read, and the log says why."""
        try:
            found: Mapping[str, Any] = json.loads(self._file.read_bytes())
        except (OSError, ValueError) as error:
            text = f"app: {self._file}: {reason(error)}; the page does not say what is to be set up"
            self._changes.log(logging.WARNING, text)
            return None
        self._changes.reset()
        return found
