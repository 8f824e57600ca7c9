"""What the app's commands say when the machine is in the way."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from deploy.app import __main__ as commands


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.runtime.logs.set_up", lambda *_: None)
    monkeypatch.setattr(os, "umask", lambda _: 0)


def full(*_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/run/teleinfo/.app.json.part")


@pytest.mark.parametrize("command", ["start", "prepare"])
def test_a_full_disk_is_said_in_one_line(
    command: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("deploy.app.prepare.prepare", full)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("deploy.app.prepare.RUN", Path("/nonexistent"))
    assert commands.main([command]) == 1
    (line,) = caplog.messages
    assert "No space left on device: '/run/teleinfo/.app.json.part'" in line


def test_a_database_that_finds_the_disk_full_is_tried_again_after_a_pause(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    paused: list[float] = []
    monkeypatch.setattr("deploy.app.database.run_database", full)
    monkeypatch.setattr("time.sleep", paused.append)
    commands.main(["database"])
    assert paused == [30.0]
    (line,) = caplog.messages
    assert "No space left on device" in line
