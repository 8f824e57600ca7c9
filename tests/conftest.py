"""Gives every test the captures and one hypothesis profile."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# No deadline: a Raspberry Pi, or a machine that is busy with something else, is slow and not wrong.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "captures" in getattr(item, "fixturenames", ()):
            item.add_marker("captures")


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder of captures, which is not part of the project."""
    folder = ROOT.parent / "shared" / "captures"
    if not folder.is_dir():
        pytest.skip(f"no captures here: they are expected in {folder}")
    return folder
