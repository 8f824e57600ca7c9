"""Findings about sources, from what the storer publishes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from common.doctor.findings import Status
from storer.doctor.sources import diagnose_sources
from storer.sources.config import Source, read_sources

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RECENT = "2026-11-24T11:59:30Z"


def source(name: str = "roof", **options: Any) -> dict[str, Any]:
    return {"name": name, "kind": "production", "topic": f"inverter/{name}", "power": ""} | options


def sources(*given: dict[str, Any]) -> tuple[Source, ...]:
    return read_sources(list(given))


def report(name: str = "roof", **changes: Any) -> dict[str, Any]:
    nothing = {
        "name": name,
        "kind": "production",
        "taken": 0,
        "last": None,
        "breaks": 0,
        "refused": {},
        "example": None,
    }
    return nothing | changes


def found(
    given: tuple[Source, ...], *reports: dict[str, Any], uptime: int = 9999, pending: int = 0
) -> list[tuple[Status, str]]:
    health = {"uptime": uptime, "sources": {"pending": pending, "sources": list(reports)}}
    return [(one.status, f"{one.what} > {one.fix}") for one in diagnose_sources(given, health, NOW)]


def test_a_house_without_sources_has_no_findings() -> None:
    assert list(diagnose_sources((), {"uptime": 5}, NOW)) == []


def test_without_a_running_storer_there_is_nothing_to_say() -> None:
    assert list(diagnose_sources(sources(source()), {}, NOW)) == []


@pytest.mark.parametrize(
    ("changes", "status", "facts"),
    [
        ({"taken": 5, "last": RECENT, "power": 812.4}, Status.OK, ("roof: 812 W",)),
        ({}, Status.PROBLEM, ("inverter/roof", "mosquitto_sub", "topic read inverter/roof")),
        ({"refused": {"retained, so old": 1}}, Status.PROBLEM, ("nothing has come",)),
        ({"refused": {"not a number": 3}, "example": "not a number: ON"}, Status.PROBLEM, ("3 × not a number", "ON")),
        ({"refused": {"clock behind what is stored": 3}}, Status.PROBLEM, ("clock", "another name")),
        ({"taken": 5, "last": "2026-11-23T11:00:00Z"}, Status.PROBLEM, ("nothing since 2026-11-23 11:00 UTC",)),
    ],
)
def test_each_source_has_a_finding(changes: dict[str, Any], status: Status, facts: tuple[str, ...]) -> None:
    ((seen, text),) = found(sources(source()), report(**changes))
    assert seen is status
    assert all(fact in text for fact in facts), text


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"refused": {"jump": 2, "no value": 7}, "example": "jump: 0"}, ("2 × jump", "jump: 0")),
        ({"breaks": 1}, ("counter", "1 time")),
    ],
)
def test_what_works_and_should_be_known_is_said(changes: dict[str, Any], facts: tuple[str, ...]) -> None:
    (first, second) = found(sources(source()), report(taken=5, last=RECENT, energy=1000.0, **changes))
    assert first[0] is Status.OK
    assert second[0] is Status.NOTICE
    assert all(fact in second[1] for fact in facts), second
    assert "no value" not in second[1]


def test_soon_after_the_start_nothing_need_have_come() -> None:
    ((status, _),) = found(sources(source()), report(), uptime=60)
    assert status is Status.NOTICE
    garden = source("garden", kind="temperature", power=None, temperature="")
    del garden["power"]
    ((status, _),) = found(sources(garden), report("garden"), uptime=1800)
    assert status is Status.NOTICE


def test_a_storer_that_was_not_restarted_is_a_problem() -> None:
    ((status, text),) = found(sources(source()))
    assert (status, "restart" in text) == (Status.PROBLEM, True)


def test_two_sources_of_one_value_are_named() -> None:
    given = sources(source("a", topic="t"), source("b", topic="t"))
    first, *_ = found(given, report("a"), report("b"))
    assert first[0] is Status.NOTICE
    assert "a and b read the same value" in first[1]


def test_minutes_that_wait_are_seen() -> None:
    *_, last = found(sources(source()), report(taken=5, last=RECENT, power=1.0), pending=6)
    assert (last[0], "6 minutes" in last[1]) == (Status.NOTICE, True)
