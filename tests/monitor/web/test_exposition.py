"""What Prometheus reads (metrics.en.txt): all numbers of all reports, in base units, whatever else the broker has."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.contract.labels import Mode
from monitor.live.state import LiveState
from monitor.web.exposition import Exposition, Family
from reader.line.health import LineHealth, Problem
from tests.support.frames import ADDRESS, standard
from tests.support.golden import check_sentences

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def reader_report() -> dict[str, Any]:
    """A health report in which every number is another one."""
    line = LineHealth(
        "/dev/ttyAMA0", open=True, mode=Mode.STANDARD, parity=True, meter="031961123456", frames=101, no_address=102,
        undecodable=103, address_mismatch=104, refused=129, groups=127, parity_errors=105, reopens=106,
        bytes=128, problem=Problem.UNREADABLE,
        dropped=Counter({"checksum": 107, "value": 108}), driver={"framing": 109},
    )  # fmt: skip
    return {
        "version": "9.8.7",
        "uptime": 110,
        "connects": 111,
        "delivery": {
            "decoded": 112,
            "confirmed": 113,
            "rejected": 114,
            "discarded": 115,
            "accepted_by_broker": 116,
            "pending": 117,
            "recovered": 118,
            "replayed": 119,
            "confirmed_by": "main",
            "journal": {"items": 120, "bytes": 121, "oldest": "2026-11-25T03:00:00.250000Z", "errors": 122},
            "spool": {"frames": 123, "bytes": 124, "oldest": None, "errors": 125},
        },
        "clock": {"synchronised": True, "steps_back": 126},
        "lines": [line.report(), LineHealth("/dev/ttyUSB0").report()],
    }


def storer_report() -> dict[str, Any]:
    """A health report in which every number is another one, with a source that has all quantities."""
    names = ("uptime", "received", "stored", "duplicate", "rejected", "rejected_not_kept", "pending", "tallies")
    roof = {
        "name": "roof", "kind": "production", "taken": 34, "last": "2026-11-24T12:00:00Z", "power": 35.5,
        "energy": 36.0, "temperature": -2.5, "breaks": 37, "refused": {"not a number": 38}, "example": "ON",
    }  # fmt: skip
    return {
        "version": "9.8.7",
        **{name: number for number, name in enumerate(names, 10)},
        "database": "connected",
        "rollups": {"active": True, "runs": 21, "errors": 22, "lag": 23, "late_hours": 24, "rebuild_hours": 25},
        "retention": {"blocked": None, "bytes": 26, "bytes_measured": True},
        "sources": {"connected": True, "active": True, "pending": 31, "dropped": 32, "errors": 33, "sources": [roof]},
    }


def state() -> dict[str, Any]:
    return {
        "mode": "standard", "contract": "tempo", "period": "HPJB", "EASF01": 7, "EASD04": 8, "IRMS1": 5,
        "estimated_power": -120, "subscribed_power": 9000, "headroom_power": -50, "overload": True, "price": 0.1579,
        "import_total": 1000, "export_total": 2, "PRM": "01234567890123",
    }  # fmt: skip


def program(kind: str, report: object, status: str = "online") -> list[Family]:
    """Return what is shown of a program whose report and status came over the broker."""
    house, found = LiveState(), Exposition()
    house.on_health(kind, "main", json.dumps(report).encode(), NOW)
    word = status.encode() if kind == "reader" else json.dumps({"status": status}).encode()
    house.on_status(kind, "main", word, NOW)
    (one,) = house.programs(kind)
    (found.add_reader if kind == "reader" else found.add_storer)(one)
    return found.families


def meter(at: float = 1.0, **more: Any) -> list[Family]:
    house, found = LiveState(), Exposition()
    house.on_state(ADDRESS, json.dumps(state() | more).encode(), 0.0)
    house.on_frame(ADDRESS, standard(SINSTS=1840, URMS1=234).to_json(), 0.0)
    view = house.meter(ADDRESS, at)
    assert view is not None
    found.add_meter(view)
    return found.families


def monitor() -> list[Family]:
    found = Exposition()
    found.add_monitor("9.8.7", 11.5, {"2xx": 3, "4xx": 1}, 7, 2, broker=True)
    return found.families


def series(families: list[Family]) -> list[str]:
    """Return lines such as `reader_up{reader=main} 1`."""
    return [
        f"{family.name.removeprefix('teleinfo_')}{{{', '.join(f'{name}={text}' for name, text in one.labels.items())}}}"
        f" {one.value:.15g}"
        for family in families
        for one in family.samples
    ]


def numbers(document: Any) -> Iterator[float]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for item in document:
            yield from numbers(item)
    elif type(document) in (int, float):
        yield document


NEW_STORER = storer_report() | {"retention": {"blocked": "some hours wait", "bytes": None, "bytes_measured": False}}
TWICE = [LineHealth("/dev/ttyUSB0", frames=5).report()] * 2
CASES = {
    "a reader": program("reader", reader_report()),
    "a reader that is offline": program("reader", reader_report(), "offline"),
    "a reader with a line twice": program("reader", {"lines": TWICE}),
    "a storer, whose energy is in joules": program("storer", storer_report()),
    "a storer whose database is away": program("storer", storer_report(), "stalled"),
    "a storer that is offline": program("storer", storer_report(), "offline"),
    "a storer that is new, and holds back retention": program("storer", NEW_STORER),
    "a meter, in base units": meter(),
    "a meter that is silent": meter(at=60.0),
    "a monitor": monitor(),
}


def test_all_numbers_are_there_with_their_names_and_nothing_old() -> None:
    told: list[str] = []
    for name, families in CASES.items():
        told += [f"== {name}", *series(families)]
    check_sentences(
        Path(__file__).with_name("metrics"), "en", [re.sub(r"(last_frame.*) \d+$", r"\1 …", line) for line in told]
    )
    for report, kind in ((reader_report(), "reader"), (storer_report(), "storer")):
        shown = {float(line.rpartition(" ")[2]) for line in series(program(kind, report))}
        assert set(numbers(report)) - shown <= {36.0}  # Wh


@pytest.mark.parametrize(
    "report",
    [
        {"lines": 5, "delivery": [], "sources": {"sources": "x"}, "uptime": "long", "retention": 3, "rollups": None},
        {"lines": [4, {"port": 7, "groups_dropped": [], "driver": {"a": "b"}}], "sources": 1, "uptime": 10**400},
        {"delivery": {"journal": {"oldest": "yesterday"}, "spool": 1}, "version": {"a": 1}, "uptime": float("nan")},
    ],
)
@pytest.mark.parametrize("kind", ["reader", "storer"])
def test_a_report_of_whatever_form_breaks_nothing(kind: str, report: object) -> None:
    house, found = LiveState(), Exposition()
    house.on_status(kind, "main", b"online" if kind == "reader" else b'{"status": "online"}', NOW)
    (one,) = house.programs(kind)
    odd = one.__class__(one.name, one.status, report, NOW)  # type: ignore[arg-type]
    (found.add_reader if kind == "reader" else found.add_storer)(odd)
    lines = series(found.families)
    assert f"{kind}_up{{{kind}=main}} 1" in lines
    assert not [line for line in lines if line.startswith(f"{kind}_uptime")]


@pytest.mark.parametrize(
    "families",
    [meter(SINSTI=1, IINST2=2), program("reader", reader_report()), program("storer", storer_report()), monitor()],
    ids=["meter", "reader", "storer", "monitor"],
)
def test_each_has_a_good_name_a_help_text_and_a_row_of_the_document(families: list[Family]) -> None:
    kind = families[0].name.split("_")[1]
    table = DOCUMENT.read_text().partition(f"`teleinfo_{kind}_…`")[2].partition("\n\n")[0]
    rows = {row.split("|")[1].strip(): row for row in table.splitlines() if row.count("|") == 3}
    for family in families:
        assert re.fullmatch(r"teleinfo_[a-z_]+", family.name)
        assert family.help
        assert len({tuple(sample.labels) for sample in family.samples}) == 1
        labels = ", ".join(family.samples[0].labels) or "(none)"
        assert f"`{family.name.removeprefix(f'teleinfo_{kind}_')}`" in rows[labels], family.name
