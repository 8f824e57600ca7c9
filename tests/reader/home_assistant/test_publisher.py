"""What is published of each meter, to a broker that only records it."""

import json
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame
from common.contract.prices import Announced, MeterPrices, PriceSpan, read_prices, write_prices
from common.contract.topics import Topics
from common.mqtt.events import PublishToken
from reader.config import HomeAssistantConfig
from reader.home_assistant.publisher import LISTEN_FOR, MAX_FOREIGN_METERS, MeterPublisher
from tests.support.frames import frames, simulated

FRAMES = list(simulated("standard-single-phase-tempo", 120, every=timedelta(seconds=1)))
START = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Broker:
    def __init__(self) -> None:
        self.connected = True
        self.sent: list[tuple[str, bytes | str, bool]] = []
        self.subscribed: list[str] = []

    def subscribe(self, filters: Iterable[str]) -> None:
        self.subscribed += filters

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        if not self.connected:
            return None
        self.sent.append((topic, payload, retain))
        return PublishToken(1, len(self.sent))

    def on(self, topic: str) -> list[Any]:
        return [payload and json.loads(payload) for name, payload, _ in self.sent if name == topic]


class House:
    def __init__(self, broker: Broker | None = None, *, simulating: bool = True, **home_assistant: Any) -> None:
        self.broker = broker or Broker()
        self.meters = MeterPublisher(
            self.broker,
            Topics("teleinfo"),
            every=10.0,
            home_assistant=HomeAssistantConfig(**home_assistant),
            reader="pi",
            version="1",
            simulating=simulating,
            birth_delay=lambda: 3.0,
            clock=lambda: START + timedelta(seconds=self.now),
        )
        self.now = 0.0
        self.frames = FRAMES
        self.meter = self.frames[0].meter
        self.config = f"homeassistant/device/teleinfo_{self.meter}/config"

    def live(self, count: int = 60, *, simulated: bool = False) -> None:
        self.meters.set_online(self.meter, True, self.now)
        for frame in self.frames[:count]:
            self.now += 1
            self.meters.on_frame(frame, self.now, simulated=simulated)
            self.meters.tick(self.now)

    def retained(self) -> dict[str, bytes | str]:
        """Return what a broker retains of all that was published."""
        last = {topic: payload for topic, payload, retain in self.broker.sent if retain}
        return {topic: payload for topic, payload in last.items() if payload}

    def cleared(self) -> set[str]:
        """Return which kinds of retained messages were cleared."""
        return {topic.rpartition("/")[2] for topic, payload, retain in self.broker.sent if retain and not payload}

    def connect(self, retained: dict[str, bytes | str]) -> None:
        """Connect to a broker that retains this, and sends of it what is subscribed."""
        self.meters.republish(self.now)
        remaining = {HEALTH: retained[HEALTH], **retained} if HEALTH in retained else dict(retained)
        while topics := [topic for topic in remaining if topic in {HEALTH, *self.broker.subscribed}]:
            for topic in topics:
                payload = remaining.pop(topic)
                self.meters.on_message(topic, payload if isinstance(payload, bytes) else payload.encode(), self.now)
        self.now += LISTEN_FOR
        self.meters.tick(self.now)


def test_the_state_is_retained_and_published_every_ten_seconds_at_most() -> None:
    house = House()
    house.live(120)
    states = house.broker.on(f"teleinfo/{house.meter}/state")
    assert 2 <= len(states) <= 13
    assert states[-1]["EAST"] in {frame.values["EAST"] for frame in house.frames}
    assert states[-1]["contract"] == "tempo"
    assert all(retain for topic, _, retain in house.broker.sent if topic.endswith("/state"))


def test_a_meter_is_announced_once() -> None:
    house = House()
    house.live(60)
    (message,) = house.broker.on(house.config)
    assert "east" in message["cmps"]
    assert [retain for topic, _, retain in house.broker.sent if topic == house.config] == [True]


