"""What it takes to import what `run` of each program needs."""

import subprocess
import sys
from collections.abc import Callable

from tests.bench import node
from tests.bench.figures import Row, Target, in_turn, not_measured
from tests.bench.options import Options
from tests.bench.process import COMPILED
from tests.bench.report import Section
from tests.support.programs import ENVIRONMENT

_HOW = """\
CPU time of a new process from its first line to the end of its imports, with compiled files in place: the entry point
of a program and the module that builds what `run` runs. Against the libraries that a reader on Node is made of."""
_PYTHON = (
    "import time; t = time.process_time(); from common.runtime.deferred_module import defer_rare_modules;"
    " defer_rare_modules(); import {modules}; print((time.process_time() - t) * 1000)"
)
_NODE = (
    "const t = process.cpuUsage(); require('mqtt'); require('serialport');"
    " const u = process.cpuUsage(t); console.log((u.user + u.system) / 1000)"
)


def measure(options: Options) -> Section:
    """Import in turn."""
    rounds = 3 if options.quick else 15
    readers, storers = "reader.commands, reader.build", "storer.commands, storer.service"
    works: list[Callable[[], float]] = [lambda: _python(readers), lambda: _python(storers)]
    missing: list[Row] = []
    try:
        modules = str(node.install() / "node_modules")
        works.append(lambda: _run(["node", "-e", _NODE], NODE_PATH=modules))
    except node.NotInstalled as error:
        missing.append(not_measured("import against Node", str(error)))
    for work in works:
        work()  # compiles
    reader, storer, *others = in_turn(rounds, *works)
    rows = [
        _row("import of the reader", reader, others[0] if others else []),
        _row("import of the storer", storer, []),
    ]
    return Section("imports", _HOW, [*rows, *missing])


def _row(what: str, ours: list[float], theirs: list[float]) -> Row:
    return Row(
        what=what,
        unit="ms",
        ours=ours,
        against="node, mqtt and serialport" if theirs else "",
        theirs=theirs,
        target=Target("≤", 150),
        target_is_absolute=True,
        decides="min",
    )


def _python(modules: str) -> float:
    return _run([sys.executable, "-P", "-c", _PYTHON.format(modules=modules)])


def _run(command: list[str], **environment: str) -> float:
    output = subprocess.run(
        command, env=ENVIRONMENT | COMPILED | environment, check=True, capture_output=True, text=True
    ).stdout
    return float(output)
