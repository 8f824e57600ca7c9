"""The reader as a process, with a real broker: what people see on its topics."""

import json
import os
import re
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.contract.frame import Frame
from tests.support.mqtt_client import MqttClient, listen
from tests.support.programs import WITHIN, Service, wait_until
from tests.support.servers import Broker

KIND = "standard-single-phase-tempo"


class ReaderSetup(Service):
    """A reader of a simulated meter, with names of its own: the broker is shared, and keeps what is retained."""

    def __init__(self, broker: Broker, mqtt: MqttClient, folder: Path, memory: Path) -> None:
        self.id = f"reader-{os.urandom(6).hex()}"
        self.base = f"test/{self.id}"
        self.mqtt = mqtt
        settings = {
            "name": self.id,
            "port": f"simulate://{KIND}?speed=20",
            "mqtt": {"host": broker.host, "port": broker.port, "topic": self.base},
            "spool": {"journal": str(memory / "journal"), "path": str(folder / "spool")},
        }
        super().__init__("reader", folder, settings)

    def published(self, *levels: str) -> list[bytes]:
        """Return the payloads on a topic below its base topic."""
        return self.mqtt.payloads("/".join((self.base, *levels)))

    def frames(self, meter: str | None = None) -> list[dict[str, Any]]:
        return [
            json.loads(payload)
            for topic, payload in self.mqtt.messages
            if topic.startswith(f"{self.base}/{meter or ''}") and topic.endswith("/frame")
        ]

    def wait_for_frames(self, count: int) -> list[dict[str, Any]]:
        assert self.mqtt.wait(lambda: len(self.frames()) >= count), self.text()
        return self.frames()

    def wait_for_offline(self) -> None:
        """Wait for the last message: all that the reader published came before it."""
        assert self.mqtt.wait(lambda: self.published("reader", self.id, "status")[-1:] == [b"offline"]), self.text()


@pytest.fixture
def reader(broker: Broker, tmp_path: Path) -> Iterator[ReaderSetup]:
    with (
        listen(broker) as mqtt,
        tempfile.TemporaryDirectory(dir="/dev/shm", prefix="teleinfo-") as memory,
        ReaderSetup(broker, mqtt, tmp_path, Path(memory)) as reader,
    ):
        yield reader


def test_publishes_each_frame_as_the_contract_has_it_and_says_that_it_is_there(reader: ReaderSetup) -> None:
    reader.settings["hide"] = ["PRM", "SMAXSN"]
    reader.start()
    frames = reader.wait_for_frames(20)
    for message in frames:
        assert list(message)[:4] == ["meter", "timestamp", "mode", "frame"]
        assert message["mode"] == "standard"
        assert message["frame"]["ADSC"] == message["meter"]
        assert message["frame"]["DATE"] == ""
        assert isinstance(message["frame"]["SINSTS"], int)
        assert len(message["frame"]["NGTF"]) == 16
        assert not {"PRM", "SMAXSN"} & message["frame"].keys()
        assert "SMAXSN" not in message["stamps"]
        assert "SMAXSN-1" in message["frame"]
        assert Frame.from_json(json.dumps(message).encode()).meter == message["meter"]
    timestamps = [message["timestamp"] for message in frames]
    assert timestamps == sorted(set(timestamps))
    link = (frames[0]["meter"], "link")
    assert reader.mqtt.wait(lambda: reader.published(*link) == [b"online"])
    assert set(reader.published("reader", reader.id, "status")) == {b"online"}  # again each minute
    assert reader.stop() == 0
    reader.wait_for_offline()
    assert reader.published(*link)[-1] == b"offline"
    health = json.loads(reader.published("reader", reader.id, "health")[-1])
    delivery = health["delivery"]
    parts = ("confirmed", "rejected", "discarded", "accepted_by_broker", "pending")
    assert delivery["decoded"] == sum(delivery[part] for part in parts) >= 20
    (line,) = health["lines"]
    assert line["frames"] == delivery["decoded"]
    assert (line["mode"], line["parity"], line["groups_dropped"]) == ("standard", True, {})


def test_a_meter_that_left_the_configuration_is_offline(reader: ReaderSetup) -> None:
    reader.start()
    gone = reader.wait_for_frames(1)[0]["meter"]
    reader.kill()
    reader.wait_for_offline()  # its last will
    assert reader.published(gone, "link") == [b"online"]
    reader.settings["port"] = "simulate://standard-three-phase-producer?speed=20"
    reader.start()
    assert reader.mqtt.wait(lambda: reader.published(gone, "link") == [b"online", b"offline"])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_simulated_meter_disappears_as_soon_as_no_line_is_simulated(reader: ReaderSetup, how: signal.Signals) -> None:
    reader.settings["home_assistant"] = {"prefix": f"{reader.base}/ha"}
    reader.start()
    meter = reader.wait_for_frames(1)[0]["meter"]
    config = ("ha", "device", f"teleinfo_{meter}", "config")
    assert reader.mqtt.wait(lambda: bool(reader.published(*config)) and bool(reader.published(meter, "state")))
    reader.stop(how=how)
    reader.settings["port"] = "/dev/there-is-no-such-port"
    reader.start()
    for topic in (config, (meter, "state"), (meter, "link")):
        assert reader.mqtt.wait(lambda topic=topic: reader.published(*topic)[-1:] == [b""]), topic  # type: ignore[misc]


