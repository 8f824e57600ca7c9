"""A meter on several ports: who makes its frames, and whether any port receives it."""

import pytest

from reader.line.health import LineHealth
from reader.line.sharing import Links, Sources

METER, OTHER = "021961000001", "031961000002"


def topic(name: str) -> LineHealth:
    return LineHealth(f"mqtt:{name}", open=True, lost_after=180.0)


@pytest.fixture
def sources() -> Sources:
    return Sources()


def test_of_two_topics_the_first_makes_the_frames_until_it_is_silent(sources: Sources) -> None:
    one, other = topic("zigbee2mqtt/Linky"), topic("tele/linky/SENSOR")
    assert sources.may_send(METER, one, "zigbee2mqtt", 0.0)
    assert not sources.may_send(METER, other, "tasmota", 1.0)
    assert sources.may_send(METER, one, "zigbee2mqtt", 60.0)
    assert not sources.may_send(METER, other, "tasmota", 239.0)
    assert sources.may_send(METER, other, "tasmota", 241.0)
    assert not sources.may_send(METER, one, "zigbee2mqtt", 242.0), "it stays with the other one then"


def test_two_publishers_on_one_topic_are_told_apart(sources: Sources) -> None:
    line = topic("tele/linky/SENSOR")
    assert sources.may_send(METER, line, "tasmota", 0.0)
    assert not sources.may_send(METER, line, "bernaerts", 1.0)
    assert sources.may_send(METER, line, "tasmota", 2.0)


def test_each_meter_of_a_topic_is_shared_by_itself(sources: Sources) -> None:
    one, other = topic("zigbee2mqtt/+"), topic("tele/garage/SENSOR")
    assert sources.may_send(METER, one, "zigbee2mqtt", 0.0)
    assert sources.may_send(OTHER, other, "tasmota", 0.0)
    assert not sources.may_send(OTHER, one, "zigbee2mqtt", 1.0)
    assert sources.may_send(METER, one, "zigbee2mqtt", 1.0)


def test_a_topic_that_is_no_longer_read_gives_way_at_once(sources: Sources) -> None:
    one, other = topic("zigbee2mqtt/Linky"), topic("zigbee2mqtt/Cave")
    assert sources.may_send(METER, one, "zigbee2mqtt", 0.0)
    one.open = False
    assert sources.may_send(METER, other, "zigbee2mqtt", 1.0)


def test_a_meter_is_online_while_any_port_receives_it() -> None:
    links = Links()
    assert links.change(METER, "/dev/ttyUSB0", True)
    assert links.change(METER, "mqtt:zigbee2mqtt/Linky", True)
    assert links.change(METER, "/dev/ttyUSB0", False)
    assert links.change(OTHER, "/dev/ttyUSB0", True)
    assert not links.change(METER, "mqtt:zigbee2mqtt/Linky", False)
