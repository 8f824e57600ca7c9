import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.sources import SOURCES
from common.discovery.announced import Device, FoundMeter
from common.discovery.announcements import FILTERS, Announcements
from tests.support.announced_devices import FOUND, MESSAGES, METERS

LIST = "zigbee2mqtt/bridge/devices"
KEYS = [
    "dev", "device", "ids", "identifiers", "cns", "name", "mdl", "cmps", "components", "p", "platform", "o", "stat_t",
    "state_topic", "val_tpl", "dev_cla", "stat_cla", "unit_of_meas", "~", "sn", "ENERGY", "TIC", "METER", "CONTRACT",
    "Power", "Total", "ft", "t", "tp", "dn", "hn", "mac", "friendly_name", "ieee_address", "definition", "model",
    "exposes", "features", "property", "unit", "access",
]  # fmt: skip
WORDS = ["sensor", "energy", "kWh", "total", "a/b", "a/sensor/papp/state", "{{ value_json.x }}", "%prefix%"]


def heard(*messages: tuple[str, object]) -> Announcements:
    announcements = Announcements()
    for topic, message in messages:
        announcements.on_message(topic, message if isinstance(message, bytes) else json.dumps(message).encode())
    return announcements


def devices_of(announcements: Announcements) -> list[Any]:
    return [
        (
            device.name,
            device.publisher,
            [
                (
                    value.quantity,
                    value.topic,
                    None if value.path is None else ".".join(value.path),
                    value.unit or value.reason,
                )
                for value in device.values
            ],
        )
        for device in announcements.devices()
    ]


def plug(name: str, address: str = "0xa1") -> dict[str, Any]:
    exposes = [{"property": "energy", "unit": "kWh", "access": 1}]
    definition = {"vendor": "TuYa", "model": "TS011F", "exposes": exposes}
    return {"friendly_name": name, "ieee_address": address, "definition": definition}


def energy(topic: str, **others: Any) -> dict[str, Any]:
    kind = {"device_class": "energy", "state_class": "total", "unit_of_measurement": "kWh"}
    return {"state_topic": topic, "device": {"identifiers": ["x"], "name": "Prise"}, **kind, **others}


def test_thirty_devices_of_five_makers_are_found_although_one_is_hostile() -> None:
    announcements = heard(*MESSAGES.items())
    assert len(FOUND) == 30
    assert devices_of(announcements) == FOUND
    assert [
        (meter.port, meter.label, meter.publisher, list(meter.values)) for meter in announcements.meters()
    ] == METERS


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_messages_does_not_matter(seed: int) -> None:
    messages = list(MESSAGES.items())
    random.Random(seed).shuffle(messages)
    announcements = heard(*messages, *messages[:10])
    assert devices_of(announcements) == FOUND
    assert len(announcements.meters()) == len(METERS)


def test_what_can_be_followed_is_accepted_as_a_source() -> None:
    for device in heard(*MESSAGES.items()).devices():
        for value in device.values:
            if value.path is not None:
                source = {"name": "x", "kind": "device", "topic": value.topic, "unit": value.unit}
                SOURCES.read([{**source, value.quantity: ".".join(value.path)}])


def test_a_device_that_is_announced_twice_is_one() -> None:
    to_home_assistant = energy("zigbee2mqtt/Four", value_template='{{ value_json["energy"] }}')
    same = to_home_assistant | {"device": {"identifiers": ["zigbee2mqtt_0xa1"], "name": "Four"}}
    (device,) = heard((LIST, [plug("Four")]), ("homeassistant/sensor/0xa1/energy/config", same)).devices()
    assert (device.id, device.publisher) == ("zigbee2mqtt_0xa1", "zigbee2mqtt")
    # Identified otherwise, as by an older version: the same value of the same message.
    assert len(heard((LIST, [plug("Four")]), ("homeassistant/sensor/0xa1/e/config", to_home_assistant)).devices()) == 1


def test_two_devices_of_the_same_name_are_two() -> None:
    devices = heard((LIST, [plug("A"), plug("B", "0xa2")]), ("z2/bridge/devices", [plug("A", "0xa3")])).devices()
    assert [(device.id, device.name, device.values[0].topic) for device in devices] == [
        ("zigbee2mqtt_0xa1", "A", "zigbee2mqtt/A"),
        ("zigbee2mqtt_0xa3", "A", "z2/A"),
        ("zigbee2mqtt_0xa2", "B", "zigbee2mqtt/B"),
    ]


