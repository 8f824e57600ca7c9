"""Gives the tests of this folder a machine to install on."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.install.machine import NEWER, PROJECT, READER, RELEASES, Machine
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
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the packages of all programs, and with a newer one of the reader."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-P", "-m", "deploy.packages", "--folder", folder], cwd=PROJECT, check=True)
    newer = tmp_path_factory.mktemp("newer") / "reader"
    subprocess.run(["dpkg-deb", "--raw-extract", folder / READER, newer], check=True)
    control = newer / "DEBIAN/control"
    control.write_text(re.sub("^Version: .*", "Version: 99.0", control.read_text(), flags=re.MULTILINE))
    with (newer / "opt/teleinfo/reader/reader.example.yaml").open("a") as example:
        example.write("# newer\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", newer, folder / NEWER], check=True)
    return folder


@pytest.fixture
def running(bare: Machine, packages: Path) -> Iterator[Machine]:
    """A machine with its systemd, to which the packages were copied."""
    for machine in bare.with_packages(packages):
        with machine.booted():
            yield machine


@pytest.fixture
def older(running: Machine) -> Iterator[Machine]:
    """The same, with the MariaDB of its release, older than ours, and the storer's account there."""
    running.write("/etc/mysql/mariadb.conf.d/99-test.cnf", "[mariadbd]\nskip-networking\n")
    running.run("apt-get", "--quiet", "update")
    install = ("apt-get", "--quiet", "--yes", "--no-install-recommends", "install", "mariadb-server")
    running.run(*install, DEBIAN_FRONTEND="noninteractive")
    shutil.copy(PROJECT / "mariadb/storer.sql", running.path("/srv/storer.sql"))
    running.run("systemctl", "start", "mariadb")
    assert running.run("mariadb", "-Ne", "SELECT VERSION()").startswith("10.11.")
    running.run("sh", "-c", "mariadb </srv/storer.sql")
    yield running
    running.run("mariadb", "--execute", "DROP DATABASE teleinfodb; DROP USER teleinfo@localhost")
    running.run("systemctl", "stop", "mariadb")


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker
