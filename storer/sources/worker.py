"""The thread that reads sources and writes their tables, over connections of its own: frames never wait for it."""

import contextlib
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from common.contract.sources import Quantity, Source, Value
from common.database.mariadb import Connection, Database
from common.errors import DatabaseError
from common.machine.clock import KernelClock
from common.mqtt.events import Event, Message
from common.mqtt.session import Session
from common.runtime.logs import ChangeLogger, RateLimiter
from common.settings.config import Broker
from storer.sources.aggregate import Aggregator, Minute
from storer.sources.reading import MAX_MESSAGE, Refusal, read_value
from storer.sources.tables import SourceTables

_LONGEST_EXAMPLE = 60  # characters
log = logging.getLogger(__name__)
MAX_PENDING = 1440  # minutes of each source in memory while the database is away: a day
MAX_QUEUED = 2000  # messages that wait to be read
CLOCK_PATIENCE = 300.0  # seconds after the boot for the clock to be set, as the reader's `clock.patience`
_TICK = 1.0  # seconds
_WRITE_EVERY = 55.0  # seconds; minutes end every 60
_STOP_TIMEOUT = 2.0  # seconds for the last minute at the stop; some thirty round trips with the database
_Arrival = tuple[Message, float | None]  # when it came, None: by a clock that is not to be trusted


@dataclass(slots=True)
class SourceStatus:
    """The counters of one source since the storer's start."""

    source: Source
    taken: int = 0  # values
    last_at: float | None = None  # when the last of them came, in seconds since the epoch
    values: dict[Quantity, float] = field(default_factory=dict)  # the last of each
    breaks: int = 0
    refused: Counter[Refusal] = field(default_factory=Counter)
    example: str = ""  # of what was refused last

    def take(self, quantity: Quantity, number: float, at: float) -> None:
        """Note a value that was counted."""
        self.taken += 1
        self.last_at = at
        self.values[quantity] = number

    def refuse(self, reason: Refusal, payload: bytes) -> None:
        """Note a value that was not."""
        self.refused[reason] += 1
        if reason is not Refusal.RETAINED:
            text = payload[: 4 * _LONGEST_EXAMPLE].decode("utf-8", "replace")
            self.example = f"{reason}: {text[:_LONGEST_EXAMPLE]}"

    def report(self) -> dict[str, Any]:
        """Return it as `health` has it."""
        return {
            "name": self.source.name,
            "kind": self.source.kind,
            "meter": self.source.meter,
            "taken": self.taken,
            "last": None if self.last_at is None else f"{datetime.fromtimestamp(self.last_at, UTC):%Y-%m-%dT%H:%M:%SZ}",
            **{quantity.value: round(number, 1) for quantity, number in self.values.items()},
            "breaks": self.breaks,
            "refused": {reason.value: count for reason, count in self.refused.items()},
            "example": self.example or None,
        }


