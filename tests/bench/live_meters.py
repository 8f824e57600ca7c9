"""What a frame costs the storer while a thousand meters send one each second, alone or in blocks."""

import contextlib
from dataclasses import dataclass, field

from tests.bench.cell import Cell
from tests.bench.crowd import Crowd
from tests.bench.figures import Disturbed, Row, Target
from tests.bench.options import Options
from tests.bench.report import Section

_BLOCK = 5  # frames of a message with delivery.batch: 5s
_HOW = f"""\
A thousand meters, each with a frame a second, evenly over the second, to one storer: a message a frame, and what
delivery.batch: {_BLOCK}s of a reader's configuration makes of them, {_BLOCK} frames a message. CPU time of the storer,
all threads. The rate stays below what a storer can do: it is never behind."""
_WARM_UP = 5  # seconds
_BEHIND = 0.9  # of the frames that are offered
_FLAT = 1.1


@dataclass(slots=True)
class Live:
    """What a storer needed in each round."""

    costs: list[float] = field(default_factory=list)  # µs of CPU time a frame
    memory: list[float] = field(default_factory=list)  # MB, at the end of each round


def measure(options: Options) -> Section:
    """Measure a message a frame, then blocks."""
    meters, seconds, rounds = (200, 5, 2) if options.quick else (1_000, 15, 8)
    rows: list[Row] = []
    for block, how, most in ((1, "a message a frame", 200), (_BLOCK, f"blocks of {_BLOCK} s", 90)):
        found = live(meters, seconds, rounds, block=block)
        rows += [
            Row(
                what=f"storer, {meters:,} meters × 1/s, {how}",
                unit="µs a frame",
                ours=found.costs,
                target=Target("≤", most),
                decides="min",
            ),
            Row(
                what=f"… memory of the storer after {rounds * seconds} s, {how}",
                unit="MB",
                ours=found.memory[-1:],
                against=f"after {rounds * seconds // 2} s",
                theirs=[found.memory[rounds // 2 - 1]],
                target=Target("≤", _FLAT),
            ),
        ]
    return Section("live_meters", _HOW, rows)


def live(meters: int, seconds: float, rounds: int, *, block: int = 1) -> Live:
    """Let meters send, all known to the storer, so many frames in a message.

    Raises:
        Disturbed: fewer frames are stored than the meters make.
    """
    found = Live()
    with contextlib.ExitStack() as stack:
        cell = Cell(Crowd(meters), stack, block=block)
        cell.first_frames()
        cell.send(_WARM_UP)
        for _ in range(rounds):
            stored = cell.send(seconds)
            if stored.rate < _BEHIND * meters:
                raise Disturbed(f"only {stored.rate:.0f} of {meters} frames were stored a second")
            found.costs.append(stored.cost("storer"))
            found.memory.append(stored.memory["storer"])
        cell.check()
    return found
