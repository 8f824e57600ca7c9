"""Ports that are topics: what is read, and what is refused with a sentence."""

import re
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from common.contract.topic_port import TopicPort, is_topic, read_topic_port


@pytest.mark.parametrize(
    "topic",
    [
        "zigbee2mqtt/Linky",
        "zigbee2mqtt/Compteur d’électricité",
        "tele/linky/SENSOR",
        "emoncms/linky/tele/SENSOR",
        "/tele/linky/SENSOR",
        "TICMeter/AB12CD",
        "teleinfo/+",
        "node/sensor/+/state",
        "homeassistant/sensor/00158d0001234567",
        "linky",
    ],
)
def test_a_topic_is_read(topic: str) -> None:
    assert read_topic_port(f"mqtt:{topic}") == TopicPort(topic)


@pytest.mark.parametrize(
    ("port", "why"),
    [
        ("mqtt:", "the topic after mqtt: is missing"),
        ("mqtt:  ", "the topic after mqtt: is missing"),
        ("mqtt://192.168.1.10:1883", "looks like the address of a broker"),
        ("mqtt:#", "would bring other devices"),
        ("mqtt:zigbee2mqtt/#", "would bring other devices"),
        ("mqtt:+", "one + may stand for"),
        ("mqtt:+/Linky", "one + may stand for"),
        ("mqtt:+/sensor/linky/state", "one + may stand for"),
        ("mqtt:node/+/linky/state", "one + may stand for"),
        ("mqtt:node/+/+", "one + may stand for"),
        ("mqtt:node/linky+", "one + may stand for"),
        ("mqtt:$SYS/broker", "the broker's own"),
        ("mqtt:$share/a/zigbee2mqtt/Linky", "the broker's own"),
        ("mqtt:zigbee2mqtt/Linky/", "ends with a /"),
        ("mqtt:node/sensor/+/state?", "after a ?, unit and labels"),
        ("mqtt:node/sensor/+/state?linky_east", "after a ?, unit and labels"),
        ("mqtt:node/sensor/+/state?unit=Wh", "after a ?, unit and labels"),
        ("mqtt:node/sensor/+/state?unit=Wh&a=EAST&a=EASF01", "each once"),
        ("mqtt:zigbee2mqtt/Linky?unit=Wh&a=EAST", "labels need a + in the topic"),
        ("mqtt:node/sensor/+/state?a=EAST", "the unit of EAST is expected"),
        ("mqtt: zigbee2mqtt/Linky", "no blanks around"),
        ("mqtt:zigbee2mqtt/Linky\n", "no invisible ones"),
        ("mqtt:zigbee2mqtt/\0", "no invisible ones"),
        ("mqtt:zigbee2mqtt/\ud800", "no invisible ones"),
        ("mqtt:zigbee2mqtt/\u202eyknil", "no invisible ones"),
        ("mqtt:" + "x" * 201, "at most 200 characters"),
        ("zigbee2mqtt/Linky", "a topic such as mqtt:zigbee2mqtt/Linky is expected"),
        ("MQTT:zigbee2mqtt/Linky", "a topic such as mqtt:zigbee2mqtt/Linky is expected"),
        (5, "is expected, not 5"),
        (None, "is expected, not None"),
        ([], "is expected, not []"),
    ],
)
def test_what_is_no_topic_is_refused_with_a_sentence(port: Any, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)) as raised:
        read_topic_port(port)
    assert "\n" not in str(raised.value)


def test_names_and_their_labels_are_read() -> None:
    text = "{topic: mqtt:node/sensor/+/state, labels: {linky_east: EAST, linky_papp: SINSTS}, unit: kWh}"
    assert read_topic_port(yaml.safe_load(text)) == TopicPort(
        "node/sensor/+/state", {"linky_east": "EAST", "linky_papp": "SINSTS"}, "kWh"
    )
    text = "{topic: mqtt:node/sensor/+/state, labels: {power: PAPP}}"
    assert read_topic_port(yaml.safe_load(text)).unit == ""
    assert read_topic_port({"topic": "mqtt:zigbee2mqtt/Linky"}) == TopicPort("zigbee2mqtt/Linky")


