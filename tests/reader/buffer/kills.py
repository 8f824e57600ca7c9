"""Programs that are killed at their work."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def run_until_killed(child: str, folder: Path, seed: int, told: Path, seconds: float) -> list[list[str]]:
    """Let a program work, kill it and return the whole lines that it wrote."""
    with told.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", child, str(folder), str(seed)],
            stdout=file,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        deadline = time.monotonic() + 30
        while not told.stat().st_size and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(seconds)
        assert process.poll() is None, "it ended by itself"
        process.kill()
        process.wait()
    return [line.split() for line in told.read_text().rpartition("\n")[0].splitlines()]