def test_the_state_is_published_again_once_new_entities_exist() -> None:
    house = House()
    house.frames = FRAMES[:1] * 9  # nothing that changes would bring the state
    house.live(9)
    told = [topic.rsplit("/", 1)[1] for topic, _, _ in house.broker.sent]
    assert told[told.index("config") :] == ["config", "link", "state"]


def test_turning_discovery_off_removes_what_an_earlier_run_announced_and_nothing_else() -> None:
    before = House()
    before.live(60)
    retained = next(payload for topic, payload, _ in before.broker.sent if topic == before.config)
    assert isinstance(retained, bytes)
    after = House(discovery=False)
    after.meters.on_message(after.config, retained, 0.0)
    link = f"teleinfo/{after.meter}/link"
    assert after.broker.sent == [(link, "offline", True), (after.config, b"", True)]
    others = json.loads(retained)
    others["avty"] = [{"t": "teleinfo/reader/another/status"}]
    after.meters.on_message(after.config, json.dumps(others).encode(), 0.0)
    after.meters.on_message(
        "homeassistant/device/zigbee/config", b'{"stat_t": "zigbee", "avty": [{"t": "zigbee"}]}', 0.0
    )
    after.meters.on_message(after.config, b"", 0.0)
    assert len(after.broker.sent) == 2


def test_everything_is_published_again_after_a_birth_message() -> None:
    house = House()
    house.live(60)
    house.broker.sent.clear()
    house.meters.on_message("homeassistant/status", b"offline", house.now)
    house.meters.tick(house.now)
    house.meters.on_message("homeassistant/status", b"online", house.now)
    house.meters.on_message("homeassistant/status", b"online", house.now + 2)  # it may have several brokers between
    house.meters.tick(house.now + 2.9)
    assert house.broker.on(house.config) == []
    house.broker.sent.clear()
    house.meters.tick(house.now + 3)
    told = [topic.rpartition("/")[2] for topic, _, _ in house.broker.sent]
    assert told[:3] == ["link", "config", "state"]
    house.meters.tick(house.now + 3.5)
    assert len(house.broker.on(house.config)) == 1


def test_retained_messages_are_read_before_a_meter_is_announced() -> None:
    house = House()
    house.meters.republish(0.0)
    house.meters.set_online(house.meter, True, house.now)
    for frame in house.frames[:4]:
        house.meters.on_frame(frame, 0.1)
    house.meters.tick(0.1)
    assert house.broker.on(house.config) == []
    house.meters.on_message(house.config, announcement(house.config, "Linky 99" + house.meter[-4:]), 0.2)
    house.meters.tick(1.1)
    house.meters.on_frame(house.frames[4], 1.2)
    house.meters.tick(1.2)
    (message,) = house.broker.on(house.config)
    assert "msg2" in message["cmps"]  # as it was
    assert message["dev"]["name"] == "Linky " + house.meter[-4:]  # not the end of its address


def announcement(topic: str, name: str, reader: str = "pi") -> bytes:
    """Return what a reader may have retained about a meter."""
    meter = topic.split("/")[2].removeprefix("teleinfo_")
    message = {
        "dev": {"name": name, "sn": meter},
        "avty": [{"t": f"teleinfo/reader/{reader}/status"}],
        "stat_t": f"teleinfo/{meter}/state",
        "cmps": {"msg2": {"p": "sensor", "name": "x"}},
    }
    return json.dumps(message).encode()


def names_after(*heard: tuple[str, str, str]) -> str:
    """Return the name of the house's meter when other meters are announced before."""
    house = House()
    for meter, name, reader in heard:
        topic = f"homeassistant/device/teleinfo_{meter}/config"
        house.meters.on_message(topic, announcement(topic, name, reader), 0.0)
    house.live(20)
    (message,) = house.broker.on(house.config)
    name = str(message["dev"]["name"])
    digits = name.rpartition(" ")[2]
    assert message["cmps"]["east"]["def_ent_id"] == f"sensor.linky_{digits}_east"
    assert message["cmps"]["east"]["obj_id"] == f"linky_{digits}_east"
    return name


