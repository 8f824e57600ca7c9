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
        others, missing = _others(place, stack, options)
        storer = stack.enter_context(FakeStorer(place.broker.port))
        feeder = stack.enter_context(Feeder(line, live_frames(KIND), speed=STANDARD))
        for _, feed in others:
            stack.enter_context(feed)
        wait_until(lambda: storer.count >= _WARM_UP, 40, "confirmed frames", [reader])
        ours: list[Usage] = []
        theirs: dict[str, list[Usage]] = {}
        for _ in range(rounds):
            begun, frames = {program.name: usage(program.pid) for program, _ in others}, feeder.count
            ours.append(_window(reader, seconds))
            for program, _ in others:
                program.check()
                theirs.setdefault(program.name, []).append(usage(program.pid) - begun[program.name])
            sent = feeder.count - frames
            if sent < 0.9 * seconds - 1:
                raise Disturbed(f"only {sent} frames were sent in {seconds:.0f} s")
        memory = {program.name: resident(program.pid) for program in (reader, *(program for program, _ in others))}
    return Section("line_pace", _HOW, [*_rows(idle, ours, theirs), *_memory(memory, reader.name), *missing])


def _memory(memory: dict[str, float], reader: str) -> Iterator[Row]:
    ours = [memory.pop(reader)]
    yield Row(what="reader, resident memory", unit="MB", ours=ours, target=Target("≤", 28))
    for name, theirs in memory.items():
        yield Row(what="reader, resident memory", unit="MB", ours=ours, against=name, theirs=[theirs])


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


def _others(
    place: Rig, stack: contextlib.ExitStack, options: Options
) -> tuple[list[tuple[Program, Feeder]], list[Row]]:
    started: list[tuple[Program, Feeder]] = []
    missing: list[Row] = []
    for peer in node.READERS:
        line = stack.enter_context(Line())
        try:
            command = peer.command(options)
        except node.NotInstalled as error:
            missing.append(
                not_measured(f"reader at the pace of the line, against {peer.name}", str(error), target=peer.target)
            )
            continue
        program = stack.enter_context(node.NodeProgram(peer.name, command, place.folder))
        program.start(**peer.environment(line.name, place.broker.port))
        # Node's readers know no parity.
        started.append((program, Feeder(line, live_frames(KIND, parity=False), speed=STANDARD)))
    return started, missing


def _window(reader: Program, seconds: float) -> Usage:
    begun = usage(reader.pid)
    time.sleep(seconds)
    reader.check()
    return usage(reader.pid) - begun


def _rows(idle: list[Usage], ours: list[Usage], theirs: dict[str, list[Usage]]) -> Iterator[Row]:
    yield Row(
        what="reader, CPU",
        unit="ms/s",
        ours=[each.cpu_a_second for each in ours],
        target=Target("≤", 2.5),
        decides="min",
    )
    yield Row(
        what="reader, context switches",
        unit="/s",
        ours=[each.switches_a_second for each in ours],
        target=Target("≤", 20),
        decides="min",
    )
    for name, usages in theirs.items():
        target = next(peer.target for peer in node.READERS if peer.name == name)
        yield Row(
            what="reader, CPU",
            unit="ms/s",
            ours=[each.cpu_a_second for each in ours],
            against=name,
            theirs=[each.cpu_a_second for each in usages],
            target=target,
            decides="min",
        )
    yield Row(
        what="idle reader, CPU",
        unit="ms/s",
        ours=[each.cpu_a_second for each in idle],
        decides="min",
    )
    yield Row(
        what="idle reader, context switches",
        unit="/s",
        ours=[each.switches_a_second for each in idle],
        decides="min",
    )
