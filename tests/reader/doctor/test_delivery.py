from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.doctor.findings import Status
from reader.doctor.delivery import diagnose_delivery
from reader.doctor.service import ServiceFacts
from tests.support.findings import worst

OK, NOTICE, PROBLEM = Status
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def running(storers: dict[str, str] | None = None, **delivery: Any) -> ServiceFacts:
    """A connected reader; `delivery` changes what it reports of that."""
    report = {"confirmed": 990, "pending": 2, "discarded": 0, "journal": {"oldest": None}, "spool": {"oldest": None}}
    return ServiceFacts(
        name="cellar",
        status="online",
        health={"delivery": report | delivery},
        storers={"main": "online"} if storers is None else storers,
    )


@pytest.mark.parametrize(
    ("facts", "confirmed_by", "status", "what"),
    [
        (running(storers={}), "auto", NOTICE, "no storer"),
        (running(storers={}), "broker", OK, "990 frames confirmed"),
        (running(storers={"main": "stalled"}), "auto", PROBLEM, "cannot reach its database"),
        (running(storers={"main": "offline"}), "auto", PROBLEM, "the storer main is offline"),
        (running(confirmed=0, pending=90), "auto", PROBLEM, "none of 90 frames"),
        (running(discarded=9), "auto", NOTICE, "9 frames discarded"),
        (
            running(spool={"oldest": (NOW - timedelta(hours=1)).isoformat()}),
            "auto",
            PROBLEM,
            "2 frames not confirmed yet, the oldest since 2026-11-24 11:00 UTC",
        ),
    ],
)
def test_whether_frames_arrive(facts: ServiceFacts, confirmed_by: str, status: Status, what: str) -> None:
    finding = worst(diagnose_delivery(facts, confirmed_by, NOW))
    assert finding.status is status
    assert what in finding.what


@pytest.mark.parametrize(
    ("storers", "confirmed_by", "waits"),
    [
        ({"main": "offline"}, "auto", True),
        ({"main": "offline", "second": "online"}, "auto", False),  # it confirms all frames
    ],
)
def test_frames_wait_for_a_storer_unless_another_one_confirms_them(
    storers: dict[str, str], confirmed_by: str, waits: bool
) -> None:
    finding = worst(diagnose_delivery(running(storers=storers), confirmed_by, NOW))
    assert finding.status is PROBLEM
    assert ("frames wait" in finding.what) is waits
