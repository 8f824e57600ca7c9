"""Measures the reader's own work on a frame after decoding, without paho and threads: CPU microseconds a frame.

The parts are the real ones, connected as `reader/service.py` does it, with a clock set by hand: a frame each second is
filtered, written to the journal in memory, published, acknowledged by a broker and confirmed by a storer; periodic work
runs twice a second.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from common.contract.frame import format_time
from common.contract.topics import Topics
from common.mqtt.events import PublishToken
from reader.buffer.item import Item, ItemKind, to_micros
from reader.buffer.journal import Journal
from reader.buffer.spool import Spool
from reader.config import HomeAssistantConfig
from reader.delivery.confirmation import Confirmation
from reader.delivery.delivery import Delivery
from reader.delivery.storers import Storers
from reader.delivery.tallies import Tallies
from reader.home_assistant.publisher import MeterPublisher
from reader.line.line_health import LineHealth
from reader.line.pipeline import FramePipeline
from reader.line.timestamper import Timestamper
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder, Reading

STEPS = ("pipeline", "JSON", "enqueue", "state", "tick", "PUBACK", "confirmation")
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class _Clock:
    """A synchronised clock, set by hand."""

    build_date = datetime(2020, 1, 1, tzinfo=UTC)

    def __init__(self) -> None:
        self.set(0.0)

    def set(self, seconds: float) -> None:
        self.seconds = seconds
        self._now = START + timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self.seconds

    def uptime(self) -> float:
        return self.seconds

    def synchronised(self) -> bool:
        return True

    def warn_of_build_date(self, now: datetime) -> None:
        raise AssertionError(now)


class _Broker:
    """Takes every message."""

    connected = True
    max_packet_size = math.inf

    def __init__(self) -> None:
        self.tokens: list[PublishToken] = []
        self._count = 0

    def subscribe(self, filters: Iterable[str]) -> None:
        pass

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> PublishToken | None:
        self._count += 1
        token = PublishToken(1, self._count)
        self.tokens.append(token)
        return token

    def reconnect(self) -> None:
        raise AssertionError


class _StopWatch:
    """Adds up the CPU time of this thread by step, without what reading the clock costs."""

    def __init__(self) -> None:
        self.nanoseconds = dict.fromkeys(STEPS, 0)
        self._cost = min(self._read_twice() for _ in range(1000))

    def _read_twice(self) -> int:
        began = time.thread_time_ns()
        return time.thread_time_ns() - began

    def time(self, step: str, work: Callable[..., Any], *arguments: Any) -> Any:
        began = time.thread_time_ns()
        result = work(*arguments)
        self.nanoseconds[step] += time.thread_time_ns() - began - self._cost
        return result


class ReaderParts:
    """The parts of a reader with one line, and the storer that confirms its frames."""

    def __init__(self, folder: Path, meter: str) -> None:
        self.clock, self.broker, self.watch = _Clock(), _Broker(), _StopWatch()
        topics = Topics("teleinfo")
        journal, spool = Journal(folder / "journal", "bench"), Spool(folder / "spool", max_size=64_000_000)
        journal.open()
        spool.open()
        self._meter = meter
        self._pipeline = FramePipeline(
            hide=frozenset(), time_source=Timestamper(self.clock, patience=0.0), health=LineHealth("bench")
        )
        self._tallies = Tallies(journal)
        self._delivery = Delivery(self.broker, topics, Storers("auto", None), journal, spool)
        self._delivery.connected()
        self._delivery.on_storer_status("storer", b'{"status": "online", "wait": 1.0}')
        self._publisher = MeterPublisher(
            self.broker, topics, every=10.0, home_assistant=HomeAssistantConfig(), reader="bench", version="1"
        )
        self._publisher.set_online(meter, True, 0.0)

    def close(self) -> None:
        self._delivery.close(self.clock.seconds)

    def work(self, reading: Reading) -> None:
        """Do all the work of one second, with one frame."""
        now, timed = self.clock.seconds, self.watch.time
        for frame in timed("pipeline", self._pipeline.feed, reading, now):
            payload = timed("JSON", frame.to_json)
            timed("enqueue", self._enqueue, frame.meter, frame.timestamp, payload, now)
            timed("state", self._publisher.on_frame, frame, now)
        timed("tick", self._tick, now)
        tokens, self.broker.tokens = self.broker.tokens, []
        for token in tokens:
            timed("PUBACK", self._delivery.on_puback, token, 0, now)
        message = (
            '{"storer": "storer", "timestamps": ["' + format_time(frame.timestamp) + '"], "rejected": []}'
        ).encode()
        timed("confirmation", self._confirm, message)
        timed("tick", self._tick, now + 0.5)
        if self._delivery.pending:
            raise AssertionError("a frame was not confirmed")

    def _enqueue(self, meter: str, timestamp: datetime, payload: bytes, now: float) -> None:
        self._delivery.enqueue(Item(ItemKind.FRAME, meter, to_micros(timestamp), payload), now)

    def _tick(self, now: float) -> None:
        for tally in self._tallies.due(self.clock.now()):
            self._delivery.enqueue(tally, now)
        self._delivery.tick(now)
        self._publisher.tick(now)

    def _confirm(self, payload: bytes) -> None:
        message = Confirmation.from_json(payload)
        confirm = self._delivery.confirm
        confirm(message.storer, ItemKind.FRAME, self._meter, message.timestamps)
        confirm(message.storer, ItemKind.FRAME, self._meter, message.rejected, rejected=True)
        confirm(message.storer, ItemKind.TALLY, self._meter, message.tallies)


@contextmanager
def reader_parts(meter: str) -> Iterator[ReaderParts]:
    """Provide the parts of a reader for one meter, whose journal is in memory."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        reader = ReaderParts(Path(folder), meter)
        try:
            yield reader
        finally:
            reader.close()


def path_steps(kind: str, *, frames: int) -> dict[str, float]:
    """Return CPU microseconds a frame by step, for one simulated meter; announcing it is not among them."""
    meter, decoder = SimulatedMeter(kind), Decoder()
    warm_up = 20
    with reader_parts(meter.address) as reader:
        for second in range(warm_up + frames):
            (reading,) = decoder.feed(meter.frame(START + timedelta(seconds=second)))
            reader.clock.set(float(second))
            if second == warm_up:
                reader.watch.nanoseconds = dict.fromkeys(STEPS, 0)
            reader.work(reading)
        return {step: spent / frames / 1000 for step, spent in reader.watch.nanoseconds.items()}
