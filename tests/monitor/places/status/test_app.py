import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from monitor.base.config import AppFile
from monitor.live.live import Live
from monitor.live.state import Program
from monitor.places.status.routes import APP
from monitor.web.route import LiveRequest
from tests.support.api import sent
from tests.support.json_schema import check

NOW = datetime(2026, 11, 25, 13, 32, 7, tzinfo=UTC)
SAID: dict[str, Any] = {"ports": [], "found": [], "broker": "service", "database": "internal"}


class House:
    """What is live: one reader."""

    def __init__(self, status: str, meter: str | None) -> None:
        self.reader = Program("cellar", status, {"lines": [{"meter": meter}]}, NOW)

    def programs(self, kind: str) -> list[Program]:
        return [self.reader] if kind == "reader" else []


def asked(file: Path | None, status: str = "online", meter: str | None = "031961123456") -> Any:
    live = cast("Live", House(status, meter))
    return sent(APP.answer(LiveRequest(live, {}, NOW, None if file is None else AppFile(file))))


@pytest.mark.parametrize(
    ("status", "meter", "known"),
    [("online", "031961123456", True), ("offline", "031961123456", False), ("online", None, False)],
)
def test_who_reads_the_meter_elsewhere_needs_no_port_here(
    tmp_path: Path, status: str, meter: str | None, known: bool
) -> None:
    (tmp_path / "app.json").write_text(json.dumps(SAID))
    answer = asked(tmp_path / "app.json", status, meter)
    assert answer == SAID | {"meter": known}
    check(answer, APP.schema)


def test_elsewhere_there_is_no_app(tmp_path: Path) -> None:
    assert asked(None) is None
    assert asked(tmp_path / "absent.json") is None
    check(None, APP.schema)


@pytest.mark.parametrize(
    ("file", "answer"),
    [
        (SAID | {"colour": "red"}, SAID | {"meter": True}),
        ({name: value for name, value in SAID.items() if name != "broker"}, None),
        ([], None),
    ],
)
def test_a_file_of_another_version_is_read_as_far_as_it_is_understood(tmp_path: Path, file: Any, answer: Any) -> None:
    (tmp_path / "app.json").write_text(json.dumps(file))
    assert asked(tmp_path / "app.json") == answer
