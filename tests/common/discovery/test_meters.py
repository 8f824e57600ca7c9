import json
from collections.abc import Iterable

import pytest

from common.discovery.home_assistant import Sensor, read_sensors
from common.discovery.meters import find_meters, guess_label


def sensors(names: Iterable[str], node: str = "node", unit: str | None = "Wh") -> list[Sensor]:
    return [
        sensor
        for name in names
        for sensor in read_sensors(
            f"homeassistant/sensor/{node}/{name}/config",
            json.dumps(
                {"stat_t": f"{node}/sensor/{name}/state", "unit_of_meas": unit, "dev": {"ids": node, "name": node}}
            ).encode(),
        )
    ]


@pytest.mark.parametrize(
    ("names", "is_meter"),
    [
        (["linky_east", "linky_sinsts"], True),
        (["hchc", "hchp"], True),
        (["papp", "index_base"], True),
        (["pv_east"], False),  # a roof
        (["pv_east_power", "pv_east_energy"], False),
        (["east", "papp"], False),  # one of each mode
        (["date", "relais", "ptec"], False),  # neither a register nor a power
        (["power", "energy"], False),
    ],
)
def test_a_node_is_a_meter_if_two_of_its_values_are_called_like_registers_or_powers(
    names: list[str], is_meter: bool
) -> None:
    meters, owners = find_meters(sensors(names))
    assert [meter.port for meter in meters] == ["mqtt:node/sensor/+/state"] * is_meter
    assert owners == ({"node"} if is_meter else set())


def test_two_nodes_are_two_meters() -> None:
    names = ["east", "sinsts"]
    meters, owners = find_meters(sensors(names, "rez") + sensors(names, "grange"))
    assert [(meter.port, meter.label) for meter in meters] == [
        ("mqtt:rez/sensor/+/state", "rez (ESPHome)"),
        ("mqtt:grange/sensor/+/state", "grange (ESPHome)"),
    ]
    assert owners == {"rez", "grange"}


def test_a_label_is_given_to_one_name() -> None:
    ((meter,), _) = find_meters(sensors(["base_2", "base", "papp"]))
    assert meter.values == (("base", "BASE"), ("base_2", None), ("papp", "PAPP"))


def test_a_meter_whose_topic_is_no_port_is_not_found_and_no_device_either() -> None:
    meters, owners = find_meters(sensors(["east", "sinsts"], "no?de"))
    assert meters == []
    assert owners == {"no?de"}


@pytest.mark.parametrize("name", ["northeast_wind", "feast", "kitchen", "", "_", "é", "__proto__"])
def test_a_name_that_holds_no_label_means_none(name: str) -> None:
    assert guess_label(name) is None
