import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from common.contract.topics import Topics
from common.doctor.broker_probe import Received
from common.doctor.findings import Status
from reader.doctor.delivery import diagnose_delivery
from reader.doctor.service import ServiceFacts, diagnose_reported_line, diagnose_service, gather
from tests.support.findings import worst

OK, NOTICE, PROBLEM = Status
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PORT, METER = "/dev/ttyAMA0", "031961123456"
TOPICS = Topics("teleinfo")


def line(**changes: Any) -> dict[str, Any]:
    good = {"port": PORT, "open": True, "meter": METER, "mode": "standard", "frames": 1000, "parity_errors": 0}
    return good | {"groups_dropped": {}} | changes


def delivery(**changes: Any) -> dict[str, Any]:
    return {
        "confirmed": 990,
        "pending": 2,
        "discarded": 0,
        "journal": {"oldest": None},
        "spool": {"oldest": None},
    } | changes


def running(**health: Any) -> ServiceFacts:
    report = {"uptime": 7200, "connects": 1, "lines": [line()], "delivery": delivery()} | health
    return ServiceFacts(
        name="cellar",
        status="online",
        health=report,
        local=True,
        seconds=10,
        links={METER: "online"},
        storers={"main": "online"},
    )


def message(topic: str, payload: Any, *, retained: bool = True) -> Received:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return Received(topic, text.encode(), retained)


def test_facts_are_collected_from_messages() -> None:
    frame = {"meter": METER, "timestamp": "2026-11-24T12:00:00.000000Z", "mode": "standard", "frame": {"ADSC": METER}}
    facts = gather(
        "cellar",
        TOPICS,
        [
            message("teleinfo/reader/cellar/status", "online"),
            message("teleinfo/reader/attic/status", "offline"),
            message("teleinfo/reader/cellar/health", {"lines": [line()]}),
            message("teleinfo/storer/main/status", {"status": "stalled", "wait": 0}),
            message(f"teleinfo/{METER}/link", "online"),
            message(f"teleinfo/{METER}/frame", frame, retained=False),
            message(f"teleinfo/{METER}/frame", "nonsense", retained=False),
            message(f"teleinfo/{METER}/stored", {}, retained=False),
        ],
        seconds=10,
        local=False,
    )
    assert facts.online
    assert facts.line(PORT)
    assert facts.line("/dev/other") is None
    assert facts.storers == {"main": "stalled"}
    assert facts.links == {METER: "online"}
    assert [found.meter for found in facts.frames] == [METER]
    assert facts.confirmed
    assert facts.returned == 0


def test_a_storer_that_confirms_is_online_whatever_its_status() -> None:
    """Each node of a cluster may retain another status of it."""
    messages = [
        message("teleinfo/storer/main/status", {"status": "offline", "wait": 0}),
        message("teleinfo/storer/second/status", {"status": "offline", "wait": 0}),
        message(f"teleinfo/{METER}/stored", {"storer": "main", "timestamps": []}, retained=False),
        message(f"teleinfo/{METER}/stored", {"storer": ["no", "name"]}, retained=False),
    ]
    facts = gather("cellar", TOPICS, messages, seconds=10, local=True)
    assert facts.storers == {"main": "online", "second": "offline"}


@pytest.mark.parametrize(
    ("statuses", "returned"),
    [
        (["online", "online", "online"], 0),  # published again each minute
        (["offline", "online"], 1),
        (["online", "offline", "online", "online", "offline", "online"], 2),
    ],
)
def test_it_has_come_online_as_often_as_it_was_offline_before(statuses: list[str], returned: int) -> None:
    messages = [message("teleinfo/reader/cellar/status", status, retained=False) for status in statuses]
    assert gather("cellar", TOPICS, messages, seconds=200, local=True).returned == returned


@pytest.mark.parametrize("health", ["", "[]", "{", '{"lines": 3}', '{"lines": [1, {"port": 2}], "delivery": []}'])
def test_invalid_health_is_ignored(health: str) -> None:
    facts = gather("cellar", TOPICS, [message("teleinfo/reader/cellar/health", health)], seconds=1, local=True)
    assert diagnose_service(replace(facts, status="online"))
    assert diagnose_reported_line(facts, PORT)
    assert diagnose_delivery(replace(facts, status="online"), "auto", NOW)


