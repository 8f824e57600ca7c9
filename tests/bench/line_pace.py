"""What the reader costs at the real pace of a line, and while the line is silent."""

import contextlib
import time
from collections.abc import Iterator

from tests.bench import node
from tests.bench.client import Client, FakeStorer
from tests.bench.figures import Disturbed, Row, Target, not_measured
from tests.bench.line import STANDARD, Feeder, Line, live_frames
from tests.bench.options import Options
from tests.bench.process import COMPILED, Usage, resident, usage
from tests.bench.report import Section
from tests.bench.rig import Rig, rig
from tests.support.programs import Program, wait_until

KIND = "standard-single-phase-base"
_CPU, _MEMORY, _NODE = "reader, CPU", "reader, resident memory", "node, serialport and mqtt alone"
_HOW = """\
A standard frame a second at 9600 baud, 16 bytes at a time, through a pseudo-terminal to `teleinfo-reader run`, which
publishes to mosquitto; each frame is confirmed. All readers run at the same time, each with a line of its own. CPU time
and context switches of all threads."""
_MOST_IDLE = 3.0  # ms a second; more shows a machine whose CPU times are not those of the work
_WARM_UP = 6  # frames; until then the mode is detected and all caches are filled


def measure(options: Options) -> Section:
    """Measure in `rounds` windows of some seconds; all readers at the same time."""
    seconds, rounds = (5.0, 1) if options.quick else (20.0, 5)
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(rig())
        reader, line = _reader(place, stack)
        idle = [_window(reader, seconds / 2) for _ in range(rounds)]
        least = min(each.cpu_a_second for each in idle)
        if least > _MOST_IDLE:
            raise Disturbed(f"an idle reader takes {least:.1f} ms of CPU time a second on this machine")
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
        rows = [*_rows(idle, ours), Row(what=_MEMORY, unit="MB", ours=memory, target=Target("≤", 28)), *missing]
        if other:
            rows += _beside(ours, theirs, memory, [resident(other.pid)])
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
    try:
        program = stack.enter_context(node.NodeReader(line.name, place.broker.port, place.folder))
    except node.NotInstalled as error:
        return None, [not_measured(_CPU, str(error), against=_NODE)]
    # Node's readers know no parity.
    stack.enter_context(Feeder(line, live_frames(KIND, parity=False), speed=STANDARD))
    return program.start(), []


def _window(reader: Program, seconds: float) -> Usage:
    begun = usage(reader.pid)
    time.sleep(seconds)
    reader.check()
    return usage(reader.pid) - begun


def _rows(idle: list[Usage], ours: list[Usage]) -> Iterator[Row]:
    for name, usages, cpu, switches in (
        ("reader", ours, Target("≤", 2.5), Target("≤", 10)),
        ("idle reader", idle, None, None),
    ):
        yield Row(
            what=f"{name}, CPU",
            unit="ms/s",
            ours=[each.cpu_a_second for each in usages],
            target=cpu,
            decides="min",
        )
        yield Row(
            what=f"{name}, context switches",
            unit="/s",
            ours=[each.switches_a_second for each in usages],
            target=switches,
            decides="min",
        )


def _beside(ours: list[Usage], theirs: list[Usage], memory: list[float], their_memory: list[float]) -> Iterator[Row]:
    yield Row(
        what=_CPU,
        unit="ms/s",
        ours=[each.cpu_a_second for each in ours],
        against=_NODE,
        theirs=[each.cpu_a_second for each in theirs],
        target=Target("≤", 0.2),
        decides="min",
    )
    yield Row(what=_MEMORY, unit="MB", ours=memory, against=_NODE, theirs=their_memory)
