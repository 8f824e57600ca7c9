from pathlib import Path

import pytest

from monitor.base.config import MonitorConfig
from monitor.base.request_errors import RequestError
from monitor.places.settings.deletion import ADMINISTRATORS, check_may_delete
from monitor.web.credentials import Caller

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
        ('["bob", "ana"]', True),
        ('["bob"]', False),
        ("[]", False),
        ('{"ana": true}', False),
        ('"ana"', False),
        ("[", False),
        (None, False),
    ],
)
def test_of_home_assistants_users_only_a_known_administrator_does(
    tmp_path: Path, text: str | None, expected: bool
) -> None:
    if text is not None:
        (tmp_path / ADMINISTRATORS).write_text(text)
    config = MonitorConfig(app=tmp_path / "app.json")
    assert may(ADMINISTRATOR, config) == expected
    assert not may(Caller(is_guarded=True, ingress_user=""), config)
    assert not may(ADMINISTRATOR, MonitorConfig())
