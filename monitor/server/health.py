"""The health of the monitor: liveness, and counters for Prometheus."""

from collections.abc import Mapping
from typing import Any

from common.machine.version import full_version
from common.plural import plural
from common.runtime.metrics import COUNTER, GAUGE, Family, Sample
from common.runtime.watchdog import Health

STALL_TIMEOUT = 60.0  # seconds
_CLASSES = ("2xx", "3xx", "4xx", "5xx")


class Counters:
    """What was answered since the start; used by the loop that serves."""

    def __init__(self) -> None:
        self.replies = dict.fromkeys(_CLASSES, 0)
        self.wrong_passwords = 0

    def count(self, status: int) -> None:
        """Count a reply."""
        self.replies[f"{status // 100}xx"] += 1


def evaluate(viewers: int, idle: float) -> Health:
    """Return the health; `idle` is for how many seconds the thread of the broker has done nothing.

    A missing broker or database is not a matter of health here: the page says so, and shows the rest.
    """
    alive = idle < STALL_TIMEOUT
    return Health(alive=alive, healthy=alive, status_text=f"serving the page, {plural(viewers, 'viewer')}")


def report(counters: Counters, uptime: float, viewers: int, *, broker: bool) -> dict[str, Any]:
    """Return all numbers, for `monitor_metrics`."""
    return {
        "uptime": uptime,
        "replies": dict(counters.replies),
        "wrong_passwords": counters.wrong_passwords,
        "viewers": viewers,
        "broker": broker,
    }


def monitor_metrics(report: Mapping[str, Any]) -> list[Family]:
    """Turn a report into families of samples."""
    replies = [Sample({"status": status}, count) for status, count in report["replies"].items()]
    families = [
        ("info", GAUGE, "1; the version is a label", [Sample({"version": full_version()}, 1)]),
        ("uptime_seconds", GAUGE, "Seconds since the start", [Sample({}, report["uptime"])]),
        ("replies_total", COUNTER, "Replies to browsers, by class of status", replies),
        (
            "wrong_passwords_total",
            COUNTER,
            "Attempts to open the page with a wrong password",
            [Sample({}, report["wrong_passwords"])],
        ),
        ("viewers", GAUGE, "Open streams of live values", [Sample({}, report["viewers"])]),
        ("broker_connected", GAUGE, "1 while the broker is connected", [Sample({}, report["broker"])]),
    ]
    return [Family(f"teleinfo_monitor_{name}", kind, text, samples) for name, kind, text, samples in families]
