"""The page's own tests, in Node: they are here so that `./run test` runs them, too."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NODE = shutil.which("node")
TESTS = sorted(Path(__file__).parent.rglob("*.test.js"))


@pytest.mark.skipif(NODE is None, reason="Node is not installed: ./run test installs it")
def test_the_tests_of_the_page_pass() -> None:
    assert NODE
    result = subprocess.run(
        [NODE, "--test", *TESTS], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
