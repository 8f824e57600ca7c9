"""All that `teleinfo-storer check` can say of its database, its storer and its sources, in both languages."""

import argparse
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.check.broker_probe import Received
from common.check.findings import Finding, Report
from common.contract.sources import SOURCES, Source
from common.contract.topics import Topics
from common.machine.host import Host
from storer.check.command import check, run_check
from storer.check.database import DatabaseFacts, diagnose_database
from storer.check.service import StorerFacts, collect_facts, diagnose_readers, diagnose_storer
from storer.check.sources import diagnose_sources
from storer.check.texts import TEXTS
from storer.database.settings import SavedSettings
from tests.support.fake_broker import SUBSCRIBE, Connection, FakeBroker, answer_one, connack, filters_of
from tests.support.golden import check_golden
from tests.support.servers import free_port

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
METER = "031961123456"
DATABASE = DatabaseFacts(
    where="localhost:3306",
    user="teleinfo",
    name="teleinfodb",
    version="11.8.3-MariaDB-0+deb13u1",
    account="'teleinfo'@'localhost'",
    schema=102,
    newest_schema=102,
    free=9_100_000_000,
)
ROLLUPS = {"active": True, "runs": 5, "errors": 0, "lag": 1200, "late_hours": 0, "rebuild_hours": 0}
STORER = StorerFacts(
    name="main",
    seconds=6,
    status="online",
    health={"uptime": 7200, "stored": 7000, "rollups": ROLLUPS, "retention": {"blocked": None}},
    local=True,
    readers={"cellar": "online"},
    links={METER: "online"},
    live={METER: 6},
)


def storer(**health: Any) -> StorerFacts:
    return replace(STORER, health={**STORER.health, **health})


BROKEN_DATABASES = (
    replace(DATABASE, tls=True),
    replace(DATABASE, version="10.5.29-MariaDB"),
    replace(DATABASE, version="8.0.43"),
    replace(DATABASE, read_only=True, flush=2),
    replace(DATABASE, missing_rights=("ALTER", "DROP")),
    replace(DATABASE, schema=None, refused="the tables have version 15, from before the first release: choose another"
            " database, or use commit d8060f4, the last that reads them"),
    replace(DATABASE, schema=None, refused="the tables have version 104, this program supports up to 103: update the"
            " storer"),
    replace(DATABASE, schema=None, refused="version 101 of the tables (rows) was made by another file than this program"
            " has: use the program that made them, or choose another database"),
    replace(DATABASE, schema=None, refused="teleinfoframes is the table of the original program: as administrator (sudo"
            " mariadb): RENAME TABLE a TO b; then import its hours with `teleinfo-storer import original b`"),
    replace(DATABASE, schema=None, refused="has only part of a backup, its restore is not finished: run it again"
            " (teleinfo-storer restore FOLDER), it starts from the beginning"),
    replace(DATABASE, schema=None),
    replace(DATABASE, schema=101),
    replace(DATABASE, local=False, free=None),
    replace(DATABASE, free=90_000_000),
    replace(DATABASE, free=120_000_000),
    replace(DATABASE, free=1_200_000_000),
)  # fmt: skip
BROKEN_STORERS = (
    replace(STORER, status="stalled"),
    replace(STORER, status="", local=False),
    storer(rollups={**ROLLUPS, "lag": None}, rejected=3),
    storer(rollups={**ROLLUPS, "lag": 10_000}, rejected=3, rejected_not_kept=1),
    storer(rollups={**ROLLUPS, "late_hours": 2, "rebuild_hours": 49}),
    storer(retention={"blocked": "frames before 2026-09-01 are kept: no backup of the last 35 days has"
                      " 2026-08 whole; the next ones write or read their files"}),
    storer(retention={"blocked": "nothing is dropped without backups; set backup.folder"},
           backup={"folder": None, "failed": None}),
    storer(retention={"blocked": "a backup is being made; tried again tomorrow"},
           backup={"folder": "/mnt/usb", "failed": "/mnt/usb: cannot be read: No such file or directory"}),
    storer(retention={"blocked": f"frames before 2026-09-01 are kept: of {METER}, 7 frames of 2026-08-03 10:00 UTC that"
                      " a reader counted never came; if they are lost, have months that lack frames dropped, too (page,"
                      " Settings)"}),
    storer(retention={"blocked": "nothing is rolled up yet"}, backup={"folder": "/mnt/usb", "failed": None}),
    storer(taken_over=2),
    replace(STORER, status="offline"),
    replace(STORER, status=""),
)  # fmt: skip
BROKEN_READERS = (
    replace(STORER, readers={"cellar": "offline"}),
    replace(STORER, readers={"cellar": "online", "old": "offline"}),
    replace(STORER, live={}),
    replace(STORER, live={}, links={METER: "offline"}),
    replace(STORER, live={}, links={}, readers={}),
)


