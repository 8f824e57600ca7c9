"""How fast frames that waited are stored: a queue of the broker, one frame a message, and the spool of a reader."""

import contextlib
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from common.contract.frame import Frame
from reader.buffer.item import Item, ItemKind, to_micros
from reader.config import SpoolConfig
from reader.delivery.replay import BLOCK_WINDOW
from reader.delivery.storage import Storage
from tests.bench.client import Client
from tests.bench.figures import Row, Target
from tests.bench.house import Village, messages
from tests.bench.line import Line
from tests.bench.process import Usage, resident, usage
from tests.bench.report import Section
from tests.bench.rig import Rig, rig
from tests.support.programs import Service

_HOW = """\
*Backlog*: a storer was away; the broker has kept its messages, a frame in each. *Spool*: a reader starts with
unconfirmed frames of one meter on disk. From the storer's first confirmation to the last. The targets are a day of a
meter's frames in fifteen and in ten seconds. Rollups are made within the next minute, and are not in the figures."""
_A_DAY = 86_400
_WITHIN = 300  # seconds
_MINUTE = 60  # frames that are pending when a reader moves them to its spool


def measure(quick: bool) -> Section:
    """Drain queues of one meter and of a hundred, then a spool; the frames are new each time."""
    # More than a reader has under way in blocks: otherwise one confirmation may name all, and there is nothing to time.
    count, rounds = (2 * BLOCK_WINDOW, 1) if quick else (20_000, 4)
    rows: list[Row] = []
    for meters in (1, 100):
        with contextlib.ExitStack() as stack:
            drain = _Drain(stack, meters, count)
            spent = drain.backlog(rounds)
            name = "1 meter" if meters == 1 else f"{meters} meters"
            rows += [
                _rate(f"backlog of {name}", spent, _A_DAY / 15),
                Row(
                    what=f"… CPU of the storer, {name}",
                    unit="µs a frame",
                    ours=[each.cpu * 1e6 for each in spent],
                    decides="min",
                ),
                Row(what=f"… memory of the storer, {name}", unit="MB", ours=[resident(drain.storer.pid)]),
            ]
            if meters == 1:
                rows.append(_rate("spool of a reader", drain.spool(stack, rounds), _A_DAY / 10))
    return Section("drain", _HOW, rows)


def _rate(what: str, spent: Iterable[Usage], target: float) -> Row:
    rates = [1 / each.elapsed for each in spent]
    return Row(what=what, unit="frames/s", ours=rates, target=Target("≥", target))


class Confirmations:
    """Counts confirmed frames from the first confirmation to the last."""

    def __init__(self, storer: Service) -> None:
        self._storer = storer
        self._changed = threading.Condition()
        self._count = self._first_count = self._expected = 0
        self._first: Usage | None = None
        self._last: Usage | None = None

    def expect(self, count: int) -> None:
        """Begin to count."""
        with self._changed:
            self._count, self._expected, self._first, self._last = 0, count, None, None

    def on_message(self, _: str, payload: bytes) -> None:
        """Count the frames in a confirmation."""
        with self._changed:
            self._count += payload.count(b'Z"')
            if self._first is None:
                self._first, self._first_count = usage(self._storer.pid), self._count
            if self._count >= self._expected and self._last is None:
                self._last = usage(self._storer.pid)
                self._changed.notify_all()

    def wait(self) -> Usage:
        """Wait for all that is expected; return what a frame took, of those after the first confirmation."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._last is not None, _WITHIN)
            assert done, f"{self._count} of {self._expected} frames are confirmed"
            assert self._first is not None
            assert self._last is not None
            spent, frames = self._last - self._first, self._expected - self._first_count
        return Usage(spent.cpu / frames, spent.elapsed / frames)


class _Drain:
    """A storer that has made its tables, meters and label sets; each round has new frames."""

    def __init__(self, stack: contextlib.ExitStack, meters: int, count: int) -> None:
        self._place: Rig = stack.enter_context(rig())
        self._database = self._place.database()
        self.storer = self._place.storer(self._database)
        self._heard = Confirmations(self.storer)
        stack.enter_context(Client(self._place.broker.port, self._heard.on_message, "teleinfo/+/stored"))
        self._village, self._count = Village(meters, count // meters), count
        self._start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
        self.storer.start()
        self.storer.wait_for_log("Ready", "Connected to the broker")
        self._fill_queue()
        self._heard.wait()

    def backlog(self, rounds: int) -> list[Usage]:
        spent: list[Usage] = []
        for _ in range(rounds):
            assert self.storer.stop() == 0, "the storer failed"
            self._fill_queue()
            # Of the round before. A storer that was away for long has rolled up what it stored then.
            self._database.sql(f"DELETE FROM {self._database.name}.late_hours")
            self.storer.start()
            spent.append(self._heard.wait())
        return spent

    def spool(self, stack: contextlib.ExitStack, rounds: int) -> list[Usage]:
        reader = self._place.reader(stack.enter_context(Line()).name)
        spent: list[Usage] = []
        for _ in range(rounds):
            _fill(Path(reader.settings["spool"]["path"]), self._frames())
            reader.start()
            spent.append(self._heard.wait())
            assert reader.stop() == 0, "the reader failed"
        return spent

    def _fill_queue(self) -> None:
        with Client(self._place.broker.port) as publisher:
            for topic, payload in messages(self._frames()):
                publisher.publish(topic, payload)
                publisher.wait_published(most=1000)
            publisher.wait_published()

    def _frames(self) -> Iterable[Frame]:
        self._heard.expect(self._count)
        self._start += timedelta(seconds=self._count)
        return self._village.frames(self._start)


def _fill(folder: Path, frames: Iterable[Frame]) -> None:
    """Write frames to the spool of a reader that does not run, a minute at a time."""
    spool = Storage(SpoolConfig(path=folder, journal=folder), "bench").open_spool()
    assert spool is not None, f"no spool in {folder}"
    items = (Item(ItemKind.FRAME, frame.meter, to_micros(frame.timestamp), frame.to_json()) for frame in frames)
    while minute := list(islice(items, _MINUTE)):
        spool.append(minute)
    spool.close()
