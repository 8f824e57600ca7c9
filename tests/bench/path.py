"""The reader's own work on a frame after decoding, without paho and threads.

The parts are the real ones, connected as `reader/service.py` does it, with a clock set by hand: a frame each second is
filtered, written to the journal in memory, published, acknowledged by a broker and confirmed by a storer; periodic work
runs twice a second.
"""

import math
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

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
from reader.tic.decoder import Reading
from tests.support.clock import FakeClock

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


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


class ReaderParts:
    """The parts of a reader with one line, and the storer that confirms its frames."""

    def __init__(self, folder: Path, meter: str) -> None:
        self.clock, self.broker = FakeClock(START, uptime=0.0), _Broker()
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
        self._delivery.close(self.clock.up)

    def work(self, reading: Reading) -> None:
        """Do all the work of one second, with one frame."""
        now = self.clock.up
        for frame in self._pipeline.feed(reading, now):
            item = Item(ItemKind.FRAME, frame.meter, to_micros(frame.timestamp), frame.to_json())
            self._delivery.enqueue(item, now)
            self._publisher.on_frame(frame, now)
        self._tick(now)
        tokens, self.broker.tokens = self.broker.tokens, []
        for token in tokens:
            self._delivery.on_puback(token, 0, now)
        message = (
            '{"storer": "storer", "timestamps": ["' + format_time(frame.timestamp) + '"], "rejected": []}'
        ).encode()
        self._confirm(message)
        self._tick(now + 0.5)
        if self._delivery.pending:
            raise AssertionError("a frame was not confirmed")

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
