import io
import re

import pytest

from common.doctor.findings import Report, cure, fine, mind

LONG = "shorten the cable and keep it off mains cables, tighten the terminals, " * 2


class Terminal(io.StringIO):
    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

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
    report.show([fine("Port", "free"), cure("Line", "noisy", LONG)])
    assert report.end() == 1
    assert stream.getvalue().splitlines() == [
        "✓ ok Port: free",
        f"✗ problem Line: noisy → {LONG}",
        "1 problem to cure.",
    ]


def test_on_a_terminal_lines_are_wrapped_and_the_mark_is_coloured() -> None:
    stream = Terminal()
    Report(stream).show([cure("Line", "noisy", LONG)])
    lines = stream.getvalue().splitlines()
    assert lines[0] == "\x1b[31m✗ problem  \x1b[0mLine: noisy"
    assert lines[1].startswith(" " * 9 + "→ shorten the cable")
    assert len(lines) == 4
    assert all(len(re.sub(r"\x1b\[\d+m", "", line)) <= 80 for line in lines)


def test_a_narrow_terminal_cuts_no_word_in_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "45")
    stream = Terminal()
    Report(stream).show([cure("Line", "noisy", LONG)])
    assert all(len(re.sub(r"\x1b\[\d+m", "", line)) <= 45 for line in stream.getvalue().splitlines())


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colour_gets_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    stream = Terminal()
    Report(stream).show([cure("Line", "noisy", "look")])
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_that_knows_only_ascii_gets_only_that() -> None:
    stream = Pipe("ascii")
    report = Report(stream)
    report.show([fine("Port", "é"), cure("Line", "…", "look")])
    assert stream.getvalue() == "+ ok Port: ?\nx problem Line: ... -> look\n"


def test_what_is_only_to_be_known_is_no_failure() -> None:
    stream = Pipe()
    report = Report(stream)
    report.show([fine("Port", "free"), mind("Clock", "slow"), mind("Clock", "late")])
    assert report.end() == 0
    assert stream.getvalue().splitlines()[-1] == "Nothing to cure, 2 notes to read."
