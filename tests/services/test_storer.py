import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from common.frame import Frame, format_time
from demo.servers import Broker, free_port
from demo.servers import Database as Server
from storer.database.schema import migrations
from tests.support.frames import DAY, every_kind, historic, simulated
from tests.support.mqtt_client import WITHIN, Ear
from tests.support.storing import client, exported, query

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}  # the programs need not be installed


class House:
    """A storer with its broker and its database."""

    def __init__(self, broker: Broker, server: Server, ear: Ear, folder: Path) -> None:
        self.ear, self.server, self.folder = ear, server, folder
        # Names of its own: the broker is shared, and keeps sessions and what is retained.
        self.name = f"storer-{os.urandom(6).hex()}"
        self.base = f"test/{self.name}"
        self.settings: dict[str, Any] = {
            "name": self.name,
            "mqtt": {"host": broker.host, "port": broker.port, "topic": self.base},
            "database": {"host": server.host, "port": server.port, "password": server.password},
        }
        self.log = folder / "storer.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        file = self.folder / "storer.yaml"
        file.write_text(json.dumps(self.settings))
        return [sys.executable, "-P", "-m", "storer", "run", "--config", str(file)]

    def start(self) -> None:
        """Start the storer; return when it has said that it is online."""
        before = len(self.statuses())
        self.launch()
        self.wait(lambda: "online" in self.statuses()[before:])

    def launch(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command(), env=ENVIRONMENT, stdout=log, stderr=log)

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        process, self.process = self.process, None
        process.send_signal(how)
        return process.wait(WITHIN)

    def wait(self, holds: Callable[[], bool]) -> None:
        heard = self.ear.wait(holds)
        own = [message for message in self.ear.messages if message[0].startswith(self.base)][-10:]
        assert heard, f"heard at last: {own}\n{self.log.read_text()}"

    def say(self, frames: Iterable[Frame], topic: str = "frame") -> None:
        for frame in frames:
            self.ear.say(f"{self.base}/{frame.meter}/{topic}", frame.to_json())

    def confirmed(self, what: str = "timestamps") -> list[tuple[str, str]]:
        """Meters and timestamps that were confirmed, as often as they were."""
        found = []
        for topic in {name for name, _ in self.ear.messages}:
            base, _, rest = topic.partition(f"{self.base}/")
            meter, _, last = rest.partition("/")
            if not base and last == "stored":
                for told in self.ear.on(topic):
                    assert told["storer"] == self.name
                    found += [(meter, timestamp) for timestamp in told[what]]
        return found

    def wait_until_confirmed(self, frames: Iterable[Frame]) -> None:
        wanted = {(frame.meter, format_time(frame.timestamp)) for frame in frames}
        self.wait(lambda: wanted <= set(self.confirmed()))

    def statuses(self) -> list[str]:
        """Its changes of status, as retained: the last will may repeat the last of them."""
        told = self.ear.on(f"{self.base}/storer/{self.name}/status")
        assert all(status.keys() == {"status", "wait"} for status in told)
        return [status for status, _ in groupby(status["status"] for status in told)]

    def rows(self) -> list[bytes]:
        return exported(client(self.server))


@pytest.fixture
def house(broker: Broker, fresh_database: Server, tmp_path: Path) -> Iterator[House]:
    with Ear(broker) as ear:
        house = House(broker, fresh_database, ear, tmp_path)
        yield house
        if house.process is not None:
            house.end(signal.SIGKILL)


def in_order(frames: Iterable[Frame]) -> list[bytes]:
    """What `export` gives back of frames whose meters were first heard in this order."""
    return [frame.to_json() for frame in sorted(frames, key=lambda frame: frame.timestamp)]


def some(count: int, *, after: timedelta = timedelta(0)) -> list[Frame]:
    return list(simulated("standard-single-phase-hchp", count, every=timedelta(seconds=1), start=DAY + after))


