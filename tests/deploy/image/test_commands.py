"""What the image's commands say when they cannot begin."""

import os
from pathlib import Path

import pytest

from deploy.image import __main__ as commands


@pytest.mark.parametrize("command", ["start", "prepare"])
def test_a_wrong_variable_ends_the_container_with_one_line_and_nothing_is_written(
    command: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("common.runtime.logs.set_up", lambda *_: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(os, "umask", lambda _: 0)
    monkeypatch.setenv("MQTT", "nas:1883")
    monkeypatch.setattr("deploy.app.prepare.DATA", Path("/nonexistent"))
    assert commands.main([command]) == 2
    (line,) = caplog.messages
    assert line.startswith("MQTT: mqtt://USER:PASSWORD@HOST is expected")
