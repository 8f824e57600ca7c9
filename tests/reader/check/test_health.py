"""What is collected from the messages of a reader and of storers, whatever is in them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from common.check.broker_probe import Received
from common.contract.topics import Topics
from reader.check.health import ServiceFacts, diagnose_delivery, diagnose_reported_line, diagnose_service, gather

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PORT, METER = "/dev/ttyAMA0", "031961123456"


def gathered(*messages: tuple[str, Any]) -> ServiceFacts:
    texts = [(topic, payload if isinstance(payload, str) else json.dumps(payload)) for topic, payload in messages]
    received = [Received(topic, text.encode(), retained=True) for topic, text in texts]
    return gather("cellar", Topics("teleinfo"), received, local=False)


def test_facts_are_collected_from_messages() -> None:
    line = {"port": PORT, "meter": METER}
    facts = gathered(
        ("teleinfo/reader/cellar/status", "online"),
        ("teleinfo/reader/attic/status", "offline"),
        ("teleinfo/reader/cellar/health", {"lines": [line], "delivery": {"confirmed_by": ["main", "a/b"]}}),
        ("teleinfo/storer/main/status", {"status": "stalled", "wait": 0}),
        ("teleinfo/storer/second/status", ""),
    )
    assert facts.online
    assert (facts.line(PORT), facts.line("/dev/other")) == (line, None)
    assert facts.meters == {METER}
    assert facts.storers == {"main": "stalled", "second": "unknown"}
    assert facts.confirmed_by == ["main"]


@pytest.mark.parametrize("health", ["", "[]", "{", '{"lines": 3}', '{"lines": [1, {"port": 2}], "delivery": []}'])
def test_invalid_health_is_ignored(health: str) -> None:
    facts = replace(gathered(("teleinfo/reader/cellar/health", health)), status="online")
    assert diagnose_service(facts)
    assert diagnose_reported_line(facts, PORT)
    assert diagnose_delivery(facts, "auto", NOW)
