"""What people and Home Assistant see of each meter, with a broker that only writes down."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.frame import Frame
from common.mqtt_events import Handed
from common.topics import Topics
from reader.config import HomeAssistantConfig
from reader.meters import Meters
from tests.frames import frames, simulated

FRAMES = list(simulated("standard-single-phase-tempo", 120, every=timedelta(seconds=1)))


class Broker:
    def __init__(self) -> None:
        self.connected = True
        self.sent: list[tuple[str, bytes | str, bool]] = []

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> Handed | None:
        if not self.connected:
            return None
        self.sent.append((topic, payload, retain))
        return Handed(1, len(self.sent))

    def on(self, topic: str) -> list[Any]:
        return [payload and json.loads(payload) for name, payload, _ in self.sent if name == topic]


class House:
    def __init__(self, broker: Broker | None = None, **home_assistant: Any) -> None:
        self.broker = broker or Broker()
        self.meters = Meters(
            self.broker,
            Topics("teleinfo"),
            every=10.0,
            home_assistant=HomeAssistantConfig(**home_assistant),
            reader="pi",
            version="1",
        )
        self.now = 0.0
        self.frames = FRAMES
        self.meter = self.frames[0].meter
        self.config = f"homeassistant/device/teleinfo_{self.meter}/config"

    def live(self, count: int = 60) -> None:
        self.meters.link(self.meter, True)
        for frame in self.frames[:count]:
            self.now += 1
            self.meters.take(frame, self.now)
            self.meters.pump(self.now)


def test_the_state_is_retained_and_comes_every_ten_seconds_at_most() -> None:
    house = House()
    house.live(120)
    states = house.broker.on(f"teleinfo/{house.meter}/state")
    assert 2 <= len(states) <= 13
    assert states[-1]["EAST"] in {frame.values["EAST"] for frame in house.frames}
    assert states[-1]["contract"] == "tempo"
    assert all(retain for topic, _, retain in house.broker.sent if topic.endswith("/state"))


def test_home_assistant_is_told_of_the_meter_once() -> None:
    house = House()
    house.live(60)
    (message,) = house.broker.on(house.config)
    assert "east" in message["cmps"]
    assert [retain for topic, _, retain in house.broker.sent if topic == house.config] == [True]


def test_without_discovery_home_assistant_is_told_nothing() -> None:
    house = House(discovery=False)
    house.live(60)
    assert house.broker.on(house.config) == []
    assert house.broker.on(f"teleinfo/{house.meter}/state")


def test_turning_discovery_off_takes_away_what_an_earlier_run_announced_and_nothing_else() -> None:
    before = House()
    before.live(60)
    retained = next(payload for topic, payload, _ in before.broker.sent if topic == before.config)
    assert isinstance(retained, bytes)
    after = House(discovery=False)
    after.meters.hear(after.config, retained)
    assert after.broker.sent == [(after.config, b"", True)]
    others = json.loads(retained)
    others["avty"] = [{"t": "teleinfo/reader/another/status"}]
    after.meters.hear(after.config, json.dumps(others).encode())
    after.meters.hear("homeassistant/device/zigbee/config", b'{"stat_t": "zigbee", "avty": [{"t": "zigbee"}]}')
    after.meters.hear(after.config, b"")
    assert len(after.broker.sent) == 1


def test_the_birth_of_home_assistant_brings_everything_again() -> None:
    house = House()
    house.live(60)
    house.broker.sent.clear()
    house.meters.hear("homeassistant/status", b"offline")
    assert house.broker.sent == []
    house.meters.hear("homeassistant/status", b"online")
    assert [topic.rpartition("/")[2] for topic, _, _ in house.broker.sent] == ["link", "config", "state"]


def test_what_became_due_while_the_broker_was_away_comes_when_it_is_back() -> None:
    house = House()
    house.broker.connected = False
    house.live(60)
    assert house.broker.sent == []
    house.broker.connected = True
    house.meters.announce()
    house.meters.pump(house.now)
    assert {"link", "state", "config"} <= {topic.rpartition("/")[2] for topic, _, _ in house.broker.sent}


def test_an_index_of_0_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    house.live(30)
    # The plausibility has taken it out of the frame: the state keeps the last good one.
    values = {label: value for label, value in house.frames[30].values.items() if label != "EAST"}
    house.meters.take(replace(house.frames[30], values=values), house.now + 20)
    house.meters.pump(house.now + 20)
    assert all(state["EAST"] > 0 for state in house.broker.on(f"teleinfo/{house.meter}/state"))


def test_teleinfo2mqtt_s_messages_can_be_had_too() -> None:
    house = House(compatible_with="teleinfo2mqtt")
    house.live(30)
    messages = house.broker.on(f"teleinfo/{house.meter}")
    assert messages[-1]["SINSTS"]["raw"].isdigit()
    assert messages[-1]["ADSC"]["value"] == house.meter
    assert not any(retain for topic, _, retain in house.broker.sent if topic == f"teleinfo/{house.meter}")


@settings(max_examples=300)
@given(st.lists(frames(), max_size=12), st.floats(0, 1000))
def test_no_frame_whatever_makes_it_raise(any_frames: list[Frame], step: float) -> None:
    house = House(compatible_with="teleinfo2mqtt")
    for frame in [*any_frames, *house.frames[:4], *any_frames]:
        house.now += step
        house.meters.take(replace(frame, meter=house.meter), house.now)
        house.meters.pump(house.now)
    house.meters.announce()


@given(st.text() | st.sampled_from(["homeassistant/status", "homeassistant/device/x/config"]), st.binary())
def test_nothing_that_is_heard_makes_it_raise(topic: str, payload: bytes) -> None:
    House().meters.hear(topic, payload)
    House(discovery=False).meters.hear(topic, payload)