def test_frames_become_rows_and_are_confirmed(house: House) -> None:
    house.start()
    frames = list(every_kind(2, every=timedelta(hours=1)))
    house.say(frames)
    house.wait_until_confirmed(frames)
    assert sorted(house.rows()) == sorted(in_order(frames))
    assert sorted(house.confirmed()) == sorted((frame.meter, format_time(frame.timestamp)) for frame in frames)
    assert house.confirmed("rejected") == []


def test_frames_that_come_again_are_confirmed_again_and_not_doubled(house: House) -> None:
    house.start()
    frames = some(20)
    house.say(frames)
    house.wait_until_confirmed(frames)
    house.say(frames, "replay")
    house.wait(lambda: len(house.confirmed()) == 40)
    assert house.rows() == in_order(frames)


def test_confirmations_fit_into_what_the_broker_takes(fresh_database: Server, tmp_path: Path) -> None:
    with Broker(tmp_path / "small", config="max_packet_size 2000") as small, Ear(small) as ear:
        house = House(small, fresh_database, ear, tmp_path)
        house.settings["batch"] = {"size": 200, "wait": "5s"}
        try:
            house.start()
            frames = [dataclasses.replace(frame, values={"SINSTS": 1}, stamps={}) for frame in some(200)]
            house.say(frames)
            house.wait_until_confirmed(frames)
            assert len({text for topic, text in ear.messages if topic.endswith("/stored")}) > 3
        finally:
            assert house.end(signal.SIGTERM) == 0
    assert "is not sent" not in house.log.read_text()