def test_several_meters_do_not_disturb_each_other(reader: ReaderSetup, tmp_path: Path) -> None:
    kinds = ("historic-single-phase-hchp", "standard-three-phase-producer")
    away = str(tmp_path / "not-there")
    reader.settings["port"] = [away, *(f"simulate://{kind}?speed=20" for kind in kinds)]
    reader.start()
    assert reader.mqtt.wait(lambda: len({message["meter"] for message in reader.frames()}) == 2)
    assert {message["mode"] for message in reader.frames()} == {"historic", "standard"}
    reader.wait_for_log(away)
    assert reader.count(away) == 1, "said once, and waited for"


def test_noise_on_the_line_is_counted_and_nothing_wrong_is_published(reader: ReaderSetup) -> None:
    reader.settings["port"] = f"simulate://{KIND}?speed=50&noise=2e-4"
    reader.start()
    frames = reader.wait_for_frames(200)
    reader.stop()
    reader.wait_for_offline()
    (line,) = json.loads(reader.published("reader", reader.id, "health")[-1])["lines"]
    assert line["parity_errors"] > 0
    assert line["groups_dropped"]["parity"] > 0
    assert {message["frame"].get("PREF", 9) for message in frames} == {9}
    assert any("dropped" in message for message in frames)


def test_a_password_file_that_is_missing_stops_no_frames(reader: ReaderSetup, tmp_path: Path) -> None:
    """The broker asks for no password: what counts is that the file is waited for, and frames are kept meanwhile."""
    secret = tmp_path / "password"
    reader.settings["mqtt"] |= {"username": "reader", "password_file": str(secret)}
    storers = tmp_path / "spool" / "storers"
    storers.mkdir(parents=True)
    (storers / "away").touch()  # no storer confirms, and one was seen before
    reader.start()
    reader.wait_for_log(f"mqtt.password_file: {secret} cannot be read: No such file or directory")
    reader.wait_for_log("Listening on")
    reader.wait_for_log("receiving frames")
    secret.write_text("any")
    reader.wait_for_frames(1)
    assert reader.stop() == 0
    reader.wait_for_offline()
    health = json.loads(reader.published("reader", reader.id, "health")[-1])
    assert health["delivery"]["decoded"] > len(reader.frames()), "what was decoded before waits"
    assert reader.count("cannot be read") == 1, reader.text()


def test_a_journal_folder_that_is_missing_is_waited_for(reader: ReaderSetup) -> None:
    journal = Path(reader.settings["spool"]["journal"])
    journal.touch()  # in the way
    reader.start()
    reader.wait_for_log(f"spool.journal: {journal} cannot be used: File exists")
    assert reader.frames() == []
    journal.unlink()
    reader.wait_for_frames(1)
    assert reader.stop() == 0
    assert reader.count("cannot be used") == 1
    assert "Ready now" in reader.text()


# -- as systemd sees it, over its socket -------------------------------------------------------------------------------


class Systemd:
    """The supervisor's end of the notification socket; keeps each line that it receives."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder / "notify")
        self.received: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(WITHIN)
        self._socket.bind(self.name)

    def wait(self, pattern: str) -> str:
        """Return the first line that matches, of those that were or will be received."""
        while not (found := [line for line in self.received if re.fullmatch(pattern, line)]):
            self.received += self._socket.recv(4096).decode().split("\n")
        return found[0]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    systemd = Systemd(tmp_path)
    yield systemd
    systemd.close()


def test_a_reader_notifies_that_it_is_ready_alive_and_stopping(
    systemd: Systemd, reader: ReaderSetup, tmp_path: Path
) -> None:
    reader.settings["heartbeat"] = str(tmp_path / "heartbeat")
    reader.start(NOTIFY_SOCKET=systemd.name, WATCHDOG_USEC="3000000")
    systemd.wait("READY=1")
    systemd.wait("WATCHDOG=1")
    systemd.wait(r"STATUS=1 meter, \d+\.\d frames/s, connected, \d+ pending")
    wait_until((tmp_path / "heartbeat").exists, WITHIN, "the heartbeat file")
    reader.send_signal(signal.SIGTERM)
    systemd.wait("STOPPING=1")
    assert reader.wait() == 0
