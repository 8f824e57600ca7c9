"""The command of the demo, before anything of it runs, and the words that it prints."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from demo.programs import choose_port
from demo.servers import HOST, InstanceError, free_port
from demo.show import say

ROOT = Path(__file__).resolve().parents[2]


def test_help_needs_nothing_but_python(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')  # without libraries
    python.chmod(0o755)
    environment = os.environ | {"PYTHON": str(python), "TELEINFO_VENV": str(tmp_path / "venv")}
    result = subprocess.run(
        [ROOT / "run", "demo", "--help"], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "--page-port" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["python"]


def test_a_roof_needs_the_simulated_meter(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "demo", "--sun", "--port", "/dev/ttyAMA0"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 2
    assert "simulated meter" in result.stderr
    assert not list(tmp_path.iterdir())


def test_the_page_has_the_port_that_is_asked_for_or_none() -> None:
    port = free_port()
    assert choose_port(port) == port
    with socket.create_server((HOST, port)), pytest.raises(InstanceError, match=str(port)):
        choose_port(port)


def test_the_demo_speaks_the_language_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["Meter:    a simulated meter (standard) on /dev/pts/3", "12 frames decoded, 1 row committed."]
    monkeypatch.setenv("LC_ALL", "C")
    assert [say(line) for line in lines] == lines
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert [say(line).replace("\u00a0", " ") for line in lines] == [
        "Compteur : un compteur simulé (standard) sur /dev/pts/3",
        "12 trames décodées, 1 ligne enregistrée.",
    ]
