"""Readers that run on Node: the least that its libraries allow, and teleinfo2mqtt from a checkout."""

import functools
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Target
from tests.bench.options import Options
from tests.support.programs import ROOT, Program
from tests.support.servers import HOST, die_with

PEERS = Path(__file__).resolve().parent / "peers"
FOLDER = ROOT / ".venv-bench" / "node"
_INSTALL_TIMEOUT = 180  # seconds


class NotInstalled(Exception):
    """A peer cannot be measured here; the text says why, in one line."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that reads a port and publishes."""

    name: str
    command: Callable[[Options], Sequence[str]]  # raises NotInstalled
    target: Target | None

    @staticmethod
    def environment(port: str, broker: int) -> dict[str, str]:
        """Return the variables that it is configured with."""
        return {
            "SERIAL": port,
            "MQTT_URL": f"mqtt://{HOST}:{broker}",
            "TIC_MODE": "standard",
            "EMIT_INTERVAL": "0",
            "NODE_PATH": str(FOLDER / "node_modules"),
        }


class NodeProgram(Program):
    """A program of Node, as a process that ends with the benchmark."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        super().__init__("node-" + "".join(filter(str.isalnum, name)), "", folder=folder)
        self.name = name
        self._line = command

    def start(self, **environment: str) -> "NodeProgram":
        """Start it, with more environment variables."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._line,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=die_with(os.getpid()),
            )
        return self


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


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise NotInstalled("node is not installed")
    return node


def _least(_: Options) -> Sequence[str]:
    install()
    return [_node(), str(PEERS / "reader.cjs")]


def _teleinfo2mqtt(options: Options) -> Sequence[str]:
    if options.teleinfo2mqtt is None:
        raise NotInstalled("teleinfo2mqtt is in no package registry; --teleinfo2mqtt FOLDER names a checkout")
    app = options.teleinfo2mqtt / "app"
    if not (app / "node_modules").is_dir():
        raise NotInstalled(f"{app} has no node_modules: run npm ci there")
    return [_node(), str(app / "index.js")]


READERS = (
    Reader("node, serialport and mqtt alone", _least, Target("≤", 0.1)),
    Reader("node teleinfo2mqtt", _teleinfo2mqtt, Target("≤", 0.1)),
)
