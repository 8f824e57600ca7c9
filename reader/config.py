"""The options of the reader."""

import socket
from dataclasses import dataclass, field
from typing import Any

from common.config import Broker, client_name, option, section, topic_name


def _ports(value: Any) -> tuple[str, ...]:
    ports = (value,) if isinstance(value, str) else value
    if not isinstance(ports, list | tuple) or not ports or not all(isinstance(port, str) and port for port in ports):
        raise ValueError(f"a device such as /dev/ttyAMA0, or a list of some, is expected, not {value!r}")
    twice = sorted({port for port in ports if list(ports).count(port) > 1 and not port.startswith("simulate:")})
    if twice:
        raise ValueError(f"{twice[0]} is there twice")
    return tuple(ports)


def _mode(value: Any) -> str:
    if value not in ("auto", "historic", "standard"):
        raise ValueError(f"auto, historic or standard is expected, not {value!r}")
    return str(value)


def _labels(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise ValueError(f"a list of labels such as [PRM] is expected, not {value!r}")
    return frozenset(value)


def _host_name() -> str:
    return client_name(socket.gethostname().partition(".")[0] or "reader")


@dataclass(frozen=True, kw_only=True)
class ReaderMqtt(Broker):
    """Where the broker is, and the topic below which everything is published."""

    topic: str = option("teleinfo", read=topic_name)


@dataclass(frozen=True, kw_only=True)
class ReaderConfig:
    """What stands in `reader.yaml`."""

    name: str = field(default_factory=_host_name, metadata={"read": client_name})
    port: tuple[str, ...] = option(read=_ports)
    mode: str = option("auto", read=_mode)
    mqtt: ReaderMqtt = section(ReaderMqtt)
    hide: frozenset[str] = option(frozenset(), read=_labels)