GOOD: dict[str, Any] = {"topic": "mqtt:node/sensor/+/state", "labels": {"linky_east": "EAST"}, "unit": "Wh"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"topic": None}, "a topic such as"),
        ({"topic": "node/sensor/+/state"}, "a topic such as"),
        ({"topic": "mqtt:node/sensor/east/state"}, "labels need a + in the topic"),
        ({"topic": "mqtt:node/sensor/+/state?a=EAST"}, "a topic has no ?"),
        ({"labels": {}}, "labels such as"),
        ({"labels": ["EAST"]}, "labels such as"),
        ({"labels": {f"name_{number}": "EAST" for number in range(61)}}, "at most 60"),
        ({"labels": {"linky_east": "EASTT"}}, "no meter sends EASTT, did you mean EAST?"),
        ({"labels": {"linky_east": "east"}}, "no meter sends east"),
        ({"labels": {"linky_east": ["EAST"]}}, "no meter sends ['EAST']"),
        ({"labels": {"linky_east": None}}, "no meter sends None"),
        ({"labels": {"clock": "DATE"}}, "no meter sends DATE"),
        ({"labels": {"a": "EAST", "b": "EAST"}}, "given to two names"),
        ({"labels": {"a": "EAST", "b": "PAPP"}}, "historic and standard mode are mixed"),
        ({"labels": {"a/b": "EAST"}}, "no name of a value"),
        ({"labels": {"+": "EAST"}}, "no name of a value"),
        ({"labels": {"": "EAST"}}, "no name of a value"),
        ({"labels": {5: "EAST"}}, "no name of a value"),
        ({"unit": None}, "the unit of EAST is expected, Wh or kWh"),
        ({"unit": "MWh"}, "the unit of EAST is expected, Wh or kWh"),
        ({"unit": ["Wh"]}, "the unit of EAST is expected, Wh or kWh"),
        ({"labels": {"a": "SINSTS"}, "unit": "VA"}, "the unit of the registers is expected"),
        ({"meter": "021961000001"}, "not meter"),
    ],
)
def test_what_the_labels_have_wrong_is_refused_with_a_sentence(change: dict[str, Any], why: str) -> None:
    assert read_topic_port(GOOD)
    with pytest.raises(ValueError, match=re.escape(why)):
        read_topic_port(GOOD | change)


def test_a_unit_without_labels_says_nothing() -> None:
    with pytest.raises(ValueError, match="give labels, too"):
        read_topic_port({"topic": "mqtt:tele/linky/SENSOR", "unit": "kWh"})


def test_a_topic_is_told_from_a_line() -> None:
    assert is_topic("mqtt:zigbee2mqtt/Linky")
    assert is_topic(GOOD)
    assert not any(map(is_topic, ("/dev/ttyAMA0", "socket://192.168.1.20:5331", "ask", "simulate://x", None, [])))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text().map("mqtt:{}".format),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(["topic", "labels", "unit"]) | st.text(), inside, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_whatever_is_written_is_read_or_refused(value: Any) -> None:
    with suppress(ValueError):
        port = read_topic_port(value)
        assert port.topic.encode()
        assert set(port.labels) == set(map(str, port.labels))
        assert read_topic_port(port.text) == port


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/+#"), min_size=1) | st.just("unit"),
        st.sampled_from(["EAST", "EASF01", "SINSTS", "NTARF"]),
        min_size=1,
    ).filter(lambda labels: len(set(labels.values())) == len(labels))
)
def test_a_port_with_labels_is_the_same_in_one_text(labels: dict[str, str]) -> None:
    port = TopicPort("node/sensor/+/state", labels, "kWh" if {"EAST", "EASF01"} & set(labels.values()) else "")
    assert read_topic_port(port.text) == port
