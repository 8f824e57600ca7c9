"""The options of the storer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.config import (
    Broker,
    LogConfig,
    MetricsConfig,
    Secret,
    Tls,
    client_name,
    duration,
    option,
    port_number,
    section,
    topic_name,
    whole,
)
from common.errors import NotReady, Unavailable
from common.runtime.watchdog import heartbeat_file


def _topics(value: Any) -> tuple[str, ...]:
    topics = [value] if isinstance(value, str) else value
    if not isinstance(topics, list) or not topics:
        raise ValueError(f"a topic such as teleinfo, or a list of some, is expected, not {value!r}")
    return tuple(dict.fromkeys(topic_name(topic) for topic in topics))


def _hosts(value: Any) -> tuple[str, ...]:
    hosts = [value] if isinstance(value, str) else value
    if not isinstance(hosts, list) or not hosts or not all(isinstance(host, str) and host for host in hosts):
        raise ValueError(f"a host, or a list of the nodes of a cluster, is expected, not {value!r}")
    return tuple(hosts)


@dataclass(frozen=True, kw_only=True)
class StorerMqtt(Broker):
    """Where the broker is, and the topics below which frames are looked for."""

    topic: tuple[str, ...] = option(("teleinfo",), read=_topics)


@dataclass(frozen=True, kw_only=True)
class DatabaseConfig(Secret):
    """Where the database is."""

    host: tuple[str, ...] = option(("localhost",), read=_hosts)
    port: int = option(3306, read=port_number)
    unix_socket: str | None = None
    user: str = "teleinfo"
    name: str = "teleinfodb"
    tls: Tls | None = None

    def secret(self) -> str | None:
        """Return the password.

        Raises:
            Away: the file cannot be read now: time heals it, as it heals the database.
        """
        try:
            return super().secret()
        except NotReady as error:
            raise Unavailable(f"database.{error}") from error


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How many frames share a transaction, and how long the first of them waits for company."""

    size: int = option(500, read=whole(1, 10_000))
    wait: float = option(0.0, read=duration)


@dataclass(frozen=True, kw_only=True)
class StorerConfig:
    """What stands in `storer.yaml`."""

    name: str = option("main", read=client_name)
    mqtt: StorerMqtt = section(StorerMqtt)
    database: DatabaseConfig = section(DatabaseConfig)
    batch: Batch = section(Batch)
    heartbeat: Path | None = option(None, read=heartbeat_file)
    metrics: MetricsConfig = section(MetricsConfig)
    log: LogConfig = section(LogConfig)