def test_a_password_file_of_the_database_is_waited_for(house: House, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    database = house.settings["database"]
    password = database.pop("password")
    database["password_file"] = str(secret)
    house.launch()
    deadline = time.monotonic() + WITHIN
    while f"database.password_file: {secret} cannot be read" not in house.log.read_text():
        assert house.process is not None
        assert house.process.poll() is None, house.log.read_text()
        assert time.monotonic() < deadline, house.log.read_text()
        time.sleep(0.05)  # between two looks
    secret.write_text(password)
    house.wait(lambda: house.statuses()[-1:] == ["online"])
    assert house.end(signal.SIGTERM) == 0
    assert house.log.read_text().count("cannot be read") == 1


def test_a_storer_that_waits_for_a_file_ends_at_once_when_told_to(house: House, tmp_path: Path) -> None:
    del house.settings["database"]["password"]
    house.settings["database"]["password_file"] = str(tmp_path / "secret")
    house.launch()
    deadline = time.monotonic() + WITHIN
    while "cannot be read" not in house.log.read_text():
        assert time.monotonic() < deadline, house.log.read_text()
        time.sleep(0.05)  # between two looks
    began = time.monotonic()
    assert house.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_frames_that_were_confirmed_do_not_come_again(house: House, how: signal.Signals) -> None:
    house.start()
    frames = some(20)
    house.say(frames[:10])
    house.wait_until_confirmed(frames[:10])
    house.end(how)
    house.start()
    house.say(frames[10:])  # behind what the broker still has for it
    house.wait_until_confirmed(frames)
    assert len(house.confirmed()) == 20


def altered(original: Frame, **changes: Any) -> bytes:
    return json.dumps(json.loads(original.to_json()) | changes).encode()


def test_what_can_never_be_stored_is_recorded_reported_and_disturbs_nobody(house: House) -> None:
    house.start()
    frames = some(40)
    first = frames[0]
    # By what is no frame: whether it names an identity, and so has somebody who waits for an answer.
    bad: dict[bytes, datetime | None] = {
        b"": None,
        b"?": None,
        b"\xff\x00\xfe": None,
        b"[]": None,
        b"{}": None,
        b"[" * 10_000: None,
        first.to_json()[:-1]: None,
        altered(first, meter="a/b"): None,
        altered(first, timestamp="now"): None,
        b'{"x": "' + b"x" * 70_000 + b'"}': None,
    }
    instants = [DAY + timedelta(days=1, seconds=number) for number in range(5)]
    identified = (
        altered(first, timestamp=format_time(instants[0]), frame={"EAST": 1.5}),
        altered(first, timestamp=format_time(instants[1]), mode="pmepmi"),
        altered(first, timestamp=format_time(instants[2]), frame={"MSG1": "x" * 70_000}),
        altered(first, timestamp=format_time(instants[3]), frame={"MSG1": "\ud800"}),
        altered(first, timestamp=format_time(instants[4]), dropped=-1),
    )
    bad |= dict(zip(identified, instants, strict=True))
    too_late = dataclasses.replace(first, timestamp=datetime.fromisoformat("2150-01-01T00:00:00Z"))
    bad[too_late.to_json()] = too_late.timestamp
    topic = f"{house.base}/{first.meter}/frame"
    house.say(frames[:1])
    for frame, payload in zip(frames[1:], (list(bad) * 3)[: len(frames) - 1], strict=True):
        house.ear.say(topic, payload)
        house.say([frame])
    for payload in (list(bad) * 3)[len(frames) - 1 :]:
        house.ear.say(topic, payload)
    house.wait_until_confirmed(frames)
    house.wait(lambda: len(house.ear.on(f"{house.base}/rejected")) == 3 * len(bad))

    assert house.rows() == in_order(frames)
    reports = house.ear.on(f"{house.base}/rejected")
    assert {report["storer"] for report in reports} == {house.name}
    assert {report["topic"] for report in reports} == {topic}
    assert all(report["reason"] for report in reports)
    kept = query(client(house.server), "SELECT topic, payload, size, times, reason FROM rejected_messages")
    assert sorted(row[:4] for row in kept) == sorted((topic, payload[:65_536], len(payload), 3) for payload in bad)
    assert {row[4] for row in kept} == {report["reason"] for report in reports}
    answered = [(first.meter, format_time(instant)) for instant in bad.values() if instant]
    house.wait(lambda: len(house.confirmed("rejected")) == 3 * len(answered))
    assert sorted(house.confirmed("rejected")) == sorted(answered * 3)


def test_another_frame_of_the_same_identity_is_rejected(house: House) -> None:
    house.start()
    one, other = historic(BASE=1), historic(BASE=2)
    house.say([one])
    house.wait_until_confirmed([one])
    house.say([other])
    house.wait(lambda: house.confirmed("rejected") == [(one.meter, format_time(one.timestamp))])
    assert house.rows() == [one.to_json()]
    (report,) = house.ear.on(f"{house.base}/rejected")
    assert report["reason"] == "another frame is stored under the same meter and timestamp"
    assert report["payload"] == other.to_json().decode()


def test_says_on_and_off(house: House) -> None:
    house.start()
    assert house.end(signal.SIGTERM) == 0
    house.wait(lambda: house.statuses() == ["online", "offline"])
    house.start()
    house.end(signal.SIGKILL)
    house.wait(lambda: house.statuses() == ["online", "offline", "online", "offline"])


def test_its_status_is_kept_for_who_comes_later(house: House, broker: Broker) -> None:
    house.settings["batch"] = {"wait": "1.5s"}
    house.start()
    topic = f"{house.base}/storer/{house.name}/status"
    for how, status in ((None, "online"), (signal.SIGKILL, "offline")):
        if how:
            house.end(how)
            house.wait(lambda: house.statuses()[-1] == "offline")
        with Ear(broker) as late:
            assert late.wait(lambda late=late: bool(late.on(topic)))  # type: ignore[misc]
            assert late.on(topic) == [{"status": status, "wait": 1.5}]


def test_a_database_that_dies_and_comes_back_costs_no_frame(house: House) -> None:
    house.start()
    frames = some(60)
    house.say(frames[:20])
    house.wait_until_confirmed(frames[:20])
    house.server.kill()
    try:
        house.say(frames[20:40])
        house.wait(lambda: house.statuses() == ["online", "stalled"])
        house.say(frames[40:])
    finally:
        house.server.start()
    house.wait_until_confirmed(frames)
    house.wait(lambda: house.statuses() == ["online", "stalled", "online"])
    assert house.rows() == in_order(frames)


def test_a_storer_that_is_killed_gets_its_frames_again(house: House) -> None:
    house.start()
    frames = some(40)
    house.say(frames[:10])
    house.wait_until_confirmed(frames[:10])
    house.server.kill()
    try:
        house.say(frames[10:30])
        house.wait(lambda: house.statuses()[-1] == "stalled")  # it has them, and cannot get rid of them
        house.end(signal.SIGKILL)
        house.wait(lambda: house.statuses()[-1] == "offline")
        house.say(frames[30:])  # while nobody is there
    finally:
        house.server.start()
    house.start()
    house.wait_until_confirmed(frames)
    assert house.rows() == in_order(frames)


def test_a_broker_that_forgets_everything_is_found_again(house: House, broker: Broker) -> None:
    house.start()
    broker.kill()
    broker.start()
    with Ear(broker) as house.ear:
        house.wait(lambda: house.statuses() == ["online"])
        frames = some(5)
        house.say(frames)
        house.wait_until_confirmed(frames)
        assert house.rows() == in_order(frames)


def test_a_batch_waits_for_company(house: House) -> None:
    house.settings["batch"] = {"size": 20, "wait": "60s"}
    house.start()
    frames = some(40)
    house.say(frames)
    house.wait_until_confirmed(frames)
    told = house.ear.on(f"{house.base}/{frames[0].meter}/stored")
    assert [len(message["timestamps"]) for message in told] == [20, 20]


def test_a_batch_does_not_wait_for_ever(house: House) -> None:
    house.settings["batch"] = {"size": 20, "wait": "200ms"}
    house.start()
    house.say(some(1))
    house.wait_until_confirmed(some(1))


def test_two_bases_are_answered_each_on_its_own(house: House) -> None:
    first, second = f"{house.base}/first", f"{house.base}/second"
    house.settings["mqtt"]["topic"] = [first, second]
    house.launch()
    status = f"{first}/storer/{house.name}/status"
    house.wait(lambda: bool(house.ear.on(status)))
    one, other = historic(BASE=1), dataclasses.replace(historic(BASE=1), meter="other")
    house.ear.say(f"{first}/{one.meter}/frame", one.to_json())
    house.ear.say(f"{second}/{other.meter}/frame", other.to_json())
    house.wait(lambda: bool(house.ear.on(f"{first}/{one.meter}/stored")))
    house.wait(lambda: bool(house.ear.on(f"{second}/{other.meter}/stored")))
    assert house.ear.on(f"{second}/{one.meter}/stored") == []
    assert house.ear.on(f"{first}/{other.meter}/stored") == []


def test_a_broker_that_is_away_is_waited_for_and_that_is_said_once(house: House, tmp_path: Path) -> None:
    port = free_port()
    house.settings["mqtt"]["port"] = port
    house.launch()
    words = f"The broker 127.0.0.1:{port} cannot be reached"
    deadline = time.monotonic() + WITHIN
    while words not in house.log.read_text():
        assert time.monotonic() < deadline, house.log.read_text()
        time.sleep(0.02)
    with Broker(tmp_path / "broker", port=port) as late, Ear(late) as house.ear:
        house.wait(lambda: house.statuses() == ["online"])
        assert house.log.read_text().count("cannot be reached") == 1
        assert house.end(signal.SIGTERM) == 0


def test_a_stop_is_obeyed_while_the_database_is_away(house: House) -> None:
    house.start()
    house.server.kill()
    try:
        house.say(some(3))
        house.wait(lambda: house.statuses()[-1] == "stalled")
        assert house.end(signal.SIGTERM) == 0
        house.wait(lambda: house.statuses()[-1] == "offline")
    finally:
        house.server.start()
    house.start()
    house.wait_until_confirmed(some(3))


def test_storers_that_start_together_share_one_database(house: House, broker: Broker, tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    with Ear(broker) as ear:
        twin = House(broker, house.server, ear, tmp_path / "twin")
        twin.settings["mqtt"]["topic"] = twin.base = house.base
        house.launch()
        twin.launch()
        try:
            house.wait(lambda: "online" in house.statuses())
            twin.wait(lambda: "online" in twin.statuses())
            frames = some(100)
            house.say(frames)
            for name in (house.name, twin.name):
                house.wait(lambda name=name: heard_from(house, name) == {instant(frame) for frame in frames})  # type: ignore[misc]
            assert house.rows() == in_order(frames)
            versions = query(client(house.server), "SELECT COUNT(*) FROM schema_version WHERE version > 0")
            assert versions == [(len(migrations()),)]
        finally:
            twin.end(signal.SIGKILL)


def instant(frame: Frame) -> str:
    return format_time(frame.timestamp)


def heard_from(house: House, name: str) -> set[str]:
    """Timestamps that one of the storers has confirmed."""
    told = [json.loads(payload) for topic, payload in house.ear.messages if topic.endswith("/stored")]
    return {timestamp for message in told if message["storer"] == name for timestamp in message["timestamps"]}


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"database": {"password": "wrong"}}, 3, "(1045); check database.user and database.password"),
        ({"database": {"user": "nobody"}}, 3, "(1045); check database.user and database.password"),
        ({"database": {"name": "elsewhere"}}, 3, "see docs/database.md"),
        ({"database": {"pasword": "x"}}, 2, "unknown option 'database.pasword', did you mean 'database.password'?"),
        ({"batch": {"wait": 60}}, 2, "batch.wait: a time such as 30s or 5m is expected, not 60"),
        ({"mqtt": {"password": "a", "password_file": "/b"}}, 2, "mqtt.password: 'password_file' is given, too"),
    ],
)
def test_what_only_a_person_can_mend_ends_it_with_one_line(
    house: House, change: dict[str, dict[str, Any]], code: int, words: str
) -> None:
    for section, options in change.items():
        house.settings.setdefault(section, {}).update(options)
    result = subprocess.run(house.command(), env=ENVIRONMENT, capture_output=True, timeout=WITHIN, check=False)
    assert result.returncode == code, result
    (line,) = result.stderr.decode().splitlines()
    assert line.startswith("teleinfo-storer: ")
    assert words in line
    assert house.server.password not in line


