"""What is found: devices with values, and meters. And how text of others becomes text that can be shown. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal

from common.contract.ports import PORT
from common.contract.sources import OURS, UNITS, Quantity
from common.contract.topic_port import SCHEME, read_topic_port

PowerOrEnergy = Literal["power", "energy"]
QUANTITIES: tuple[PowerOrEnergy, ...] = ("power", "energy")

_LONGEST_TEXT = 80  # characters of a name that is shown
_LONGEST_TOPIC = 200
_MOST_PARTS = 8  # of a path
_SAME = Fraction(1, 10**6)  # units that differ less are the same: somebody wrote 0.0166667 for a sixtieth


class Reason(StrEnum):
    """Why a value cannot be followed."""

    TEMPLATE = "template"  # Home Assistant computes it, and not by one factor only
    PATH = "path"  # the name of its key has a dot or the like
    UNIT = "unit"  # it is none of the storer's
    COUNTER = "counter"  # an energy that is announced as a measurement, or as nothing: no counter
    TOPIC = "topic"  # it cannot be subscribed


@dataclass(frozen=True, slots=True)
class AnnouncedValue:
    """A power, or a counter of energy, and where it is."""

    name: str
    topic: str
    path: tuple[str, ...] | None  # into the message; empty: the message is the number
    quantity: PowerOrEnergy
    unit: str | None  # one of the storer's, such that the number at the path is right
    reason: str | None = None  # a `Reason`: then there is no path


@dataclass(frozen=True, slots=True)
class Device:
    """Something that announces a power or an energy."""

    id: str
    name: str
    maker: str | None
    model: str | None
    publisher: Literal["zigbee2mqtt", "tasmota", "home_assistant"]  # of the announcement
    values: tuple[AnnouncedValue, ...]


@dataclass(frozen=True, slots=True)
class FoundMeter:
    """A French meter that another device decodes."""

    port: str  # for a reader
    label: str
    publisher: str  # as in `source` of a frame
    #: Of an owner who chose the names: each with the label that it may stand for. The port needs them, too.
    values: tuple[tuple[str, str | None], ...] = ()


def announced_value(
    name: str,
    topic: object,
    path: tuple[str, ...] | None,
    quantity: PowerOrEnergy,
    unit: Fraction | None,
    *,
    is_counter: bool = True,
) -> AnnouncedValue:
    """Return a value, with the reason if it cannot be followed.

    Args:
        name: for people.
        topic: of its message.
        path: into the message; None: it is not known.
        quantity: what it is.
        unit: of the number at the path, in W or Wh; None: it is not known.
        is_counter: whether an energy is announced as one that rises.
    """
    unit_name = next((name for name, size in UNITS[Quantity(quantity)].items() if _is_near(unit, Fraction(size))), None)
    reason = None
    if not is_topic_of_a_device(topic):
        reason = Reason.TOPIC
    elif path is None:
        reason = Reason.TEMPLATE
    elif not _is_path(path):
        reason = Reason.PATH
    elif unit_name is None:
        reason = Reason.UNIT
    elif not is_counter:
        reason = Reason.COUNTER
    if reason is not None:
        return AnnouncedValue(name, text(topic) or "", None, quantity, None, reason)
    return AnnouncedValue(name, str(topic), path, quantity, unit_name)


def quantity_of(unit: object) -> PowerOrEnergy | None:
    """Return what is measured in a unit of a device: W and kW are powers, Wh, kWh and MWh are energies."""
    if unit in ("W", "kW"):
        return "power"
    return "energy" if unit in ("Wh", "kWh", "MWh") else None


def size_of(quantity: PowerOrEnergy, unit: object) -> Fraction | None:
    """Return how many W or Wh a unit is."""
    return Fraction(UNITS[Quantity(quantity)][str(unit)]) if quantity_of(unit) == quantity else None


def found_meter(
    topic: str, name: str, publisher: str, values: tuple[tuple[str, str | None], ...] = ()
) -> FoundMeter | None:
    """Return a meter, if a reader can take its topic for a port."""
    port = f"{SCHEME}{topic}"
    try:
        read_topic_port(port)
    except ValueError:
        return None
    words = WORDS.get(publisher, "MQTT")
    label = name if words in name else f"{name} ({words})"
    return FoundMeter(port, label, publisher, values) if re.fullmatch(PORT, port) else None


#: What people call a publisher.
WORDS: Mapping[str, str] = {
    "zigbee2mqtt": "Zigbee2MQTT",
    "zigbee2mqtt_ticmeter": "Zigbee2MQTT",
    "tasmota": "Tasmota",
    "bernaerts": "Tasmota",
    "teleinfo2mqtt": "teleinfo2mqtt",
    "lixee_box": "LiXee-Box",
    "ticmeter": "TICMeter",
    "teleinfokit": "TeleInfoKit",
    "wteleinfo": "WTeleInfo",
    "esphome": "ESPHome",
}


def text(value: object) -> str | None:
    r"""Return a text for people: bounded, on one line, without invisible characters; None if nothing is left.

    >>> text("  Lave-\u200blinge\n "), text("\x00"), text(7), text(None)
    ('Lave-linge', None, '7', None)
    """
    if type(value) is int:
        value = str(value)[:_LONGEST_TEXT]
    if not isinstance(value, str):
        return None
    shown = (one if one.isprintable() else " " * one.isspace() for one in value[: 4 * _LONGEST_TEXT])
    return " ".join("".join(shown).split())[:_LONGEST_TEXT].strip() or None


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object of JSON; an empty one if it is something else."""
    return value if isinstance(value, dict) else {}


def is_topic_of_a_device(topic: object) -> bool:
    """Return whether a topic may be followed: one topic, not the broker's, and none of ours."""
    if not isinstance(topic, str) or not 0 < len(topic) <= _LONGEST_TOPIC or not topic.isprintable():
        return False
    return not set(topic) & {"+", "#"} and not topic.startswith("$") and not f"{topic}/".startswith(f"{OURS}/")


def _is_path(path: tuple[str, ...]) -> bool:
    """Return whether a path can be written as the section `sources` has it, with dots."""
    return len(path) <= _MOST_PARTS and all(
        part.isprintable() and "." not in part and 0 < len(part) <= _LONGEST_TEXT for part in path
    )


def _is_near(one: Fraction | None, other: Fraction) -> bool:
    return one is not None and abs(one - other) <= other * _SAME
