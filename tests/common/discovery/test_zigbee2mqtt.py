import json
from typing import Any

import pytest

from common.discovery.zigbee2mqtt import read_devices


def numeric(key: str, unit: object, access: object = 1, **others: Any) -> dict[str, Any]:
    return {"type": "numeric", "name": key, "property": key, "unit": unit, "access": access, **others}


def values_of(*exposes: object, name: object = "Prise", **others: Any) -> list[tuple[str, Any, Any]]:
    definition = {"vendor": "TuYa", "model": "TS011F", "exposes": exposes}
    row = {"friendly_name": name, "ieee_address": "0xa1", "definition": definition, **others}
    devices, _ = read_devices("zigbee2mqtt/bridge/devices", json.dumps([row]).encode())
    return [(value.name, value.path, value.unit) for device in devices for value in device.values]


def test_powers_and_energies_are_taken_by_their_unit_whatever_they_are_called() -> None:
    assert values_of(
        numeric("power", "W", label="Puissance"),
        numeric("produced", "kWh"),
        numeric("temperature", "°C"),
        numeric("apparent", "VA"),
        numeric("nothing", None),
        numeric("odd", ["W"]),
    ) == [("Puissance", ("power",), "W"), ("produced", ("produced",), "kWh")]


def test_features_inside_features_are_found_as_deep_as_any_device_has_them() -> None:
    meter = {"type": "composite", "features": [{"features": [{"features": [numeric("power", "W")]}]}]}
    assert values_of(meter) == [("power", ("power",), "W")]
    assert values_of({"features": [meter]}) == []


@pytest.mark.parametrize(
    ("access", "is_found"), [(1, True), (5, True), (2, False), (3, False), (7, False), (None, False)]
)
def test_a_power_that_can_be_set_is_a_limit_and_none_that_is_measured(access: object, is_found: bool) -> None:
    assert bool(values_of(numeric("power", "W", access))) is is_found


def test_a_device_that_is_switched_off_or_not_known_has_no_values() -> None:
    power = numeric("power", "W")
    assert values_of(power, disabled=True) == []
    assert values_of(power, definition=None) == []
    assert values_of(power, ieee_address=None) == []
    assert values_of(power, name=None) == []


def test_the_base_of_the_topic_is_that_of_the_list() -> None:
    row = {"friendly_name": "a/b", "ieee_address": "0xa1", "definition": {"exposes": [numeric("power", "W")]}}
    devices, _ = read_devices("maison/z2m/bridge/devices", json.dumps([row]).encode())
    assert devices[0].values[0].topic == "maison/z2m/a/b"


@pytest.mark.parametrize("name", ["a+", "#", "a\tb", "x" * 300])
def test_a_name_that_is_no_topic_can_be_neither_followed_nor_a_port(name: str) -> None:
    row = {"friendly_name": name, "ieee_address": "0xa1", "definition": {"exposes": [numeric("power", "W")]}}
    meter = {**row, "definition": {"model": "ZLinky_TIC"}}
    devices, meters = read_devices("zigbee2mqtt/bridge/devices", json.dumps([row, meter]).encode())
    assert [value.reason for device in devices for value in device.values] == ["topic"]
    assert meters == []


def test_a_house_of_three_hundred_devices_is_read_and_a_list_beyond_measure_is_not() -> None:
    row = {"friendly_name": "a", "ieee_address": "0xa1", "definition": {"exposes": [numeric("power", "W")]}}
    payload = json.dumps([row] * 300 + [{"padding": "x" * 3_900_000}]).encode()
    assert len(read_devices("zigbee2mqtt/bridge/devices", payload)[0]) == 300
    assert read_devices("zigbee2mqtt/bridge/devices", payload + b" " * 100_000) == ([], [])
