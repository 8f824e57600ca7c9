import dataclasses
import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from common.contract.block import write_block
from common.contract.frame import Frame, format_time
from common.machine.version import full_version
from storer.database.schema import migrations
from tests.support.frames import DAY, every_kind, historic, simulated
from tests.support.mqtt_client import MqttClient, listen
from tests.support.programs import WITHIN, Service, run_command, wait_until
from tests.support.servers import Broker, free_port
from tests.support.servers import Database as Server
from tests.support.storing import client, exported, query


class StorerSetup(Service):
    """A storer with its broker and its database, and a client that receives what it publishes."""

    def __init__(self, broker: Broker, server: Server, mqtt: MqttClient, folder: Path) -> None:
        # Names of its own: the broker is shared, and keeps sessions and what is retained.
        self.id = f"storer-{os.urandom(6).hex()}"
        self.base = f"test/{self.id}"
        self.mqtt, self.server = mqtt, server
        settings = {
            "name": self.id,
            "mqtt": {"host": broker.host, "port": broker.port, "topic": self.base},
            "database": {"host": server.host, "port": server.port, "password": server.password},
        }
        super().__init__("storer", folder, settings)

    def start_online(self) -> None:
        """Start the storer; return when its status is online."""
        before = len(self.statuses())
        self.start()
        self.wait_until(lambda: "online" in self.statuses()[before:])

    def stop_offline(self) -> None:
        """Stop the storer; return when its last message is here, the status offline."""
        assert self.stop() == 0
        self.wait_until(lambda: self.statuses()[-1] == "offline")

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what it publishes holds."""
        met = self.mqtt.wait(condition)
        own = [message for message in self.mqtt.messages if message[0].startswith(self.base)][-10:]
        assert met, f"the last messages: {own}\n{self.text()}"

    def publish(self, frames: Iterable[Frame], topic: str = "frame") -> None:
        for frame in frames:
            self.mqtt.publish(f"{self.base}/{frame.meter}/{topic}", frame.to_json())

    def confirmed(self, what: str = "timestamps") -> list[tuple[str, str]]:
        """Meters and timestamps that were confirmed, as often as they were."""
        found = []
        for topic in {name for name, _ in self.mqtt.messages}:
            base, _, rest = topic.partition(f"{self.base}/")
            meter, _, last = rest.partition("/")
            if not base and last == "stored":
                for message in self.mqtt.on(topic):
                    assert message["storer"] == self.id
                    found += [(meter, timestamp) for timestamp in message[what]]
        return found

    def wait_until_confirmed(self, frames: Iterable[Frame]) -> None:
        wanted = {(frame.meter, format_time(frame.timestamp)) for frame in frames}
        self.wait_until(lambda: wanted <= set(self.confirmed()))

    def statuses(self) -> list[str]:
        """Its changes of status, as retained: the last will may repeat the last of them."""
        messages = self.mqtt.on(f"{self.base}/storer/{self.id}/status")
        assert all(message.keys() == {"status", "wait"} for message in messages)
        return [status for status, _ in groupby(message["status"] for message in messages)]

    def rows(self) -> list[bytes]:
        return exported(client(self.server))


@pytest.fixture
def setup(broker: Broker, fresh_database: Server, tmp_path: Path) -> Iterator[StorerSetup]:
    with listen(broker) as mqtt, StorerSetup(broker, fresh_database, mqtt, tmp_path) as setup:
        yield setup


def in_order(frames: Iterable[Frame]) -> list[bytes]:
    """What `export` returns for frames whose meters were first received in this order."""
    return [frame.to_json() for frame in sorted(frames, key=lambda frame: frame.timestamp)]


def some(count: int, *, after: timedelta = timedelta(0)) -> list[Frame]:
    return list(simulated("standard-single-phase-tempo", count, every=timedelta(seconds=1), start=DAY + after))


def test_frames_become_rows_and_are_confirmed_as_often_as_they_come(setup: StorerSetup) -> None:
    setup.start_online()
    frames = list(every_kind(2, every=timedelta(hours=1)))
    setup.publish(frames)
    setup.wait_until_confirmed(frames)
    assert sorted(setup.rows()) == sorted(in_order(frames))
    assert sorted(setup.confirmed()) == sorted((frame.meter, format_time(frame.timestamp)) for frame in frames)
    setup.publish(frames, "replay")
    setup.wait_until(lambda: len(setup.confirmed()) == 2 * len(frames))
    assert sorted(setup.rows()) == sorted(in_order(frames))
    assert setup.confirmed("rejected") == []


def test_a_block_of_frames_becomes_rows_and_its_damaged_frame_is_rejected_alone(setup: StorerSetup) -> None:
    setup.start_online()
    frames = some(61)
    messages = [frame.to_json() for frame in frames]
    messages[30] = messages[30].replace(b'"standard"', b'"other"')
    setup.mqtt.publish(f"{setup.base}/{frames[0].meter}/replay", write_block(messages))
    good = frames[:30] + frames[31:]
    setup.wait_until_confirmed(good)
    setup.wait_until(lambda: setup.confirmed("rejected") == [(frames[30].meter, format_time(frames[30].timestamp))])
    assert setup.rows() == in_order(good)
    ((payload,),) = query(client(setup.server), "SELECT payload FROM rejected_messages")
    assert payload == messages[30]
    setup.stop_offline()
    (counts,) = setup.mqtt.on(f"{setup.base}/storer/{setup.id}/health")[-1:]
    assert (counts["received"], counts["stored"], counts["rejected"], counts["pending"]) == (61, 60, 1, 0)
    assert counts["version"] == full_version()


def test_confirmations_fit_into_what_the_broker_takes(fresh_database: Server, tmp_path: Path) -> None:
    with Broker(tmp_path / "small", config="max_packet_size 2000") as small, listen(small) as mqtt:
        setup = StorerSetup(small, fresh_database, mqtt, tmp_path)
        setup.settings["batch"] = {"size": 200, "wait": "5s"}
        try:
            setup.start_online()
            frames = [dataclasses.replace(frame, values={"SINSTS": 1}, stamps={}) for frame in some(200)]
            setup.publish(frames)
            setup.wait_until_confirmed(frames)
            assert len({text for topic, text in mqtt.messages if topic.endswith("/stored")}) > 3
        finally:
            assert setup.stop() == 0
    assert "is not sent" not in setup.text()


def test_a_password_file_of_the_database_is_waited_for(setup: StorerSetup, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    password = setup.settings["database"].pop("password")
    setup.settings["database"]["password_file"] = str(secret)
    setup.start()
    setup.wait_for_log(f"database.password_file: {secret}")
    assert setup.stop() == 0  # at once: it would be 1 after SHUTDOWN_TIMEOUT
    setup.start()
    wait_until(lambda: setup.count(str(secret)) == 2, WITHIN, "it has looked for the file again", [setup])
    secret.write_text(password)
    setup.wait_until(lambda: setup.statuses()[-1:] == ["online"])
    assert setup.stop() == 0
    assert setup.count(str(secret)) == 2


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_frames_that_were_confirmed_do_not_come_again(setup: StorerSetup, how: signal.Signals) -> None:
    setup.start_online()
    frames = some(20)
    setup.publish(frames[:10])
    setup.wait_until_confirmed(frames[:10])
    setup.stop(how=how)
    setup.start_online()
    setup.publish(frames[10:])  # behind what the broker still has for it
    setup.wait_until_confirmed(frames)
    assert len(setup.confirmed()) == 20


def altered(original: Frame, **changes: Any) -> bytes:
    return json.dumps(json.loads(original.to_json()) | changes).encode()


def test_what_can_never_be_stored_is_recorded_reported_and_disturbs_nobody(setup: StorerSetup) -> None:
    setup.start_online()
    frames = some(4)
    instant, too_late = DAY + timedelta(days=1), datetime.fromisoformat("2150-01-01T00:00:00Z")
    nobody_waits = [b"", b"\xff\x00\xfe", b'{"x": "' + b"x" * 70_000 + b'"}']
    somebody_waits = [
        altered(frames[0], timestamp=format_time(instant), frame={"EAST": 1.5}),
        dataclasses.replace(frames[0], timestamp=too_late).to_json(),
    ]
    bad = nobody_waits + somebody_waits
    topic = f"{setup.base}/{frames[0].meter}/frame"
    for frame in frames:
        for payload in bad:
            setup.mqtt.publish(topic, payload)
        setup.publish([frame])
    setup.wait_until_confirmed(frames)
    setup.wait_until(lambda: len(setup.mqtt.on(f"{setup.base}/rejected")) == 4 * len(bad))

    assert setup.rows() == in_order(frames)
    reports = setup.mqtt.on(f"{setup.base}/rejected")
    assert {(report["storer"], report["topic"]) for report in reports} == {(setup.id, topic)}
    kept = query(client(setup.server), "SELECT topic, payload, size, times, reason FROM rejected_messages")
    assert sorted(row[:4] for row in kept) == sorted((topic, payload[:65_536], len(payload), 4) for payload in bad)
    # One of those that were reported: the storer's clock is in one of them.
    assert {row[4] for row in kept} <= {report["reason"] for report in reports}
    answered = [(frames[0].meter, format_time(at)) for at in (instant, too_late)]
    setup.wait_until(lambda: sorted(setup.confirmed("rejected")) == sorted(answered * 4))


def test_says_on_and_off_and_that_is_kept_for_who_comes_later(setup: StorerSetup, broker: Broker) -> None:
    setup.settings["batch"] = {"wait": "1.5s"}
    for how, so_far in ((signal.SIGTERM, ["online", "offline"]), (signal.SIGKILL, ["online", "offline"] * 2)):
        setup.start_online()
        assert kept_status(setup, broker) == {"status": "online", "wait": 1.5}
        setup.stop(how=how)
        setup.wait_until(lambda so_far=so_far: setup.statuses() == so_far)  # type: ignore[misc]
        assert kept_status(setup, broker) == {"status": "offline", "wait": 1.5}


def kept_status(setup: StorerSetup, broker: Broker) -> Any:
    """Return the status that the broker sends to a client that comes now."""
    topic = f"{setup.base}/storer/{setup.id}/status"
    with listen(broker) as late:
        assert late.wait(lambda: bool(late.on(topic)))
        return late.on(topic)[0]


def test_a_batch_waits_for_company(setup: StorerSetup) -> None:
    setup.settings["batch"] = {"size": 20, "wait": "60s"}
    setup.start_online()
    frames = some(40)
    setup.publish(frames)
    setup.wait_until_confirmed(frames)
    confirmations = setup.mqtt.on(f"{setup.base}/{frames[0].meter}/stored")
    assert [len(message["timestamps"]) for message in confirmations] == [20, 20]


def test_two_bases_are_answered_each_on_its_own(setup: StorerSetup) -> None:
    first, second = f"{setup.base}/first", f"{setup.base}/second"
    setup.settings["mqtt"]["topic"] = [first, second]
    setup.start()
    status = f"{first}/storer/{setup.id}/status"
    setup.wait_until(lambda: bool(setup.mqtt.on(status)))
    one, other = historic(BASE=1), dataclasses.replace(historic(BASE=1), meter="other")
    setup.mqtt.publish(f"{first}/{one.meter}/frame", one.to_json())
    setup.mqtt.publish(f"{second}/{other.meter}/frame", other.to_json())
    setup.wait_until(lambda: bool(setup.mqtt.on(f"{first}/{one.meter}/stored")))
    setup.wait_until(lambda: bool(setup.mqtt.on(f"{second}/{other.meter}/stored")))
    assert setup.mqtt.on(f"{second}/{one.meter}/stored") == []
    assert setup.mqtt.on(f"{first}/{other.meter}/stored") == []


def test_a_broker_that_is_away_is_waited_for_and_that_is_said_once(setup: StorerSetup, tmp_path: Path) -> None:
    port = free_port()
    setup.settings["mqtt"]["port"] = port
    setup.start()
    setup.wait_for_log(f"127.0.0.1:{port} cannot be reached")
    with Broker(tmp_path / "broker", port=port) as late, listen(late) as setup.mqtt:
        setup.wait_until(lambda: setup.statuses() == ["online"])
        assert setup.count("cannot be reached") == 1
        assert setup.stop() == 0


def test_storers_that_start_together_share_one_database(setup: StorerSetup, broker: Broker, tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    with listen(broker) as mqtt:
        twin = StorerSetup(broker, setup.server, mqtt, tmp_path / "twin")
        twin.settings["mqtt"]["topic"] = twin.base = setup.base
        setup.start()
        twin.start()
        try:
            setup.wait_until(lambda: "online" in setup.statuses())
            twin.wait_until(lambda: "online" in twin.statuses())
            frames = some(100)
            setup.publish(frames)
            for name in (setup.id, twin.id):
                setup.wait_until(lambda name=name: confirmed_by(setup, name) == {instant(frame) for frame in frames})  # type: ignore[misc]
            assert setup.rows() == in_order(frames)
            versions = query(client(setup.server), "SELECT COUNT(*) FROM schema_version WHERE version > 0")
            assert versions == [(len(migrations()),)]
        finally:
            twin.kill()


def instant(frame: Frame) -> str:
    return format_time(frame.timestamp)


def confirmed_by(setup: StorerSetup, name: str) -> set[str]:
    """Timestamps that one of the storers has confirmed."""
    messages = [json.loads(payload) for topic, payload in setup.mqtt.messages if topic.endswith("/stored")]
    return {timestamp for message in messages if message["storer"] == name for timestamp in message["timestamps"]}


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("password", "wrong", "(1045); check database.user and database.password"),
        ("name", "elsewhere", "see docs/database.md"),
    ],
)
def test_what_only_a_person_can_mend_ends_it_with_one_line(
    setup: StorerSetup, option: str, value: str, words: str
) -> None:
    setup.settings["database"][option] = value
    result = run_command("storer", "run", "--config", setup.write_config())
    assert result.returncode == 3, result
    (line,) = result.stderr.splitlines()
    assert line.startswith("teleinfo-storer: ")
    assert words in line
    assert setup.server.password not in line


def test_a_database_that_is_away_at_the_start_is_waited_for(setup: StorerSetup) -> None:
    setup.server.stop()
    try:
        setup.start()
        setup.wait_for_log("Waiting for the database")
    finally:
        setup.server.start()
    setup.wait_until(lambda: "online" in setup.statuses())
    setup.publish(some(3))
    setup.wait_until_confirmed(some(3))