def test_meters_with_the_same_last_digits_get_longer_names_and_keep_them() -> None:
    meter = FRAMES[0].meter
    end = meter[-4:]
    alike = ("0" * 8 + end, f"Linky {end}")
    more_alike = ("0" * 6 + meter[-6:], f"Linky {meter[-6:]}")
    assert names_after(("0" * 12, "Linky 0000", "pi")) == f"Linky {end}"
    assert names_after((*alike, "pi")) == f"Linky {meter[-6:]}"
    assert names_after((*alike, "another")) == f"Linky {meter[-6:]}"
    assert names_after((*alike, "pi"), (*more_alike, "another")) == f"Linky {meter[-8:]}"
    # A name that was announced is kept, whichever reader announced it.
    assert names_after((*alike, "pi"), (meter, f"Linky {end}", "pi")) == f"Linky {end}"
    assert names_after((meter, f"Linky {meter[-6:]}", "another")) == f"Linky {meter[-6:]}"


def test_a_deleted_meter_is_announced_again_after_growing_intervals() -> None:
    house = House()
    house.live(60)
    moments: list[float] = []
    for frame in house.frames * 2:
        house.meters.tick(house.now)
        if len(house.broker.on(house.config)) > len(moments):
            moments.append(house.now)
            for _ in range(70):  # Home Assistant clears it once for each entity
                house.meters.on_message(house.config, b"", house.now)
        house.now += 1
        house.meters.on_frame(frame, house.now)
    assert [after - before for before, after in pairwise(moments)] == [30, 60, 120]


def test_a_deleted_meter_without_frames_stays_deleted_until_frames_come() -> None:
    house = House()
    house.live(60)
    house.meters.set_online(house.meter, False, house.now)
    house.meters.on_message(house.config, b"", house.now)
    house.meters.on_message("homeassistant/status", b"online", house.now)
    house.meters.tick(house.now + 100)
    assert len(house.broker.on(house.config)) == 1
    house.meters.set_online(house.meter, True, house.now)
    house.meters.tick(house.now + 101)
    first, second = house.broker.on(house.config)
    assert first == second


def test_a_meter_that_one_port_lost_is_online_while_frames_come_from_another() -> None:
    """Its cable was moved: the port that has it now says `online` before the one that had it says `offline`."""
    house = House()
    house.live(60)
    house.meters.set_online(house.meter, False, house.now)
    house.meters.on_frame(house.frames[60], house.now + 1)
    assert house.retained()[f"teleinfo/{house.meter}/link"] == "online"


def test_a_meter_that_is_no_longer_read_is_offline() -> None:
    house = House()
    gone, theirs = (f"homeassistant/device/teleinfo_0319611111{n}/config" for n in (11, 22))
    house.meters.on_message(gone, announcement(gone, "Linky 1111"), 0.0)
    house.meters.on_message(theirs, announcement(theirs, "Linky 1122", "another"), 0.0)
    assert house.broker.sent == [("teleinfo/031961111111/link", "offline", True)]
    house.meters.republish(1.0)
    assert len(house.broker.sent) == 2
    house.meters.on_message(gone, b"", 2.0)  # forgotten: nothing more is published about it
    house.meters.republish(3.0)
    assert len(house.broker.sent) == 2


def test_a_meter_that_a_killed_run_left_online_is_offline() -> None:
    house = House(discovery=False)
    health = {"lines": [{"port": "a", "meter": "031961111111"}, {"port": "b", "meter": None}, {"meter": "#"}]}
    link = "teleinfo/031961111111/link"
    house.connect({"teleinfo/reader/another/health": json.dumps(health), link: "online"})
    assert house.broker.sent == []
    house.connect({HEALTH: json.dumps(health), link: "online"})
    assert house.broker.sent == [(link, "offline", True)]
    assert house.meters.meters == ["031961111111"]


