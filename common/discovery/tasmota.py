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
_Place = tuple[str, tuple[str, ...], PowerOrEnergy, str]  # name, path, quantity, unit
_PLACEHOLDER = re.compile(r"%\w+%")
_QUANTITIES: tuple[tuple[str, PowerOrEnergy, str], ...] = (
    ("Power", "power", "W"),
    ("Total", "energy", "kWh"),
)


class Announced:
    """What one Tasmota announces, in two messages that come in any order."""

    def __init__(self) -> None:
        self._config: tuple[str, str, str | None] | None = None  # topic, name, model
        self._publisher: str | None = None  # of a meter
        self._places: list[_Place] = []  # of a device

    def on_message(self, kind: str, payload: bytes) -> None:
        """Take one of the two: `config` or `sensors`. An empty one is deleted."""
        try:
            message = mapping(read_json(payload) if 0 < len(payload) <= _LONGEST else None)
        except MessageError:
            message = {}
        if kind == "config":
            topic = _topic(message)
            name = text(message.get("dn")) or text(message.get("hn")) or "Tasmota"
            self._config = None if topic is None else (topic, name, text(message.get("md")))
        elif kind == "sensors":
            sample = mapping(message.get("sn"))
            self._publisher = _publisher(sample)
            self._places = list(_places(mapping(sample.get("ENERGY"))))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is announced, or not any more."""
        return self._config is None and self._publisher is None and not self._places

    def found(self, mac: str) -> Device | FoundMeter | None:
        """Return what it is; None if it measures nothing, or did not tell all yet."""
        if self._config is None:
            return None
        topic, name, model = self._config
        if self._publisher is not None:
            return found_meter(topic, name, self._publisher)
        values = tuple(
            announced_value(name, topic, path, quantity, size_of(quantity, unit))
            for name, path, quantity, unit in self._places
        )
        return Device(f"tasmota_{text(mac)}", name, "Tasmota", model, "tasmota", values) if values else None


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


def _publisher(sample: Mapping[str, Any]) -> str | None:
    if mapping(sample.get("TIC")):
        return "tasmota"
    return "bernaerts" if mapping(sample.get("METER")) and mapping(sample.get("CONTRACT")) else None


def _places(energy: Mapping[str, Any]) -> Iterator[_Place]:
    for key, quantity, unit in _QUANTITIES:
        sent = energy.get(key)
        if isinstance(sent, list):  # a value for each channel or phase
            for channel, _ in enumerate(sent[:_MOST_CHANNELS]):
                yield f"{key} {channel + 1}", ("ENERGY", key, str(channel)), quantity, unit
        elif type(sent) in (int, float):
            yield key, ("ENERGY", key), quantity, unit
