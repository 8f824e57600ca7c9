"""Gives the tests of this folder the whole of compose.yaml, once, on a simulated meter."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.compose.stack import Stack


@pytest.fixture(scope="session")
def docker() -> None:
    """Skip without an engine."""
    if shutil.which("docker") is None or subprocess.run(["docker", "info"], capture_output=True).returncode != 0:
        pytest.skip("no Docker engine here")


@pytest.fixture(scope="session")
def stack(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All services, healthy, after nothing but `docker compose up --build --wait`."""
    stack = Stack(tmp_path_factory.mktemp("compose"))
    try:
        stack.up("--build")
        stack.choose_password()
        yield stack
    finally:
        stack.remove()
    assert stack.traces() == set(), "the run has changed the clone"
