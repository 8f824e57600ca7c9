"""What an entity of Home Assistant is made of: name, template, quantity, flags. Pure."""

from enum import Flag, auto
from typing import NamedTuple

from reader.meter.names import Text

SENSOR, BINARY = "sensor", "binary_sensor"


class Quantity(NamedTuple):
    """What is measured, as Home Assistant classifies it."""

    device_class: str | None
    unit: str
    state_class: str | None = None
    live: bool = False  # an old value is worth nothing


ENERGY = Quantity("energy", "Wh", "total")
REACTIVE_ENERGY = Quantity(None, "varh", "total")
APPARENT_POWER = Quantity("apparent_power", "VA", "measurement", live=True)
APPARENT_POWER_MAX = Quantity("apparent_power", "VA", "measurement")
APPARENT_POWER_FIXED = Quantity("apparent_power", "VA")  # of the contract, or of yesterday: no statistics
ACTIVE_POWER = Quantity("power", "W", "measurement", live=True)
ACTIVE_POWER_MEAN = Quantity("power", "W", "measurement")
ACTIVE_POWER_FIXED = Quantity("power", "W")
CURRENT = Quantity("current", "A", "measurement", live=True)
CURRENT_FIXED = Quantity("current", "A")
VOLTAGE = Quantity("voltage", "V", "measurement", live=True)
VOLTAGE_MEAN = Quantity("voltage", "V", "measurement")
PRICE = Quantity(None, "EUR/kWh", "measurement")
PERCENTAGE = Quantity(None, "%", "measurement")
COUNT = Quantity(None, "", "total_increasing")  # since the start of the reader


class Trait(Flag):
    """What is special about an entity."""

    PLAIN = 0
    DIAGNOSTIC = auto()
    DISABLED = auto()  # until somebody enables it
    SPORADIC = auto()  # the meter does not always send it: once announced, it stays
    TIMESTAMPED = auto()  # the meter sends the time of it: attribute `at`
    HIDDEN = DIAGNOSTIC | DISABLED


class Entity(NamedTuple):
    """One entity of a meter."""

    key: str  # of its component and in its identifiers
    name: Text
    template: str
    platform: str = SENSOR
    quantity: Quantity | None = None
    device_class: str | None = None  # of an entity without a quantity
    options: tuple[Text, ...] = ()
    attributes: str = ""  # a template of a JSON object
    source: str = "state"  # the topic: state, health, link or status
    icon: str = ""
    flags: Trait = Trait.PLAIN
