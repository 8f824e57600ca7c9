import json
from typing import Any

import pytest

from common.discovery.announced import Device, FoundMeter
from common.discovery.tasmota import Announced

CONFIG = {
    "dn": "Four", "hn": "tasmota-A1B2C3-1", "mac": "DC4F22A1B2C3", "md": "Sonoff Pow R2", "t": "four",
    "ft": "%prefix%/%topic%/", "tp": ["cmnd", "stat", "tele"],
}  # fmt: skip


def found(sample: object, **config: Any) -> Device | FoundMeter | None:
    announced = Announced()
    announced.on_message("config", json.dumps(CONFIG | config).encode())
    announced.on_message("sensors", json.dumps({"sn": sample, "ver": 1}).encode())
    return announced.found("DC4F22A1B2C3")


@pytest.mark.parametrize(
    ("full", "topic"),
    [
        ("%prefix%/%topic%/", "tele/four/SENSOR"),
        ("maison/%topic%/%prefix%/", "maison/four/tele/SENSOR"),
        ("%hostname%/%prefix%", "tasmota-A1B2C3-1/tele/SENSOR"),
        ("%prefix%/%id%/", "tele/A1B2C3/SENSOR"),
    ],
)
def test_the_topic_is_put_together_as_the_device_does(full: str, topic: str) -> None:
    device = found({"ENERGY": {"Power": 5}}, ft=full)
    assert isinstance(device, Device)
    assert [value.topic for value in device.values] == [topic]


@pytest.mark.parametrize(
    "config",
    [
        {"ft": None},
        {"ft": 1},
        {"t": None},
        {"tp": ["cmnd"]},
        {"tp": "tele"},
        {"tp": [1, 2, 3]},
        {"ft": "%other%/%topic%/"},
    ],
)
def test_without_a_topic_nothing_is_found(config: dict[str, Any]) -> None:
    assert found({"ENERGY": {"Power": 5}}, **config) is None


def test_energy_is_in_kwh_and_each_channel_is_a_value() -> None:
    device = found({"ENERGY": {"Total": 3.5, "Power": [1, 2], "Voltage": 230}})
    assert isinstance(device, Device)
    assert (device.id, device.name, device.maker, device.model) == (
        "tasmota_DC4F22A1B2C3",
        "Four",
        "Tasmota",
        "Sonoff Pow R2",
    )
    assert [(value.name, value.path, value.unit) for value in device.values] == [
        ("Power 1", ("ENERGY", "Power", "0"), "W"),
        ("Power 2", ("ENERGY", "Power", "1"), "W"),
        ("Total", ("ENERGY", "Total"), "kWh"),
    ]


def test_the_energy_of_one_that_decodes_a_meter_is_not_offered() -> None:
    energy = {"ENERGY": {"Total": 9098.245, "Power": 170}}
    for sample, publisher in (
        (energy | {"TIC": {"PAPP": 170}}, "tasmota"),
        (energy | {"METER": {"PH": 1}, "CONTRACT": {"serial": 21961000001}}, "bernaerts"),
    ):
        assert found(sample) == FoundMeter("mqtt:tele/four/SENSOR", "Four (Tasmota)", publisher)
    assert isinstance(found(energy | {"METER": {"PH": 1}}), Device)


@pytest.mark.parametrize(
    "sample", [None, [], {}, {"ENERGY": None}, {"ENERGY": {"Power": "5"}}, {"AM2301": {"Temperature": 1}}]
)
def test_what_measures_neither_power_nor_energy_is_not_found(sample: object) -> None:
    assert found(sample) is None
