from pathlib import Path

import pytest

from monitor.__main__ import main


@pytest.mark.parametrize(
    "command",
    [
        ["--config", "{file}", "--language", "fr", "show"],
        ["show", "--config", "{file}", "--language", "fr"],
        ["--config", "{file}", "--language", "fr"],
    ],
    ids=["before the action", "after it", "without one"],
)
def test_prices_takes_its_options_before_and_after_the_action(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text("name: mine\n")
    monkeypatch.setattr("sys.argv", ["teleinfo-monitor", "prices", *(word.format(file=file) for word in command)])
    assert main() == 0
    assert "Heures creuses" in capsys.readouterr().out
