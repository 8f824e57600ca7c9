"""A meter that is found by what is announced has a port that the decoder reads."""

import json
from typing import Any

import pytest

from common.contract.topic_port import TopicPort, read_topic_port
from common.discovery.announcements import Announcements
from common.discovery.meters import guess_label
from reader.decoded.message import Decoder
from reader.decoded.reading import Reading

METER = "021961000001"
IEEE = "00158d0000000010"
ZLINKY = {"friendly_name": "maison/Linky été", "ieee_address": f"0x{IEEE}", "definition": {"model": "ZLinky_TIC"}}
TICMETER = {"friendly_name": "TIC", "ieee_address": "0x1", "definition": {"model": "TICMeter"}}
TASMOTA = {"dn": "Compteur", "t": "linky", "ft": "%prefix%/%topic%/", "tp": ["cmnd", "stat", "tele"]}
#: What is announced, the port, and a message with its topic.
CASES: dict[str, tuple[dict[str, Any], str, str, Any]] = {
    "zigbee2mqtt": (
        {"zigbee2mqtt/bridge/devices": [ZLINKY]},
        "mqtt:zigbee2mqtt/maison/Linky été",
        "zigbee2mqtt/maison/Linky été",
        {"current_summ_delivered": 41045.13, "current_price": "HP BLEU", "warn_d_p_s": 0},
    ),
    "zigbee2mqtt_ticmeter": (
        {"z2m/zigbee/bridge/devices": [TICMETER]},
        "mqtt:z2m/zigbee/TIC",
        "z2m/zigbee/TIC",
        {"current_summ_delivered": 41045130, "tic_mode": "STANDARD"},
    ),
    "tasmota": (
        {"tasmota/discovery/A1/config": TASMOTA, "tasmota/discovery/A1/sensors": {"sn": {"TIC": {"PAPP": 170}}}},
        "mqtt:tele/linky/SENSOR",
        "tele/linky/SENSOR",
        {"TIC": {"ADCO": METER, "HCHC": 920750, "PAPP": 170}},
    ),
    "bernaerts": (
        {"homeassistant/sensor/A1_hcb/config": {
            "stat_t": "tele/linky/SENSOR", "val_tpl": "{{value_json['CONTRACT']['HC BLEU']}}", "dev": {"ids": ["A1"]},
            "dev_cla": "energy", "stat_cla": "total", "unit_of_meas": "Wh",
        }},
        "mqtt:tele/linky/SENSOR",
        "tele/linky/SENSOR",
        {"METER": {"PH": 1, "PSUB": 9000, "P": 782}, "CONTRACT": {"serial": 21961000001, "CONSO": 5, "HC BLEU": 5}},
    ),
    "teleinfo2mqtt": (
        {f"homeassistant/sensor/teleinfo/{METER}_EAST/config": {
            "state_topic": f"teleinfo/{METER}",
            "value_template": "{% if 'EAST' in value_json %}{{ value_json.EAST.value }}{% endif %}",
        }},
        f"mqtt:teleinfo/{METER}",
        f"teleinfo/{METER}",
        {"EAST": {"raw": "020966534", "value": 20966534}},
    ),
    "ticmeter": (
        {"homeassistant/sensor/TICMeter_AB12CD/EAST/config": {"~": "TICMeter/AB12CD", "stat_t": "~/EAST"}},
        "mqtt:TICMeter/AB12CD",
        "TICMeter/AB12CD/EAST",
        "20966534",
    ),
    "teleinfokit": (
        {"homeassistant/sensor/teleinfokit-AB12CD/HCHP/config": {
            "stat_t": "teleinfokit-AB12CD/data/HCHP", "val_tpl": "{{float(value)/1000.0}}", "unit_of_meas": "kWh",
        }},
        "mqtt:teleinfokit-AB12CD",
        "teleinfokit-AB12CD/data/HCHP",
        "020966534",
    ),
    "lixee_box": (
        {f"homeassistant/sensor/{IEEE}_1794_256/config": {
            "state_topic": f"homeassistant/sensor/{IEEE}_1794_256/state", "device_class": "energy",
            "value_template": "{{value_json.value_1794_256 | float * 0.001}}", "state_class": None,
            "device": {"identifiers": IEEE, "name": f"LiXee-GW_ZLinky_TIC_{IEEE}"},
        }},
        f"mqtt:homeassistant/sensor/{IEEE}",
        f"homeassistant/sensor/{IEEE}_1794_256/state",
        {"value_1794_256": 12345678},
    ),
    "labels": (
        {f"homeassistant/sensor/tic/{label}/config": {"stat_t": f"maison/tic/{label}"} for label in ("EAST", "SINSTS")},
        "mqtt:maison/tic/+",
        "maison/tic/EAST",
        "20966534",
    ),
}  # fmt: skip


def found(messages: dict[str, Any]) -> Announcements:
    announcements = Announcements()
    for topic, message in messages.items():
        announcements.on_message(topic, json.dumps(message).encode())
    return announcements


@pytest.mark.parametrize("publisher", CASES)
def test_the_port_of_a_meter_that_is_found_reads_its_messages(publisher: str) -> None:
    announced, port, topic, content = CASES[publisher]
    announcements = found(announced)
    (meter,) = announcements.meters()
    assert (meter.port, meter.publisher, meter.values) == (port, publisher, ())
    assert announcements.devices() == []  # not at the same time
    payload = content if isinstance(content, str) else json.dumps(content)
    decoder = Decoder(read_topic_port(port))
    mode = decoder.read(f"homeassistant/sensor/{IEEE}_65382_768/state", b'{"value_65382_768": 1}')  # lixee_box needs it
    assert not isinstance(mode, Reading)
    reading = decoder.read(topic, payload.encode())
    assert isinstance(reading, Reading)
    assert reading.publisher == publisher
    levels, filters = topic.split("/"), decoder.filter.split("/")
    assert len(levels) == len(filters)
    assert all(wanted in ("+", level) for wanted, level in zip(filters, levels, strict=True))


def test_the_port_of_a_node_of_esphome_takes_the_labels_that_were_guessed() -> None:
    names = ("linky_east", "linky_papp", "linky_sinsts", "linky_easf01", "wifi")
    announced = {
        f"homeassistant/sensor/linky/{name}/config": {
            "stat_t": f"maison/linky/sensor/{name}/state", "dev": {"ids": "a", "name": "linky"},
            "unit_of_meas": "dBm" if name == "wifi" else "Wh",
        }
        for name in names
    }  # fmt: skip
    (meter,) = found(announced).meters()
    assert meter.port == "mqtt:maison/linky/sensor/+/state"
    # PAPP is of the other mode: a meter sends labels of one.
    assert dict(meter.values) == {
        "linky_east": "EAST", "linky_papp": None, "linky_sinsts": "SINSTS", "linky_easf01": "EASF01",
    }  # fmt: skip
    port = TopicPort(meter.port.removeprefix("mqtt:"), {name: label for name, label in meter.values if label}, "Wh")
    reading = Decoder(read_topic_port(port.text)).read("maison/linky/sensor/linky_east/state", b"12345678")
    assert isinstance(reading, Reading)
    assert (reading.publisher, reading.labels) == ("esphome", {"EAST": 12345678})


def test_every_label_is_guessed_from_a_name_that_holds_it() -> None:
    for label in ("EAST", "EASF10", "SINSTS", "SINSTS1", "SMAXSN-1", "CCASN-1", "BBRHCJB", "PAPP", "NTARF", "ADSC"):
        name = label.lower().replace("-", "_")
        assert guess_label(name) == guess_label(f"linky_{name}") == guess_label(f"{label} compteur") == label
