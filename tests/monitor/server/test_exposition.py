"""What Prometheus reads: all numbers of all reports, in base units, whatever else the broker has."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.contract.labels import Mode
from monitor.live.house import LiveHouse
from monitor.server.exposition import Exposition, Family
from reader.line.frame_watchdog import Problem
from reader.line.line_health import LineHealth
from tests.support.frames import ADDRESS, standard

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
    house, found = LiveHouse(), Exposition()
    house.on_health(kind, "main", json.dumps(report).encode(), NOW)
    word = status.encode() if kind == "reader" else json.dumps({"status": status}).encode()
    house.on_status(kind, "main", word, NOW)
    (one,) = house.programs(kind)
    (found.add_reader if kind == "reader" else found.add_storer)(one)
    return found.families


def meter(at: float = 1.0, **more: Any) -> list[Family]:
    house, found = LiveHouse(), Exposition()
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


def values(families: list[Family]) -> dict[tuple[str, ...], float]:
    return {
        (family.name.removeprefix("teleinfo_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def numbers(document: Any) -> Iterator[float]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for item in document:
            yield from numbers(item)
    elif type(document) in (int, float):
        yield document


def test_every_number_of_a_reader_is_there_with_its_name_and_that_of_its_line() -> None:
    shown = values(program("reader", reader_report()))
    assert set(numbers(reader_report())) - set(shown.values()) == set()
    line = "main", "/dev/ttyAMA0", "031961123456"
    assert shown["reader_up", "main"] == shown["reader_info", "main", "9.8.7"] == 1
    assert shown["reader_frames_total", *line] == 101
    assert shown["reader_frames_total", "main", "/dev/ttyUSB0", ""] == 0
    assert shown["reader_groups_dropped_total", *line, "checksum"] == 107
    assert shown["reader_line_problem", *line, "unreadable"] == 1
    assert shown["reader_journal_oldest_timestamp_seconds", "main"] == 1795575600.25
    assert ("reader_spool_oldest_timestamp_seconds", "main") not in shown


def test_every_number_of_a_storer_is_there_and_energy_is_in_joules() -> None:
    shown = values(program("storer", storer_report()))
    assert set(numbers(storer_report())) - set(shown.values()) == {36.0}
    assert shown["storer_source_energy_joules", "main", "roof"] == 129_600
    assert shown["storer_source_temperature_celsius", "main", "roof"] == -2.5
    assert shown["storer_source_refused_total", "main", "roof", "not a number"] == 38
    assert shown["storer_retention_blocked", "main"] == 0


def test_what_is_not_known_yet_is_left_out_and_retention_that_is_held_back_is_seen() -> None:
    report = storer_report() | {"retention": {"blocked": "some hours wait", "bytes": None, "bytes_measured": False}}
    shown = values(program("storer", report))
    assert shown["storer_retention_blocked", "main"] == 1
    assert ("storer_database_bytes", "main") not in shown


@pytest.mark.parametrize(("status", "up", "database"), [("online", 1, 1), ("stalled", 1, 0), ("offline", 0, None)])
def test_a_storer_and_its_database_that_are_away_are_seen(status: str, up: int, database: int | None) -> None:
    shown = values(program("storer", storer_report(), status))
    assert (shown["storer_up", "main"], shown.get(("storer_database_connected", "main"))) == (up, database)


def test_of_a_program_that_is_offline_nothing_old_is_shown() -> None:
    assert values(program("reader", reader_report(), "offline")) == {("reader_up", "main"): 0}
    assert values(program("storer", storer_report(), "offline")) == {("storer_up", "main"): 0}


def test_values_of_a_meter_have_base_units() -> None:
    shown = values(meter())
    expected = {
        ("up",): 1, ("info", "standard", "tempo", "HPJB"): 1, ("power_voltamperes",): 1840,
        ("estimated_power_watts",): -120, ("subscribed_power_voltamperes",): 9000,
        ("headroom_power_voltamperes",): -50, ("overload",): 1, ("price_euros",): 0.1579,
        ("imported_energy_joules_total",): 3_600_000, ("exported_energy_joules_total",): 7200,
        ("register_energy_joules_total", "EASF01"): 25_200, ("register_energy_joules_total", "EASD04"): 28_800,
        ("voltage_volts", "1"): 234, ("current_amperes", "1"): 5,
    }  # fmt: skip
    found = {(f"meter_{name}", ADDRESS, *labels): value for (name, *labels), value in expected.items()}
    assert found == {key: value for key, value in shown.items() if key[0] != "meter_last_frame_timestamp_seconds"}


def test_of_a_meter_that_is_silent_only_that_and_since_when_is_shown() -> None:
    names = [name for name, *_ in values(meter(at=60.0))]
    assert names == ["meter_up", "meter_last_frame_timestamp_seconds"]
    assert values(meter(at=60.0))["meter_up", ADDRESS] == 0


def test_a_monitor_shows_what_it_answered() -> None:
    shown = values(monitor())
    assert shown["monitor_replies_total", "4xx"] == 1
    assert shown["monitor_wrong_passwords_total",] == 7
    assert (shown["monitor_uptime_seconds",], shown["monitor_viewers",], shown["monitor_broker_connected",]) == (
        11.5,
        2,
        1,
    )


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
    house, found = LiveHouse(), Exposition()
    house.on_status(kind, "main", b"online" if kind == "reader" else b'{"status": "online"}', NOW)
    (one,) = house.programs(kind)
    odd = one.__class__(one.name, one.status, report, NOW)  # type: ignore[arg-type]
    (found.add_reader if kind == "reader" else found.add_storer)(odd)
    assert values(found.families)[f"{kind}_up", "main"] == 1
    assert (f"{kind}_uptime_seconds", "main") not in values(found.families)


def test_no_series_is_there_twice() -> None:
    line = LineHealth("/dev/ttyUSB0", frames=5).report()
    (family,) = [
        one for one in program("reader", {"lines": [line, line]}) if one.name == "teleinfo_reader_frames_total"
    ]
    assert [(sample.labels["port"], sample.value) for sample in family.samples] == [("/dev/ttyUSB0", 5)]


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
