import json
import os
import pwd
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from deploy.app import __main__ as commands
from deploy.app import administrators
from monitor.home_assistant.texts import StatisticsError
from monitor.places.settings.deletion import ADMINISTRATORS

USERS = [
    {"id": "ana", "is_owner": True, "is_active": True, "group_ids": []},
    {"id": "bob", "is_owner": False, "is_active": True, "group_ids": ["system-admin"]},
    {"id": "tablet", "is_owner": False, "is_active": True, "group_ids": ["system-users"]},
    {"id": "gone", "is_owner": False, "is_active": False, "group_ids": ["system-admin"]},
]


class Core:
    def __init__(self, url: str, token: str, oldest: tuple[int, int]) -> None:
        assert (url, token) == ("http://supervisor/core", "of the app")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def call(self, kind: str) -> Any:
        assert kind == "config/auth/list"
        return USERS


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("common.runtime.logs.set_up", lambda *_: None)
    monkeypatch.setattr(os, "umask", lambda _: 0)
    monkeypatch.setattr(administrators, "FOLDER", str(tmp_path))
    monkeypatch.setattr(pwd, "getpwnam", lambda _: SimpleNamespace(pw_gid=os.getgid()))
    monkeypatch.setenv("SUPERVISOR_TOKEN", "of the app")


def test_those_who_may_do_everything_are_written_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(administrators, "HomeAssistant", Core)
    assert commands.main(["administrators"]) == 0
    assert json.loads((tmp_path / ADMINISTRATORS).read_text()) == ["ana", "bob"]


def test_while_home_assistant_is_away_those_of_before_stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise StatisticsError("unreachable", url="http://supervisor/core", reason="refused")

    (tmp_path / ADMINISTRATORS).write_text('["ana"]')
    monkeypatch.setattr(administrators, "HomeAssistant", away)
    assert commands.main(["administrators"]) == 1
    assert (tmp_path / ADMINISTRATORS).read_text() == '["ana"]'