def test_a_database_that_is_missing_ends_it_with_3(house: House) -> None:
    house.server.sql(f"DROP DATABASE {house.server.name}")
    result = subprocess.run(house.command(), env=ENVIRONMENT, capture_output=True, timeout=WITHIN, check=False)
    assert result.returncode == 3
    (line,) = result.stderr.decode().splitlines()
    assert line.endswith("Unknown database 'teleinfodb' (1049); create the database, see docs/database.md")


def test_a_configuration_that_is_not_there_ends_it_with_2(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "storer", "run", "--config", str(tmp_path / "none.yaml")]
    result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, timeout=WITHIN, check=False)
    assert result.returncode == 2
    assert result.stderr.decode() == (
        f"teleinfo-storer: {tmp_path / 'none.yaml'}: cannot be read: No such file or directory;"
        " name your file with --config\n"
    )


def test_a_database_that_is_away_at_the_start_is_waited_for(house: House) -> None:
    house.server.stop()
    try:
        house.launch()
        deadline = time.monotonic() + WITHIN
        while "trying again" not in house.log.read_text():
            assert time.monotonic() < deadline, house.log.read_text()
            time.sleep(0.02)
    finally:
        house.server.start()
    house.wait(lambda: "online" in house.statuses())
    house.say(some(3))
    house.wait_until_confirmed(some(3))
