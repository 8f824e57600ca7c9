"""The reader on 32-bit ARM: a Pi Zero W and a Pi 1 (ARMv6), a Pi 2 (ARMv7). The processor is emulated, not the machine.

Debian's packages for ARMv6 with floating point are those of Raspberry Pi OS alone. Here it runs Debian's for older
processors.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from common.machine.version import __version__
from tests.install.machine import CLONE, PROJECT, Machine
from tests.support.programs import run_command

pytestmark = pytest.mark.timeout(2 * 3600)

CAPTURE = "tests/captures/13_std_producer_mono.bin"


@pytest.mark.parametrize(
    ("architecture", "release", "processor"), [("armhf", "trixie", "cortex-a7"), ("armel", "bookworm", "arm1176")]
)
def test_package_and_clone_are_installed_and_read_a_meter(
    tmp_path: Path, architecture: str, release: str, processor: str
) -> None:
    machine = Machine(tmp_path, release, architecture=architecture, processor=processor)
    machine.make()
    dist = machine.path(f"{CLONE}/dist")
    subprocess.run([sys.executable, "-P", "-m", "deploy.packages", "--folder", dist], cwd=PROJECT, check=True)
    shutil.copy(PROJECT / CAPTURE, machine.path("/srv/capture.bin"))
    read = run_command("reader", "decode", PROJECT / CAPTURE).stdout
    assert read
    decode = ("sh", "-c", "teleinfo-reader decode /srv/capture.bin 2>/dev/null")

    result = machine.install_packages(f"teleinfo-reader_{__version__}_all.deb")
    assert result.returncode == 0, result.stdout
    assert machine.run(*decode) == read
    machine.remove_packages("teleinfo-reader", purge=True)

    machine.install("reader")
    assert machine.run(*decode) == read
