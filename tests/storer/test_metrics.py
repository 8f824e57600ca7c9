"""The storer's health as metrics."""

import re
from pathlib import Path
from typing import Any

import pytest

from common.runtime.metrics import MetricType
from storer.health import storer_metrics

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def report(**changes: Any) -> dict[str, Any]:
    names = ("uptime", "received", "stored", "duplicate", "rejected", "rejected_not_kept", "pending", "tallies")
    numbers = {name: number for number, name in enumerate(names)}
    rollups = {"active": True, "runs": 21, "errors": 22, "lag": 23, "late_hours": 24, "rebuild_hours": 25}
    retention = {"blocked": None, "bytes": 26, "bytes_measured": True}
    return {**numbers, "database": "connected", "rollups": rollups, "retention": retention, **changes}


def test_every_number_of_the_report_is_there() -> None:
    shown = {sample.value for family in storer_metrics(report()) for sample in family.samples}
    assert {*range(8), 1, 21, 22, 23, 24, 25, 26} <= shown


def test_retention_that_is_held_back_is_seen() -> None:
    def value(blocked: str | None) -> float:
        given = report(retention={"blocked": blocked, "bytes": None, "bytes_measured": False})
        samples = {family.name: family.samples[0].value for family in storer_metrics(given)}
        assert "teleinfo_storer_database_bytes" not in samples
        return samples["teleinfo_storer_retention_blocked"]

    assert (value(None), value("some hours still wait")) == (0, 1)


def test_a_lag_that_is_not_known_yet_is_left_out() -> None:
    unknown = report()["rollups"] | {"lag": None}
    names = {family.name for family in storer_metrics(report(rollups=unknown))}
    assert "teleinfo_storer_rollup_runs_total" in names
    assert "teleinfo_storer_rollup_lag_seconds" not in names


SOURCES = {
    "connected": True,
    "active": True,
    "pending": 31,
    "dropped": 32,
    "errors": 33,
    "sources": [
        {"name": "roof", "kind": "production", "taken": 34, "last": "2026-11-24T12:00:00Z",
         "power": 35.5, "energy": 36.0, "breaks": 37, "refused": {"not a number": 38}, "example": "not a number: ON"},
        {"name": "garden", "kind": "temperature", "taken": 0, "last": None, "breaks": 0,
         "refused": {}, "example": None},
    ],
}  # fmt: skip


def test_sources_have_metrics_where_there_are_any() -> None:
    def samples(**more: Any) -> dict[tuple[str, ...], float]:
        return {
            (family.name.removeprefix("teleinfo_storer_source_"), *sample.labels.values()): sample.value
            for family in storer_metrics(report(**more))
            for sample in family.samples
            if "source" in family.name
        }

    assert samples() == {}
    assert samples(sources=SOURCES) == {
        ("pending",): 31, ("dropped_total",): 32, ("errors_total",): 33,
        ("taken_total", "roof"): 34, ("taken_total", "garden"): 0,
        ("breaks_total", "roof"): 37, ("breaks_total", "garden"): 0,
        ("refused_total", "roof", "not a number"): 38, ("power_watts", "roof"): 35.5, ("energy_watthours", "roof"): 36,
    }  # fmt: skip


def test_what_only_rises_is_a_counter_and_says_so() -> None:
    for family in storer_metrics(report(sources=SOURCES)):
        assert re.fullmatch(r"teleinfo_storer_[a-z_]+", family.name)
        assert (family.type is MetricType.COUNTER) == family.name.endswith("_total"), family.name


@pytest.mark.parametrize(("state", "value"), [("connected", 1), ("away", 0)])
def test_a_database_that_is_away_is_seen(state: str, value: int) -> None:
    (family,) = [
        family
        for family in storer_metrics(report(database=state))
        if family.name == "teleinfo_storer_database_connected"
    ]
    assert family.samples[0].value == value


def test_each_is_documented() -> None:
    page = DOCUMENT.read_text()
    for family in storer_metrics(report(sources=SOURCES)):
        assert f"| `{family.name}` | {family.type} |" in page
