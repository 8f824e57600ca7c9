"""What is announced to Home Assistant, retained on `homeassistant/…/config`: an entity a message, or a device. Pure.

    homeassistant/sensor/NODE/OBJECT/config  {"stat_t": "…", "val_tpl": "…", "dev_cla": "energy", "dev": {…}, …}
    homeassistant/device/ID/config           {"dev": {…}, "cmps": {"power": {"p": "sensor", …}, …}, "stat_t": "…"}

Keys may be abbreviated, and `~` at the start or end of a topic stands for a base. What the programs announce themselves
is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from common.contract.frame import read_json
from common.discovery.announced import QUANTITIES, AnnouncedValue, announced_value, mapping, size_of, text
from common.discovery.template import Template, read_template
from common.errors import MessageError

PREFIX = "homeassistant/"
FILTERS = (
    "homeassistant/sensor/+/config",
    "homeassistant/sensor/+/+/config",
    "homeassistant/device/+/config",
    "homeassistant/device/+/+/config",
)

_LONGEST = 256_000  # bytes
_LONGEST_TOPIC = 300
_MOST_COMPONENTS = 200  # of a device
_SHORT = {
    "state_topic": "stat_t",
    "value_template": "val_tpl",
    "device_class": "dev_cla",
    "state_class": "stat_cla",
    "unit_of_measurement": "unit_of_meas",
    "device": "dev",
    "components": "cmps",
    "platform": "p",
    "origin": "o",
    "identifiers": "ids",
    "connections": "cns",
    "manufacturer": "mf",
    "model": "mdl",
    "model_id": "mdl_id",
}
_OURS = "TeleInfo Monitor"  # our origin
_COUNTERS = ("total", "total_increasing")


@dataclass(frozen=True, slots=True)
class Owner:
    """The device of an entity."""

    id: str
    name: str
    maker: str | None
    model: str | None
    model_id: str | None


@dataclass(frozen=True, slots=True)
class Sensor:
    """An entity, as far as it matters."""

    owner: Owner
    name: str
    topic: str
    path: tuple[str, ...]  # of its template; empty, too, if that cannot be read
    unit: str | None
    value: AnnouncedValue | None  # if it announces a power or an energy


def read_sensors(topic: str, payload: bytes) -> list[Sensor]:
    """Read what a message announces; nothing if it announces no sensor, or deletes one."""
    try:
        message = mapping(read_json(payload) if 0 < len(payload) <= _LONGEST else None)
    except MessageError:
        return []
    if mapping(_get(message, "origin")).get("name") == _OURS:
        return []
    owner = _owner(topic, message)
    if topic.startswith(f"{PREFIX}device/"):
        components = list(mapping(_get(message, "components")).items())[:_MOST_COMPONENTS]
        shared = {"stat_t": _get(message, "state_topic"), "~": message.get("~")}
        rows = [(key, shared | row) for key, row in components if _get(mapping(row), "platform") == "sensor"]
    else:
        rows = [(topic.split("/")[-2], dict(message))]
    return list(_sensors(owner, rows))


def _sensors(owner: Owner, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Sensor]:
    for key, row in rows:
        topic = _topic(row)
        if topic is not None:
            name, template = (
                text(row.get("name")) or text(key) or owner.name,
                read_template(_get(row, "value_template")),
            )
            path, unit = () if template is None else template.path, text(_get(row, "unit_of_measurement"))
            yield Sensor(owner, name, topic, path, unit, _value(row, name, topic, template))


def _value(row: Mapping[str, Any], name: str, topic: str, template: Template | None) -> AnnouncedValue | None:
    quantity = next((known for known in QUANTITIES if _get(row, "device_class") == known), None)
    if quantity is None:
        return None
    size = size_of(quantity, _get(row, "unit_of_measurement"))
    path, factor = template or (None, Fraction(1))
    is_counter = quantity == "power" or _get(row, "state_class") in _COUNTERS
    return announced_value(name, topic, path, quantity, None if size is None else size * factor, is_counter=is_counter)


def _owner(topic: str, message: Mapping[str, Any]) -> Owner:
    device = mapping(_get(message, "device"))
    # One or a list of them; or a list of pairs such as ["mac", "AA:BB:CC:DD:EE:FF"].
    known = text(_first(_get(device, "identifiers"))) or text(_last(_first(_get(device, "connections"))))
    identifier = known or text(topic.removesuffix("/config")) or PREFIX
    name = text(device.get("name")) or text(message.get("name")) or identifier
    model, model_id = text(_get(device, "model")), text(_get(device, "model_id"))
    return Owner(identifier, name, text(_get(device, "manufacturer")), model or model_id, model_id)


def _first(value: object) -> object:
    return next(iter(value), None) if isinstance(value, list) else value


def _last(value: object) -> object:
    return value[-1] if isinstance(value, list) and value else None


def _topic(row: Mapping[str, Any]) -> str | None:
    topic, base = _get(row, "state_topic"), row.get("~")
    if not isinstance(topic, str):
        return None
    if isinstance(base, str) and topic.startswith("~"):
        topic = base + topic[1:]
    elif isinstance(base, str) and topic.endswith("~"):
        topic = topic[:-1] + base
    return topic if len(topic) <= _LONGEST_TOPIC else None


def _get(row: Mapping[str, Any], key: str) -> Any:
    return row.get(key, row.get(_SHORT[key]))
