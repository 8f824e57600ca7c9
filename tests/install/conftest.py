"""Gives the tests of this folder a machine to install on."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.install.machine import RELEASES, Machine
from tests.support.servers import Broker


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Machine]]:
    """A machine of each release, made at the same time: half of it is waiting for the network."""
    if os.geteuid():
        pytest.fail("needs root, to make a machine that is thrown away: sudo ./run test install", pytrace=False)
    if shutil.which("debootstrap") is None:
        pytest.fail("debootstrap is not installed: `./run test install` gets it from apt", pytrace=False)
    folders = [tmp_path_factory.mktemp("machine") for _ in RELEASES]
    machines = [Machine(folder, release) for folder, release in zip(folders, RELEASES, strict=True)]
    with ThreadPoolExecutor() as threads:
        list(threads.map(Machine.make, machines))
    yield machines
    subprocess.run(["rm", "-rf", "--one-file-system", *folders], check=True)


@pytest.fixture(scope="session")
def bare(machines: list[Machine]) -> Machine:
    """A machine on which nothing was ever installed."""
    return machines[0]


@pytest.fixture(scope="session")
def other(machines: list[Machine]) -> Machine:
    """The same, of the other release."""
    return machines[1]


@pytest.fixture(scope="session")
def built(bare: Machine) -> None:
    """Sees to it that an environment was made once."""
    bare.install("reader")
    bare.keep_programs()
    bare.uninstall("reader", "--purge")


@pytest.fixture
def machine(bare: Machine) -> Iterator[Machine]:
    """The machine, with a fresh clone and nothing installed; it does not run."""
    bare.clone()
    assert bare.traces() == []
    yield bare
    for program in ("reader", "storer", "monitor"):
        bare.uninstall(program, "--purge")


@pytest.fixture
def prepared(built: None, machine: Machine) -> Machine:
    """The machine, with an environment that need not be made: what an upgrade finds that changes nothing."""
    machine.give_programs()
    return machine


@pytest.fixture
def running(prepared: Machine) -> Iterator[Machine]:
    """The same, with its systemd."""
    with prepared.booted():
        yield prepared


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker
