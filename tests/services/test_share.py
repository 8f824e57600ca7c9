"""Storers of one group share the messages: each frame goes to one of them, and none waits for one that is gone."""

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.frame import Frame, format_time
from tests.services.test_storer import some
from tests.support.fake_broker import FakeBroker, answer, connack
from tests.support.mqtt_client import MqttClient, listen
from tests.support.programs import WITHIN, Service, run_command, wait_until
from tests.support.proxy import Proxy
from tests.support.servers import Broker
from tests.support.servers import Database as Server
from tests.support.storing import client, query

SHARED_SUBSCRIPTIONS_UNAVAILABLE = b"\x2a\x00"
MINUTE = timedelta(minutes=1)


def settings(
    broker_port: int, server: Server, name: str, topic: str, database_port: int | None = None
) -> dict[str, Any]:
    port = database_port or server.port
    access = {"host": server.host, "port": port, "user": server.user, "password": server.password}
    return {
        "name": name,
        "mqtt": {"host": "127.0.0.1", "port": broker_port, "topic": topic, "share": "house"},
        "database": {**access, "name": server.name},
    }


class Group:
    """Two storers of one group, over a base topic of their own, each with its way to the database."""

    def __init__(self, broker: Broker, server: Server, mqtt: MqttClient, folder: Path, ways: list[Proxy]) -> None:
        self.base = folder.name
        self.mqtt = mqtt
        self.server = server
        self.ways = ways
        self.storers = [
            Service("storer", folder, settings(broker.port, server, name, self.base, way.port), name=name)
            for name, way in zip((f"{folder.name}-a", f"{folder.name}-b"), ways, strict=True)
        ]

    def online(self, storer: Service) -> bool:
        return self.status(storer) == "online"

    def status(self, storer: Service) -> str | None:
        heard = self.mqtt.on(f"{self.base}/storer/{storer.name}/status")
        return heard[-1]["status"] if heard else None

    def publish(self, frames: list[Any], topic: str = "frame") -> None:
        for frame in frames:
            self.mqtt.publish(f"{self.base}/{frame.meter}/{topic}", frame.to_json())

    def rows(self) -> int:
        return int(query(client(self.server), "SELECT COUNT(*) FROM frames")[0][0])

    def confirmed_by(self, frames: list[Frame] | None = None) -> set[str]:
        """Who has confirmed anything, or some of these frames."""
        times = None if frames is None else {format_time(frame.timestamp) for frame in frames}
        return {
            message["storer"]
            for topic, message in self.confirmations()
            if times is None or times & set(message["timestamps"])
        }

    def stored(self, frames: list[Frame]) -> bool:
        """Whether all of these are confirmed."""
        confirmed = {time for _, message in self.confirmations() for time in message["timestamps"]}
        return {format_time(frame.timestamp) for frame in frames} <= confirmed

    def confirmations(self) -> list[tuple[str, Any]]:
        return [
            (topic, json.loads(payload))
            for topic, payload in self.mqtt.messages
            if topic.endswith("/stored") and payload
        ]


@contextlib.contextmanager
def sharing(broker: Broker, database: Server, folder: Path) -> Iterator[Group]:
    """Run two storers of one group."""
    with listen(broker) as mqtt, Proxy(database.port) as way, Proxy(database.port) as other_way:
        group = Group(broker, database, mqtt, folder, [way, other_way])
        first, second = group.storers
        with first.start():
            wait_until(lambda: group.online(first), WITHIN, "the first storer", [first])
            with second.start():
                wait_until(lambda: group.online(second), WITHIN, "the second storer", [second])
                yield group


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that logs who connects."""
    with Broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
def group(broker: Broker, fresh_database: Server, tmp_path: Path) -> Iterator[Group]:
    with sharing(broker, fresh_database, tmp_path) as group:
        yield group


def test_each_frame_is_stored_once_by_one_of_them(group: Group) -> None:
    frames = some(60)
    group.publish(frames)
    wait_until(lambda: group.rows() == len(frames), WITHIN, "all frames", group.storers)
    wait_until(lambda: group.stored(frames), WITHIN, "the word for all", group.storers)
    assert len(group.confirmed_by()) == 2
    times = [time for _, message in group.confirmations() for time in message["timestamps"]]
    assert len(times) == len(set(times)) == len(frames)


def test_nothing_waits_for_a_member_that_is_gone(group: Group) -> None:
    first, second = group.storers
    second.kill()
    wait_until(lambda: not group.online(second), WITHIN, "its will", [first])
    frames = some(40)
    group.publish(frames)
    wait_until(lambda: group.rows() == len(frames), WITHIN, "all frames", [first])
    second.start()
    wait_until(lambda: group.online(second), WITHIN, "the second storer", [first, second])
    group.publish(frames, "replay")  # as a reader does that missed a confirmation
    wait_until(lambda: len(group.confirmed_by()) == 2, WITHIN, "the word of both", [first, second])
    assert group.rows() == len(frames)


def wait_until_left(broker: Broker, storer: Service) -> None:
    """Wait until a storer is connected again, after it has left the group."""
    connected = f" as teleinfo-storer-{storer.name} "
    storer.wait_for_log("Leaving the group house")
    wait_until(lambda: broker.log.read_text().count(connected) == 2, WITHIN, f"{storer.name} is back", [storer])


def test_nothing_goes_to_a_member_whose_database_is_away(broker: Broker, group: Group) -> None:
    first, second = group.storers
    both = [first, second]
    lost, frames, later = some(20), some(40, after=MINUTE), some(40, after=2 * MINUTE)
    group.ways[0].refuse()
    group.publish(lost)
    wait_until_left(broker, first)
    group.publish(frames)
    wait_until(lambda: group.stored(frames), WITHIN, "all frames since it left", both)
    group.publish(lost, "replay")  # as a reader does, half a minute later
    wait_until(lambda: group.stored(lost), WITHIN, "all frames", both)
    assert group.status(first) == "stalled"
    group.ways[0].admit()
    wait_until(lambda: group.online(first), WITHIN, "the first storer is back", both)
    group.publish(later)
    wait_until(lambda: group.stored(later), WITHIN, "the later frames", both)
    wait_until(lambda: len(group.confirmed_by(later)) == 2, WITHIN, "the word of both", both)
    assert group.rows() == len(lost) + len(frames) + len(later)


def test_members_that_all_have_no_database_come_back_one_by_one(broker: Broker, group: Group) -> None:
    first, second = group.storers
    frames = some(20)
    for way in group.ways:
        way.refuse()
    group.publish(frames)
    for storer in group.storers:
        wait_until_left(broker, storer)
    group.ways[1].admit()
    wait_until(lambda: group.online(second), WITHIN, "the second storer is back", group.storers)
    group.publish(frames, "replay")  # news for a reader, which sends again what nobody had: all at the second
    wait_until(lambda: group.stored(frames), WITHIN, "all frames", group.storers)
    assert group.status(first) == "stalled"
    assert group.rows() == len(frames)


def test_a_broker_without_shared_subscriptions_is_refused_with_a_sentence(
    fresh_database: Server, tmp_path: Path
) -> None:
    def poor(connection: Any) -> None:
        answer(connection, connack(SHARED_SUBSCRIPTIONS_UNAVAILABLE))

    with FakeBroker(poor) as broker:
        storer = Service("storer", tmp_path, settings(broker.port, fresh_database, "alone", "teleinfo"))
        storer.write_config()
        ended = run_command("storer", "run", "--config", storer.config)
    assert ended.returncode == 2
    assert "has no shared subscriptions: remove `share`" in ended.stderr
