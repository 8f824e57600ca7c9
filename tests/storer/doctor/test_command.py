"""The command `teleinfo-storer check` at a broker that refuses a forbidden topic, as mosquitto does not."""

import argparse
import io
from pathlib import Path

import pytest
import yaml

from common.doctor.findings import Report
from common.machine.host import Host
from storer.doctor.command import check, run_check
from tests.support.fake_broker import SUBSCRIBE, Connection, FakeBroker, answer_one, connack, filters_of
from tests.support.servers import free_port

_QOS_1 = connack(b"\x24\x01")


def refuse_shellies(connection: Connection) -> None:
    while packet := connection.packet():
        if packet[0] == SUBSCRIBE and filters_of(packet[1])[0].startswith("shellies/"):
            connection.send(b"\x90\x04" + packet[1][2:4] + b"\x00\x87")
        else:
            answer_one(connection, packet, [], _QOS_1)


def test_a_missing_right_to_read_a_source_is_named(tmp_path: Path) -> None:
    source = {"name": "roof", "kind": "production", "topic": "shellies/roof/power", "power": ""}
    file, stream = tmp_path / "storer.yaml", io.StringIO()
    with FakeBroker(refuse_shellies) as broker:
        config = {
            "mqtt": {"host": "127.0.0.1", "port": broker.port},
            "database": {"host": "127.0.0.1", "port": free_port()},
            "sources": [source],
        }
        file.write_text(yaml.safe_dump(config))
        check(file, Report(stream), Host(tmp_path / "machine"), seconds=0.1)
    assert "does not allow us to subscribe to shellies/roof/power" in stream.getvalue()


def test_a_french_household_gets_no_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    file, port = tmp_path / "storer.yaml", free_port()
    here = {"host": "127.0.0.1", "port": port}
    file.write_text(yaml.safe_dump({"mqtt": here, "database": here}))
    assert run_check(argparse.Namespace(config=file)) == 1
    lines = capsys.readouterr().out.replace("\u00a0", " ").splitlines()
    assert lines[0] == f"✓ ok Configuration : {file} : archiveur main, serveur MQTT 127.0.0.1, trames sous teleinfo"
    assert [line.partition(" : ")[0] for line in lines[1:3]] == [
        "✗ problème Base de données",
        "✗ problème Serveur MQTT",
    ]
    assert lines[3] == "2 problèmes."
