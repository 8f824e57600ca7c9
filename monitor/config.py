"""The options of `monitor.yaml`."""

import datetime
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.config import Broker, client_name, option, section, topic_name
from common.database import DatabaseConfig
from monitor.model import ContractLine

OFFERS = ("base", "hphc", "tempo", "ejp")


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
        raise ValueError(
            f"an offer such as {', '.join(OFFERS)}, or one of your prices.yaml, is expected, not {offer!r}"
        )
    if type(power) is not int or not 1 <= power <= 36:
        raise ValueError(f"the subscribed power in kVA, from 1 to 36, is expected, not {power!r}")
    return ContractLine(meter=meter, start=start, offer=offer, power=power)


@dataclass(frozen=True, kw_only=True)
class MonitorDatabase(DatabaseConfig):
    """How to reach the database, with the account that can only read."""

    user: str = "teleinfo-monitor"


@dataclass(frozen=True, kw_only=True)
class MonitorMqtt(Broker):
    """How to reach the broker, and the base topic; without it there are no live values."""

    topic: str = option("teleinfo", read=topic_name)


@dataclass(frozen=True, kw_only=True)
class MonitorConfig:
    """The whole file."""

    name: str = option("main", read=client_name)
    database: MonitorDatabase = section(MonitorDatabase)
    mqtt: MonitorMqtt | None = None
    time_zone: zoneinfo.ZoneInfo = option(zoneinfo.ZoneInfo("Europe/Paris"), read=_zone)
    language: str | None = option(None, read=_language)
    prices: Path | None = option(None, read=_file)
    tempo: Path | None = option(None, read=_file)
    contracts: tuple[ContractLine, ...] = option((), read=_contracts)
