"""The commands, as a person types them for the first time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.machine.version import full_version

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("module", ["reader", "storer", "demo"])
def test_each_program_tells_its_version(module: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-P", "-m", module, "--version"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.split()[-1] == full_version()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"), [(["foo"], "unknown command: foo"), (["setup", "--foo"], "unknown option: --foo")]
)
def test_run_names_what_it_does_not_know(arguments: list[str], said: str) -> None:
    result = subprocess.run([ROOT / "run", *arguments], capture_output=True, text=True, timeout=300)
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert said in line
    assert "./run help" in line
