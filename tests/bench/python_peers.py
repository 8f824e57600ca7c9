"""An environment with the parsers of peers, from requirements/bench.txt."""

import subprocess
import sys
from pathlib import Path

from tests.support.programs import ROOT

FOLDER = ROOT / ".venv-bench" / "python"
_REQUIREMENTS = ROOT / "requirements" / "bench.txt"
_TIMEOUT = 180  # seconds


def install() -> tuple[Path, str]:
    """Return the Python to use, and why the peers are missing: empty if they are there."""
    python = FOLDER / "bin" / "python"
    wanted = f"{sys.version}\n{_REQUIREMENTS.read_text()}"
    installed = FOLDER / "installed"
    if installed.exists() and installed.read_text() == wanted:
        return python, ""
    pip = [
        str(python),
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--timeout=15",
        "--retries=1",
    ]
    try:
        subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True, capture_output=True, text=True
        )
        # Without what they depend on: only their parsers are used.
        subprocess.run(
            [*pip, "install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(_REQUIREMENTS)],
            check=True,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return Path(sys.executable), f"pip did not end in {_TIMEOUT} s"
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr).strip().splitlines() or ["?"]
        return Path(sys.executable), f"pip failed: {lines[-1]}"
    installed.write_text(wanted)
    return python, ""
