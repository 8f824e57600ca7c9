"""Gives the tests of this folder a Pi, and what is elsewhere in the house: meter, broker, storer, database."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.rig import Rig
from tests.machine.pi import HOST, PROJECT, WITHIN, Line, Pi, System, debian, make_image, serve_time
from tests.support.programs import wait_until

#: Which wheels pip takes on the Pi: those of its processor and of Debian 13's Python.
_FOR_THE_PI = (
    "--only-binary=:all: --python-version 3.13 --platform manylinux_2_28_aarch64 --platform manylinux2014_aarch64"
)


class House:
    """The meter, and all that is not on the Pi."""

    def __init__(self, rig: Rig, line: Line) -> None:
        self.rig = rig
        self.line = line

    def last_row(self) -> int:
        """Return the highest number of a frame that is stored, -1 at first."""
        time.sleep(0.5)  # a client of the database is started each time, and the emulator needs the processor
        return max(self.rig.rows(), default=-1)

    def wait_for_a_frame(self) -> float:
        """Wait until a frame that the meter sends from now on is stored; return the time, monotonic."""
        number = self.line.number
        wait_until(lambda: self.last_row() > number, WITHIN, "a frame of the Pi")
        return time.monotonic()

    def live_frame(self) -> dict[str, object]:
        """Return the next frame that the reader publishes."""
        command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(self.rig.broker.port), "-C", "1", "-W", "60"]
        output = subprocess.run([*command, "-t", "teleinfo/+/frame"], capture_output=True, check=True).stdout
        frame: dict[str, object] = json.loads(output)
        return frame

    def settings(self, **more: object) -> str:
        """Return the reader's configuration."""
        adapter = "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_0001-if00-port0"
        broker = {"host": HOST, "port": self.rig.broker.port}
        return json.dumps({"name": "pi", "port": adapter, "mqtt": broker, **more})


@pytest.fixture(scope="session")
def system() -> System:
    if os.geteuid():
        pytest.fail("needs root, to make the file system of a machine: sudo ./run test machine", pytrace=False)
    return debian()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    serve_time()
    # No port: the reader is on the Pi.
    with Rig(tmp_path_factory.mktemp("house"), port="none") as rig:
        rig.start_storer()
        yield House(rig, Line())


@pytest.fixture(scope="session")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A USB stick with the reader's package, a clone, and what pip would fetch from the network."""
    folder = tmp_path_factory.mktemp("stick")
    files = folder / "files"
    clone = files / "clone"
    clone.mkdir(parents=True)
    python = (sys.executable, "-P", "-m")
    subprocess.run([*python, "deploy.packages", "--folder", files / "dist"], cwd=PROJECT, check=True)
    locked = ["--require-hashes", "--requirement", "requirements/full.txt"]
    pip: list[str | Path] = [
        *python,
        "pip",
        "--quiet",
        "download",
        "--dest",
        files / "wheels",
        *locked,
        *_FOR_THE_PI.split(),
    ]
    subprocess.run(pip, cwd=PROJECT, check=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=PROJECT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", clone], input=archive, check=True)
    make_image(folder / "stick.img", files, "400M")
    return folder / "stick.img"


@pytest.fixture(scope="session")
def installed(system: System, house: House, stick: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card on which the package was installed; its reader has read the meter."""
    card = copy(system.card, tmp_path_factory.mktemp("installed"))
    with Pi(system, card, house.line, stick) as pi:
        pi.plug_in()
        pi.run("mount /dev/vdb /mnt && apt-get --yes install /mnt/dist/teleinfo-reader_*.deb")
        start_reader(pi, house)
        pi.switch_off()
    return card


def start_reader(pi: Pi, house: House) -> None:
    """Complete the configuration as README says, and wait for a frame."""
    pi.run(f"echo '{house.settings()}' >/etc/teleinfo/reader.yaml")
    pi.run("systemctl enable teleinfo-reader && systemctl restart teleinfo-reader")
    house.wait_for_a_frame()


@pytest.fixture
def pi(system: System, house: House, stick: Path, installed: Path, tmp_path: Path) -> Iterator[Pi]:
    """A Pi, off, with a card of its own on which the package is installed."""
    with Pi(system, copy(installed, tmp_path), house.line, stick) as pi:
        yield pi


def copy(card: Path, folder: Path) -> Path:
    shutil.copy(card, folder / "card.img")
    return folder / "card.img"
