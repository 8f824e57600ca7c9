"""What a Tasmota announces, retained on `tasmota/discovery/MAC/config` and `…/sensors`. Pure.

    config   {"dn": "Lave-linge", "md": "Sonoff Pow R2", "t": "tasmota_B2E78F", "ft": "%prefix%/%topic%/",
              "tp": ["cmnd", "stat", "tele"], "mac": "DC4F22B2E78F", "hn": "tasmota-B2E78F-1839"}
    sensors  {"sn": {"Time": "…", "ENERGY": {"Total": 3.185, "Power": 120, …}}}

`sn` is a sample of what is published on the topic that `config` tells. `ENERGY` of one that decodes a meter is not the
meter's: it is a meter then, and no device.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from common.contract.frame import read_json
from common.discovery.announced import (
    AnnouncedValue,
    Device,
    FoundMeter,
    PowerOrEnergy,
    announced_value,
    found_meter,
    mapping,
    size_of,
    text,
)
from common.errors import MessageError

FILTERS = ("tasmota/discovery/+/config", "tasmota/discovery/+/sensors")
PREFIX = "tasmota/discovery/"

_LONGEST = 32_000  # bytes
_TELE = 2  # the place of the prefix of telemetry
_MOST_CHANNELS = 8
_PLACEHOLDER = re.compile(r"%\w+%")
_QUANTITIES: tuple[tuple[str, PowerOrEnergy, str], ...] = (
    ("Power", "power", "W"),
    ("Total", "energy", "kWh"),
)


class Announced:
    """What one Tasmota announces, in two messages that come in any order."""

    def __init__(self) -> None:
        self._messages: dict[str, Mapping[str, Any]] = {}

    def on_message(self, kind: str, payload: bytes) -> None:
        """Take one of the two: `config` or `sensors`. An empty one is deleted."""
        try:
            message = read_json(payload) if 0 < len(payload) <= _LONGEST else None
        except MessageError:
            message = None
        self._messages[kind] = mapping(message)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is announced any more."""
        return not any(self._messages.values())

    def found(self, mac: str) -> Device | FoundMeter | None:
        """Return what it is; None if it measures nothing, or did not tell all yet."""
        config, sample = self._messages.get("config", {}), mapping(self._messages.get("sensors", {}).get("sn"))
        topic = _topic(config)
        if topic is None or not sample:
            return None
        name = text(config.get("dn")) or text(config.get("hn")) or "Tasmota"
        if mapping(sample.get("TIC")):
            return found_meter(topic, name, "tasmota")
        if mapping(sample.get("METER")) and mapping(sample.get("CONTRACT")):
            return found_meter(topic, name, "bernaerts")
        values = tuple(_values(topic, mapping(sample.get("ENERGY"))))
        device = Device(f"tasmota_{text(mac)}", name, "Tasmota", text(config.get("md")), "tasmota", values)
        return device if values else None


def _topic(config: Mapping[str, Any]) -> str | None:
    full, prefixes, topic, mac = config.get("ft"), config.get("tp"), config.get("t"), config.get("mac")
    if not isinstance(full, str) or not isinstance(topic, str) or not isinstance(prefixes, list):
        return None
    if len(prefixes) <= _TELE or not isinstance(prefixes[_TELE], str):
        return None
    known = {"%prefix%": prefixes[_TELE], "%topic%": topic, "%hostname%": config.get("hn"), "%id%": str(mac)[-6:]}
    for placeholder, value in known.items():
        if isinstance(value, str):
            full = full[:200].replace(placeholder, value[:200])
    return None if _PLACEHOLDER.search(full) else f"{full.rstrip('/')}/SENSOR"


def _values(topic: str, energy: Mapping[str, Any]) -> Iterator[AnnouncedValue]:
    for key, quantity, unit in _QUANTITIES:
        sent, size = energy.get(key), size_of(quantity, unit)
        if isinstance(sent, list):  # a value for each channel or phase
            for channel, _ in enumerate(sent[:_MOST_CHANNELS]):
                path = ("ENERGY", key, str(channel))
                yield announced_value(f"{key} {channel + 1}", topic, path, quantity, size)
        elif type(sent) in (int, float):
            yield announced_value(key, topic, ("ENERGY", key), quantity, size)
