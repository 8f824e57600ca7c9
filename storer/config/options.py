"""The options of `storer.yaml`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from common.contract.topics import Topics
from common.database.mariadb import DatabaseConfig
from common.errors import ConfigError
from common.runtime.watchdog import heartbeat_file
from common.settings.config import (
    Broker,
    LogConfig,
    choice,
    client_name,
    duration,
    option,
    section,
    topic_name,
    whole,
)
from storer.config.sources import Source, read_sources


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


_MONTHS = re.compile(r"([1-9]\d{0,3}) (month|year)s?")


def months(value: Any) -> int:
    """Read a time such as `24 months` or `5 years`, in months.

    >>> months("2 years")
    24
    """
    match = _MONTHS.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"a time such as 24 months or 5 years is expected, or null to keep all, not {value!r}")
    return int(match[1]) * (12 if match[2] == "year" else 1)


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How many months of frames and of minutes are kept; None: all. Hours are never dropped."""

    frames: int | None = option(None, read=months)
    minutes: int | None = option(None, read=months)
    incomplete: str = option("keep", read=choice("keep", "drop"))  # months that lack frames which a reader counted

    def __post_init__(self) -> None:
        """Check that no frame is left of which minutes were dropped: a late frame would make them again."""
        if self.minutes is not None and (self.frames is None or self.frames > self.minutes):
            raise ConfigError(
                "retention.minutes: minutes are made from frames, and cannot be dropped before them: set"
                " retention.frames to the same time or less"
            )


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
    retention: Retention = section(Retention)
    backup: Backup = section(Backup)
    sources: tuple[Source, ...] = option((), read=read_sources)
    heartbeat: Path | None = option(None, read=heartbeat_file)
    log: LogConfig = section(LogConfig)
    GONE: ClassVar = {"metrics", "storage"}

    def __post_init__(self) -> None:
        """Check that no source is one of the topics of this project."""
        for source in self.sources:
            for topic in source.topics:
                if any(f"{topic}/".startswith(f"{base}/") for base in self.mqtt.topic):
                    raise ConfigError(
                        f"sources: {source.name}: topic: {topic} belongs to TeleInfo Monitor, which stores the meter"
                        " already: write the topic of another device"
                    )
