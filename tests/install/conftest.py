"""Gives the tests of this folder a machine to install on."""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.install.machine import Machine


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine on which nothing was ever installed."""
    if os.geteuid():
        pytest.fail("needs root, to make a machine that is thrown away: sudo ./run test install", pytrace=False)
    if shutil.which("debootstrap") is None:
        pytest.fail("debootstrap is not installed: `./run test install` gets it from apt", pytrace=False)
    folder = tmp_path_factory.mktemp("machine")
    machine = Machine(folder)
    machine.make()
    yield machine
    subprocess.run(["rm", "-rf", "--one-file-system", folder], check=True)


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
