"""Thirty devices of five makers on the shipped access rules, one hostile: found, followed, stored."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.base.config import MonitorMqtt
from monitor.live.discovery import Discovery
from tests.services.test_settings_page import Page, account, read
from tests.support.announced_devices import FOUND, MESSAGES, METERS
from tests.support.mqtt_client import MqttClient
from tests.support.programs import ROOT, WITHIN, Service, wait_until
from tests.support.servers import PASSWORD, Broker
from tests.support.servers import Database as Server
from tests.support.sources import read_source
from tests.support.storing import client, make_tables

RULES = ROOT / "mosquitto" / "acl"
LOG = "log_type error\nlog_type subscribe\nlog_type debug"
EVIL = "<img src=x onerror=alert(1)>"
PLUG = "zigbee2mqtt/Lave-linge"


@pytest.fixture
def careful(tmp_path: Path) -> Iterator[Broker]:
    """A broker with the rules that are shipped; `owner` is the account of the devices, which nothing restricts."""
    folder = tmp_path / "broker"
    folder.mkdir()
    passwords, rules = folder / "passwords", folder / "rules"
    for file in (passwords, rules):
        file.touch(mode=0o600)
    for user in ("storer", "monitor", "owner"):
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, PASSWORD], check=True, capture_output=True)
    rules.write_text(f"user owner\ntopic readwrite #\n\n{RULES.read_text()}")
    with Broker(folder, config=f"allow_anonymous false\npassword_file {passwords}\nacl_file {rules}\n{LOG}") as broker:
        yield broker


@pytest.fixture
def owner(careful: Broker) -> Iterator[MqttClient]:
    with MqttClient(careful.port, "owner", PASSWORD, host=careful.host) as owner:
        for topic, payload in MESSAGES.items():
            owner.publish(topic, payload, retain=True)
        yield owner


@pytest.fixture
def page(careful: Broker, fresh_database: Server, tmp_path: Path) -> Iterator[Page]:
    """The API of a monitor with the accounts that are shipped."""
    make_tables(fresh_database)
    mqtt = MonitorMqtt(host=careful.host, port=careful.port, username="monitor", password=PASSWORD)
    with account(fresh_database), contextlib.closing(Page(fresh_database, tmp_path, mqtt)) as page:
        page.live.start()
        yield page


def discovered(page: Page) -> dict[str, Any]:
    answer: dict[str, Any] = read(page.get("discovered"))
    return answer


def all_found(page: Page) -> dict[str, Any]:
    wait_until(lambda: discovered(page)["complete"], WITHIN, "all that is announced")
    return discovered(page)


def rows(device: dict[str, Any]) -> list[tuple[str, str, str | None, str]]:
    return [(one["quantity"], one["topic"], one["path"], one["unit"] or one["reason"]) for one in device["values"]]


def value(answer: dict[str, Any], topic: str, path: str) -> dict[str, Any]:
    values: list[dict[str, Any]] = [one for device in answer["devices"] for one in device["values"]]
    (found,) = [one for one in values if (one["topic"], one["path"]) == (topic, path)]
    return found


def test_devices_of_five_makers_are_found_with_what_they_send_now(owner: MqttClient, page: Page) -> None:
    answer = all_found(page)
    assert [(one["name"], one["publisher"], rows(one)) for one in answer["devices"]] == FOUND
    meters = [(one["port"], one["label"], one["publisher"], [(v["name"], v["label"]) for v in one["values"]])
              for one in answer["meters"]]  # fmt: skip
    assert meters == METERS
    assert (answer["connected"], answer["refused_topics"]) == (True, [])
    assert value(answer, PLUG, "power")["value"] is None
    owner.publish(PLUG, '{"power": 61.2, "energy": 312.41, "state": "ON"}')
    owner.publish("compteur/sensor/linky_east/state", "13622563")
    owner.publish("evil/power", "9" * 300)
    owner.publish("evil/power", "[" * 60_000)
    wait_until(lambda: discovered(page)["meters"][0]["values"][1]["value"] == 13_622_563, WITHIN, "a register")
    answer = discovered(page)
    assert [value(answer, PLUG, path)["value"] for path in ("power", "energy")] == [61.2, 312.41]
    assert value(answer, "evil/power", "")["value"] is None


def test_what_is_ticked_is_stored_though_a_device_is_hostile(
    careful: Broker, owner: MqttClient, page: Page, fresh_database: Server, tmp_path: Path
) -> None:
    answer = all_found(page)
    power, energy = value(answer, PLUG, "power"), value(answer, PLUG, "energy")
    evil = value(answer, "evil/power", "")
    assert not power["followed"]
    chosen = [
        {"name": "Lave-linge", "kind": "device", "topic": PLUG, "power": power["path"], "energy": energy["path"],
         "unit": {"power": power["unit"], "energy": energy["unit"]}},
        {"name": EVIL, "kind": "device", "topic": evil["topic"], "power": evil["path"]},
    ]  # fmt: skip
    read(page.save("sources", chosen, 0))
    answer = discovered(page)
    followed = [one["topic"] for device in answer["devices"] for one in device["values"] if one["followed"]]
    assert sorted(followed) == ["evil/power", PLUG, PLUG]
    settings = {
        "name": "main",
        "mqtt": {"host": careful.host, "port": careful.port, "username": "storer", "password": PASSWORD},
        "database": {"host": fresh_database.host, "port": fresh_database.port, "password": fresh_database.password},
    }
    with Service("storer", tmp_path, settings) as storer:
        storer.start()
        said = careful.log.read_text
        wait_until(lambda: said().count(" teleinfo-sources-main 1 ") == 2, WITHIN, "two subscriptions", [storer])
        owner.publish("evil/power", '{"a": ' * 5000)
        owner.publish(PLUG, '{"power": 61.2, "energy": 312.41}')
        taken = "Received PUBACK from teleinfo-sources-main "
        wait_until(lambda: said().count(taken) == 2, WITHIN, "two messages", [storer])
        assert storer.stop() == 0
    plug, none = (read_source(client(fresh_database), name) for name in ("Lave-linge", EVIL))
    assert ({row.energy for row in plug.values()} - {None}, none) == ({312_410}, {})


def test_nothing_is_read_any_more_once_nobody_asks(careful: Broker, owner: MqttClient) -> None:
    def left() -> int:
        return careful.log.read_text().count("Received DISCONNECT from teleinfo-found-other")

    mqtt = MonitorMqtt(host=careful.host, port=careful.port, username="monitor", password=PASSWORD)
    discovery = Discovery(mqtt, "other", kept=1.0)
    wait_until(lambda: bool(discovery.found().devices), WITHIN, "a device")
    wait_until(lambda: left() == 1, WITHIN, "the end of the search")
    wait_until(lambda: bool(discovery.found().devices), WITHIN, "a device, again")
    discovery.close()
    wait_until(lambda: left() == 2, WITHIN, "the end at once")
