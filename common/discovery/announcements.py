"""All that is announced on a broker, by its latest messages; bounded. Pure.

A device that is announced twice, as by the list of a zigbee2mqtt and to Home Assistant, is one: the first publisher of
these that names a device or a value has it. A meter that arrives decoded is no device at the same time.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from common.contract.topic_port import SCHEME
from common.discovery import home_assistant, tasmota, zigbee2mqtt
from common.discovery.announced import AnnouncedValue, Device, FoundMeter
from common.discovery.home_assistant import Owner, Sensor
from common.discovery.meters import find_meters, is_of_a_meter

#: What to subscribe to.
FILTERS: tuple[str, ...] = (*home_assistant.FILTERS, *zigbee2mqtt.FILTERS, *tasmota.FILTERS)

_MOST_SENSORS = 4000  # that are announced to Home Assistant, and matter here
_MOST_LISTS = 8  # of a zigbee2mqtt
_MOST_TASMOTAS = 200
_MOST_DEVICES = 300
_MOST_VALUES = 40  # of a device
_LONGEST_TOPIC = 300

_Row = TypeVar("_Row")


class Announcements:
    """Takes messages, hostile ones too, and says what they announce together."""

    def __init__(self) -> None:
        self._sensors: dict[str, list[Sensor]] = {}  # by topic
        self._count = 0  # of these
        self._zigbee: dict[str, tuple[list[Device], list[FoundMeter]]] = {}  # by topic
        self._tasmotas: dict[str, tasmota.Announced] = {}  # by MAC

    def on_message(self, topic: str, payload: bytes) -> None:
        """Take a message of one of the `FILTERS`; the next one on its topic replaces it, an empty one deletes it."""
        if len(topic) > _LONGEST_TOPIC or topic.startswith("$"):
            return
        if topic.endswith(zigbee2mqtt.SUFFIX):
            devices, meters = zigbee2mqtt.read_devices(topic, payload)
            _put(self._zigbee, topic, (devices, meters) if devices or meters else None, _MOST_LISTS)
        elif topic.startswith(tasmota.PREFIX):
            mac, _, kind = topic.removeprefix(tasmota.PREFIX).partition("/")
            announced = self._tasmotas.get(mac, tasmota.Announced())
            announced.on_message(kind, payload)
            _put(self._tasmotas, mac, None if announced.is_empty else announced, _MOST_TASMOTAS)
        elif topic.startswith(home_assistant.PREFIX):
            sensors = home_assistant.read_sensors(topic, payload)
            wanted = [sensor for sensor in sensors if sensor.value is not None or is_of_a_meter(sensor)]
            self._count -= len(self._sensors.pop(topic, []))
            if wanted and self._count + len(wanted) <= _MOST_SENSORS:
                self._sensors[topic] = wanted
                self._count += len(wanted)

    def devices(self) -> list[Device]:
        """Return what announces a power or an energy, by name."""
        to_home_assistant, owners = find_meters(self._all_sensors())
        meters = {meter.port.removeprefix(SCHEME) for meter in self._all_meters(to_home_assistant)}
        devices: dict[str, Device] = {}
        taken: set[tuple[str, tuple[str, ...] | None]] = set()  # values, each where it is
        for device in self._found(owners):
            values: list[AnnouncedValue] = []
            for value in device.values:
                place = value.topic, value.path
                if value.topic not in meters and place not in taken:
                    values.append(value)
                    taken |= {place} if value.path is not None else set()
            if values and device.id not in devices:
                devices[device.id] = replace(device, values=tuple(values[:_MOST_VALUES]))
        return sorted(devices.values(), key=lambda device: (device.name.casefold(), device.id))[:_MOST_DEVICES]

    def meters(self) -> list[FoundMeter]:
        """Return the French meters that another device decodes, by what people call them."""
        to_home_assistant, _ = find_meters(self._all_sensors())
        by_port = {meter.port: meter for meter in reversed(self._all_meters(to_home_assistant))}
        return sorted(by_port.values(), key=lambda meter: (meter.label.casefold(), meter.port))

    def _all_meters(self, to_home_assistant: list[FoundMeter]) -> list[FoundMeter]:
        listed = [meter for topic in sorted(self._zigbee) for meter in self._zigbee[topic][1]]
        return listed + [meter for meter in self._tasmota() if isinstance(meter, FoundMeter)] + to_home_assistant

    def _found(self, meters: set[str]) -> Iterator[Device]:
        """Yield devices, of which some are announced twice; `meters` are those that are none in Home Assistant."""
        for topic in sorted(self._zigbee):
            yield from self._zigbee[topic][0]
        yield from (device for device in self._tasmota() if isinstance(device, Device))
        owners: dict[str, tuple[Owner, list[AnnouncedValue]]] = {}
        for sensor in self._all_sensors():
            if sensor.owner.id not in meters and sensor.value is not None:
                owners.setdefault(sensor.owner.id, (sensor.owner, []))[1].append(sensor.value)
        for owner, values in owners.values():
            yield Device(owner.id, owner.name, owner.maker, owner.model, "home_assistant", tuple(values))

    def _all_sensors(self) -> Iterator[Sensor]:
        for topic in sorted(self._sensors):
            yield from self._sensors[topic]

    def _tasmota(self) -> Iterator[Device | FoundMeter]:
        for mac in sorted(self._tasmotas):
            found = self._tasmotas[mac].found(mac)
            if found is not None:
                yield found


def _put(rows: dict[str, _Row], key: str, row: _Row | None, most: int) -> None:
    if row is None:
        rows.pop(key, None)
    elif key in rows or len(rows) < most:
        rows[key] = row
