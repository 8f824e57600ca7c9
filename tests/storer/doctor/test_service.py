from dataclasses import replace

import pytest

from common.contract.topics import Topics
from common.doctor.broker_probe import Received
from common.doctor.findings import Status
from storer.doctor.service import StorerFacts, diagnose_readers, diagnose_storer, gather
from tests.support.findings import worst

OK, NOTICE, PROBLEM = Status
METER = "031961123456"
GOOD = StorerFacts(
    name="main",
    seconds=6,
    status="online",
    health={"uptime": 7200, "stored": 7000},
    local=True,
    readers={"cellar": "online"},
    links={METER: "online"},
    live={METER: 6},
)


def test_facts_are_collected_from_messages() -> None:
    payloads = {
        "house/reader/cellar/status": b"online",
        "house/reader/gone/status": b"",
        "house/storer/main/status": b'{"status": "stalled", "wait": 0}',
        "house/storer/second/status": b'{"status": "online", "wait": 0}',
        "house/storer/main/health": b"nonsense",
        f"annex/{METER}/link": b"offline",
        f"annex/{METER}/frame": b"{}",
        f"annex/{METER}/replay": b"{}",
        "zigbee2mqtt/frame": b"{}",  # of a source
    }
    messages = [Received(topic, payload, True) for topic, payload in payloads.items()]
    facts = gather("main", [Topics("house"), Topics("annex")], messages, seconds=6, local=False)
    assert facts.status == "stalled"
    assert facts.health == {}
    assert facts.readers == {"cellar": "online"}
    assert facts.links == {METER: "offline"}
    assert facts.live == {METER: 1}
    assert facts.replayed == 1


@pytest.mark.parametrize(
    ("statuses", "returned"),
    [
        ([("house", "online"), ("annex", "online")], 0),  # at its start; and again each minute
        ([("house", "online"), ("annex", "online"), ("house", "offline"), ("house", "online"), ("annex", "online")], 1),
    ],
)
def test_it_has_come_online_as_often_as_it_was_offline_before(statuses: list[tuple[str, str]], returned: int) -> None:
    messages = [
        Received(f"{base}/storer/main/status", b'{"status": "%b", "wait": 0}' % status.encode(), False)
        for base, status in statuses
    ]
    facts = gather("main", [Topics("house"), Topics("annex")], messages, seconds=6, local=False)
    assert facts.returned == returned


def test_a_healthy_storer_and_its_readers_are_ok() -> None:
    found = [diagnose_storer(GOOD), *diagnose_readers(GOOD)]
    assert {finding.status for finding in found} == {OK}
    assert "for 2 hours; 7000 frames stored" in found[0].what
    assert f"{METER} 1.0 per second" in found[-1].what


@pytest.mark.parametrize(
    ("facts", "status", "what"),
    [
        (replace(GOOD, returned=3), PROBLEM, "two storers"),
        (replace(GOOD, health={"uptime": 7200, "taken_over": 2}), PROBLEM, "two storers"),
        (replace(GOOD, status="offline", health={"taken_over": 2}), PROBLEM, "two storers"),
        (replace(GOOD, health={"uptime": 7200, "taken_over": 1}), NOTICE, "same client id"),
        (replace(GOOD, status="stalled"), PROBLEM, "cannot reach its database"),
        (replace(GOOD, status="offline"), PROBLEM, "offline"),
        (replace(GOOD, status=""), NOTICE, "no status"),
        (replace(GOOD, status="offline", local=False), PROBLEM, "main is not running"),
        (replace(GOOD, status="", local=False), PROBLEM, "main is not running"),
    ],
)
def test_the_storer_itself(facts: StorerFacts, status: Status, what: str) -> None:
    finding = diagnose_storer(facts)
    assert finding.status is status
    assert what in finding.what
    assert finding.fix


@pytest.mark.parametrize(
    ("facts", "status", "what", "fix"),
    [
        (replace(GOOD, readers={"cellar": "offline"}), PROBLEM, "cellar is offline", "teleinfo-reader check"),
        (
            replace(GOOD, readers={"cellar": "online", "old": "offline"}),
            NOTICE,
            "old is offline",
            "teleinfo-reader forget old",
        ),
        (replace(GOOD, live={}), PROBLEM, "no frame", "storer to read teleinfo/+/frame"),
        (
            replace(GOOD, live={}, links={METER: "offline"}),
            PROBLEM,
            "no more frames",
            f"teleinfo-reader forget {METER}",
        ),
        (replace(GOOD, live={}, links={}, readers={}), PROBLEM, "no reader", "start a reader"),
    ],
)
def test_readers_and_meters(facts: StorerFacts, status: Status, what: str, fix: str) -> None:
    finding = worst(diagnose_readers(facts))
    assert finding.status is status
    assert what in finding.what
    assert fix in finding.fix


def test_replayed_frames_are_counted() -> None:
    assert "9 frames replayed" in diagnose_readers(replace(GOOD, replayed=9))[-1].what


def test_in_a_container_fixes_are_docker_compose_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEINFO_DEPLOYMENT", "compose")
    broken = replace(
        GOOD, status="", readers={"cellar": "offline", "attic": "online"}, links={METER: "offline"}, live={}
    )
    found = [diagnose_storer(replace(broken, local=False)), diagnose_storer(broken), *diagnose_readers(broken)]
    fixes = "\n".join(finding.fix for finding in found)
    assert "docker compose up -d storer" in fixes
    assert "docker compose logs --tail 20 storer" in fixes
    assert "docker compose exec reader teleinfo-reader forget cellar" in fixes
    assert f"docker compose exec reader teleinfo-reader forget {METER}" in fixes
    for elsewhere in ("systemctl", "journalctl", "sudo", "mosquitto_pub"):
        assert elsewhere not in fixes
