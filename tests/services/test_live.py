"""What is live, with a real broker and a real database, and while one of them is away."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common.contract.ports import OfferedPort, write_offer
from common.contract.topics import Topics
from demo.history import History
from monitor.alerts.summary import AlertSummary
from monitor.base.config import MonitorConfig, MonitorDatabase, MonitorMqtt
from monitor.base.household import Ports
from monitor.base.request_errors import RequestError
from monitor.live.chain import Snapshot
from monitor.live.live import Live
from monitor.money.calendars import Calendars
from reader.meter.state import MeterState
from reader.simulator.meter import SimulatedMeter
from tests.support.alerts import Alerts, event
from tests.support.api import sent
from tests.support.fake_broker import Connection as FakeConnection
from tests.support.fake_broker import FakeBroker
from tests.support.frames import simulated
from tests.support.mqtt_client import MqttClient
from tests.support.prices import bundled_prices
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query, store

KIND, OTHER_KIND = "standard-single-phase-tempo", "historic-three-phase-tempo"
METER, OTHER = SimulatedMeter(KIND).address, SimulatedMeter(OTHER_KIND).address
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)  # 18:30 in Paris, a Tuesday
WITHIN = 180.0  # seconds
TOPICS = Topics("teleinfo")


def answered(house: Live, meter: str) -> dict[str, Any]:
    """Return the answer of `live`, as JSON has it."""
    answer: dict[str, Any] = sent(house.answer(meter))
    return answer


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


async def read_until(events: AsyncIterator[bytes], wanted: str, text: str = "") -> str:
    """Return `text`, with as much of a stream as is needed until it has what is wanted."""
    while wanted not in text:
        text += (await asyncio.wait_for(anext(events), WITHIN)).decode()
    return text


async def drain(events: AsyncIterator[bytes]) -> None:
    async for _ in events:
        pass


@contextlib.contextmanager
def live(mqtt_port: int | None, server: Server | None, **changes: Any) -> Iterator[Live]:
    address: dict[str, Any] = (
        {} if server is None else {"user": server.user, "password": server.password, "name": server.name}
    )
    config = MonitorConfig(
        mqtt=None if mqtt_port is None else MonitorMqtt(host="127.0.0.1", port=mqtt_port),
        database=MonitorDatabase(host=("127.0.0.1",), port=1 if server is None else server.port, **address),
    )
    changed = replace(config, **changes)
    board = partial(AlertSummary, lambda: changed)
    found = Live(changed, bundled_prices(), Calendars(), alerts=board, clock=lambda: NOW)
    found.start()
    try:
        yield found
    finally:
        found.close()


@pytest.fixture(scope="module")
def tables(database: Server) -> Server:
    """Eight days of a meter, up to now: nobody here changes them."""
    database.create_database()
    tables = make_tables(database, NOW)
    with contextlib.closing(tables.connect()) as connection:
        end = NOW.replace(minute=0) + HOUR
        History(connection, SimulatedMeter(KIND)).write(end - 8 * 24 * HOUR, end)
    # What is to come; and hours are up to ten minutes behind.
    database.sql(f"DELETE FROM {database.name}.minutes WHERE minute >= '{NOW:%F %T}'")
    database.sql(f"DELETE FROM {database.name}.hours WHERE hour >= '{NOW.replace(minute=0):%F %T}'")
    return database


@pytest.fixture
def publisher(broker: Broker) -> Iterator[MqttClient]:
    with MqttClient(broker.port) as client:
        yield client
        for meter in (METER, OTHER):
            for topic in (TOPICS.state(meter), TOPICS.link(meter)):
                client.retain(topic, b"")
        for kind in ("reader", "storer"):
            for topic in (TOPICS.status(kind, "one"), TOPICS.health(kind, "one")):
                client.retain(topic, b"")


def publish_all(client: MqttClient, kind: str, *, frames: int = 3, start: datetime = NOW) -> int:
    """Publish state and frames as a reader does; return the power of the last frame."""
    state = MeterState()
    found = list(simulated(kind, frames, start=start, every=timedelta(seconds=2)))
    for number, frame in enumerate(found):
        state.update(frame, 2.0 * number)
    client.retain(TOPICS.state(frame.meter), json.dumps(state.snapshot()))
    client.retain(TOPICS.link(frame.meter), "online")
    for frame in found:
        client.publish(TOPICS.frame(frame.meter), frame.to_json())
    return int(frame.values.get("SINSTS", frame.values.get("PAPP", 0)))


def test_values_of_now_and_of_today(tables: Server, broker: Broker, publisher: MqttClient) -> None:
    publisher.retain(TOPICS.status("reader", "one"), "online")
    publisher.retain(TOPICS.status("storer", "one"), '{"status": "online", "wait": 0}')
    with live(broker.port, tables) as house:
        wait_for(lambda: house.connected)
        wait_for(lambda: answered(house, METER)["today"] is not None)
        power = publish_all(publisher, KIND)  # last: 15 s later it is no longer fresh
        # The state has the power, too, and comes before the link and the frames.
        wait_for(lambda: answered(house, METER)["power"] == power and answered(house, METER)["fresh"])
        found: Any = answered(house, METER)
        assert found["links"] == dict.fromkeys(("meter", "reader", "mqtt", "storer", "database"), "up")
        assert found["fresh"]
        # The same from the tables, by hand: the readings at local midnight and now.
        database = make_tables(tables, NOW)

        def drawn(start: datetime, end: datetime) -> int:
            readings = [
                f"(SELECT total_last FROM minutes WHERE minute < '{moment:%F %T}' ORDER BY minute DESC LIMIT 1)"
                for moment in (end, start)
            ]
            ((wh,),) = query(database, f"SELECT {' - '.join(readings)}")
            return int(wh)

        midnight = NOW.replace(hour=23, minute=0) - timedelta(days=1)
        assert found["today"]["wh"] == drawn(midnight, NOW)
        week = timedelta(days=7)
        assert found["today"]["same_hour_last_week_wh"] == drawn(midnight - week, NOW - week)
        assert found["today"]["cost"] > 0
        register = found["register"]
        assert register.startswith("BBRHP")
        assert found["next"][0] == {
            "at": "2026-11-24T21:00:00Z",
            "register": register.replace("HP", "HC"),
            "price": found["next"][0]["price"],
        }
        assert found["since"] == "2026-11-24T05:00:00Z"  # 06:00, from the minutes
        assert found["price"] > found["next"][0]["price"] > 0


def test_two_meters(tables: Server, broker: Broker, publisher: MqttClient) -> None:
    with live(broker.port, tables) as house:
        wait_for(lambda: house.connected)
        powers = {METER: publish_all(publisher, KIND), OTHER: publish_all(publisher, OTHER_KIND)}
        for meter, power in powers.items():
            wait_for(lambda meter=meter, power=power: answered(house, meter)["power"] == power)  # type: ignore[misc]
        assert house.meters() == sorted(powers)
        found: Any = answered(house, OTHER)
        assert len(found["phases"]) == 3
        assert found["today"] is None  # the database does not know it yet
        wait_for(lambda: answered(house, METER)["today"] is not None)
        with pytest.raises(RequestError):
            house.choose("nobody")


def test_the_stream_has_each_frame_and_each_link(tables: Server, broker: Broker, publisher: MqttClient) -> None:
    async def run(house: Live) -> None:
        stream = house.stream(METER)
        events = stream.events()
        text = await read_until(events, "retry: 3000\n\n")
        text = await read_until(events, '"meter":"down"', text)  # it has a past, but no frame yet
        power = await asyncio.to_thread(publish_all, publisher, KIND)
        text = await read_until(events, f'"power":{power},', text)
        text = await read_until(events, '"meter":"up"', text)
        await asyncio.to_thread(publisher.retain, TOPICS.link(METER), "offline")
        text = await read_until(events, '"meter":"down"', text.rpartition("event: link")[2])
        await read_until(events, '"fresh":false', text)
        stream.close()
        await events.aclose()
        assert house.viewers == 0

    with live(broker.port, tables) as house:
        wait_for(lambda: house.connected and house.choose(METER) == METER and house.links(METER)["database"] == "up")
        asyncio.run(run(house))


def test_the_port_that_was_chosen_is_retained_when_it_changes_and_after_each_connection(
    programs: None, tmp_path: Path
) -> None:
    topic = TOPICS.ports("monitor", "main")
    with Broker(tmp_path) as own, live(own.port, None) as house:
        with MqttClient(own.port, subscribe=("#",)) as listener:
            wait_for(lambda: house.connected)
            house.use_ports(Ports())
            for count, reader in enumerate(("pi", "attic"), 1):
                house.use_ports(Ports(reader, ("/dev/ttyUSB0",), {"/dev/ttyUSB0": "é"}))
                wait_for(lambda count=count: len(listener.payloads(topic)) == count)  # type: ignore[misc]
            assert [one["reader"] for one in listener.on(topic)] == ["pi", "attic"]
            house.use_ports(Ports())  # it was undone: nothing is chosen any more
            wait_for(lambda: len(listener.payloads(topic)) == 3)
            assert listener.on(topic)[-1] == {"reader": "attic", "ports": [], "labels": {}}
            house.use_ports(Ports("attic", ("/dev/ttyUSB0",), {"/dev/ttyUSB0": "é"}))
            wait_for(lambda: len(listener.payloads(topic)) == 4)
        own.kill()  # and what it retained is lost
        (tmp_path / "mosquitto.db").unlink(missing_ok=True)
        own.start()
        with MqttClient(own.port, subscribe=("#",)) as listener:
            assert json.loads(listener.wait_for(topic)) == {
                "reader": "attic",
                "ports": ["/dev/ttyUSB0"],
                "labels": {"/dev/ttyUSB0": "é"},
            }


def test_what_a_reader_offers_is_known_while_it_is_retained(broker: Broker, publisher: MqttClient) -> None:
    offer = [OfferedPort("/dev/ttyUSB0", "ttyUSB0", chosen=False, present=True)]
    topic = TOPICS.ports("reader", "one")
    publisher.retain(topic, write_offer(offer))
    with live(broker.port, None) as house:
        wait_for(lambda: [reader.offered for reader in house.programs("reader") if reader.name == "one"] == [offer])
        publisher.retain(topic, b"")
        wait_for(lambda: [reader.offered for reader in house.programs("reader") if reader.name == "one"] == [[]])


def test_alerts_come_with_the_stream_and_are_retained_where_they_are_configured(
    broker: Broker, publisher: MqttClient
) -> None:
    topic = TOPICS.alerts("main")

    async def run(house: Live, alerts: Alerts) -> None:
        stream = house.stream(METER)
        events = stream.events()
        await read_until(events, "event: alerts\ndata: []\n")
        alerts.now = (event("disk", METER, {"days": 45, "free": 3_200_000_000}),)
        await read_until(events, '"kind":"disk"')
        await asyncio.to_thread(wait_for, lambda: any(b"45" in payload for payload in client.payloads(topic)))
        alerts.now = ()
        await read_until(events, "event: alerts\ndata: []\n")
        await asyncio.to_thread(wait_for, lambda: client.payloads(topic)[-1] == b'{"active":[],"last":null}')
        stream.close()
        await events.aclose()

    with MqttClient(broker.port, subscribe=(topic,)) as client, live(broker.port, None) as house:
        alerts = Alerts()
        house.alerts.use(alerts)
        wait_for(lambda: house.connected)
        asyncio.run(run(house, alerts))
    publisher.retain(topic, b"")


def test_a_stream_says_something_although_the_meter_says_nothing(broker: Broker, publisher: MqttClient) -> None:
    publisher.retain(TOPICS.link(METER), "offline")

    async def run(house: Live) -> None:
        stream = house.stream(METER)
        events = stream.events()
        states = 0
        while states < 4:  # links may change meanwhile
            states += b"event: state" in await asyncio.wait_for(anext(events), WITHIN)
        stream.close()
        await events.aclose()

    with live(broker.port, None) as house:
        wait_for(lambda: house.meters() == [METER])
        asyncio.run(run(house))


def test_a_broker_that_hangs_is_blamed_before_the_cable_of_the_meter(
    broker: Broker, publisher: MqttClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.live.meter.SILENT_AFTER", 1.0)
    monkeypatch.setattr("monitor.live.state._SILENT_BROKER", 0.5)
    (frame,) = simulated(KIND, 1, every=timedelta(seconds=1))
    publisher.retain(TOPICS.status("reader", "cellar"), "online")
    with live(broker.port, None) as house:
        wait_for(lambda: house.links(METER)["reader"] == "up")
        publisher.publish(TOPICS.frame(METER), frame.to_json())
        wait_for(lambda: house.links(METER)["meter"] == "up")
        broker.pause()
        try:
            wait_for(lambda: house.links(METER)["mqtt"] == "down")
            assert house.links(METER)["meter"] == "unknown"
        finally:
            broker.resume()
        publisher.publish(TOPICS.link(METER), "offline")  # now it is the cable
        wait_for(lambda: house.links(METER) == {**house.links(METER), "mqtt": "up", "meter": "down"})
    publisher.retain(TOPICS.status("reader", "cellar"), "")
    publisher.retain(TOPICS.link(METER), "")


def test_whoever_looked_before_the_first_meter_came_is_asked_to_look_again(
    broker: Broker, publisher: MqttClient
) -> None:
    async def run(house: Live) -> None:
        stream = house.stream(house.choose(None))
        events = stream.events()
        assert '"meter":"never"' in (await asyncio.wait_for(anext(events), WITHIN)).decode()
        await asyncio.to_thread(publish_all, publisher, KIND)
        await asyncio.wait_for(drain(events), WITHIN)
        assert house.choose(None) == METER

    with live(broker.port, None) as house:
        wait_for(lambda: house.connected)
        asyncio.run(run(house))


def test_without_the_database_what_is_live_goes_on(broker: Broker, publisher: MqttClient) -> None:
    with live(broker.port, None) as house:
        wait_for(lambda: house.connected)
        wait_for(lambda: house.links(METER)["database"] == "down")
        power = publish_all(publisher, KIND)
        wait_for(lambda: answered(house, METER)["power"] == power and answered(house, METER)["fresh"])
        found: Any = answered(house, METER)
        assert (found["today"], found["links"]["meter"], found["power"]) == (None, "up", power)


def test_a_database_that_comes_back_is_asked_again(
    tables: Server, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.live.today.PING_EVERY", 0.2)
    with live(broker.port, tables) as house:
        wait_for(lambda: answered(house, METER)["today"] is not None)
        tables.stop()
        try:
            wait_for(lambda: house.links(METER)["database"] == "down")
        finally:
            tables.start()
        wait_for(lambda: house.links(METER)["database"] == "up")
        assert answered(house, METER)["today"] is not None


def test_without_the_broker_the_day_is_shown(tables: Server) -> None:
    with live(None, tables) as house:
        wait_for(lambda: answered(house, METER)["today"] is not None)
        found: Any = answered(house, METER)
        assert found["links"]["mqtt"] == "down"
        assert (found["power"], found["fresh"]) == (None, False)
        assert found["silent_since"] == "2026-11-24T17:29:00Z"


def test_the_stream_tells_since_when_a_meter_is_silent_that_was_silent_before_the_start(tables: Server) -> None:
    async def first(house: Live) -> str:
        stream = house.stream(METER)
        events = stream.events()
        text = (await asyncio.wait_for(anext(events), WITHIN)).decode()
        stream.close()
        await events.aclose()
        return text

    with live(None, tables) as house:
        # The view of a meter stands as soon as its ten minutes are known.
        wait_for(lambda: answered(house, METER)["ring"] is not None)
        assert '"silent_since":"2026-11-24T17:29:00Z"' in asyncio.run(first(house))


def test_after_a_restart_the_ten_minutes_are_those_of_the_database(
    tables: Server, broker: Broker, publisher: MqttClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.live.today.FIRST_LOOK", WITHIN)
    start, every = NOW - timedelta(seconds=600), timedelta(seconds=2)
    stored = list(simulated(KIND, 280, start=start, every=every))
    store(make_tables(tables, NOW), stored)
    try:
        with live(broker.port, tables) as house:
            wait_for(lambda: house.connected)
            found: Any = answered(house, METER)  # the very first answer
            powers = [value for value in found["ring"]["power"] if value is not None]
            assert len(powers) >= 558  # the last forty seconds are not known
            assert set(powers) == {frame.values["SINSTS"] for frame in stored[1:]}
            power = publish_all(publisher, KIND)
            wait_for(lambda: answered(house, METER)["power"] == power)
            after: Any = answered(house, METER)
            assert sum(value is not None for value in after["ring"]["power"]) >= 550
    finally:
        tables.sql(f"DELETE FROM {tables.name}.frames")


def test_a_broker_that_never_answers_delays_nothing() -> None:
    def hang(connection: FakeConnection) -> None:
        while connection.packet() is not None:
            pass

    with FakeBroker(hang) as broker, live(broker.port, None) as house:
        assert answered(house, METER)["links"]["mqtt"] == "down"
        begun = time.monotonic()
    assert time.monotonic() - begun < 10


def test_a_broker_that_goes_and_comes_back(tmp_path: Path) -> None:
    with Broker(tmp_path) as own, live(own.port, None) as house:
        with MqttClient(own.port) as client:
            wait_for(lambda: house.connected)
            power = publish_all(client, KIND)
            wait_for(lambda: answered(house, METER)["power"] == power and house.links(METER)["meter"] == "up")
        own.stop()
        wait_for(lambda: house.links(METER)["mqtt"] == "down")
        found: Any = answered(house, METER)
        assert (found["fresh"], found["links"]["meter"]) == (False, "unknown")
        assert found["silent_since"] is not None
        own.start()
        wait_for(lambda: house.links(METER)["mqtt"] == "up")
        with MqttClient(own.port) as client:
            power = publish_all(client, KIND, start=NOW + HOUR)
            wait_for(lambda: answered(house, METER)["power"] == power and house.links(METER)["meter"] == "up")


def test_junk_on_the_topics_ends_nothing(broker: Broker, publisher: MqttClient) -> None:
    with live(broker.port, None) as house:
        wait_for(lambda: house.connected)
        for junk in (b"\xff\x00", b"{}", b"[]", b"null", b'{"meter": 5}', b"x" * 100_000):
            for topic in (TOPICS.frame(METER), TOPICS.state(METER), TOPICS.stored(METER), TOPICS.link(METER)):
                publisher.publish(topic, junk)
            for kind in ("reader", "storer"):
                publisher.publish(TOPICS.status(kind, "one"), junk)
                publisher.publish(TOPICS.health(kind, "one"), junk)
        power = publish_all(publisher, KIND)
        wait_for(lambda: answered(house, METER)["power"] == power)


def test_frames_that_come_too_fast_are_thinned_and_the_last_one_counts(broker: Broker, publisher: MqttClient) -> None:
    with live(broker.port, None) as house:
        wait_for(lambda: house.connected)
        power = publish_all(publisher, KIND, frames=200)
        last = NOW + 199 * timedelta(seconds=2)
        wait_for(lambda: (house.last_frame(METER) or NOW) > last)
        found: Any = answered(house, METER)
        assert found["power"] == power
        assert sum(value is not None for value in found["ring"]["power"]) < 100


def test_what_alerts_look_at(broker: Broker, publisher: MqttClient) -> None:
    with live(broker.port, None) as house:
        wait_for(lambda: house.now() == Snapshot(NOW, connected=True))
        power = publish_all(publisher, KIND)
        wait_for(lambda: [(meter.power, meter.fresh) for meter in house.now().meters] == [(power, True)])
        (meter,) = house.now().meters
        assert (meter.identifier, meter.speaking, meter.limit) == (METER, True, 9000)
