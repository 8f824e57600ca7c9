import json
from typing import Any

import pytest

from common.discovery.announced import AnnouncedValue
from common.discovery.home_assistant import Sensor, read_sensors

ENERGY = {"dev_cla": "energy", "stat_cla": "total_increasing", "unit_of_meas": "kWh", "stat_t": "a/b"}
POWER = {"dev_cla": "power", "unit_of_meas": "W", "stat_t": "a/b"}


def sensors_of(message: Any, topic: str = "homeassistant/sensor/node/object/config") -> list[Sensor]:
    return read_sensors(topic, json.dumps(message).encode())


def value_of(**config: Any) -> AnnouncedValue | None:
    (sensor,) = sensors_of(config)
    return sensor.value


def unit_of(**config: Any) -> str | None:
    value = value_of(**config)
    assert value is not None
    return value.unit or value.reason


def test_keys_may_be_abbreviated_or_not() -> None:
    long = {
        "device_class": "energy", "state_class": "total", "unit_of_measurement": "kWh", "state_topic": "a/b",
        "name": "E", "value_template": "{{ value_json.x }}",
        "device": {"identifiers": ["i"], "name": "N", "manufacturer": "M", "model": "D", "model_id": "Z"},
    }  # fmt: skip
    short = {
        "dev_cla": "energy", "stat_cla": "total", "unit_of_meas": "kWh", "stat_t": "a/b", "name": "E",
        "val_tpl": "{{ value_json.x }}", "dev": {"ids": "i", "name": "N", "mf": "M", "mdl": "D", "mdl_id": "Z"},
    }  # fmt: skip
    assert sensors_of(long) == sensors_of(short)
    assert value_of(**long) == AnnouncedValue("E", "a/b", ("x",), "energy", "kWh")


@pytest.mark.parametrize(
    ("topic", "base", "whole"),
    [("~/state", "a/b", "a/b/state"), ("state/~", "a/b", "state/a/b"), ("a/~/b", "x", "a/~/b"), ("a", None, "a")],
)
def test_a_tilde_at_either_end_of_a_topic_stands_for_the_base(topic: str, base: str | None, whole: str) -> None:
    (sensor,) = sensors_of(POWER | {"stat_t": topic, "~": base})
    assert sensor.topic == whole


def test_a_message_for_a_whole_device_shares_what_its_components_do_not_say() -> None:
    cmps = {
        "p": {"p": "sensor", **{key: POWER[key] for key in ("dev_cla", "unit_of_meas")}},
        "e": {"platform": "sensor", **ENERGY, "stat_t": "~/e", "name": "Compteur"},
        "gone": {"p": "sensor"},
        "switch": {"p": "switch", "stat_t": "a/b"},
    }
    message = {"dev": {"ids": ["i"], "name": "N"}, "state_topic": "~", "~": "base", "cmps": cmps}
    sensors = sensors_of(message, "homeassistant/device/i/config")
    assert [(one.name, one.topic, one.owner.id) for one in sensors if one.value] == [
        ("p", "base", "i"),
        ("Compteur", "base/e", "i"),
    ]


@pytest.mark.parametrize(
    ("device", "identifier"),
    [
        ({"ids": "a"}, "a"),
        ({"ids": ["a", "b"]}, "a"),
        ({"ids": [], "cns": [["mac", "AA:BB"]]}, "AA:BB"),
        ({"connections": [["mac", "AA:BB"]]}, "AA:BB"),
        ({"ids": {"a": 1}, "cns": [["mac"], 1]}, "mac"),
        ({}, "homeassistant/sensor/node/object"),
        (None, "homeassistant/sensor/node/object"),
    ],
)
def test_a_device_is_what_its_identifiers_say_or_else_its_topic(device: object, identifier: str) -> None:
    (sensor,) = sensors_of(POWER | {"dev": device})
    assert sensor.owner.id == identifier


def test_an_energy_is_followed_only_if_it_is_announced_as_a_counter() -> None:
    assert unit_of(**ENERGY) == unit_of(**ENERGY | {"stat_cla": "total"}) == "kWh"
    assert unit_of(**ENERGY | {"stat_cla": "measurement"}) == "counter"
    assert unit_of(**ENERGY | {"stat_cla": None}) == "counter"
    assert unit_of(**POWER | {"stat_cla": "measurement"}) == unit_of(**POWER) == "W"


@pytest.mark.parametrize(
    ("kind", "unit", "template", "becomes"),
    [
        ("energy", "Wh", None, "Wh"),
        ("energy", "MWh", None, "MWh"),
        ("energy", "Wh", "{{value|float/60}}", "Wmin"),
        ("energy", "Wh", "{{value|float*0.016666667}}", "Wmin"),
        ("energy", "kWh", "{{float(value)/1000.0}}", "Wh"),
        ("energy", "kWh", "{{value_json.x|float*1000}}", "MWh"),
        ("energy", "kWh", "{{value|float/60000}}", "Wmin"),
        ("energy", "kWh", "{{value|float/100}}", "unit"),
        ("energy", "GJ", None, "unit"),
        ("energy", "W", None, "unit"),
        ("energy", None, None, "unit"),
        ("power", "kW", "{{value|float/1000}}", "W"),
        ("power", "W", "{{value|float*1000}}", "kW"),
        ("power", "W", "{{value|float/60}}", "unit"),
        ("power", "VA", None, "unit"),
        ("power", "W", "{{ value_json.x + 1 }}", "template"),
        ("power", "W", "{{ value_json['HC..'] }}", "path"),
    ],
)
def test_the_factor_of_a_template_is_in_the_unit(
    kind: str, unit: str | None, template: str | None, becomes: str
) -> None:
    assert unit_of(dev_cla=kind, unit_of_meas=unit, stat_cla="total", stat_t="a", val_tpl=template) == becomes


def test_what_is_neither_a_power_nor_an_energy_has_no_value() -> None:
    assert value_of(dev_cla="temperature", unit_of_meas="°C", stat_t="a") is None
    assert value_of(dev_cla="apparent_power", unit_of_meas="VA", stat_t="a") is None
    assert value_of(unit_of_meas="W", stat_t="a") is None


def test_what_the_programs_announce_themselves_is_left_out_whatever_their_topics_are() -> None:
    message = {
        "o": {"name": "TeleInfo Monitor"},
        "stat_t": "maison/031961000001/state",
        "cmps": {"e": {"p": "sensor", **ENERGY}},
    }
    assert sensors_of(message, "homeassistant/device/teleinfo_031961000001/config") == []


def test_names_are_text_without_what_cannot_be_seen() -> None:
    (sensor,) = sensors_of(
        POWER | {"name": "a\u202e\u0000<b>\n c" + "d" * 500, "dev": {"name": "\u200b", "ids": ["i\u0007"]}}
    )
    assert sensor.name == "a<b> c" + "d" * 74
    assert (sensor.owner.id, sensor.owner.name) == ("i", "a<b> c" + "d" * 74)
