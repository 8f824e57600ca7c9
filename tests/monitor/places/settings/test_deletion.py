import json
from pathlib import Path

import pytest

from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.places.settings.deletion import check_may_delete
from monitor.web.route import Caller

ADMINISTRATOR = Caller(is_guarded=True, ingress_user="ana")


def may(caller: Caller, config: MonitorConfig) -> bool:
    try:
        check_may_delete(caller, config)
    except RequestError:
        return False
    return True


def test_whoever_was_let_in_deletes_and_whoever_needed_nothing_does_not() -> None:
    assert may(Caller(is_guarded=True), MonitorConfig())
    assert not may(Caller(is_guarded=False), MonitorConfig())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps({"administrators": ["bob", "ana"]}), True),
        (json.dumps({"administrators": ["bob"]}), False),
        (json.dumps({"administrators": []}), False),
        (json.dumps({"administrators": None}), False),
        (json.dumps({}), False),
        ("{", False),
        (None, False),
    ],
)
def test_of_home_assistants_users_only_a_known_administrator_does(
    tmp_path: Path, text: str | None, expected: bool
) -> None:
    file = tmp_path / "app.json"
    if text is not None:
        file.write_text(text)
    assert may(ADMINISTRATOR, MonitorConfig(app=file)) == expected
    assert not may(Caller(is_guarded=True, ingress_user=""), MonitorConfig(app=file))
    assert not may(ADMINISTRATOR, MonitorConfig())
