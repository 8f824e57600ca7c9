"""All that the reader's check says, in golden files, and what it means to say."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.check.findings import Finding, Status
from common.contract.labels import Mode
from common.discovery.announced import FoundMeter
from common.machine.host import Process
from common.machine.version import BUILD_DATE
from reader.check.decoded import diagnose_found
from reader.check.health import (
    ServiceFacts,
    diagnose_delivery,
    diagnose_reported_line,
    diagnose_service,
    diagnose_topic,
)
from reader.check.line import LineFacts, diagnose_line
from reader.check.port import PortFacts, diagnose_choice, diagnose_port
from reader.check.storage import StorageFacts, diagnose_storage
from reader.check.texts import TEXTS
from tests.support.golden import check_golden

OK, NOTICE, PROBLEM = Status
PORT, METER, TOPIC = "/dev/ttyAMA0", "031961123456", "mqtt:zigbee2mqtt/Linky"
PI3, PI5 = "Raspberry Pi 3 Model B", "Raspberry Pi 5 Model B"
NOW = datetime(2100, 11, 24, 12, tzinfo=UTC)  # after the date of every build

FREE = PortFacts(url=PORT, device="ttyAMA0", user="teleinfo", group="dialout")
HEARD = LineFacts(
    url=PORT,
    wanted="auto",
    seconds=12.0,
    characters=9000,
    checked=9000,
    mode=Mode.STANDARD,
    frames=12,
    good=500,
    parity=True,
    meters={METER},
)
STORED = StorageFacts(user="teleinfo", now=NOW, free=20_000_000_000)


def holder(name: str) -> PortFacts:
    return replace(FREE, holders=(Process(9, name, ()),))


def line(**changes: Any) -> dict[str, Any]:
    good = {"port": PORT, "open": True, "meter": METER, "mode": "standard", "frames": 1000, "parity_errors": 0}
    return good | {"groups_dropped": {}, "problem": None} | changes


def running(
    delivery: dict[str, Any] | None = None, storers: dict[str, str] | None = None, **health: Any
) -> ServiceFacts:
    report = {"confirmed": 990, "pending": 2, "discarded": 0} | (delivery or {})
    return ServiceFacts(
        name="cellar",
        status="online",
        health={"uptime": 7200, "lines": [line()], "delivery": report} | health,
        local=True,
        storers={"main": "online"} if storers is None else storers,
    )


PORTS = [
    FREE,
    replace(FREE, url="/dev/serial0", holders=(Process(77, "python", ("teleinfo-reader", "run")),)),
    replace(FREE, exists=False),
    replace(FREE, exists=False, pi=PI3),
    replace(FREE, exists=False, pi=PI5, others=("/dev/serial/by-id/a",)),
    replace(FREE, exists=False, others=("/dev/serial/by-id/a", "/dev/ttyS0")),
    replace(FREE, exists=False, taken_by_brltty="1a86:7523"),
    replace(FREE, serial=False),
    replace(FREE, serial=False, others=("/dev/serial0",)),
    replace(FREE, allowed=False),
    replace(FREE, allowed=False, group="root"),
    replace(FREE, allowed=False, container=True, gid=14),
    replace(FREE, allowed=False, container=True, gid=20, member=True, major=240),
    replace(FREE, allowed_here=False),
    *map(holder, ("minicom", "agetty", "hciattach", "ModemManager", "brltty")),
    replace(FREE, console="/boot/cmdline.txt", console_as="serial0"),
    replace(FREE, console="/proc/cmdline", console_as="ttyS3"),
    replace(FREE, console="/proc/cmdline", console_as="ttyAMA0", pi=PI5, uart0_console=True),
    replace(FREE, getty="serial-getty@ttyAMA0.service"),
    replace(FREE, bluetooth=True, pi=PI3),
    replace(FREE, device="ttyAMA10", pins="ttyAMA0", pi=PI5),
    replace(FREE, pins="ttyS0", pi=PI3),
    replace(FREE, device="ttyS0", pins="ttyS0", pi=PI3, switched_off=True),
]
LINES = [
    HEARD,
    replace(HEARD, parity=False, mode=Mode.HISTORIC),
    replace(HEARD, dropped={"checksum": 1}),  # type: ignore[arg-type]
    replace(HEARD, dropped={"checksum": 60}, broken=3, wanted="historic"),  # type: ignore[arg-type]
    replace(HEARD, dropped={"checksum": 60}, mode=Mode.HISTORIC),  # type: ignore[arg-type]
    replace(HEARD, driver={"overrun": 3}),
    replace(HEARD, error=f"{PORT}: another program has it open"),
    replace(HEARD, error=f"{PORT}: it is gone"),
    replace(HEARD, frames=0, characters=0),
    replace(HEARD, frames=0, characters=100, nuls=100),
    replace(HEARD, frames=0, lone_groups=True),
    replace(HEARD, frames=0, characters=1),
    replace(HEARD, frames=0),
    replace(HEARD, meters=set()),
    replace(HEARD, meters=set(), values=dict.fromkeys(("TRAME", "ADS", "MESURES1", "DATE"), "x")),
    replace(HEARD, meters={METER, "031961123457"}),
    replace(HEARD, meters={"999961123456"}),
    replace(HEARD, mode=Mode.HISTORIC, values={"ADCO": METER}),
]
SERVICES = [
    running(),
    running(taken_over=2),
    replace(running(), local=False),
    replace(running(), status="offline"),
    replace(running(), status=""),
    ServiceFacts(name="cellar"),
]
REPORTED = [
    running(),
    running(lines=[]),
    running(lines=[line(open=False)]),
    running(uptime=0, lines=[line(open=False, meter=None)]),
    running(lines=[line(meter=None)]),
    running(lines=[line(problem="silent")]),
    running(lines=[line(mode="historic", groups_dropped={"checksum": 300, "implausible": 900})]),
]
TOPICS = [
    running(lines=[line(port=TOPIC, decoded={"source": "zigbee2mqtt", "interval": 60})]),
    running(lines=[line(port=TOPIC, meter=None, problem="unreadable", decoded={"refused": {"no_meter": 5}})]),
    running(lines=[line(port=TOPIC, meter=None, problem="silent")]),
    running(lines=[line(port=TOPIC, meter=None)]),
    running(),
]
FOUND = [
    FoundMeter(TOPIC, "Linky (Zigbee2MQTT)", "zigbee2mqtt"),
    FoundMeter("mqtt:node/sensor/+/state", "Node (ESPHome)", "esphome", (("linky_east", "EAST"), ("uptime", None))),
]
DELIVERIES = [
    running(),
    running(storers={}),
    running(storers={"main": "stalled"}),
    running({"pending": 90}, storers={"main": "offline"}),
    running(storers={"main": "offline"}),
    running({"confirmed": 0, "pending": 90}),
    running({"discarded": 9}),
    running({"spool": {"oldest": (NOW - timedelta(hours=1)).isoformat()}}),
]
STORAGES = [
    STORED,
    replace(STORED, synchronised=False),
    replace(STORED, synchronised=False, simulated=True),
    replace(STORED, now=datetime(1970, 1, 1, tzinfo=UTC)),
    replace(STORED, journal_free=4096),
    replace(STORED, journal_in_memory=False),
    replace(STORED, journal_refused="others may write into it"),
    replace(STORED, journal_writable=False),
    replace(STORED, spool_writable=False),
    replace(STORED, spool_read_only=True),
    replace(STORED, spool_size=60_000_000),
    replace(STORED, free=30_000_000),
    replace(STORED, free=3_000_000),
]


def everything() -> Iterable[Finding]:
    return dict.fromkeys(_findings())


def _findings() -> Iterator[Finding]:
    yield TEXTS.finding("config_ok", path="/etc/reader.yaml", name="cellar", ports=PORT, hosts="pi.lan")
    yield diagnose_choice([PORT], [])
    yield diagnose_choice([], [])
    yield diagnose_choice([], [PORT, "/dev/ttyUSB0"])
    for port in PORTS:
        yield from diagnose_port(port)
    for heard in LINES:
        yield from diagnose_line(heard)
    for service in SERVICES:
        yield diagnose_service(service)
    for reported in REPORTED:
        yield from diagnose_reported_line(reported, PORT)
    for reported in TOPICS:
        yield diagnose_topic(reported, TOPIC)
    for asks in (True, False):
        yield from diagnose_found(FOUND, asks=asks)
    yield TEXTS.finding("port_unpublished", port=PORT)
    for delivery in DELIVERIES:
        yield from diagnose_delivery(delivery, "auto", NOW)
    for stored in STORAGES:
        yield from diagnose_storage(stored)


def test_all_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    check_golden(Path(__file__).with_name("check"), everything, monkeypatch, tmp_path)


def test_a_good_state_has_no_problem() -> None:
    found = [*diagnose_port(FREE), *diagnose_line(HEARD), diagnose_service(running()), *diagnose_storage(STORED)]
    found += [*diagnose_reported_line(running(), PORT), *diagnose_delivery(running(), "auto", NOW)]
    found.append(diagnose_topic(TOPICS[0], TOPIC))
    assert {finding.status for finding in found} == {OK}


def test_who_wants_no_storer_is_not_told_to_start_one() -> None:
    (finding,) = diagnose_delivery(running(storers={}), "broker", NOW)
    assert (finding.status, finding.what) == (OK, "990 frames confirmed since its start, 2 pending")


@pytest.mark.parametrize(("before", "status"), [(timedelta(seconds=1), PROBLEM), (timedelta(), OK)])
def test_a_clock_before_the_date_of_the_program_was_never_set(before: timedelta, status: Status) -> None:
    assert diagnose_storage(replace(STORED, now=BUILD_DATE - before))[0].status is status


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (running(storers={"main": "offline"}), NOTICE),  # frames are confirmed, whatever this node of a cluster retains
        (running({"pending": 61}, storers={"main": "offline", "second": "online"}), NOTICE),
        (running({"pending": 61}, storers={"main": "offline"}), PROBLEM),
        (replace(running(storers={"main": "offline"}), status="offline"), PROBLEM),
    ],
)
def test_a_storer_that_is_offline_is_a_problem_where_frames_wait_for_it(facts: ServiceFacts, status: Status) -> None:
    assert diagnose_delivery(facts, "auto", NOW)[0].status is status


def test_a_register_that_decreases_is_no_noise() -> None:
    found = diagnose_reported_line(running(lines=[line(groups_dropped={"implausible": 900})]), PORT)
    assert [finding.status for finding in found] == [OK, NOTICE, OK]
    found = diagnose_reported_line(running(lines=[line(groups_dropped={"implausible": 900, "checksum": 51})]), PORT)
    assert [finding.status for finding in found] == [PROBLEM, NOTICE, OK]
