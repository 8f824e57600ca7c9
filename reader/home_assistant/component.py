"""Writes an entity as a component of a device message: topic, template, class, unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any, NamedTuple

from reader.meter.names import Text

#: Seconds until a live value that does not come again is unavailable: three refreshes of the state. What dies is told
#: by the reader's last will and by the meter's link within seconds; this is for what neither of them sees.
EXPIRY = 900

SENSOR, BINARY = "sensor", "binary_sensor"


class Quantity(NamedTuple):
    """What is measured, as Home Assistant classes it."""

    device_class: str | None
    unit: str
    state_class: str | None = None
    live: bool = False  # it is worth nothing when it is old


class Trait(Flag):
    """What is special of an entity."""

    PLAIN = 0
    DIAGNOSTIC = auto()
    DISABLED = auto()  # disabled, until somebody enables it
    SPORADIC = auto()  # the meter does not always send it: once announced, it stays
    TIMESTAMPED = auto()  # the meter says of when it is: attribute `at`


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity of a meter."""

    key: str  # in identifiers, and of the component
    platform: str = SENSOR
    name: Text
    template: str
    quantity: Quantity | None = None
    device_class: str | None = None  # where there is no quantity
    options: tuple[Text, ...] = ()
    attributes: str = ""  # a template that makes a JSON object of the state
    source: str = "state"  # or health, link, status
    icon: str = ""
    flags: Trait = Trait.PLAIN


def _choice(
    key: str, name: Text, texts: Mapping[str, Text], language: str, *, icon: str = "", flags: Trait = Trait.PLAIN
) -> Entity:
    # What is not among the options would be warned of each time: it is unknown.
    template = "{{ " + _mapping(texts, language) + ".get(value_json.get('" + key + "'))}}"
    options = tuple(texts.values())
    return Entity(
        key=key, name=name, template=template, device_class="enum", options=options, icon=icon, flags=flags
    )  # fmt: skip


def _mapping(texts: Mapping[str, Text], language: str) -> str:
    return "{" + ",".join(f"'{told}':'{text.of(language)}'" for told, text in texts.items()) + "}"


def _value(source: str) -> str:
    # Brackets, not dots: `value_json.SMAXSN-1` is a subtraction. `get`, as a key that is missing is an error otherwise.
    return "{{value_json.get('" + source + "')}}"


def _on(source: str) -> str:
    return "{{ {true:'ON',false:'OFF'}.get(value_json.get('" + source + "'))}}"


def _at(label: str) -> str:
    return "{{ {'at':value_json.get('" + label + "_at')}|tojson}}"


# Decimals, where Home Assistant would show others: amperes are whole.
_PRECISION = {"%": 1, "A": 0}


def component(entity: Entity, language: str) -> dict[str, Any]:
    """Write what a component says of itself, in Home Assistant's abbreviations, without identifiers and topics."""
    config: dict[str, Any] = {"p": entity.platform, "name": entity.name.of(language), "val_tpl": entity.template}
    quantity = entity.quantity
    device_class = entity.device_class if quantity is None else quantity.device_class
    if device_class:
        config["dev_cla"] = device_class
    if quantity is not None:
        if quantity.unit:
            config["unit_of_meas"] = quantity.unit
        if quantity.state_class:
            config["stat_cla"] = quantity.state_class
        if quantity.live:
            config["exp_aft"] = EXPIRY
        if quantity.unit in _PRECISION:
            config["sug_dsp_prc"] = _PRECISION[quantity.unit]
    if entity.options:
        config["ops"] = [text.of(language) for text in entity.options]
    if entity.icon:
        config["ic"] = entity.icon
    if Trait.DIAGNOSTIC in entity.flags:
        config["ent_cat"] = "diagnostic"
    if Trait.DISABLED in entity.flags:
        config["en"] = False
    return config