class SourceWorker:
    """Reads what sources send, and writes it once a minute."""

    def __init__(self, broker: Broker, database: Database, name: str, sources: Sequence[Source]) -> None:
        """Work as the storer `name` until it is stopped."""
        self._database = database
        self._stop = threading.Event()
        self._clock = KernelClock()
        self._clock_set = False  # once it was set, it is good enough
        self._arrivals: queue.SimpleQueue[_Arrival | None] = queue.SimpleQueue()
        self._dropped = 0  # messages
        self._errors = 0  # of writing
        self._active = False  # this storer, of several, writes the tables
        self._lock = threading.Lock()  # for what `report` reads
        self._status = {source.name: SourceStatus(source) for source in sources}
        self._aggregators = {source.name: Aggregator(source) for source in sources}
        self._pending: dict[str, list[Minute]] = {source.name: [] for source in sources}
        self._readers: dict[str, list[tuple[str, Value]]] = {}  # by topic
        for source in sources:
            for value in source.values:
                self._readers.setdefault(value.topic, []).append((source.name, value))
        self._tables = SourceTables(name, sources)
        self._connection: Connection | None = None
        self._write_due = float("-inf")
        self._limiter, self._failures = RateLimiter(), ChangeLogger(log)
        self._session = Session(
            broker, f"teleinfo-sources-{name}", subscriptions=sorted(self._readers), emit=self._on_event
        )
        self._thread = threading.Thread(target=self._run, name="sources", daemon=True)

    def start(self) -> None:
        """Start the thread; the tables must be there."""
        self._session.start()
        self._thread.start()

    def stop(self) -> bool:
        """Stop, and wait until the last minute is written, but not for a database that does not answer.

        Return whether it has ended; it may be called again.
        """
        self._stop.set()
        self._arrivals.put(None)
        self._thread.join(_STOP_TIMEOUT)
        return not self._thread.is_alive()

    def report(self) -> dict[str, Any]:
        """Return the state for `health`."""
        with self._lock:
            return {
                "connected": self._session.connected,
                "not_allowed": self._session.refused,
                "active": self._active,
                "pending": sum(map(len, self._pending.values())),
                "dropped": self._dropped,
                "errors": self._errors,
                "sources": [status.report() for status in self._status.values()],
            }

    def _on_event(self, event: Event) -> None:
        """Take a message, in the thread of the session; too many are dropped: the next value replaces them anyway."""
        if not isinstance(event, Message):
            return
        if self._arrivals.qsize() >= MAX_QUEUED:
            self._dropped += 1
            return
        # No more of a long one than shows that it is too long.
        short = event._replace(payload=event.payload[: MAX_MESSAGE + 1])
        self._arrivals.put((short, self._now()))

    def _now(self) -> float | None:
        """Return the time in seconds since the epoch; None while the clock is still to be set after the boot."""
        now = self._clock.now()
        if now < self._clock.build_date:
            return None
        if not self._clock_set:
            self._clock_set = self._clock.synchronised() or self._clock.uptime() >= CLOCK_PATIENCE
        return now.timestamp() if self._clock_set else None

    def _run(self) -> None:
        try:
            self._resume()
        except Exception as error:  # noqa: BLE001 - whatever it is, the first readings are then believed
            self._failed(error)
        while not self._stop.is_set():
            try:
                self._read()
                self._advance()
                if time.monotonic() >= self._write_due and any(self._pending.values()):
                    self._write_due = time.monotonic() + _WRITE_EVERY
                    self._write()
            except Exception as error:  # noqa: BLE001 - whatever it is, frames are stored; it is tried again
                self._failed(error)
        self._session.close()
        try:
            self._finish()
        except Exception as error:  # noqa: BLE001 - it ends
            self._failed(error)

    def _resume(self) -> None:
        with contextlib.closing(self._database.connect()) as connection:
            newest = self._tables.newest(connection)
            self._read_most_power(connection)
        for name, stored in newest.items():
            self._aggregators[name].resume(stored.minute, stored.energy, stored.energy_at)

    def _read_most_power(self, connection: Connection) -> None:
        for name, power in self._tables.read_most_power(connection).items():
            self._aggregators[name].most_power = power

    def _read(self) -> None:
        """Count what has arrived; wait for a moment if there is nothing."""
        timeout = _TICK
        try:
            for _ in range(MAX_QUEUED):  # then the time passes, however much there is
                arrival = self._arrivals.get(timeout=timeout) if timeout else self._arrivals.get_nowait()
                timeout = 0.0
                if arrival is not None:
                    self._count(*arrival)
        except queue.Empty:
            pass

    def _count(self, message: Message, at: float | None) -> None:
        with self._lock:
            for name, value in self._readers.get(message.topic, ()):
                refusal = self._feed(name, value, message, at)
                if refusal is not None:
                    self._status[name].refuse(refusal, message.payload)
                    if refusal is not Refusal.RETAINED and self._limiter.allow(
                        f"{name} {value.quantity} {refusal}", time.monotonic()
                    ):
                        log.warning(
                            "Source %s: %s of %s is not counted (%s): %.60r",
                            name, value.quantity, message.topic, refusal, message.payload,
                        )  # fmt: skip

    def _feed(self, name: str, value: Value, message: Message, at: float | None) -> Refusal | None:
        if message.retained:
            return Refusal.RETAINED
        if at is None:
            return Refusal.CLOCK
        number = read_value(message.payload, value)
        if isinstance(number, Refusal):
            return number
        aggregator, status = self._aggregators[name], self._status[name]
        refusal = aggregator.feed(value.quantity, number, at)
        if refusal is None:
            status.take(value.quantity, number, at)
        if aggregator.breaks > status.breaks:
            status.breaks = aggregator.breaks
            log.info("Source %s: its counter was reset or replaced; it goes on from %.0f Wh", name, number)
        return refusal

    def _advance(self) -> None:
        now = self._now()
        if now is None:
            return
        with self._lock:
            for name, aggregator in self._aggregators.items():
                self._pending[name] += aggregator.advance(now)
            for minutes in self._pending.values():
                while len(minutes) > MAX_PENDING:
                    earlier = minutes.pop(0)
                    minutes[0].absorb(earlier)

    def _write(self) -> None:
        if self._connection is None:
            self._connection = self._database.connect()
            self._read_most_power(self._connection)
        done = self._tables.write(self._connection, self._pending)
        with self._lock:
            for name, minute in done.items():
                self._pending[name] = [one for one in self._pending[name] if one.minute > minute]
            self._active = not any(self._pending.values())
        if self._failures.reset():
            log.info("Sources are stored again")

    def _finish(self) -> None:
        """Write what there is, with the minute that runs."""
        while not self._arrivals.empty():
            self._read()
        now = self._now()
        if now is not None:
            for name, aggregator in self._aggregators.items():
                self._pending[name] += aggregator.stop(now)
        if any(self._pending.values()):
            try:
                self._write()
            except DatabaseError as error:  # the database may have been restarted since the minute before
                self._failed(error)
                self._write()
        if self._connection is not None:
            self._tables.release(self._connection)
            self._connection.close()

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._errors += 1
        text = str(error) if isinstance(error, DatabaseError) else repr(error)
        self._failures.log(
            logging.WARNING, f"Sources: {text}; frames are stored all the same; trying again each minute"
        )
        if not isinstance(error, DatabaseError):
            log.debug("Sources", exc_info=error)
        if self._connection is not None:
            self._connection.close()
            self._connection = None
