import re
from pathlib import Path
from typing import Any

import pytest

from common.runtime.metrics import MetricType
from monitor.server.health import STALL_TIMEOUT, Counters, evaluate, monitor_metrics, report

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"


def made(*, broker: bool = True) -> dict[str, Any]:
    counters = Counters()
    for status in (200, 200, 304, 404, 503):
        counters.count(status)
    counters.wrong_passwords = 7
    return report(counters, 11.5, 3, broker=broker)


def test_every_number_of_the_report_is_there() -> None:
    found = {
        (family.name, *sample.labels.values()): sample.value
        for family in monitor_metrics(made())
        for sample in family.samples
    }
    assert found["teleinfo_monitor_uptime_seconds",] == 11.5
    assert found["teleinfo_monitor_replies_total", "2xx"] == 2
    assert found["teleinfo_monitor_replies_total", "3xx"] == 1
    assert found["teleinfo_monitor_replies_total", "5xx"] == 1
    assert found["teleinfo_monitor_wrong_passwords_total",] == 7
    assert found["teleinfo_monitor_viewers",] == 3


@pytest.mark.parametrize("connected", [True, False])
def test_a_broker_that_is_away_is_seen(connected: bool) -> None:
    (family,) = [one for one in monitor_metrics(made(broker=connected)) if one.name.endswith("broker_connected")]
    assert family.samples[0].value == connected


def test_what_only_rises_is_a_counter_and_says_so() -> None:
    for family in monitor_metrics(made()):
        assert re.fullmatch(r"teleinfo_monitor_[a-z_]+", family.name)
        assert (family.type is MetricType.COUNTER) == family.name.endswith("_total"), family.name


def test_each_is_documented() -> None:
    page = DOCUMENT.read_text()
    for family in monitor_metrics(made()):
        assert f"| `{family.name}` | {family.type} |" in page


def test_a_thread_that_hangs_is_seen_and_a_missing_broker_is_no_fault() -> None:
    well, stuck = evaluate(2, 1.0), evaluate(2, STALL_TIMEOUT)
    assert (well.alive, well.healthy, well.status_text) == (True, True, "serving the page, 2 viewers")
    assert not stuck.alive
    assert evaluate(0, float("-inf")).alive  # no broker is configured
