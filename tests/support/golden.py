"""Compares sentences with one file a language; of a check all that it can say, in each place where a program runs."""

import difflib
import io
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from common.check.findings import Finding, Report
from common.machine import deployment
from common.settings.language import speak


def check_sentences(stem: Path, language: str, sentences: Iterable[str]) -> None:
    """Compare with STEM.LANGUAGE.txt, to the last space that does not break."""
    expected = stem.with_name(f"{stem.name}.{language}.txt").read_text(encoding="utf-8")
    new = difflib.unified_diff(expected.splitlines(), [*sentences], f"expected {language}", "said", n=0, lineterm="")
    if different := "\n".join(new):
        pytest.fail(different)


def check_golden(
    stem: Path,
    findings: Callable[[], Iterable[Finding]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Compare with STEM.en.txt and STEM.fr.txt: all lines in a shell, then those that differ in the other places."""
    told: dict[str, list[str]] = {"en": [], "fr": []}
    for place in ("shell", "systemd", "compose", "app"):
        _move_to(place, monkeypatch, tmp_path)
        for language, lines in told.items():
            speak(language)
            stream = io.StringIO()
            Report(stream).show(findings())
            before = set(lines)
            lines += [f"== {place}", *(line for line in stream.getvalue().splitlines() if line not in before)]
    for language, lines in told.items():
        check_sentences(stem, language, lines)


def _move_to(place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let `here` find one way of installation, whatever this machine has."""
    for name in ("teleinfo-reader", "teleinfo-storer", "teleinfo-monitor"):
        (tmp_path / f"{name}.service").touch()
    monkeypatch.setenv(deployment.VARIABLE, place)
    monkeypatch.setattr(deployment, "UNIT_FOLDERS", (str(tmp_path),) if place == "systemd" else ())
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
