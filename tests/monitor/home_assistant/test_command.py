"""`teleinfo-monitor home-assistant`: what it asks, and what it needs to know before it connects."""

import argparse
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from common.errors import ConfigError
from monitor.base.formats import Formats
from monitor.home_assistant import command
from monitor.home_assistant.recorder import Statistic
from monitor.home_assistant.sync import Work
from monitor.home_assistant.texts import StatisticsError


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
def test_what_is_missing_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        run(tmp_path, text)
    assert words in str(caught.value)


def test_a_token_of_the_owner_goes_to_his_home_assistant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    def connect(url: str, token: str, _: tuple[int, int]) -> None:
        sent.append((url, token))
        raise StatisticsError("token", url=url)

    monkeypatch.setattr("monitor.home_assistant.connection.HomeAssistant", connect)
    (tmp_path / "token").write_text("of-an-owner\n")
    with pytest.raises(ConfigError):
        run(tmp_path, f"home_assistant: {{url: 'http://ha:8123', token_file: {tmp_path}/token}}")
    assert sent == [("http://ha:8123", "of-an-owner")]


def test_it_is_an_error_when_there_is_no_register_yet() -> None:
    says = command.Lines(Formats("en", ZoneInfo("Europe/Paris")), dry=False)
    with pytest.raises(StatisticsError) as caught:
        says.brought(iter([]))
    assert caught.value.key == "no_entities"


@pytest.mark.parametrize("partial", [True, False])
def test_a_cost_that_is_not_whole_is_called_so(capsys: pytest.CaptureFixture[str], partial: bool) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    work = Work(Statistic("teleinfo:1_cost", "cost", "EUR"), None, "1", start, written=1234, partial=partial)
    work.running.rows({start: Decimal("5432.105")}, {})
    command.Lines(Formats("en", ZoneInfo("Europe/Paris")), dry=False).brought(iter([work]))
    text = capsys.readouterr().out.replace("\u202f", " ")
    assert text.startswith("teleinfo:1_cost: 1 h from 1 March 2026 to 1 March 2026, €5,432.11; 1,234 hours written")
    assert ("partial" in text) == partial


@pytest.mark.parametrize(("answer", "agreed"), [("y", True), ("Yes", True), ("n", False), ("", False)])
def test_a_person_is_asked_for_a_backup_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str, agreed: bool
) -> None:
    asked: list[str] = []

    def reply(text: str) -> str:
        asked.append(text)
        return answer

    def connect(*_: object) -> None:
        asked.append("connected")
        raise StatisticsError("token", url="http://supervisor/core")

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", reply)
    monkeypatch.setattr("monitor.home_assistant.access.Relay", connect)
    with pytest.raises(ConfigError):
        run(tmp_path, "home_assistant: {url: 'http://supervisor/core'}", yes=False)
    assert "http://supervisor/core" in asked[0]
    assert asked[1:] == ["connected"] * agreed
