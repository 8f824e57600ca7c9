"""Meters among what is announced to Home Assistant: each publisher is known by its topics or templates. Pure.

Most of them have a topic a label or an attribute, so many entities are one meter. Where the owner chose the names, as
in ESPHome, two values that look like registers or powers of a meter make one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from common.contract.labels import LABELS, Mode
from common.contract.topic_port import PORT_LABELS
from common.discovery import zigbee2mqtt
from common.discovery.announced import FoundMeter, found_meter
from common.discovery.home_assistant import Owner, Sensor

#: By publisher: a topic of state, of which `port` is what a reader takes for a port.
_TOPICS = {
    "ticmeter": r"(?P<port>(.*/)?TICMeter/[0-9A-Fa-f]{6})/[^/]+",
    "teleinfokit": r"(?P<port>(.*/)?teleinfokit-\w+)/data/[^/]+",
    "wteleinfo": r"(?P<port>(.*/)?WTeleInfo/[^/]+)/[^/]+",
}
_PATTERNS = {publisher: re.compile(topic, re.ASCII) for publisher, topic in _TOPICS.items()}
_LIXEE_BOX = re.compile(r"(?P<port>.*[0-9A-Fa-f]{16})_(?P<cluster>\d{1,5})_\d{1,5}/state", re.ASCII)
_ZLINKY, _ZLINKY_CLUSTER = "zlinky", "65382"
_ESPHOME = re.compile(r"(?P<node>.+/sensor)/(?P<name>[^/]+)/state")
_LABELLED = re.compile(r"(?P<parent>.+)/(?P<name>[^/]+)")
_ESPHOME_UNITS = frozenset(["Wh", "kWh", "VA", "kVA", "W", "kW", "A", "V", ""])
_MOST_VALUES = 60  # of a meter: a port has no more
_LEAST_LABELS = 2
_MEASURES = frozenset(
    name for labels in LABELS.values() for name, label in labels.items() if label.unit in ("Wh", "VA")
)


@dataclass
class _Meter:
    """What belongs to one port, while it is gathered."""

    publisher: str
    name: str
    owners: set[str] = field(default_factory=set)
    values: dict[str, str | None] = field(default_factory=dict)  # of an owner who chose the names

    @property
    def is_one(self) -> bool:
        """Whether it is a meter, and not by chance a name or two that are spelt like a label."""
        labels = {label for label in self.values.values() if label in _MEASURES}
        modes = [PORT_LABELS[label] for label in labels if label]
        return not self.values or any(modes.count(mode) >= _LEAST_LABELS for mode in Mode)


def guess_label(name: str) -> str | None:
    """Return the label that a name may stand for.

    >>> guess_label("linky_east"), guess_label("index-base"), guess_label("smaxsn_1"), guess_label("kitchen")
    ('EAST', 'BASE', 'SMAXSN-1', None)
    """
    spelt = _spell(name)
    return next((label for known, label in _SPELT.items() if known in spelt), None)


def _spell(name: str) -> str:
    return f"_{re.sub('[^A-Z0-9]+', '_', name.upper()).strip('_')}_"


#: The longest first: SMAXSN-1 is not SMAXSN.
_SPELT = {_spell(label): label for label in sorted(PORT_LABELS, key=len, reverse=True)}


def find_meters(sensors: Iterable[Sensor]) -> tuple[list[FoundMeter], set[str]]:
    """Return the meters among sensors, and the devices that they are: these are not offered as devices."""
    gathered: dict[str, _Meter] = {}
    for sensor in sensors:
        for publisher, topic, value in _belongs_to(sensor):
            meter = gathered.setdefault(topic, _Meter(publisher, sensor.owner.name))
            meter.owners.add(sensor.owner.id)
            if value is not None and len(meter.values) < _MOST_VALUES:
                meter.values[value] = guess_label(value)
    meters: list[FoundMeter] = []
    owners: set[str] = set()
    for topic, meter in gathered.items():
        if not meter.is_one:
            continue
        owners |= meter.owners
        values = _distinct(meter.values) if meter.publisher == "esphome" else ()
        found = found_meter(topic, meter.name, meter.publisher, values)
        if found is not None:
            meters.append(found)
    return meters, owners


def is_of_a_meter(sensor: Sensor) -> bool:
    """Return whether a sensor may be a value of a meter."""
    return any(True for _ in _belongs_to(sensor))


def _belongs_to(sensor: Sensor) -> Iterator[tuple[str, str, str | None]]:
    """Yield publisher and port of a sensor that a meter may have; with its name, if its owner chose it."""
    publisher = _by_template(sensor)
    if publisher is not None:
        yield publisher, sensor.topic, None
        return
    for publisher, pattern in _PATTERNS.items():
        if (match := pattern.fullmatch(sensor.topic)) is not None:
            yield publisher, match["port"], None
            return
    box = _LIXEE_BOX.fullmatch(sensor.topic)
    if box is not None and (box["cluster"] == _ZLINKY_CLUSTER or _ZLINKY in _describe(sensor.owner)):
        yield "lixee_box", box["port"], None
    elif (node := _ESPHOME.fullmatch(sensor.topic)) is not None:
        if (sensor.unit or "") in _ESPHOME_UNITS or guess_label(node["name"]):
            yield "esphome", f"{node['node']}/+/state", node["name"]
    elif (labelled := _LABELLED.fullmatch(sensor.topic)) is not None and labelled["name"] in PORT_LABELS:
        yield "labels", f"{labelled['parent']}/+", labelled["name"]


def _by_template(sensor: Sensor) -> str | None:
    if sensor.owner.id.startswith(zigbee2mqtt.ID):
        models = (sensor.owner.model_id or "", sensor.owner.model or "")
        return next((name for known, name in zigbee2mqtt.METERS.items() if any(known in one for one in models)), None)
    first, second, *_ = *sensor.path, "", ""
    if first in PORT_LABELS and second in ("value", "raw"):
        return "teleinfo2mqtt"
    if first == "TIC" and second in PORT_LABELS:
        return "tasmota"
    return "bernaerts" if first == "CONTRACT" and second else None


def _describe(owner: Owner) -> str:
    return f"{owner.id} {owner.name} {owner.model}".lower()


def _distinct(values: Mapping[str, str | None]) -> tuple[tuple[str, str | None], ...]:
    """Return names with labels, each label once and all of one mode, as a port has them."""
    modes = [PORT_LABELS[label] for label in values.values() if label]
    mode = max(modes, key=modes.count, default=None)
    taken: set[str] = set()
    rows: list[tuple[str, str | None]] = []
    for name, label in sorted(values.items()):
        is_free = label is not None and label not in taken and PORT_LABELS[label] is mode
        rows.append((name, label if is_free else None))
        taken |= {label} if label is not None and is_free else set()
    return tuple(rows)
