"""Gives every test the captures and one hypothesis profile."""

import os
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import settings

from common.machine import deployment
from reader.simulator import meter
from reader.simulator.contract import Contract
from reader.simulator.household import Household, Registers

ROOT = Path(__file__).resolve().parent.parent

# No deadline: a Raspberry Pi, or a machine that is busy with something else, is slow and not wrong.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


class KnownHousehold(Household):
    """A household whose past is added up once for all meters: it takes 0.1 s, and hundreds of tests make a meter."""

    def __init__(self, contract: Contract, seed: int) -> None:
        super().__init__(contract, seed)
        self._past = _past(contract.name, seed)
        self._midnights += self._past[len(self._midnights) :]

    def registers(self, instant: int) -> Registers:
        result = super().registers(instant)
        if len(self._midnights) > len(self._past):
            self._past[:] = self._midnights  # at once, whatever other threads do
        return result


@lru_cache(maxsize=64)
def _past(contract: str, seed: int) -> list[Registers]:
    return []


# Here, not in a fixture: some modules of tests make their frames when they are imported.
meter.Household = KnownHousehold  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def started_with_nothing() -> None:
    """Each test is a program of its own: none was given a configuration that its commands would name."""
    deployment._started = ("", "")


@pytest.fixture(scope="session", params=["ours", "field"])
def captures(request: pytest.FixtureRequest) -> Path:
    """A folder of captures: ours, and the one of real meters, which is not part of the project."""
    if request.param == "ours":
        return ROOT / "tests" / "captures"
    folder = ROOT.parent / "shared" / "captures"
    if not folder.is_dir():
        pytest.skip(f"no captures of real meters here: they are expected in {folder}")
    return folder