def test_only_what_is_of_a_known_meter_is_subscribed() -> None:
    house = House()
    house.live(2)
    mine = [f"teleinfo/{house.meter}/link", house.config]
    assert house.broker.subscribed == mine
    house.connect({HEALTH: json.dumps({"lines": [{"port": "a", "meter": "031961111111"}]})})
    theirs = ["teleinfo/031961111111/link", "homeassistant/device/teleinfo_031961111111/config"]
    assert house.broker.subscribed == mine + theirs
    house.connect({HEALTH: json.dumps({"lines": [{"port": "a", "meter": "031961111111"}]})})
    assert house.broker.subscribed == mine + theirs


def test_a_meter_is_announced_only_once_what_is_retained_of_it_has_arrived() -> None:
    """It is subscribed with its first frame, which may come long after the connection."""
    house = House()
    house.meters.republish(0.0)
    house.now = 100.0
    house.meters.set_online(house.meter, True, house.now)
    for frame in house.frames[:4]:
        house.meters.on_frame(frame, house.now)
    house.meters.tick(house.now + LISTEN_FOR - 0.1)
    assert house.broker.on(house.config) == []
    house.meters.tick(house.now + LISTEN_FOR)
    assert len(house.broker.on(house.config)) == 1


def test_a_meter_of_a_run_before_the_last_is_still_known() -> None:
    """Runs with one meter each; the second connects while it has none, and ends with another."""
    gone, now_read = "031961111111", House().meter
    link, config = f"teleinfo/{gone}/link", f"homeassistant/device/teleinfo_{gone}/config"
    retained: dict[str, bytes | str] = {
        HEALTH: json.dumps({"lines": [{"port": "a", "meter": gone}]}),
        link: "offline",
        config: announcement(config, "Linky 1111"),
    }
    second = House()
    second.connect(retained)
    second.live(5)
    assert second.meters.meters == sorted([gone, now_read])
    retained[HEALTH] = json.dumps({"lines": [{"port": "a", "meter": now_read}], "meters": second.meters.meters})
    third = House(discovery=False)
    third.connect(retained)
    assert (config, b"", True) in third.broker.sent  # announced by an earlier run, and discovery is off now


def test_a_meter_that_was_forgotten_while_no_reader_ran_does_not_come_back() -> None:
    house = House()
    house.connect({HEALTH: json.dumps({"lines": [], "meters": ["031961111111"]})})
    house.meters.republish(house.now)
    assert house.meters.meters == []
    assert house.broker.sent == []


def test_a_meter_that_is_forgotten_while_the_reader_runs_does_not_come_back() -> None:
    house, link = House(discovery=False), "teleinfo/031961111111/link"
    house.connect({HEALTH: json.dumps({"lines": [], "meters": ["031961111111"]}), link: "offline"})
    assert house.meters.meters == ["031961111111"]
    house.meters.on_message(link, b"", house.now)
    house.meters.republish(house.now)
    assert house.meters.meters == []
    assert house.broker.sent == []


def test_our_own_health_does_not_change_a_meter_that_is_read() -> None:
    house = House()
    house.live(60)
    house.broker.sent.clear()
    house.meters.on_message(
        "teleinfo/reader/pi/health", json.dumps({"lines": [{"meter": house.meter}]}).encode(), house.now
    )
    assert house.broker.sent == []


def test_a_meter_that_is_read_stays_online_when_its_announcement_arrives() -> None:
    house = House()
    house.live(60)
    house.broker.sent.clear()
    house.meters.on_message(house.config, announcement(house.config, "Linky 0000"), house.now)
    assert house.broker.sent == []


@pytest.mark.parametrize("word", [b"offline", b""])
def test_the_link_set_by_a_reader_that_lost_the_meter_is_corrected(word: bytes) -> None:
    house = House()
    house.live(5)
    link = f"teleinfo/{house.meter}/link"
    house.broker.sent.clear()
    house.meters.on_message(link, word, house.now)
    house.meters.on_message(link, b"online", house.now)  # our own message comes back
    assert house.broker.sent == [(link, "online", True)]
    house.meters.set_online(house.meter, False, house.now)
    house.meters.on_message(link, b"online", house.now)  # the other reader receives it
    assert [payload for topic, payload, _ in house.broker.sent if topic == link] == ["online", "offline"]


