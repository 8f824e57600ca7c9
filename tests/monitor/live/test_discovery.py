"""What is gathered from the messages of a broker, while somebody looks for devices."""

import json

from monitor.live.discovery import NOTHING, Discovery, Found, Gathered

PLUG = "homeassistant/sensor/plug/power/config"


def announcement(topic: str = "plug/status", name: str = "Plug") -> bytes:
    device = {"identifiers": [name], "name": name}
    sensor = {"name": "Power", "device_class": "power", "unit_of_measurement": "W", "state_class": "measurement"}
    template = "{{ value_json.apower }}"
    return json.dumps(sensor | {"state_topic": topic, "value_template": template, "device": device}).encode()


def found(gathered: Gathered) -> Found:
    return gathered.found(is_connected=True, is_complete=True, refused=())


def test_a_topic_is_followed_once_it_was_announced_and_its_numbers_are_those_of_its_last_message() -> None:
    gathered = Gathered()
    gathered.on_message("plug/status", b'{"apower": 1}')
    gathered.on_message(PLUG, announcement())
    assert (gathered.topics(), gathered.topics()) == (["plug/status"], [])
    assert found(gathered).numbers == {}
    gathered.on_message("plug/status", b'{"apower": 60}')
    gathered.on_message("plug/status", b'{"apower": 61.5}')
    assert found(gathered).numbers == {"plug/status": {"apower": 61.5}}
    assert [device.name for device in found(gathered).devices] == ["Plug"]


def test_what_was_deleted_while_the_broker_was_away_is_gone() -> None:
    gathered = Gathered()
    gathered.on_message(PLUG, announcement())
    gathered.topics()
    gathered.on_connected()
    assert gathered.topics() == []
    assert found(gathered).devices == []


def test_no_more_topics_are_followed_than_can_be_shown() -> None:
    gathered = Gathered()
    followed: list[str] = []
    for visit in range(3):  # each with as many devices as are shown
        gathered.on_connected()
        for number in range(300):
            topic = f"plug/{visit}/{number}"
            gathered.on_message(f"homeassistant/sensor/{number}/config", announcement(topic, f"Plug {number}"))
        followed += gathered.topics()
    assert len(followed) == len(set(followed)) == 500


def test_the_values_that_an_owner_named_are_followed_to_guess_what_they_are() -> None:
    gathered = Gathered()
    for name in ("linky_east", "linky_papp", "linky_sinsts"):
        device = {"identifiers": ["esp"], "name": "Linky"}
        sensor = {"name": name, "state_topic": f"linky/sensor/{name}/state", "device": device}
        gathered.on_message(f"homeassistant/sensor/linky/{name}/config", json.dumps(sensor).encode())
    gathered.on_message("homeassistant/sensor/linky/linky_urms1/config", b"{}")
    assert sorted(gathered.topics()) == [f"linky/sensor/linky_{name}/state" for name in ("east", "papp", "sinsts")]


def test_without_a_broker_nothing_is_found() -> None:
    assert Discovery(None, "main").found() == NOTHING
