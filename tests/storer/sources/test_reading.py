"""Numbers in messages: those that devices are documented to send, and what is none."""

import json
import re
import time
from pathlib import Path

import pytest
import yaml

from common.contract.sources import SOURCES, Quantity, Source
from storer.sources.reading import Refusal, read_value

POWER, ENERGY, TEMPERATURE = Quantity.POWER, Quantity.ENERGY, Quantity.TEMPERATURE
ROOT = Path(__file__).resolve().parents[3]


def source(**options: object) -> Source:
    (found,) = SOURCES.read([{"name": "it", "kind": "device", "topic": "t", **options}])
    return found


def numbers(payload: str, **options: object) -> dict[str, float | Refusal]:
    return {value.quantity.value: read_value(payload.encode(), value) for value in source(**options).values}


# As the makers document them; see docs/sources.md.
SHELLY_2 = (
    '{"id":0,"source":"MQTT","output":true,"apower":8.9,"voltage":237.5,"current":0.099,'
    '"aenergy":{"total":6.532,"by_minute":[45.199,47.141,88.397],"minute_ts":1626935779},'
    '"temperature":{"tC":23.5,"tF":74.4}}'
)
TASMOTA = (
    '{"Time":"2026-11-24T12:00:00","ENERGY":{"TotalStartTime":"2025-01-01T00:00:00","Total":12.345,"Yesterday":0.5,'
    '"Today":0.2,"Period":5,"Power":1520,"ApparentPower":1530,"ReactivePower":30,"Factor":0.99,"Voltage":231,'
    '"Current":6.600}}'
)
ZIGBEE_PLUG = '{"current":0.41,"energy":15.67,"linkquality":120,"power":91,"state":"ON","voltage":231}'
ZIGBEE_THERMOMETER = (
    '{"battery":91,"humidity":61.4,"linkquality":87,"pressure":1013,"temperature":-3.25,"voltage":2985}'
)
# The meter of the production, then that of the grid.
ENVOY = (
    '[{"eid":704643328,"timestamp":1795608000,"actEnergyDlvd":5600789.25,"actEnergyRcvd":164.5,"activePower":1604.107,'
    '"pwrFactor":0.98,"voltage":237.151,"current":6.87,"freq":50.0,"channels":[{"eid":1778385169,"activePower":1604.107}]},'
    '{"eid":704643584,"timestamp":1795608000,"actEnergyDlvd":3917484.5,"actEnergyRcvd":637541.8,"activePower":-161.626}]'
)


