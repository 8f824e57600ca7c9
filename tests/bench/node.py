"""The least reader that the libraries of Node allow."""

import functools
import shutil
import subprocess
from pathlib import Path
from typing import Self

from tests.support.programs import ROOT, Program
from tests.support.servers import HOST

PEERS = Path(__file__).resolve().parent / "peers"
FOLDER = ROOT / ".venv-bench" / "node"
_INSTALL_TIMEOUT = 180  # seconds


class NotInstalled(Exception):
    """A peer cannot be measured here; the text says why, in one line."""


class NodeReader(Program):
    """The least reader of a port, as a process that ends with the benchmark."""

    def __init__(self, port: str, broker: int, folder: Path) -> None:
        """Prepare it.

        Raises:
            NotInstalled: as `install`.
        """
        super().__init__("node", "", folder=folder)
        self._command = ["node", str(PEERS / "reader.cjs")]
        self._environment = {
            "SERIAL": port,
            "MQTT_URL": f"mqtt://{HOST}:{broker}",
            "NODE_PATH": str(install() / "node_modules"),
        }

    def start(self, **environment: str) -> Self:
        return super().start(**self._environment, **environment)


def install() -> Path:
    """Install the libraries of package-lock.json, once; return their folder.

    Raises:
        NotInstalled: there is no Node, or no registry is reached.
    """
    if why := _install():
        raise NotInstalled(why)
    return FOLDER


@functools.cache  # a registry that is not reached is not waited for twice
def _install() -> str:
    """Install; return why that failed, empty if it did not."""
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        return "node and npm are not installed"
    lock = (PEERS / "package-lock.json").read_bytes()
    installed = FOLDER / "installed"
    if installed.exists() and installed.read_bytes() == lock:
        return ""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PEERS / name, FOLDER)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command += ["--fetch-retries=1", "--fetch-timeout=20000"]
    try:
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"npm ci did not end in {_INSTALL_TIMEOUT} s"
    except subprocess.CalledProcessError as error:
        return f"npm ci failed: {(error.stderr.strip().splitlines() or ['?'])[0]}"
    installed.write_bytes(lock)
    return ""


def version() -> str:
    """Return the version of Node, such as v20.20.2; empty without it."""
    node = shutil.which("node")
    return (
        "" if node is None else subprocess.run([node, "-v"], capture_output=True, text=True, check=True).stdout.strip()
    )