def sources(*names: str, **options: Any) -> tuple[Source, ...]:
    return SOURCES.read(
        [{"name": name, "kind": "production", "topic": f"sun/{name}", "power": "", **options} for name in names]
    )


def report(**changes: Any) -> dict[str, Any]:
    return {"name": "roof", "taken": 0, "last": None, "breaks": 0, "refused": {}, "example": None, **changes}


RECENT = {"taken": 5, "last": "2026-11-24T11:59:30Z", "power": 812.4}
ARRIVED: tuple[dict[str, Any], ...] = (
    RECENT,
    {},
    {"refused": {"retained, so old": 1}},
    {"refused": {"not a number": 3}, "example": "not a number: ON"},
    {"refused": {"clock behind what is stored": 3}},
    {"taken": 5, "last": "2026-11-23T11:00:00Z"},
    {**RECENT, "refused": {"jump": 2, "no value": 7}, "example": "jump: 0", "breaks": 1},
)


def of_source(changes: dict[str, Any], uptime: int = 9999) -> list[Finding]:
    health = {"uptime": uptime, "sources": {"pending": 0, "sources": [report(**changes)]}}
    return list(diagnose_sources(sources("roof"), health, NOW))


def every_finding() -> Iterable[Finding]:
    return dict.fromkeys(_findings())


def _findings() -> Iterator[Finding]:
    yield TEXTS.finding("config_ok", path="/etc/storer.yaml", name="main", hosts="pi.lan", topics="teleinfo")
    yield TEXTS.finding("no_share")
    for database in (DATABASE, *BROKEN_DATABASES):
        yield from diagnose_database(database)
    for one in (STORER, *BROKEN_STORERS):
        yield from diagnose_storer(one)
    for one in (STORER, *BROKEN_READERS):
        yield from diagnose_readers(one)
    for changes in ARRIVED:
        yield from of_source(changes)
    yield from of_source({}, uptime=60)  # soon after the start nothing need have come
    twice = sources("a", "b", topic="t")
    yield from diagnose_sources(twice, {"uptime": 5, "sources": {"pending": 11, "sources": []}}, NOW)


def test_all_that_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    check_golden(Path(__file__).with_name("check"), every_finding, monkeypatch, tmp_path)


def test_of_sources_nothing_is_said_without_any_or_while_the_storer_does_not_run() -> None:
    assert list(diagnose_sources((), {"uptime": 5}, NOW)) == []
    assert list(diagnose_sources(sources("roof"), {}, NOW)) == []


def test_facts_are_collected_from_messages() -> None:
    payloads = {
        "house/reader/cellar/status": b"online",
        "house/reader/gone/status": b"",
        "house/storer/main/status": b'{"status": "stalled", "wait": 0}',
        "house/storer/second/status": b'{"status": "online", "wait": 0}',
        "house/storer/main/health": b"nonsense",
        f"annex/{METER}/link": b"offline",
        f"annex/{METER}/frame": b"{}",
        "zigbee2mqtt/frame": b"{}",  # of a source
    }
    messages = [Received(topic, payload, True) for topic, payload in payloads.items()]
    facts = collect_facts("main", [Topics("house"), Topics("annex")], messages, seconds=6, local=False)
    assert (facts.status, facts.health) == ("stalled", {})
    assert (facts.readers, facts.links, facts.live) == ({"cellar": "online"}, {METER: "offline"}, {METER: 1})


# -- the command, at a broker that refuses a forbidden topic, as mosquitto does not -----------------------------------

_QOS_1 = connack(b"\x24\x01")


def refuse_shellies(connection: Connection) -> None:
    while packet := connection.packet():
        if packet[0] == SUBSCRIBE and filters_of(packet[1])[0].startswith("shellies/"):
            connection.send(b"\x90\x04" + packet[1][2:4] + b"\x00\x87")
        else:
            answer_one(connection, packet, [], _QOS_1)


def test_a_missing_right_to_read_a_source_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = SavedSettings()
    saved.sources = SOURCES.read([{"name": "roof", "kind": "production", "topic": "shellies/roof/power", "power": ""}])
    monkeypatch.setattr("storer.check.command.read_saved", lambda _: saved)
    file, stream = tmp_path / "storer.yaml", io.StringIO()
    with FakeBroker(refuse_shellies) as broker:
        config = {
            "mqtt": {"host": "127.0.0.1", "port": broker.port},
            "database": {"host": "127.0.0.1", "port": free_port()},
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