EXAMPLES = {
    found.name: found
    for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "sources.md").read_text(), re.DOTALL)
    for found in SOURCES.read(yaml.safe_load(block)["sources"])
}
MESSAGES: dict[str, dict[str, tuple[str, dict[str, float]]]] = {
    "shelly 1": {
        "shellies/shelly1pm-AABBCC/relay/0/power": ("37.25", {POWER: 37.25}),
        "shellies/shelly1pm-AABBCC/relay/0/energy": ("6000", {ENERGY: 100}),
    },
    "shelly em": {
        "shellies/shellyem-AABBCC/emeter/0/power": ("-312.05", {POWER: -312.05}),
        "shellies/shellyem-AABBCC/emeter/0/total": ("4321.5", {ENERGY: 4321.5}),
    },
    "shelly plus": {"shellyplus1pm-aabbcc/status/switch:0": (SHELLY_2, {POWER: 8.9, ENERGY: 6.532})},
    "washing machine": {"sources/plug-kitchen/status/switch:0": (SHELLY_2, {POWER: 8.9, ENERGY: 6.532})},
    "tasmota": {"tele/boiler/SENSOR": (TASMOTA, {POWER: 1520, ENERGY: 12345})},
    "opendtu": {
        "solar/ac/power": ("812.4", {POWER: 812.4}),
        "solar/ac/yieldtotal": ("1234.567", {ENERGY: 1_234_567}),
    },
    "roof": {"sources/opendtu/ac/power": ("0.0", {POWER: 0})},
    "ahoydtu": {
        "inverter/roof/ch0/P_AC": ("151.3", {POWER: 151.3}),
        "inverter/roof/ch0/YieldTotal": ("1512.25", {ENERGY: 1_512_250}),  # printed with %g
    },
    "zigbee plug": {"zigbee2mqtt/freezer": (ZIGBEE_PLUG, {POWER: 91, ENERGY: 15_670})},
    "zigbee thermometer": {"zigbee2mqtt/garden": (ZIGBEE_THERMOMETER, {TEMPERATURE: -3.25})},
    "garden": {"sources/zigbee/garden": (ZIGBEE_THERMOMETER, {TEMPERATURE: -3.25})},
    "evcc car": {
        "evcc/loadpoints/1/chargePower": ("7360", {POWER: 7360}),
        "evcc/loadpoints/1/chargeTotalImport": ("987.654", {ENERGY: 987_654}),
    },
    "envoy": {"/envoy/json": (ENVOY, {POWER: 1604.107, ENERGY: 5_600_789.25})},
    "statestream": {"homeassistant/statestream/sensor/outside/state": ("19.6", {TEMPERATURE: 19.6})},
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_the_documentation_read_what_the_devices_send(name: str) -> None:
    for topic, (payload, expected) in MESSAGES[name].items():
        values = [value for value in EXAMPLES[name].values if value.topic == topic]
        found = {value.quantity: read_value(payload.encode(), value) for value in values}
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("payload", "path", "reason"),
    [
        ("", "", Refusal.UNAVAILABLE),
        ("unknown", "", Refusal.UNAVAILABLE),
        ("Unavailable", "a.b", Refusal.UNAVAILABLE),
        ("null", "", Refusal.UNAVAILABLE),
        ('{"a": null}', "a", Refusal.UNAVAILABLE),
        ('{"a": "unknown"}', "a", Refusal.UNAVAILABLE),
        ("twelve", "", Refusal.NOT_A_NUMBER),
        ("12 W", "", Refusal.NOT_A_NUMBER),
        ("0x10", "", Refusal.NOT_A_NUMBER),
        ("true", "", Refusal.NOT_A_NUMBER),
        ("NaN", "", Refusal.NOT_A_NUMBER),
        ("nan", "", Refusal.NOT_A_NUMBER),
        ('{"a": false}', "a", Refusal.NOT_A_NUMBER),
        ('{"a": {"b": 1}}', "a", Refusal.NOT_A_NUMBER),
        ("Infinity", "", Refusal.OUT_OF_RANGE),
        ("1e999", "", Refusal.OUT_OF_RANGE),
        ("9" * 5000, "", Refusal.OUT_OF_RANGE),
        ("1000000000", "", Refusal.OUT_OF_RANGE),
        ("-1", "", Refusal.NEGATIVE),
        ("{", "a", Refusal.NOT_JSON),
        ("[" * 16_000, "a", Refusal.NOT_JSON),
        ("ON", "a", Refusal.NOT_JSON),
        ('{"a": 1}', "b", Refusal.NO_SUCH_PATH),
        ('{"a": 1}', "a.b", Refusal.NO_SUCH_PATH),
        ("[1, 2]", "2", Refusal.NO_SUCH_PATH),
        ("[1, 2]", "-1", Refusal.NO_SUCH_PATH),
        ("1" * 16_385, "", Refusal.TOO_LONG),
    ],
)
def test_what_is_no_number_has_a_reason(payload: str, path: str, reason: Refusal) -> None:
    assert numbers(payload, energy=path, unit="Wh") == {"energy": reason}


def test_bytes_that_are_no_text_are_no_number() -> None:
    (value,) = source(power="").values
    assert read_value(b"\xff\xfe\x00", value) is Refusal.NOT_A_NUMBER


@pytest.mark.parametrize("payload", ["1" * 16_383 + "x", '"' + "1" * 16_381 + 'x"'])
def test_a_long_message_does_not_hold_up_the_storer(payload: str) -> None:
    """While an expression is matched, no other thread runs: one that tries all ways to split digits takes seconds."""
    began = time.process_time()
    assert numbers(payload, power="") == {"power": Refusal.NOT_A_NUMBER}
    assert time.process_time() - began < 0.2


@pytest.mark.parametrize("text", ["05.50", "+5.5", '"5.5"', " 5.5\n", "55e-1"])
def test_a_number_may_be_written_in_several_ways(text: str) -> None:
    assert numbers(text, power="") == {"power": 5.5}


@pytest.mark.parametrize(
    ("options", "number", "taken"),
    [
        ({"power": "", "unit": "kW"}, "1000", True),
        ({"power": "", "unit": "kW"}, "1000.1", False),
        ({"power": ""}, "-1000001", False),
        ({"energy": "", "unit": "Wh"}, "999999999", True),
        ({"energy": "", "unit": "kWh"}, "1000000", False),
        ({"kind": "temperature", "temperature": ""}, "-60", True),
        ({"kind": "temperature", "temperature": ""}, "-127", False),
        ({"kind": "temperature", "temperature": ""}, "100.1", False),
    ],
)
def test_what_no_house_has_is_refused(options: dict[str, object], number: str, taken: bool) -> None:
    (found,) = numbers(number, **options).values()
    assert (found is not Refusal.OUT_OF_RANGE) is taken


def test_a_message_is_read_as_json_wrote_it() -> None:
    assert numbers(json.dumps({"0": {"power": 3}}), power="0.power") == {"power": 3.0}
