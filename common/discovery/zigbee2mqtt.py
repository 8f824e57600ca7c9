"""What a zigbee2mqtt lists, retained on `BASE/bridge/devices`: its devices, and what each of them exposes. Pure.

    [{"ieee_address": "0x00158d…", "friendly_name": "Lave-linge", "type": "Router", "definition": {"model": "TS011F",
      "vendor": "TuYa", "exposes": [{"property": "power", "unit": "W", "access": 1, …}, …]}}, …]

The values of a device are in one object on `BASE/FRIENDLY_NAME`. A device that is renamed is in the next list by its
new name.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from common.contract.frame import read_json
from common.discovery.announced import (
    AnnouncedValue,
    Device,
    FoundMeter,
    announced_value,
    found_meter,
    mapping,
    quantity_of,
    size_of,
    text,
)
from common.errors import MessageError

FILTERS = ("+/bridge/devices", "+/+/bridge/devices")
SUFFIX = "/bridge/devices"
#: Identifiers in Home Assistant begin so.
ID = "zigbee2mqtt_"
#: Models that are meters, and what they are called in `source` of a frame.
METERS = {"ZLinky_TIC": "zigbee2mqtt", "TICMeter": "zigbee2mqtt_ticmeter"}

_LONGEST = 4_000_000  # bytes: 300 devices with all that they expose
_MOST_DEVICES = 500
_MOST_VALUES = 16  # of a device
_MOST_EXPOSES = 300
_DEEPEST = 3  # features inside features
_PUBLISHED, _SET = 1, 2  # bits of an access


def read_devices(topic: str, payload: bytes) -> tuple[list[Device], list[FoundMeter]]:
    """Read the list of a zigbee2mqtt; nothing if it is none."""
    try:
        rows = read_json(payload) if len(payload) <= _LONGEST else None
    except MessageError:
        rows = None
    devices, meters = [], []
    for row in rows[:_MOST_DEVICES] if isinstance(rows, list) else []:
        found = _read(topic.removesuffix(SUFFIX), mapping(row))
        if isinstance(found, FoundMeter):
            meters.append(found)
        elif found is not None and found.values:
            devices.append(found)
    return devices, meters


def _read(base: str, row: Any) -> Device | FoundMeter | None:
    definition, name, address = mapping(row.get("definition")), row.get("friendly_name"), text(row.get("ieee_address"))
    shown = text(name)
    if not isinstance(name, str) or shown is None or address is None or row.get("disabled") is True:
        return None
    topic, model = f"{base}/{name}", text(definition.get("model"))
    if model in METERS:
        return found_meter(topic, shown, METERS[model])
    return Device(
        id=f"{ID}{address}",
        name=shown,
        maker=text(definition.get("vendor")),
        model=text(definition.get("description")) or model,
        publisher="zigbee2mqtt",
        values=tuple(islice(_values(topic, definition.get("exposes")), _MOST_VALUES)),
    )


def _values(topic: str, exposes: object, depth: int = 0) -> Iterator[AnnouncedValue]:
    for expose in map(mapping, exposes[:_MOST_EXPOSES] if isinstance(exposes, list) else []):
        if depth < _DEEPEST:
            yield from _values(topic, expose.get("features"), depth + 1)
        key, unit, access = expose.get("property"), expose.get("unit"), expose.get("access")
        quantity = quantity_of(unit)
        # What can be set is a limit of the device, and no measurement.
        is_measured = type(access) is int and access & _PUBLISHED and not access & _SET
        if quantity is not None and isinstance(key, str) and is_measured:
            name = text(expose.get("label")) or text(key) or quantity
            yield announced_value(name, topic, (key,), quantity, size_of(quantity, unit))
