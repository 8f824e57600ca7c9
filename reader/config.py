"""The options of the reader."""

import logging
import re
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from common.contract.labels import LABELS
from common.contract.topic_port import is_topic, read_topic_port
from common.runtime.watchdog import heartbeat_file
from common.settings.config import (
    Broker,
    LogConfig,
    choice,
    client_name,
    duration,
    option,
    section,
    size,
    topic_name,
)

#: The port that is chosen in the page.
ASK = "ask"
#: What a device is called that is given without its folder.
_DEVICE = re.compile(r"tty[A-Za-z]+[0-9]+|serial[0-9]+")

log = logging.getLogger(__name__)


def _ports(value: Any) -> tuple[str, ...]:
    if value == ASK:
        return ()
    given = [value] if isinstance(value, str | dict) else value
    if (
        not isinstance(given, list | tuple)
        or not given
        or not all(isinstance(one, str | dict) and one for one in given)
    ):
        raise ValueError(f"a device such as /dev/ttyAMA0, or a list of some, is expected, not {value!r}")
    if ASK in given:
        raise ValueError("ask stands alone, not in a list")
    ports: list[str] = [read_topic_port(one).text if is_topic(one) else one for one in given]
    twice = sorted({port for port in ports if ports.count(port) > 1 and not is_simulated(port)})
    if twice:
        raise ValueError(f"{twice[0]} is listed twice")
    return tuple(map(port_name, ports))


def port_name(text: str) -> str:
    """Read the name of a port; one that can never be opened is refused."""
    if is_topic(text):
        return read_topic_port(text).text
    scheme, separator, _ = text.partition("://")
    if not separator:
        _check_device(text)
    elif scheme == "simulate":
        # Imported here: a reader of a real meter does without the simulator.
        from reader.simulator.line import SimulatedLine

        SimulatedLine.from_url(text)
    elif not is_network(text):
        raise ValueError(f"{text}: a device, socket://, rfc2217://, mqtt:TOPIC or simulate:// is expected")
    elif not _names_host_and_port(text):
        raise ValueError(f"{text}: {scheme}://HOST:PORT is expected")
    return text


def line_name(text: str) -> str:
    """Read the name of a port that is a line."""
    if is_topic(text):
        raise ValueError(f"{text}: a device, socket://, rfc2217:// or simulate:// is expected")
    return port_name(text)


def _check_device(text: str) -> None:
    name = text.removeprefix("dev/")
    device = Path("/dev", name)
    if not text.startswith("/") and not Path(text).exists() and (_DEVICE.fullmatch(name) or device.exists()):
        raise ValueError(f"{text} is no path, write {device}")


def _names_host_and_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname and parts.port)
    except ValueError:
        return False


def is_network(port: str) -> bool:
    """Return whether a port is a network one, whose peer can vanish without closing the connection.

    >>> is_network("socket://192.168.1.20:5331")
    True
    """
    return port.startswith(("socket://", "rfc2217://"))


def is_simulated(port: str) -> bool:
    """Return whether a port is a simulated meter.

    >>> is_simulated("simulate://historic-single-phase-base")
    True
    """
    return port.startswith("simulate:")


def _labels(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise ValueError(f"a list of labels such as [PRM] is expected, not {value!r}")
    every_label = {label for labels in LABELS.values() for label in labels}
    for label in value:
        # It would go on being published; a label that we do not know may exist.
        if label not in every_label and label.strip().upper() in every_label:
            raise ValueError(f"no meter sends {label!r}, did you mean {label.strip().upper()!r}?")
    return frozenset(value)


def _host_name() -> str:
    name = re.sub(r"[^0-9A-Za-z_-]", "-", socket.gethostname().partition(".")[0])[:64]
    return client_name(name or "reader")


@dataclass(frozen=True, kw_only=True)
class ReaderMqtt(Broker):
    """The broker, and the base topic."""

    topic: str = option("teleinfo", read=topic_name)


def _folder(value: Any) -> Path:
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError(f"a folder such as /var/lib/teleinfo is expected, not {value!r}")
    return Path(value)


def _confirmed_by(value: Any) -> str:
    if isinstance(value, list):  # of an earlier version: its file must go on to work
        log.warning("delivery.confirmed_by: a list of storers has no effect any more, any storer confirms: delete it")
        return "auto"
    if value not in ("auto", "broker"):
        raise ValueError(f"auto or broker is expected, not {value!r}: any storer confirms")
    return str(value)


@dataclass(frozen=True, kw_only=True)
class SpoolConfig:
    """Where frames are kept until they are confirmed: first in memory, then on disk."""

    journal: Path = option(Path("/run/teleinfo"), read=_folder)
    path: Path = option(Path("/var/lib/teleinfo"), read=_folder)
    max_size: int = option(64_000_000, read=size)


@dataclass(frozen=True, kw_only=True)
class DeliveryConfig:
    """Who must confirm a frame before it is deleted: any storer once one was seen (auto), or the broker."""

    confirmed_by: str = option("auto", read=_confirmed_by)
    GONE: ClassVar = {"batch"}


@dataclass(frozen=True, kw_only=True)
class ClockConfig:
    """How long after boot frames wait for a synchronised clock."""

    patience: float = option(300.0, read=duration)


@dataclass(frozen=True, kw_only=True)
class StateConfig:
    """How often the state of a meter is published at most, unless something important changed."""

    every: float = option(10.0, read=duration)


@dataclass(frozen=True, kw_only=True)
class HomeAssistantConfig:
    """MQTT discovery for Home Assistant."""

    discovery: bool = True
    prefix: str = option("homeassistant", read=topic_name)
    language: str = option("fr", read=choice("fr", "en"))
    GONE: ClassVar = {"compatible_with"}


@dataclass(frozen=True, kw_only=True)
class ReaderConfig:
    """The contents of `reader.yaml`."""

    name: str = field(default_factory=_host_name, metadata={"read": client_name})
    port: tuple[str, ...] = option(read=_ports)
    """Empty: it says `ask`, and the port is chosen in the page."""
    mode: str = option("auto", read=choice("auto", "historic", "standard"))
    mqtt: ReaderMqtt = section(ReaderMqtt)
    spool: SpoolConfig = section(SpoolConfig)
    delivery: DeliveryConfig = section(DeliveryConfig)
    clock: ClockConfig = section(ClockConfig)
    state: StateConfig = section(StateConfig)
    home_assistant: HomeAssistantConfig = section(HomeAssistantConfig)
    hide: frozenset[str] = option(frozenset(), read=_labels)
    heartbeat: Path | None = option(None, read=heartbeat_file)
    log: LogConfig = section(LogConfig)
    GONE: ClassVar = {"metrics"}
