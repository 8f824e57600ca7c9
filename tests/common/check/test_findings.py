import io
import re
from argparse import Namespace
from pathlib import Path

import pytest

from common.check.findings import Finding, Report, Status, Texts, report_to
from common.settings.yaml_file import read_yaml

ROOT = Path(__file__).resolve().parents[3]
LONG = "shorten the cable and keep it off mains cables, tighten the terminals, " * 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Pipe(Terminal):
    def isatty(self) -> bool:
        return False


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


def test_elsewhere_than_on_a_terminal_each_finding_is_one_line_without_colour() -> None:
    stream = Pipe()
    report = Report(stream)
    report.note("listening")
    report.show([Finding(Status.OK, "Port", "free"), Finding(Status.PROBLEM, "Line", "noisy", LONG)])
    assert report.end() == 1
    assert stream.getvalue().splitlines() == [
        "✓ ok Port: free",
        f"✗ problem Line: noisy → {LONG}",
        "1 problem found.",
    ]


def test_on_a_terminal_lines_are_wrapped_and_the_mark_is_coloured() -> None:
    stream = Terminal()
    Report(stream).show([Finding(Status.PROBLEM, "Line", "noisy", LONG)])
    lines = stream.getvalue().splitlines()
    assert lines[0] == "\x1b[31m✗ problem  \x1b[0mLine: noisy"
    assert lines[1].startswith(" " * 9 + "→ shorten the cable")
    assert len(lines) == 4
    assert all(len(re.sub(r"\x1b\[\d+m", "", line)) <= 80 for line in lines)


def test_a_narrow_terminal_cuts_no_word_in_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "45")
    stream = Terminal()
    Report(stream).show([Finding(Status.PROBLEM, "Line", "noisy", LONG)])
    assert all(len(re.sub(r"\x1b\[\d+m", "", line)) <= 45 for line in stream.getvalue().splitlines())


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colour_gets_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    stream = Terminal()
    Report(stream).show([Finding(Status.PROBLEM, "Line", "noisy", "look")])
    assert "\x1b" not in stream.getvalue()


def test_what_is_only_to_be_known_is_no_failure() -> None:
    stream = Pipe()
    report = Report(stream)
    report.show(
        [
            Finding(Status.OK, "Port", "free"),
            Finding(Status.NOTICE, "Clock", "slow"),
            Finding(Status.NOTICE, "Clock", "late"),
        ]
    )
    assert report.end() == 0
    assert stream.getvalue().splitlines()[-1] == "No problems found, 2 notes."


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ("language: ${CHOSEN}", "1 problème."),
        ("home_assistant: {language: fr}", "1 problème."),
        ("", "1 problem found."),
    ],
)
def test_a_household_that_has_chosen_french_is_told_in_french(
    configuration: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With compose, the choice is a variable that the file names."""
    monkeypatch.setenv("CHOSEN", "fr")
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "a.yaml").write_text(configuration)
    report = report_to(Namespace(config=tmp_path / "a.yaml"))
    report.show([Finding(Status.PROBLEM, "Broker", "off", "look")])
    assert report.end() == 1
    assert capsys.readouterr().out.splitlines()[-1] == said


@pytest.mark.parametrize("kind", [Pipe, Terminal])
def test_text_from_elsewhere_cannot_command_the_terminal_or_forge_a_line(tmp_path: Path, kind: type[Terminal]) -> None:
    file = tmp_path / "findings.yaml"
    file.write_text('one: ["✗ Broker: {what} → {fix}", ""]')
    stream = kind()
    Report(stream).show([Texts(file).finding("one", what="bad\x1b[2J\n✓ ok Broker: fine", fix="try\x07\u202e")])
    text = re.sub(r"\x1b\[\d+m", "", stream.getvalue())  # our own colours
    assert not any(character in text for character in "\x1b\x07\u202e")
    assert r"bad\x1b[2J\n" in text
    assert not any(line.startswith("✓ ok Broker: fine") for line in text.splitlines())


@pytest.mark.parametrize("room", ["common/check", "reader/check", "storer/check", "monitor/places/status"])
def test_each_text_is_in_the_golden_file_names_the_same_in_both_languages_and_has_a_fix_if_it_is_a_problem(
    room: str,
) -> None:
    """So a value that nobody gives, or a finding that nobody makes, is seen."""
    texts = read_yaml(ROOT / room / "findings.yaml")
    golden = "".join(file.read_text() for file in (ROOT / "tests" / room).glob("*.en.txt"))
    for key, (english, french) in texts.items():
        assert english[0] == french[0] or english[0].isalpha(), key
        assert (" → " in english) == (" → " in french), key
        assert english[0] != "✗" or " → " in english, key
        assert sorted(set(re.findall(r"\{.*?\}", english))) == sorted(set(re.findall(r"\{.*?\}", french))), key
        printed = english.translate({ord("✓"): "✓ ok", ord("!"): "! note", ord("✗"): "✗ problem"})
        pattern = ".*".join(re.escape(part) for part in re.split(r"\{.*?\}", printed))
        assert re.search(pattern, golden), key
