from datetime import UTC, datetime
from typing import Any, cast

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
                {"name": "/dev/ttyUSB0", "label": "ttyUSB0", "chosen": False, "present": True},
                {"name": "/dev/serial/by-id/usb-A-if00", "label": "A", "chosen": True, "present": False},
            ],
        },
        {"reader": "home", "online": False, "asks": False, "reads": ["/dev/ttyAMA0"], "offers": []},
    ]


def test_a_reader_that_has_not_said_how_it_is_offers_nothing_yet() -> None:
    assert asked(Program("old", "online", None, NOW, [FREE]))[0]["offers"] == []
    assert asked() == []