def test_a_healthy_reader_is_ok() -> None:
    facts = running()
    found = diagnose_service(facts) + diagnose_reported_line(facts, PORT) + diagnose_delivery(facts, "auto", NOW)
    assert {finding.status for finding in found} == {OK}
    assert "for 2 hours" in found[0].what


@pytest.mark.parametrize(
    ("facts", "status", "what"),
    [
        (replace(running(), returned=4), PROBLEM, "two readers use the name cellar"),
        (running(taken_over=2), PROBLEM, "two readers use the name cellar"),
        (running(taken_over=1), NOTICE, "same client id"),
        (replace(running(), local=False), NOTICE, "none runs on this machine"),
        (replace(running(), status="offline"), PROBLEM, "offline"),
        (replace(running(), status=""), NOTICE, "no status"),
        (running(connects=200), NOTICE, "200 times"),
        (ServiceFacts(name="cellar"), NOTICE, "no reader named cellar is running"),
        (ServiceFacts(name="cellar", status="offline"), NOTICE, "no reader named cellar is running"),
    ],
)
def test_the_reader_itself(facts: ServiceFacts, status: Status, what: str) -> None:
    finding = worst(diagnose_service(facts))
    assert finding.status is status
    assert what in finding.what
    assert finding.fix


@pytest.mark.parametrize(
    ("facts", "status", "what"),
    [
        (running(lines=[]), NOTICE, "does not report"),
        (running(lines=[line(open=False)]), PROBLEM, "cannot open"),
        (running(uptime=0, lines=[line(open=False, meter=None)]), NOTICE, "just started"),
        (running(lines=[line(meter=None)]), PROBLEM, "no frame"),
        (replace(running(), links={METER: "offline"}), PROBLEM, "no more frames"),
        (running(lines=[line(groups_dropped={"parity": 300})]), PROBLEM, "noisy"),
    ],
)
def test_a_line_as_the_running_reader_reports_it(facts: ServiceFacts, status: Status, what: str) -> None:
    (finding,) = diagnose_reported_line(facts, PORT)
    assert finding.status is status
    assert what in finding.what
    assert finding.fix


NOT_RUNNING = ServiceFacts(name="cellar", seconds=10)
SILENT = replace(running(), links={METER: "offline"})
WAITING = running(delivery=delivery(pending=500, journal={"oldest": "2026-11-24T10:00:00Z"}))
STORER_GONE = replace(running(), storers={"main": "offline"})


def fixes(*facts: ServiceFacts) -> str:
    found = [
        finding
        for one in facts
        for finding in (
            *diagnose_service(one),
            *diagnose_reported_line(one, PORT),
            *diagnose_delivery(one, "auto", NOW),
        )
    ]
    return "\n".join(finding.fix for finding in found)


def test_in_a_container_fixes_are_docker_compose_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEINFO_DEPLOYMENT", "compose")
    text = fixes(NOT_RUNNING, SILENT, WAITING, STORER_GONE, running(lines=[line(open=False)]), running(lines=[]))
    for command in (
        "docker compose up -d reader",
        "docker compose logs --tail 20 reader",
        "docker compose stop reader",
        "docker compose exec storer teleinfo-storer check",
        "docker compose exec reader teleinfo-reader forget main",
    ):
        assert command in text
    for elsewhere in ("systemctl", "journalctl", "sudo"):
        assert elsewhere not in text


def test_in_a_shell_fixes_are_plain_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELEINFO_DEPLOYMENT", raising=False)
    text = fixes(NOT_RUNNING, STORER_GONE)
    assert "teleinfo-reader run" in text
    assert "docker" not in text


def test_a_register_that_decreases_is_no_noise() -> None:
    stepping = running(lines=[line(groups_dropped={"implausible": 900})])
    found = diagnose_reported_line(stepping, PORT)
    assert "noisy" not in str(found)
    (finding,) = (finding for finding in found if finding.status is not OK)
    assert finding.status is NOTICE
    assert "900 values of registers" in finding.what
    assert "0 damaged lines" in str(found)
    assert "cable" not in finding.fix


def test_noise_beside_a_register_that_decreases_is_still_noise() -> None:
    both = running(lines=[line(groups_dropped={"implausible": 900, "checksum": 500})])
    found = diagnose_reported_line(both, PORT)
    assert {finding.status for finding in found} == {NOTICE, PROBLEM}
    assert any("500 damaged lines" in finding.what for finding in found)
