"""What the reader costs at the real pace of a line, and while the line is silent."""

import contextlib
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.bench.client import Client, FakeStorer
from tests.bench.figures import Disturbed, Row, Target, not_measured
from tests.bench.line import STANDARD, Feeder, Line, live_frames
from tests.bench.process import COMPILED, Usage, resident, usage
from tests.bench.report import Section
from tests.bench.rig import Rig, rig
from tests.support.programs import ROOT, Program, wait_until
from tests.support.servers import HOST

PEERS = Path(__file__).resolve().parent / "peers"
FOLDER = ROOT / ".venv-bench" / "node"
_INSTALL_TIMEOUT = 180  # seconds
KIND = "standard-single-phase-base"
_MEMORY, _NODE = "reader, resident memory", "node, serialport and mqtt alone"
_HOW = """\
A standard frame a second at 9600 baud, 16 bytes at a time, through a pseudo-terminal to `teleinfo-reader run`, which
publishes to mosquitto; each frame is confirmed. All readers run at the same time, each with a line of its own. CPU time
of all threads."""
_WARM_UP = 6  # frames; until then the mode is detected and all caches are filled


def measure(quick: bool) -> Section:
    """Measure in `rounds` windows of some seconds; all readers at the same time."""
    seconds, rounds = (5.0, 1) if quick else (20.0, 5)
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(rig())
        reader, line = _reader(place, stack)
        idle = [_window(reader, seconds / 2) for _ in range(rounds)]
        other, missing = _other(place, stack)
        storer = stack.enter_context(FakeStorer(place.broker.port))
        feeder = stack.enter_context(Feeder(line, live_frames(KIND), speed=STANDARD))
        wait_until(lambda: storer.count >= _WARM_UP, 40, "confirmed frames", [reader])
        ours: list[Usage] = []
        theirs: list[Usage] = []
        for _ in range(rounds):
            begun, frames = other and usage(other.pid), feeder.count
            ours.append(_window(reader, seconds))
            if other and begun:
                other.check()
                theirs.append(usage(other.pid) - begun)
            sent = feeder.count - frames
            if sent < 0.9 * seconds - 1:
                raise Disturbed(f"only {sent} frames were sent in {seconds:.0f} s")
        memory = [resident(reader.pid)]
        rows = [
            _cpu(ours, target=Target("≤", 2.5)),
            _cpu(idle, what="idle reader, CPU"),
            Row(what=_MEMORY, unit="MB", ours=memory, target=Target("≤", 28)),
            *missing,
        ]
        if other:
            beside = [each.cpu_a_second for each in theirs]
            rows.append(_cpu(ours, against=_NODE, theirs=beside, target=Target("≤", 0.2)))
            rows.append(Row(what=_MEMORY, unit="MB", ours=memory, against=_NODE, theirs=[resident(other.pid)]))
    return Section("line_pace", _HOW, rows)


def _reader(place: Rig, stack: contextlib.ExitStack) -> tuple[Program, Line]:
    """Start a reader on a silent line."""
    line = stack.enter_context(Line())
    online: list[bytes] = []
    stack.enter_context(
        Client(place.broker.port, lambda _, payload: online.append(payload), "teleinfo/reader/+/status")
    )
    reader = place.reader(line.name, clock={"patience": "0s"}).start(**COMPILED)
    wait_until(lambda: b"online" in online, 20, "a reader that is online", [reader])
    time.sleep(3)  # until what a start costs is over
    return reader, line


def _other(place: Rig, stack: contextlib.ExitStack) -> tuple[Program | None, list[Row]]:
    """Start the reader on Node, on a line of its own; without it there is a row that says why."""
    line = stack.enter_context(Line())
    program = stack.enter_context(NodeReader(place.folder))
    try:
        program.read(line.name, place.broker.port)
    except NotInstalled as error:
        return None, [not_measured(_NODE, str(error))]
    # Node's readers know no parity.
    stack.enter_context(Feeder(line, live_frames(KIND, parity=False), speed=STANDARD))
    return program, []


def _window(reader: Program, seconds: float) -> Usage:
    begun = usage(reader.pid)
    time.sleep(seconds)
    reader.check()
    return usage(reader.pid) - begun


def _cpu(usages: list[Usage], *, what: str = "reader, CPU", **more: Any) -> Row:
    return Row(what=what, unit="ms/s", ours=[each.cpu_a_second for each in usages], decides="min", **more)


class NotInstalled(Exception):
    """A peer cannot be measured here; the text says why, in one line."""


class NodeReader(Program):
    """The least reader of a port, as a process that ends with the benchmark."""

    def __init__(self, folder: Path) -> None:
        super().__init__("node", "", folder=folder)
        self._command = ["node", str(PEERS / "reader.cjs")]

    def read(self, port: str, broker: int) -> None:
        """Start it.

        Raises:
            NotInstalled: as `_install`.
        """
        _install()
        self.start(SERIAL=port, MQTT_URL=f"mqtt://{HOST}:{broker}", NODE_PATH=str(FOLDER / "node_modules"))


def _install() -> None:
    """Install the libraries of package-lock.json, once.

    Raises:
        NotInstalled: there is no Node, or no registry is reached.
    """
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        raise NotInstalled("node and npm are not installed")
    lock = (PEERS / "package-lock.json").read_bytes()
    installed = FOLDER / "installed"
    if installed.exists() and installed.read_bytes() == lock:
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(PEERS, FOLDER)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000"]
    try:
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, timeout=_INSTALL_TIMEOUT)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise NotInstalled(f"npm ci: {type(error).__name__}") from error
    installed.write_bytes(lock)
