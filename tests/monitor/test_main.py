import string
from pathlib import Path

import pytest

from monitor.__main__ import main
from monitor.report.help import HELP


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


@pytest.mark.parametrize("command", [["report", "--locale", "fr"], ["report", "--locale", "c", "--json"]])
def test_a_locale_without_a_csv_is_refused(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["teleinfo-monitor", *command])
    assert main() == 2
    assert (
        capsys.readouterr().err
        == "teleinfo-monitor: --locale is for --csv only; a table is French with --language fr\n"
    )


def test_the_language_of_the_page_is_no_argument_of_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The configuration names it, and each browser."""
    monkeypatch.setattr("sys.argv", ["teleinfo-monitor", "run", "--language", "en", "--config", "/none"])
    with pytest.raises(SystemExit):
        main()
    assert "unrecognized arguments: --language en" in capsys.readouterr().err


def test_help_has_the_same_parts_in_both_languages() -> None:
    assert HELP["fr"].keys() == HELP["en"].keys()
    for key, text in HELP["fr"].items():
        fields = [{name for _, name, _, _ in string.Formatter().parse(one) if name} for one in (text, HELP["en"][key])]
        assert fields[0] == fields[1], key
