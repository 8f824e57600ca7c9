"""The command `mcp`: an installation without the SDK."""

import sys
from pathlib import Path

import pytest

from monitor.__main__ import main


@pytest.mark.parametrize(("language", "words"), [("fr_FR.UTF-8", "il manque le paquet"), ("C", "is missing")])
def test_without_the_sdk_it_says_in_a_line_how_to_get_it(
    language: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text("auth: none\n")
    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.delitem(sys.modules, "monitor.mcp.server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setattr("sys.argv", ["teleinfo-monitor", "mcp", "--config", str(file)])
    assert main() == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert words in line
    assert line.endswith("install 'mcp>=2.3,<3'")
