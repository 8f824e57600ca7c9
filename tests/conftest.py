"""Gives every test the captures and one hypothesis profile."""

import itertools
import os
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import settings

from common.machine import deployment
from common.settings import language
from demo import servers
from reader.simulator import meter
from reader.simulator.contract import Contract
from reader.simulator.household import Household, Registers

ROOT = Path(__file__).resolve().parent.parent

# No deadline: a Raspberry Pi, or a machine that is busy with something else, is slow and not wrong. Half of the usual
# examples: each run has others.
settings.register_profile("here", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

os.environ["LC_ALL"] = "C.UTF-8"  # whoever runs the tests may speak French, or have a locale that is not installed
for _name in ("no_proxy", "NO_PROXY"):  # nobody's proxy knows the servers of the tests
    os.environ[_name] = ",".join(filter(None, (os.environ.get(_name), "localhost", "127.0.0.1")))

# Each process of pytest-xdist chooses among ports of its own: none is another's, of a server that is down for a moment.
_worker, _workers = os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:], os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")
_PORTS = servers._PORTS[int(_worker) :: int(_workers)]
servers._ports = itertools.islice(itertools.cycle(_PORTS), servers._FIRST % len(_PORTS), None)


class KnownHousehold(Household):
    """A household whose past is added up once for all meters: it takes 0.1 s, and hundreds of tests make a meter."""

    def __init__(self, contract: Contract, seed: int, *, sunny: bool = False) -> None:
        super().__init__(contract, seed, sunny=sunny)
        self._past = _past(contract.name, seed, sunny)
        self._midnights += self._past[len(self._midnights) :]

    def registers(self, instant: int) -> Registers:
        result = super().registers(instant)
        if len(self._midnights) > len(self._past):
            self._past[:] = self._midnights  # at once, whatever other threads do
        return result


@lru_cache(maxsize=64)
def _past(contract: str, seed: int, sunny: bool) -> list[Registers]:
    return []


# Here, not in a fixture: some modules of tests make their frames when they are imported.
meter.Household = KnownHousehold  # type: ignore[attr-defined]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take first what waits for servers: at the end, the other processes would have nothing left to do."""
    items.sort(key=lambda item: item.get_closest_marker("services") is None)


@pytest.fixture(autouse=True)
def started_with_nothing() -> None:
    """Each test is a program of its own: no configuration that its commands would name, no language chosen."""
    deployment._started = ("", "")
    language.speak("en")


@pytest.fixture(scope="session", params=["ours", "field"])
def captures(request: pytest.FixtureRequest) -> Path:
    """A folder of captures: ours, and the one of real meters, which is not part of the project."""
    if request.param == "ours":
        return ROOT / "tests" / "captures"
    folder = ROOT.parent / "shared" / "captures"
    if not folder.is_dir():
        pytest.skip(f"no captures of real meters here: they are expected in {folder}")
    return folder
