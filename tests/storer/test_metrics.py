"""The storer's health as metrics."""

import re
from pathlib import Path
from typing import Any

import pytest

from common.runtime.metrics import Kind
from storer.health import storer_metrics

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def report(**changes: Any) -> dict[str, Any]:
    names = ("uptime", "received", "stored", "duplicate", "rejected", "rejected_not_kept", "waiting", "tallies")
    numbers = {name: number for number, name in enumerate(names)}
    return {**numbers, "database": "connected", **changes}


def test_every_number_of_the_report_is_there() -> None:
    shown = {sample.value for family in storer_metrics(report()) for sample in family.samples}
    assert set(range(8)) <= shown


def test_what_only_rises_is_a_counter_and_says_so() -> None:
    for family in storer_metrics(report()):
        assert re.fullmatch(r"teleinfo_storer_[a-z_]+", family.name)
        assert (family.kind is Kind.COUNTER) == family.name.endswith("_total"), family.name


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
    for family in storer_metrics(report()):
        assert f"| `{family.name}` | {family.kind} |" in page
