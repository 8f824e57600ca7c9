"""The options of `monitor.yaml`."""

import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.database.mariadb import DatabaseConfig
from common.errors import ConfigError
from common.machine.deployment import here
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
from monitor.base.alert_settings import AlertsConfig
from monitor.base.household import ContractLine, House, Note
from monitor.base.listen import Ingress, Listen
from monitor.base.meter_settings import read_contracts, read_meters, read_notes

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
        raise ValueError(f"a file such as /etc/teleinfo/prices.yaml is expected, not {value!r}")
    return Path(value)


def _calendars(value: Any) -> tuple[tuple[str, Path], ...]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"files by the name of their calendar such as {{ejp: /etc/teleinfo/ejp.csv}}, not {value!r}")
    return tuple((name, _file(file)) for name, file in value.items())


@dataclass(frozen=True, kw_only=True)
class MonitorDatabase(DatabaseConfig):
    """How to reach the database, with the account that can only read."""

    user: str = "teleinfo-monitor"


@dataclass(frozen=True, kw_only=True)
class MonitorMqtt(Broker):
    """How to reach the broker, and the base topic; without it there are no live values."""

    topic: str = option("teleinfo", read=topic_name)


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
    time_zone: zoneinfo.ZoneInfo = option(zoneinfo.ZoneInfo("Europe/Paris"), read=_zone)
    language: str | None = option(None, read=choice("fr", "en"))
    prices: Path | None = option(None, read=_file)
    tempo: Path | None = option(None, read=_file)
    spot: Path | None = option(None, read=_file)
    calendars: tuple[tuple[str, Path], ...] = option((), read=_calendars)  # of offers, by name
    alsace_moselle: bool = False  # has two more bank holidays
    contracts: tuple[ContractLine, ...] = option((), read=read_contracts)
    meters: tuple[House, ...] = option((), read=read_meters)
    notes: tuple[Note, ...] = option((), read=read_notes)
    app: Path | None = option(None, read=_file)
    home_assistant: HomeAssistantConfig = section(HomeAssistantConfig)
    alerts: AlertsConfig | None = None
    heartbeat: Path | None = option(None, read=heartbeat_file)
    metrics: MetricsConfig = section(MetricsConfig)
    log: LogConfig = section(LogConfig)

    def __post_init__(self) -> None:
        """Refuse two answers to one question, and keep the memory of several monitors on a machine apart."""
        if self.state is _STATE and self.name != _NAME:  # what the file says is another object
            object.__setattr__(self, "state", _STATE / f"monitor-{self.name}")
        if self.auth != "password" and self.password_file is not None:
            raise ConfigError(f"auth: {self.auth} asks for no password, and password_file is given: leave one out")
        if self.ingress is not None and self.ingress.port == self.listen.port:
            raise ConfigError(f"ingress.port: {self.ingress.port} is listen.port, too: choose another one")

    @property
    def message_language(self) -> str:
        """The language of messages: there is nobody to ask which one they read."""
        return (self.alerts and self.alerts.language) or self.language or "fr"

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
