"""The options of `storer.yaml`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from common.contract.topics import Topics
from common.database.mariadb import DatabaseConfig
from common.machine.deployment import take_over
from common.runtime.watchdog import heartbeat_file
from common.settings.config import (
    Broker,
    LogConfig,
    client_name,
    duration,
    option,
    section,
    topic_name,
    whole,
)


def _topics(value: Any) -> tuple[str, ...]:
    topics = [value] if isinstance(value, str) else value
    if not isinstance(topics, list) or not topics:
        raise ValueError(f"a topic such as teleinfo, or a list of some, is expected, not {value!r}")
    return tuple(dict.fromkeys(topic_name(topic) for topic in topics))


@dataclass(frozen=True, kw_only=True)
class StorerMqtt(Broker):
    """How to reach the broker, the base topics to subscribe to, and the group of storers that share their messages."""

    topic: tuple[str, ...] = option(("teleinfo",), read=_topics)
    share: str | None = option(None, read=client_name)

    def filters(self) -> list[str]:
        """Return what a storer subscribes to.

        >>> StorerMqtt(share="main").filters()[0]
        '$share/main/teleinfo/+/frame'
        """
        prefix = "" if self.share is None else f"$share/{self.share}/"
        names = [
            name for base in map(Topics, self.topic) for name in (base.frame("+"), base.replay("+"), base.tally("+"))
        ]
        return [prefix + name for name in names]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How many frames share a transaction, and how long the first of them may wait for more."""

    size: int = option(500, read=whole(1, 10_000))
    wait: float = option(0.0, read=duration)


def _folder(value: Any) -> Path:
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError(f"an absolute path such as /var/backups/teleinfo is expected, or null, not {value!r}")
    return Path(value)


@dataclass(frozen=True, kw_only=True)
class Backup:
    """Where the storer makes a backup each night; None: nowhere."""

    folder: Path | None = option(None, read=_folder)


@dataclass(frozen=True, kw_only=True)
class StorerConfig:
    """The whole file."""

    name: str = option("main", read=client_name)
    mqtt: StorerMqtt = section(StorerMqtt)
    database: DatabaseConfig = section(DatabaseConfig)
    batch: Batch = section(Batch)
    backup: Backup = section(Backup)
    heartbeat: Path | None = option(None, read=heartbeat_file)
    log: LogConfig = section(LogConfig)
    GONE: ClassVar = {"metrics", "storage"}
    MOVED: ClassVar = ("sources", "retention")
    take_over = staticmethod(take_over)
