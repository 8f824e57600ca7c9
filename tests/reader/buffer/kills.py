"""Programs that are killed at their work."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def run_until_killed(child: str, folder: Path, seed: int, told: Path, lines: int) -> list[list[str]]:
    """Let a program work until it has written so many lines, kill it and return the whole ones, a few more."""
    with told.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", child, str(folder), str(seed)],
            stdout=file,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        while told.read_bytes().count(b"\n") < lines:
            assert process.poll() is None, "it ended by itself"
            time.sleep(0.001)
        process.kill()
        process.wait()
    return [line.split() for line in told.read_text().rpartition("\n")[0].splitlines()]
