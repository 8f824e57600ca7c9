"""Writes an entity as a component of the device message, in Home Assistant's abbreviations. Pure."""

from typing import Any

from reader.home_assistant.entity import Entity, Trait

#: Seconds until a live value that is not updated becomes unavailable: three refreshes of the state. A reader or meter
#: that stops is reported within seconds by the last will and the meter's link; this is for what they do not cover.
EXPIRE_AFTER = 900

_DECIMALS = {"%": 1, "A": 0, "EUR/kWh": 4}  # where Home Assistant's default is another


def component(entity: Entity, language: str) -> dict[str, Any]:
    """Return the component of an entity, without identifiers and topics."""
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
            config["exp_aft"] = EXPIRE_AFTER
        if quantity.unit in _DECIMALS:
            config["sug_dsp_prc"] = _DECIMALS[quantity.unit]
    if entity.options:
        config["ops"] = [text.of(language) for text in entity.options]
    if entity.icon:
        config["ic"] = entity.icon
    if Trait.DIAGNOSTIC in entity.flags:
        config["ent_cat"] = "diagnostic"
    if Trait.DISABLED in entity.flags:
        config["en"] = False
    return config
