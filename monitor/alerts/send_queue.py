"""The queue of messages: each goes to each address once, by a process of its own, and again where that failed.

Its owner keeps `to_json` in a file and then calls `saved`: nothing is sent before. What was sent is known from the
receipts that the processes leave. A monitor that follows one that was killed reads them, too, and waits for a process
that still runs.
"""

import hashlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from common.runtime.file_lock import try_lock
from monitor.alerts.child import CRASHED, EXPIRED, GONE, TIMEOUT
from monitor.alerts.store import as_json, fields_of


@dataclass(frozen=True, slots=True)
class Message:
    """A text that is sent, of an event or a digest."""

    id: str  # of the event and its phase, or of the digest's period: the same text is never put twice
    title: str
    body: str
    written: datetime  # UTC
    expires: datetime  # after it, nobody wants to read it any more: it is given up where it is not sent yet
    urgent: bool = False  # quiet hours do not hold it back
    after: str | None = None  # the id of the message without which this one says nothing


_SCHEME = re.compile(r"([a-z][a-z0-9]{0,19})://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Destination:
    """An address and its name."""

    name: str  # its kind and number such as "ntfy 1": all that may be shown of it
    url: str = field(repr=False)


def destinations(addresses: Sequence[str]) -> tuple[Destination, ...]:
    """Return the addresses of the owner with their names."""
    found: list[Destination] = []
    numbers = Counter[str]()
    for url in addresses:
        scheme = _SCHEME.match(url)
        kind = scheme[1].lower() if scheme else "address"
        numbers[kind] += 1
        found.append(Destination(f"{kind} {numbers[kind]}", url))
    return tuple(found)


log = logging.getLogger(__name__)

_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))  # after each failure; then as the last
_AT_ONCE = 2  # processes: each takes 50 MB
CHILD = ("-m", "monitor.alerts.child")
_KEPT = 100  # deliveries that are done, for lists


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to one address."""

    message: str  # its id
    to: str  # the name of the address such as "ntfy 1"
    tries: int = 0  # that failed
    sent_at: datetime | None = None
    failed_at: datetime | None = None  # the last time
    why: str | None = None  # a code of `child`
    given_up: bool = False

    @property
    def waits(self) -> bool:
        """Whether it is still to be sent."""
        return self.sent_at is None and not self.given_up

    @property
    def next_at(self) -> datetime | None:
        """Return when it is tried again; None: at once, if it waits."""
        return None if self.failed_at is None else self.failed_at + _DELAYS[min(self.tries, len(_DELAYS)) - 1]

    @property
    def file(self) -> str:
        """Return the name of what a try leaves in the folder."""
        return f"{hashlib.sha256(f'{self.message} {self.to}'.encode()).hexdigest()[:20]}-{self.tries}"


@dataclass(frozen=True, slots=True)
class Job:
    """What a process has to do."""

    url: str
    title: str
    body: str
    receipt: str


class Child(Protocol):
    """A process that was started."""

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""


def start_child(job: Job, lock: int) -> subprocess.Popen[bytes]:
    """Start a process that holds a lock as long as it runs."""
    # Memory, not a pipe: the process has all of it, even if the monitor is killed now.
    with os.fdopen(os.memfd_create("message"), "w+") as stream:
        json.dump(asdict(job), stream)
        stream.seek(0)
        return subprocess.Popen(
            [sys.executable, "-P", *CHILD],
            stdin=stream,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # it may contain the address
            pass_fds=(lock,),
            start_new_session=True,
        )


class SendQueue:
    """Letters and what became of them; one thread uses it, only `deliveries` is for all."""

    def __init__(
        self, addresses: Sequence[str], folder: Path, start: Callable[[Job, int], Child] = start_child
    ) -> None:
        self._destinations = {found.name: found for found in destinations(addresses)}
        self._folder, self._start_child = folder, start
        self._messages: dict[str, Message] = {}  # that wait
        self._deliveries: Mapping[tuple[str, str], Delivery] = {}  # oldest first; replaced, for other threads
        self._children: dict[Delivery, Child] = {}
        self.changed = False
        """Whether `to_json` has something new, which is to be kept; nothing is sent before."""

    def use(self, addresses: Sequence[str]) -> None:
        """Send to these addresses from now on; what waits for others is given up, once no process sends it."""
        self._destinations = {found.name: found for found in destinations(addresses)}
        self._give_up_gone(one for one in self._deliveries.values() if one not in self._children)

    def put(self, message: Message) -> None:
        """Send a message to all addresses; one with an id that was put before is not sent again."""
        known = {delivery.message for delivery in self._deliveries.values()}
        if message.id in known or not self._destinations:
            return
        self._messages[message.id] = message
        for name in self._destinations:
            self._set(Delivery(message.id, name))

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return what became of the messages, newest first."""
        return tuple(self._deliveries.values())[::-1]

    def tick(self, now: datetime, *, quiet: bool = False) -> None:
        """Read receipts, and start what is due, in quiet hours only what is urgent; it never waits."""
        waiting = [delivery for delivery in self._deliveries.values() if delivery.waits]
        for delivery in waiting:
            self._collect(delivery, now)
        if self.changed:
            return  # to be kept first
        # What failed before may hang: it must hold up neither what is new nor other addresses.
        failing = {delivery.to for delivery in waiting if delivery.tries}
        for delivery in sorted(waiting, key=lambda one: (one.to in failing, not self._is_urgent(one), one.tries)):
            if quiet and not self._is_urgent(delivery):
                continue
            if len(self._children) >= _AT_ONCE:
                return
            if delivery not in self._children and self._is_due(delivery, now):
                self._try(delivery, now)

    def saved(self) -> None:
        """Take note that the last `to_json` is kept: receipts that it includes are deleted."""
        self.changed = False
        wanted = {delivery.file for delivery in self._deliveries.values() if delivery.waits}
        with suppress(OSError):  # the folder is not there, or a file stays
            for file in self._folder.iterdir():
                if file.stem not in wanted:
                    file.unlink()

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "letters": [as_json(message) for message in self._messages.values()],
            "deliveries": [_row(delivery) for delivery in self._deliveries.values()],
        }

    def from_json(self, state: Mapping[str, Any]) -> None:
        """Go on with what an earlier monitor left.

        Raises:
            ValueError, TypeError, KeyError: it is no such state.
        """
        messages = {message["id"]: Message(**fields_of(message)) for message in state["letters"]}
        found = [Delivery(row.pop("letter"), **row) for row in map(fields_of, state["deliveries"])]
        self._messages = messages
        self._deliveries = {(delivery.message, delivery.to): delivery for delivery in found}
        self._give_up_gone(found)

    def _give_up_gone(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in list(deliveries):
            if delivery.waits and (delivery.to not in self._destinations or delivery.message not in self._messages):
                self._set(replace(delivery, given_up=True, why=GONE))

    def _is_urgent(self, delivery: Delivery) -> bool:
        return self._messages[delivery.message].urgent

    @staticmethod
    def _is_due(delivery: Delivery, now: datetime) -> bool:
        if delivery.failed_at is None or delivery.next_at is None:
            return True
        return not delivery.failed_at <= now < delivery.next_at  # a clock that was set back does not put it off

    def _collect(self, delivery: Delivery, now: datetime) -> None:
        """Take note of what became of a try."""
        child = self._children.get(delivery)
        if child is not None:
            code = child.poll()
            if code is None:
                return
            del self._children[delivery]
        try:
            why = json.loads((self._folder / f"{delivery.file}.receipt").read_bytes())["why"]
        except (OSError, ValueError, KeyError, TypeError):
            if child is not None:
                self._fail(delivery, TIMEOUT if code == -signal.SIGALRM else CRASHED, now)
            return
        if why is None:
            log.info("Sent %s to %s", delivery.message, delivery.to)
            self._set(replace(delivery, sent_at=now, why=None))
        else:
            self._fail(delivery, str(why), now)

    def _try(self, delivery: Delivery, now: datetime) -> None:
        message, destination = self._messages[delivery.message], self._destinations.get(delivery.to)
        if destination is None:  # it was removed while this was sent
            self._set(replace(delivery, given_up=True, why=GONE))
            return
        if now > message.expires:
            self._set(replace(delivery, given_up=True, failed_at=now, why=delivery.why or EXPIRED))
            return
        first = self._deliveries.get((message.after or "", delivery.to))
        if first is not None and first.sent_at is None:
            if first.given_up:
                self._set(replace(delivery, given_up=True, failed_at=now, why=first.why))
            return
        receipt = self._folder / f"{delivery.file}.receipt"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(receipt.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                # Another has it: the process of a monitor that was killed. One that has just ended left a receipt.
                if try_lock(lock) is not False and not receipt.exists():
                    job = Job(destination.url, message.title, message.body, str(receipt))
                    self._children[delivery] = self._start_child(job, lock)
            finally:
                os.close(lock)
        except OSError as error:
            log.warning("alerts: cannot send: %s", error.strerror)
            self._fail(delivery, CRASHED, now)

    def _fail(self, delivery: Delivery, why: str, now: datetime) -> None:
        failed = replace(delivery, tries=delivery.tries + 1, failed_at=now, why=why)
        given_up = failed.next_at is None or failed.next_at > self._messages[delivery.message].expires
        log.warning(
            "Could not send %s to %s (%s)%s", delivery.message, delivery.to, why, "; giving up" if given_up else ""
        )
        self._set(replace(failed, given_up=given_up))

    def _set(self, delivery: Delivery) -> None:
        changed = {**self._deliveries, (delivery.message, delivery.to): delivery}
        done = [key for key, each in changed.items() if not each.waits]
        for key in done[:-_KEPT]:
            del changed[key]
        self._deliveries = changed
        waiting = {each.message for each in changed.values() if each.waits}
        self._messages = {name: message for name, message in self._messages.items() if name in waiting}
        self.changed = True


def _row(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as the file keeps it, which calls a message a letter."""
    row = as_json(delivery)
    return {"letter": row.pop("message")} | row
