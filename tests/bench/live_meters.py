"""What a frame costs the storer while a thousand meters send one each second."""

import contextlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.bench.client import Client
from tests.bench.confirmations import Confirmations
from tests.bench.figures import Row, Target
from tests.bench.house import Village, messages
from tests.bench.options import Options
from tests.bench.process import resident
from tests.bench.report import Section
from tests.bench.rig import rig

_HOW = """\
Meters whose frames come evenly over each second, a message a frame, to one storer. CPU time of the storer, all threads,
from the first confirmation of a round to the last. The rate stays below what a storer can do: it is never behind."""
_WARM_UP = 5  # seconds of a round's frames that make meters and label sets
_GRAIN = 0.01  # seconds; the messages of such a piece are sent together


def measure(options: Options) -> Section:
    """Measure many meters, then a few."""
    meters, seconds, rounds = (200, 2, 1) if options.quick else (1_000, 15, 3)
    rows = _live(meters, seconds, rounds, 150)
    if not options.quick:
        rows += _live(10, 3 * seconds, rounds, None)
    return Section("live_meters", _HOW, rows)


def _live(meters: int, seconds: int, rounds: int, target: float | None) -> list[Row]:
    each = seconds + _WARM_UP
    village = Village(meters, each)
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(rig())
        storer = place.storer(place.database())
        heard = Confirmations(storer)
        stack.enter_context(Client(place.broker.port, heard.on_message, "teleinfo/+/stored"))
        storer.start().wait_for_log("Ready", "Connected to the broker")
        publisher = stack.enter_context(Client(place.broker.port))
        costs: list[float] = []
        for _ in range(rounds):
            sent = messages(village.frames(datetime.now(UTC)))
            heard.expect(_WARM_UP * meters)
            send(publisher, sent[: _WARM_UP * meters], meters)
            heard.wait()
            heard.expect(seconds * meters)
            late = send(publisher, sent[_WARM_UP * meters :], meters)
            spent = heard.wait()
            costs.append(spent.cpu * 1e6)
            storer.check()
        memory = resident(storer.pid)
    return [
        Row(
            what=f"storer, {meters:,} meters × 1/s",
            unit="µs a frame",
            ours=costs,
            target=None if target is None else Target("≤", target),
            decides="min",
            note="" if late < 1 else f"the publisher was {late:.1f} s behind: the machine is too slow or too busy",
        ),
        Row(what=f"… memory of the storer, {meters:,} meters", unit="MB", ours=[memory]),
    ]


def send(publisher: Client, messages: Sequence[tuple[str, bytes]], a_second: int) -> float:
    """Publish at a steady pace; return how many seconds the last message was late."""
    begun = time.monotonic()
    for number, (topic, payload) in enumerate(messages):
        due = begun + number / a_second
        if due - time.monotonic() > _GRAIN:
            time.sleep(due - time.monotonic())
        publisher.publish(topic, payload)
    return time.monotonic() - begun - len(messages) / a_second
