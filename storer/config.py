"""The options of `storer.yaml`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.config import Broker, LogConfig, MetricsConfig, client_name, duration, option, section, topic_name, whole
from common.database import DatabaseConfig
from common.runtime.watchdog import heartbeat_file


def _topics(value: Any) -> tuple[str, ...]:
    topics = [value] if isinstance(value, str) else value
    if not isinstance(topics, list) or not topics:
        raise ValueError(f"a topic such as teleinfo, or a list of some, is expected, not {value!r}")
    return tuple(dict.fromkeys(topic_name(topic) for topic in topics))


@dataclass(frozen=True, kw_only=True)
class StorerMqtt(Broker):
    """How to reach the broker, and the base topics to subscribe to."""

    topic: tuple[str, ...] = option(("teleinfo",), read=_topics)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How many frames share a transaction, and how long the first of them may wait for more."""

    size: int = option(500, read=whole(1, 10_000))
    wait: float = option(0.0, read=duration)


@dataclass(frozen=True, kw_only=True)
class StorerConfig:
    """The whole file."""

    name: str = option("main", read=client_name)
    mqtt: StorerMqtt = section(StorerMqtt)
    database: DatabaseConfig = section(DatabaseConfig)
    batch: Batch = section(Batch)
    heartbeat: Path | None = option(None, read=heartbeat_file)
    metrics: MetricsConfig = section(MetricsConfig)
    log: LogConfig = section(LogConfig)
