"""`teleinfo-monitor home-assistant`: what it asks, and what it needs to know before it connects."""

import argparse
from pathlib import Path

import pytest

from common.errors import ConfigError
from monitor.statistics import command
from monitor.statistics.words import StatisticsError


def run(tmp_path: Path, text: str, *, yes: bool = True) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text(f"auth: none\n{text}")
    arguments = argparse.Namespace(config=file, language="en", dry_run=False, undo=False, yes=yes)
    command.home_assistant(arguments)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "home_assistant: {url: "),
        ("home_assistant: {url: 'http://ha:8123'}", "token_file is missing"),
        ("home_assistant: {url: 'http://ha:8123', token_file: /nowhere}", "/nowhere cannot be read"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    monkeypatch.delenv("SUPERVISOR_TOKEN", raising=False)
    with pytest.raises(ConfigError) as caught:
        run(tmp_path, text)
    assert words in str(caught.value)


@pytest.mark.parametrize(("answer", "agreed"), [("y", True), ("Yes", True), ("n", False), ("", False)])
def test_a_person_is_asked_once_for_a_backup(monkeypatch: pytest.MonkeyPatch, answer: str, agreed: bool) -> None:
    asked: list[str] = []

    def reply(text: str) -> str:
        asked.append(text)
        return answer

    monkeypatch.setattr("builtins.input", reply)
    ask = command._Asking(False, "http://ha:8123", "en")
    if agreed:
        ask()
        ask()
    else:
        with pytest.raises(StatisticsError):
            ask()
    assert len(asked) == 1
    assert "http://ha:8123" in asked[0]
