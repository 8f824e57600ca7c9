"""What many meters cost: frames stored a second, CPU a frame, memory, the start; and what a second storer is worth."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.bench.cell import Cell
from tests.bench.cpu_limit import cpu_limit
from tests.bench.crowd import Crowd
from tests.bench.figures import Disturbed, Row, Target, in_turn, not_measured
from tests.bench.options import Options
from tests.bench.report import Section

_HOW = """\
Meters that each send a frame a second, for a minute: a message a frame, or what delivery.batch makes of it. No more is
published than what the meters make within twelve seconds before it is confirmed, so where fewer frames are stored than
offered, the figure is what this machine can do. Stored is what has a row. CPU times are of all threads, and of both
storers. The start: the first frame of each meter, until all are confirmed; then the same to a storer that starts, and
knows none of them yet. Two storers against one: each may use a fifth of a core, with one and with two, so that neither
broker nor database is the limit; they are offered more than they can store, for a minute: one run of the rollups."""
_BLOCK = 30  # frames of a message with delivery.batch: 30s
_START_WITHIN = 10.0  # seconds, for 10,000 meters
_LIMIT = 0.2  # cores of a storer
_WORTH = 1.7  # times what one storer stores, by two
_LIMITED_METERS, _LIMITED_FOR, _LIMITED_WARM_UP = 8_000, 60, 5  # seconds
#: How frames come, and who stores them: arguments of `Cell`.
_ONE_STORER = "one storer"
_VARIANTS: Mapping[str, Mapping[str, Any]] = {
    _ONE_STORER: {},
    "one storer, batch: {size: 5000, wait: 2s}": {"settings": {"batch": {"size": 5000, "wait": "2s"}}},
    "two that share": {"storers": 2},
    f"one storer, delivery.batch: {_BLOCK}s": {"block": _BLOCK},
}


def measure(options: Options) -> Section:
    """Measure each number of meters; then two storers against one."""
    seconds = 6 if options.quick else options.seconds
    rows: list[Row] = []
    for meters in (200,) if options.quick else options.meters:
        crowd = Crowd(meters)
        for variant in _VARIANTS:
            rows += _measure(crowd, variant, seconds)
    return Section("scale", _HOW, [*rows, _two_against_one(1 if options.quick else 2)])


def _measure(crowd: Crowd, variant: str, seconds: int) -> Iterator[Row]:
    what = f"{crowd.meters:,} meters, {variant}"
    with contextlib.ExitStack() as stack:
        cell = Cell(crowd, stack, **_VARIANTS[variant])
        new = cell.first_frames()
        restarted = cell.first_frames(restart=True) if variant == _ONE_STORER else None
        start = cell.cpu()["storer"]
        result = cell.send(seconds)
        cell.check()
    yield Row(what=what, unit="frames/s stored", ours=[result.rate], note=f"of {crowd.meters:,} offered")
    for name in result.cpu:
        yield Row(what=f"… {name}", unit="µs of CPU a frame", ours=[result.cost(name)])
    for name, memory in result.memory.items():
        yield Row(what=f"… memory of {name}", unit="MB", ours=[memory])
    yield Row(what="… first frame of each meter stored", unit="s", ours=[new])
    if restarted is not None:
        target = Target("≤", _START_WITHIN)
        yield Row(what="… the same, by a storer that starts", unit="s", ours=[restarted], target=target)
        yield Row(what="… its CPU time until then", unit="s", ours=[start])


def _two_against_one(rounds: int) -> Row:
    what, target = f"two storers that share, each {_LIMIT} of a core", Target("≥", _WORTH)
    crowd = Crowd(_LIMITED_METERS)
    try:
        one, two = in_turn(rounds, *(_limited(crowd, storers) for storers in (1, 2)))
    except Disturbed as error:
        return not_measured(what, str(error), target=target)
    return Row(what=what, unit="frames/s stored", ours=two, against="one of them", theirs=one, target=target)


def _limited(crowd: Crowd, storers: int) -> Callable[[], float]:
    """Return a measurement of the frames a second that so many storers store, with little CPU each."""

    def work() -> float:
        with contextlib.ExitStack() as stack:
            groups = [stack.enter_context(cpu_limit(_LIMIT)) for _ in range(storers)]
            cell = Cell(crowd, stack, storers=storers)
            cell.first_frames()
            for group, storer in zip(groups, cell.storers, strict=True):
                group.write_text(str(storer.pid))
            cell.send(_LIMITED_WARM_UP)
            result = cell.send(_LIMITED_FOR)
            cell.check()
        used = result.cpu["storer"] / result.seconds
        if used < 0.8 * _LIMIT * storers:
            raise Disturbed(f"{storers} of them used {used:.2f} cores: something else was the limit")
        return result.rate

    return work
