"""File systems for the tests of journal and spool."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 512 kB."""
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k,mode=700", "none", tmp_path], capture_output=True
    ).returncode:
        pytest.skip("this user may not mount")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)