def forged(count: int, reader: str) -> Iterator[tuple[str, bytes]]:
    """Yield forged announcements, each as large as a real one."""
    for number in range(count):
        topic = f"homeassistant/device/teleinfo_{10**11 + number}/config"
        message = json.loads(announcement(topic, "Linky 0000", reader))
        message["cmps"] = {f"key{n}_{number}": {"p": "sensor", "name": f"Énergie {n}"} for n in range(60)}
        yield topic, json.dumps(message).encode()


@pytest.mark.parametrize("reader", ["pi", "another"])
def test_forged_announcements_fill_neither_memory_nor_broker_and_are_logged_once(
    reader: str, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for topic, payload in forged(500, reader):
        house.meters.on_message(topic, payload, 0.0)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 2_000_000
    assert len(house.broker.sent) == (MAX_FOREIGN_METERS if reader == "pi" else 0)  # links, offline
    assert len([message for message in caplog.messages if "meters" in message]) == 1
    house.live(60)
    assert len(house.broker.on(house.config)) == 1


def test_a_forged_health_adds_no_more_meters_than_announcements_do(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    health = {"lines": [{"meter": str(10**11 + number)} for number in range(3000)]}
    for _ in range(2):
        house.meters.on_message("teleinfo/reader/pi/health", json.dumps(health).encode(), 0.0)
    assert len(house.broker.subscribed) == 2 * MAX_FOREIGN_METERS
    assert len(caplog.messages) == 1


def test_an_announcement_larger_than_any_of_ours_is_not_parsed() -> None:
    house = House()
    message = json.loads(announcement(house.config, "Linky 0000"))
    message["cmps"] = {f"key{number}": {"p": "sensor"} for number in range(100_000)}
    house.meters.on_message(house.config, json.dumps(message).encode(), 0.0)
    assert house.broker.sent == []


def test_what_became_due_while_disconnected_is_published_after_the_connection() -> None:
    house = House()
    house.broker.connected = False
    house.live(60)
    assert house.broker.sent == []
    house.broker.connected = True
    house.meters.republish(house.now)
    house.meters.tick(house.now + LISTEN_FOR)
    assert {"link", "state", "config"} <= {topic.rpartition("/")[2] for topic, _, _ in house.broker.sent}


HEALTH = "teleinfo/reader/pi/health"


def left_by_a_simulation(**home_assistant: Any) -> dict[str, bytes | str]:
    """Return what is retained after a run on a simulated meter."""
    house = House(**home_assistant)
    house.live(60, simulated=True)
    lines = [{"port": "simulate://standard-single-phase-tempo", "meter": house.meter}]
    return {HEALTH: json.dumps({"lines": lines}), **house.retained()}


@pytest.mark.parametrize(("language", "name"), [("fr", "Linky simulé"), ("en", "Simulated Linky")])
def test_the_device_of_a_simulated_meter_is_named_so(language: str, name: str) -> None:
    house = House(language=language)
    house.live(60, simulated=True)
    (message,) = house.broker.on(house.config)
    assert message["dev"]["name"] == f"{name} {house.meter[-4:]}"
    assert message["cmps"]["east"]["def_ent_id"] == f"sensor.linky_{house.meter[-4:]}_east"
    real = House(language=language)
    real.live(60)
    assert "imul" not in str(real.broker.on(real.config)[0]["dev"])


@pytest.mark.parametrize("discovery", [True, False])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_without_a_simulated_port_the_simulated_meters_of_earlier_runs_are_cleared(
    language: str, discovery: bool
) -> None:
    left = left_by_a_simulation(language=language, discovery=discovery)
    house = House(simulating=False, language=language, discovery=discovery)
    house.connect(left)
    topics = [topic for topic in left if topic != HEALTH]
    assert {topic for topic, payload, retain in house.broker.sent if not payload and retain} == set(topics)
    assert house.retained() == {}
    # Home Assistant logs an error about an empty state, unless the device was removed before.
    cleared = [topic.rpartition("/")[2] for topic, _, _ in house.broker.sent]
    assert cleared[:1] == (["config"] if discovery else ["state"])


def test_only_what_is_known_to_be_simulated_is_cleared() -> None:
    """By the health's port, or by the announcement where the reader has had other ports since."""
    left, meter, config = left_by_a_simulation(), House().meter, House().config
    announced = left[config]
    assert isinstance(announced, bytes)
    other_ports = json.dumps({"lines": [{"port": "/dev/ttyAMA0", "meter": None}], "meters": [meter]})
    real = House()
    real.live(60)
    of_another = announced.replace(b"teleinfo/reader/pi/status", b"teleinfo/reader/another/status")
    for retained, simulating, cleared in (
        (left, False, {"config", "state", "link"}),
        (left, True, set()),
        (left | {HEALTH: other_ports}, False, {"config", "state", "link"}),
        ({HEALTH: other_ports, **real.retained()}, False, set()),
        ({topic: payload for topic, payload in left.items() if topic != HEALTH} | {config: of_another}, False, set()),
    ):
        house = House(simulating=simulating)
        house.connect(retained)
        assert house.cleared() == cleared
        assert house.retained().keys() <= {f"teleinfo/{meter}/link"}


def test_simulated_meters_are_cleared_after_each_connection() -> None:
    """Retained messages may return: with a backup of the broker, or after it was killed."""
    house, left = House(simulating=False), left_by_a_simulation()
    house.broker.connected = False
    house.connect(left)
    assert house.cleared() == set()
    house.broker.connected = True
    house.meters.tick(house.now + 1)
    assert house.cleared() == {"config", "state", "link"}
    house.broker.sent.clear()
    house.connect({topic: payload for topic, payload in left.items() if topic != HEALTH})
    assert house.cleared() == {"config", "state", "link"}


def test_a_meter_that_is_read_now_is_not_cleared() -> None:
    house = House(simulating=False)
    house.live(5)
    house.broker.sent.clear()
    house.connect(left_by_a_simulation())
    assert house.meter in {topic.split("/")[1] for topic, _, _ in house.broker.sent}
    assert all(payload for _, payload, _ in house.broker.sent)
    # Nor one whose first frame comes after its retained messages.
    house = House(simulating=False)
    for topic, payload in left_by_a_simulation().items():
        house.meters.on_message(topic, payload if isinstance(payload, bytes) else payload.encode(), 0.0)
    house.live(60)
    assert all(payload for _, payload, _ in house.broker.sent)
    (message,) = house.broker.on(house.config)
    assert "imul" not in str(message["dev"])


@given(st.lists(frames(), max_size=12), st.floats(0, 1000))
def test_no_frame_raises(any_frames: list[Frame], step: float) -> None:
    house = House()
    for frame in [*any_frames, *house.frames[:4], *any_frames]:
        house.now += step
        house.meters.on_frame(replace(frame, meter=house.meter), house.now)
        house.meters.tick(house.now)
    house.meters.republish(house.now)


@given(
    st.text() | st.sampled_from(["homeassistant/status", "homeassistant/device/x/config", "teleinfo/reader/pi/health"]),
    st.binary() | st.sampled_from([b"[]", b"{}", b'{"lines": 1}', b'{"lines": [1]}', b'{"lines": ["x"]}']),
)
def test_no_message_raises(topic: str, payload: bytes) -> None:
    House().meters.on_message(topic, payload, 0.0)
    House(discovery=False).meters.on_message(topic, payload, 0.0)


def prices(*values: float, seconds: float = 30.0) -> bytes:
    """Return a message of prices from the start on, of so many seconds each."""
    step = timedelta(seconds=seconds)
    spans = [PriceSpan(START + n * step, START + (n + 1) * step, value) for n, value in enumerate(values)]
    return write_prices({FRAMES[0].meter: MeterPrices(spans)})


def test_the_price_is_in_the_state_and_moves_on_without_the_monitor_and_ends() -> None:
    house = House()
    house.meters.on_prices("main", prices(0.2, 0.15), 0.0)
    house.live(120)
    states = house.broker.on(f"teleinfo/{house.meter}/state")
    told = [state.get("price") for state in states]
    assert [one for one, other in pairwise([*told, "end"]) if one != other] == [0.2, 0.15, None]
    assert [len(state.get("next_prices", ())) for state in states if state.get("price") == 0.2] == [2] * told.count(0.2)
    assert "next_prices" not in states[-1]


def test_a_price_that_changes_is_published_at_once() -> None:
    house = House()
    house.live(20)
    sent = len(house.broker.sent)
    for payload in (prices(0.2, seconds=600), prices(0.3, seconds=600), b""):
        house.meters.on_prices("main", payload, 0.0)
        house.now += 1
        house.meters.tick(house.now)
    states = (json.loads(said) for topic, said, _ in house.broker.sent[sent:] if topic.endswith("/state"))
    assert [state.get("price") for state in states] == [0.2, 0.3, None]


def test_an_announced_colour_is_published_at_once_and_ends_by_itself() -> None:
    house = House()
    house.live(20)
    sent = len(house.broker.sent)
    (end,) = read_prices(prices(0.2, seconds=600), [house.meter])[house.meter].spans
    red = MeterPrices([end], Announced("red", START + timedelta(seconds=50)))
    house.meters.on_prices("main", write_prices({house.meter: red}), 0.0)
    house.meters.tick(house.now)
    house.frames = FRAMES[20:]
    house.live(60)
    states = [json.loads(said) for topic, said, _ in house.broker.sent[sent:] if topic.endswith("/state")]
    told = [state.get("tempo_announced") for state in states]
    assert [one for one, other in pairwise([*told, "end"]) if one != other] == ["red", None]


def test_the_clock_may_go_back() -> None:
    house = House()
    house.meters.on_prices("main", prices(0.2, 0.15), 0.0)
    house.live(45)
    house.now -= 40
    house.meters.tick(house.now)
    house.meters.republish(house.now)
    assert house.broker.on(f"teleinfo/{house.meter}/state")[-1]["price"] == 0.2


def test_the_price_has_an_entity_once_it_is_known_which_stays() -> None:
    house = House(language="en")
    house.live(60)
    (message,) = house.broker.on(house.config)
    assert "price" not in message["cmps"]
    house.meters.on_prices("main", prices(0.2, seconds=100), 0.0)
    house.frames = FRAMES[60:]
    house.live(60)
    message = house.broker.on(house.config)[-1]
    price = message["cmps"]["price"]
    assert (price["name"], price["unit_of_meas"], price["ic"]) == ("Price per kWh", "EUR/kWh", "mdi:currency-eur")
    assert (price["val_tpl"], price["stat_cla"]) == ("{{value_json.get('price')}}", "measurement")
    assert price["json_attr_t"] == f"teleinfo/{house.meter}/state"
    assert "next_prices" in price["json_attr_tpl"]
    assert "EDF Tarif Bleu, assumed" in price["json_attr_tpl"]
    assert "dev_cla" not in price  # there is none for a price of a kWh
    house.meters.on_prices("main", b"", 0.0)
    house.live(60)
    assert "price" in house.broker.on(house.config)[-1]["cmps"]


def test_prices_that_are_malformed_are_logged_once_an_hour_for_each_monitor(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    for payload in (b"[]", b"{", prices(0.2), b"[]", b"7"):
        house.meters.on_prices("main", payload, 0.0)
    assert len(caplog.records) == 1
    house.meters.on_prices("other", b"[]", 0.0)
    assert len(caplog.records) == 2
