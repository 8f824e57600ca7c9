from datetime import UTC, datetime
from typing import Any, cast

import pytest

from common.contract.ports import OfferedPort
from monitor.live.live import Live
from monitor.live.state import Program
from monitor.places.status.ports import ROUTE
from monitor.web.route import LiveRequest
from tests.support.api import sent
from tests.support.json_schema import check

NOW = datetime(2026, 11, 25, 13, 32, 7, tzinfo=UTC)
FREE = OfferedPort("/dev/ttyUSB0", "ttyUSB0", chosen=False, present=True)
AWAY = OfferedPort("/dev/serial/by-id/usb-A-if00", "A", chosen=True, present=False)

LISTENING = {
    "name": "/dev/ttyAMA0", "state": "listening", "why": None, "meter": None, "source": None, "interval": None,
}  # fmt: skip


class House:
    def __init__(self, *readers: Program) -> None:
        self._readers = readers

    def programs(self, kind: str) -> list[Program]:
        return list(self._readers) if kind == "reader" else []


def asked(*readers: Program) -> Any:
    answer = sent(ROUTE.answer(LiveRequest(cast("Live", House(*readers)), {}, NOW)))
    check(answer, ROUTE.schema)
    return answer["readers"]


def test_a_reader_that_asks_offers_its_ports_and_one_whose_port_is_fixed_only_says_it() -> None:
    asking = Program("attic", "online", {"asks_port": True, "lines": []}, NOW, [FREE, AWAY])
    stale = [FREE]  # of before its port was written down
    fixed = Program("home", "offline", {"asks_port": False, "lines": [{"port": "/dev/ttyAMA0"}]}, NOW, stale)
    assert asked(asking, fixed) == [
        {
            "reader": "attic",
            "online": True,
            "asks": True,
            "reads": [],
            "offers": [
                {"name": "/dev/ttyUSB0", "label": "ttyUSB0", "chosen": False, "present": True, "kept": None},
                {"name": "/dev/serial/by-id/usb-A-if00", "label": "A", "chosen": True, "present": False, "kept": None},
            ],
        },
        {"reader": "home", "online": False, "asks": False, "reads": [LISTENING], "offers": []},
    ]


def test_a_reader_that_has_not_said_how_it_is_offers_nothing_yet() -> None:
    assert asked(Program("old", "online", None, NOW, [FREE]))[0]["offers"] == []
    assert asked() == []


def line(**more: Any) -> dict[str, Any]:
    """Return what a reader says of a topic of which nothing came yet."""
    return {"port": "mqtt:tele/linky/SENSOR", "open": True, "meter": None, "problem": None, "no_address": 0} | more


def read(*lines: Any) -> Any:
    return asked(Program("home", "online", {"asks_port": True, "lines": list(lines)}, NOW))[0]["reads"]


def test_a_meter_that_arrives_decoded_is_said_with_its_source_and_usual_interval() -> None:
    decoded = {"source": "tasmota", "interval": 300, "refused": {"no_meter": 2}, "overwritten": 0}
    (port,) = read(line(meter="031961123456", decoded=decoded))
    assert (port["state"], port["meter"], port["why"]) == ("reading", "031961123456", None)
    assert (port["source"], port["interval"]) == ("tasmota", 300)


@pytest.mark.parametrize(
    ("more", "state", "why"),
    [
        ({}, "listening", None),
        ({"port": "/dev/ttyUSB0", "open": False, "problem": "silent"}, "closed", None),
        ({"open": False}, "listening", None),  # it has not begun yet
        ({"problem": "silent", "meter": "031961123456"}, "silent", None),
        ({"problem": "unreadable"}, "unreadable", None),
        ({"problem": "unreadable", "decoded": {"refused": {"too_old": 1, "no_labels": 3}}}, "unreadable", "no_labels"),
        (
            {"problem": "unreadable", "decoded": {"refused": {"nothing": 1}}, "no_address": 5},
            "unreadable",
            "no_address",
        ),
        ({"problem": "noise", "decoded": {"refused": [], "source": 5, "interval": "60"}}, "listening", None),
        ({"problem": "unreadable", "decoded": {"refused": {"no_meter": "9", "<b>": 99}}}, "unreadable", None),
    ],
)
def test_a_port_says_how_it_is_and_why_nothing_of_it_is_read(more: Any, state: str, why: str | None) -> None:
    (port,) = read(line(**more))
    assert (port["state"], port["why"]) == (state, why)


def test_what_is_no_line_is_left_out() -> None:
    assert read(5, {"open": True}, line(port=None)) == []
