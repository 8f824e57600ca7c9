"""Alerts of a house: what holds now, what was, and what was sent; all of it survives a kill at any moment."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.alerts.engine import Engine
from monitor.alerts.events import BEGIN, Event, Message
from monitor.alerts.message import Letter
from monitor.alerts.outbox import Delivery, Outbox
from monitor.alerts.signs import Sign
from monitor.alerts.store import Kept, MemoryFile
from monitor.base.household import KINDS

_TRY_AGAIN = timedelta(minutes=1)  # after the file could not be written


class Alerts:
    """Follows signs and tells of events. `step` and `put` belong to one thread, all else may be called from any."""

    def __init__(
        self,
        engine: Engine,
        outbox: Outbox,
        memory: MemoryFile,
        texts: Callable[[Message], tuple[str, str]],
        others: Mapping[str, Kept] | None = None,
    ) -> None:
        """Go on from the memory.

        Args:
            engine: makes events and messages.
            outbox: sends letters.
            memory: keeps all.
            texts: makes a title and a body of a message.
            others: what the memory also keeps.
        """
        self._engine = engine
        self._outbox = outbox
        self._memory = memory
        self._texts = texts
        self._kept: Mapping[str, Kept] = {"engine": engine, "outbox": outbox, **(others or {})}
        self._failed_at: datetime | None = None  # when the file could not be written
        memory.restore(self._kept)

    def step(self, now: datetime, signs: Sequence[Sign]) -> None:
        """Follow the signs of this moment; called each second."""
        for message in self._engine.step(now, signs):
            self.put(_letter(message, *self._texts(message), now))
        if self._keep(now):
            self._outbox.tick(now, quiet=self._engine.is_quiet(now))

    def put(self, letter: Letter) -> None:
        """Have a letter sent, once it is kept: at the next step."""
        self._outbox.put(letter)

    def active(self) -> tuple[Event, ...]:
        """Return what holds now."""
        return self._engine.active

    def past(self) -> tuple[Event, ...]:
        """Return the last thirty that are over, newest first."""
        return self._engine.past

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return what became of the letters, newest first."""
        return self._outbox.deliveries()

    def _keep(self, now: datetime) -> bool:
        """Write what has changed; return whether all is written: what is not could be sent twice."""
        if not any(part.changed for part in self._kept.values()):
            return True
        if self._failed_at is not None and timedelta(0) <= now - self._failed_at < _TRY_AGAIN:
            return False
        if not self._memory.write({name: part.to_json() for name, part in self._kept.items()}):
            self._failed_at = now
            return False
        self._failed_at = None
        for part in self._kept.values():
            part.saved()
        return True


def _letter(message: Message, title: str, body: str, now: datetime) -> Letter:
    kind = KINDS[message.event.kind]
    expires = now + timedelta(hours=kind.hours)
    after = None if message.phase == BEGIN else f"{message.event.id}/{BEGIN}"
    return Letter(f"{message.event.id}/{message.phase}", title, body, now, expires, kind.urgent, after)
