"""Alerts from a meter's frames to a phone and a mailbox, while programs are killed."""

import contextlib
import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.contract.topics import Topics
from reader.meter.state import MeterState
from tests.services.test_monitor import Monitor
from tests.support.frames import simulated
from tests.support.mail import MailServer
from tests.support.mqtt_client import MqttClient
from tests.support.ntfy import Ntfy
from tests.support.programs import wait_until
from tests.support.servers import PASSWORD, Broker, Database
from tests.support.storing import make_tables

KIND = "standard-single-phase-tempo"
RED_TOMORROW, OVERLOAD = 0b11 << 26, 1 << 7  # in STGE
TOPICS = Topics("teleinfo")
WITHIN = 120.0  # seconds: an overload is over after one minute


class Meter:
    """Publishes what a reader does of a meter, each second."""

    def __init__(self) -> None:
        self.power = 500  # VA
        self._state = MeterState()
        self._seconds = 0

    @contextlib.contextmanager
    def speaking(self, broker: Broker) -> Iterator[None]:
        """Publish until the end of the block."""
        end = threading.Event()
        with MqttClient(broker.port) as client:
            thread = threading.Thread(target=self._speak, args=(client, end))
            thread.start()
            try:
                yield
            finally:
                end.set()
                thread.join()

    def _speak(self, client: MqttClient, end: threading.Event) -> None:
        client.retain(TOPICS.status("reader", "one"), "online")
        while not end.wait(1.0):
            (frame,) = simulated(KIND, 1, start=datetime.now(UTC), every=timedelta(seconds=1))
            # A simulated meter has overloads of its own, in the evening.
            status = int(str(frame.values["STGE"]), 16) & ~OVERLOAD | RED_TOMORROW
            frame = replace(frame, values={**frame.values, "SINSTS": self.power, "STGE": f"{status:08X}"})
            self._state.update(frame, float(self._seconds))
            self._seconds += 1
            if self._state.complete:
                client.retain(TOPICS.state(frame.meter), json.dumps(self._state.snapshot()))
                client.retain(TOPICS.link(frame.meter), "online")
                client.publish(TOPICS.frame(frame.meter), frame.to_json())


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "database") as database:
        database.create_database()
        yield database


@pytest.fixture
def ntfy(tmp_path: Path) -> Iterator[Ntfy]:
    with Ntfy(tmp_path / "ntfy") as ntfy:
        yield ntfy


def monitor(folder: Path, database: Database, broker: Broker, name: str, **alerts: Any) -> Monitor:
    folder.mkdir()
    mqtt = {"host": broker.host, "port": broker.port}
    # Where it is noon: a red day is told again in the evening, and another day begins at six.
    zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+}"
    alerts |= {"page": "https://energie.example.org"}
    return Monitor(database, folder, name=name, mqtt=mqtt, time_zone=zone, alerts=alerts)


def test_each_alert_arrives_once_in_its_language_whatever_is_killed(
    database: Database, broker: Broker, ntfy: Ntfy, tmp_path: Path
) -> None:
    database.create_database()
    make_tables(database, datetime.now(UTC))
    meter, chance = Meter(), random.Random(25)
    with (
        MailServer() as mail,
        monitor(tmp_path / "fr", database, broker, "fr", to=[ntfy.url("house")], language="fr") as french,
        monitor(tmp_path / "en", database, broker, "en", to=[mail.url()], language="en") as english,
    ):
        french.begin()
        english.begin()

        def phone(*, red: bool) -> list[tuple[str, str]]:
            """What was told of the red day, or all else."""
            return [(title, text) for title, text in ntfy.messages("house") if ("jour rouge" in title) is red]

        def mailbox(*, red: bool) -> list[str]:
            return [title for mail in mail.received if ("red day" in (title := mail["Subject"])) is red]

        def wait_for(count: int, what: str, *, red: bool = False) -> None:
            wait_until(lambda: min(len(phone(red=red)), len(mailbox(red=red))) >= count, WITHIN, what)

        def kill_and_start() -> None:
            time.sleep(chance.uniform(0, 3))
            french.kill()
            french.begin()

        with meter.speaking(broker):
            wait_for(1, "red tomorrow is told", red=True)
            kill_and_start()
        broker.kill()
        broker.start()
        meter.power = 8800  # of 9 kVA
        with meter.speaking(broker):
            wait_until(lambda: bool(mailbox(red=False)), WITHIN, "the overload is told")
            for _ in range(3):
                kill_and_start()
            wait_for(1, "the overload is told, although the monitor was killed meanwhile")
            active = french.browser.get("/api/v1/alerts").json["active"]
            assert [event["kind"] for event in active] == ["overload"]
            kill_and_start()
            database.kill()
            database.start()
            meter.power = 500
            wait_for(2, "it is told that it is over")
            kill_and_start()
            time.sleep(3)
        assert french.stop() == english.stop() == 0
        assert PASSWORD not in french.text() + english.text()
        reds, others = phone(red=True), phone(red=False)
    ((title, body),) = reds
    assert (title, mailbox(red=True)) == ("Demain, jour rouge", ["Tomorrow is a red day"])
    assert "évitez chauffage, four et lave-linge" in body
    assert body.endswith("\nhttps://energie.example.org/contrats")
    assert others[0] == (
        "Risque de coupure\xa0: 8\u202f800\u202fVA",
        "La limite est de 9\u202f000\u202fVA. Arrêtez tout de suite un gros appareil\xa0: four, chauffage, recharge.\n"
        "https://energie.example.org/",
    )
    assert [title for title, _ in others[1:]] == ["Puissance revenue sous la limite"]
    assert mailbox(red=False) == ["About to trip: 8,800 VA", "Power back below the limit"]