def test_a_device_that_is_renamed_moves() -> None:
    announcements = heard((LIST, [plug("Four")]), (LIST, [plug("cuisine/Four")]))
    assert [(one.name, one.values[0].topic) for one in announcements.devices()] == [
        ("cuisine/Four", "zigbee2mqtt/cuisine/Four")
    ]


@pytest.mark.parametrize(
    ("topic", "messages"),
    [
        (LIST, [[plug("Four")]]),
        ("homeassistant/sensor/x/energy/config", [energy("x/energy")]),
        ("homeassistant/device/x/config", [{"components": {"e": {"platform": "sensor", **energy("x/energy")}}}]),
    ],
)
def test_what_is_deleted_or_cannot_be_read_any_more_is_gone_and_may_come_again(topic: str, messages: list[Any]) -> None:
    (message,) = messages
    announcements = heard((topic, message))
    for gone in (b"", b"{", b"[]", b"null", b"\xff"):
        assert len(announcements.devices()) == 1
        announcements.on_message(topic, gone)
        assert announcements.devices() == []
        announcements.on_message(topic, json.dumps(message).encode())


def test_a_tasmota_is_found_once_both_of_its_messages_came_and_until_one_is_deleted() -> None:
    config = (
        "tasmota/discovery/A1/config",
        {"dn": "Four", "t": "four", "ft": "%prefix%/%topic%/", "tp": ["cmnd", "stat", "tele"]},
    )
    sensors = ("tasmota/discovery/A1/sensors", {"sn": {"ENERGY": {"Power": 1}}})
    assert heard(config).devices() == heard(sensors).devices() == []
    assert len(heard(sensors, config).devices()) == 1
    assert heard(sensors, config, (config[0], b"")).devices() == []
    assert heard(sensors, config, (sensors[0], b""), (config[0], b"")).devices() == []


def test_a_meter_that_arrives_decoded_is_no_device_at_the_same_time() -> None:
    linky = plug("Linky")
    linky["definition"]["model"] = "ZLinky_TIC"
    owner = {"identifiers": ["zigbee2mqtt_0xa1"], "name": "Linky", "model": "Lixee ZLinky (ZLinky_TIC)"}
    same = energy("zigbee2mqtt/Linky", value_template="{{ value_json.current_summ_delivered }}", device=owner)
    to_home_assistant = ("homeassistant/sensor/0xa1/e/config", same)
    found = FoundMeter("mqtt:zigbee2mqtt/Linky", "Linky (Zigbee2MQTT)", "zigbee2mqtt")
    for messages in ([(LIST, [linky])], [to_home_assistant], [(LIST, [linky]), to_home_assistant]):
        announcements = heard(*messages)
        assert announcements.meters() == [found]
        assert announcements.devices() == []


def test_what_is_too_much_is_left_out_until_there_is_room() -> None:
    many = [
        (f"homeassistant/sensor/n{number}/config", energy(f"x/{number}", device={"ids": f"d{number}", "name": "z"}))
        for number in range(4000)
    ]
    one_more = ("homeassistant/sensor/new/config", energy("x/new", device={"ids": "new", "name": "a"}))
    announcements = heard(*many, one_more)
    assert len(announcements.devices()) == 300
    assert [device.name for device in announcements.devices()[:2]] == ["z", "z"]
    for topic, message in ((many[0][0], b""), (one_more[0], json.dumps(one_more[1]).encode())):
        announcements.on_message(topic, message)
    assert [device.name for device in announcements.devices()[:2]] == ["a", "z"]


def test_a_device_has_no_more_values_than_anybody_would_read() -> None:
    values = [(f"homeassistant/sensor/n{number}/config", energy(f"x/{number}")) for number in range(100)]
    (device,) = heard(*values).devices()
    assert len(device.values) == 40


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inside, max_size=6),
    max_leaves=30,
)
_TOPICS = [written.replace("+", level) for written in FILTERS for level in ("a", "__proto__", "")]


@given(st.lists(st.tuples(st.sampled_from(_TOPICS), _JSON | st.binary(max_size=20)), max_size=6))
def test_no_message_is_an_error(messages: list[tuple[str, object]]) -> None:
    announcements = heard(*messages)
    assert all(isinstance(device, Device) for device in announcements.devices())
    assert all(isinstance(meter, FoundMeter) for meter in announcements.meters())
