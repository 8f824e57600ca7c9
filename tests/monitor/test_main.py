import io
import json
import re
import string
import sys
from pathlib import Path

import pytest

from monitor.__main__ import main
from monitor.base.help import HELP
from monitor.web.password import matches


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


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that names a file for the password of the page, which is not there yet; the command is called."""
    file = tmp_path / "monitor.yaml"
    file.write_text(f"password_file: {tmp_path / 'page-password'}\n")
    file.chmod(0o640)
    monkeypatch.setattr("sys.argv", ["teleinfo-monitor", "password", "--config", str(file)])
    return tmp_path / "page-password"


def test_the_password_of_the_page_is_read_from_another_program_and_only_its_hash_is_kept(
    guarded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main() == 0
    assert matches("correct horse", guarded.read_text().rstrip("\n"))
    assert guarded.stat().st_mode & 0o777 == 0o640
    assert "correct horse" not in capsys.readouterr().out


@pytest.mark.parametrize(("answers", "code"), [(["correct horse"] * 2, 0), (["correct horse", "correct hors"], 2)])
def test_a_person_types_the_password_of_the_page_twice(
    guarded: Path, answers: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    monkeypatch.setattr("getpass.getpass", lambda _: answers.pop(0))
    assert main() == code
    assert guarded.exists() is (code == 0)
    assert ("not the same" in capsys.readouterr().err) is (code == 2)


def test_a_random_password_of_the_page_is_shown_once(
    guarded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", [*sys.argv, "--random"])
    assert main() == 0
    (shown,) = re.findall(r"^the password of the page: (\S{16})$", capsys.readouterr().out, re.MULTILINE)
    assert matches(shown, guarded.read_text().rstrip("\n"))


def test_a_short_password_of_the_page_is_refused(
    guarded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("seven77\n"))
    assert main() == 2
    assert "8 or more" in capsys.readouterr().err
    assert not guarded.exists()


def test_help_has_the_same_parts_in_both_languages() -> None:
    assert HELP["fr"].keys() == HELP["en"].keys()
    for key, text in HELP["fr"].items():
        fields = [{name for _, name, _, _ in string.Formatter().parse(one) if name} for one in (text, HELP["en"][key])]
        assert fields[0] == fields[1], key


def test_the_command_shows_a_code_only_as_long_as_the_page_has_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text(f"state: {tmp_path / 'state'}\n")
    monkeypatch.setattr("sys.argv", ["teleinfo-monitor", "password", "--code", "--config", str(file)])
    assert main() == 0
    code = capsys.readouterr().out.partition(" ")[0]
    assert json.loads((tmp_path / "state" / "code.json").read_text())["code"] == code
    (tmp_path / "state" / "password").write_text("a hash\n")
    assert main() == 2
    assert "which no code replaces" in capsys.readouterr().err
