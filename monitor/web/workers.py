"""Who computes answers, and for whom: a few threads, in turns, once for all who ask the same at the same time."""

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")

MOST_AT_ONCE = 3  # questions of one client; one less than there are threads
MOST_WAITING_EACH = 30
LONGEST_WAIT = 15.0  # seconds; a browser, and who sits in front of it, have given up


class Busy(Exception):
    """Too much work is waiting already, or for too long."""


class Workers:
    """A few threads for all blocking work. They end with the program: a query that takes long does not hold it up."""

    def __init__(self, count: int, most_waiting: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._queue: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._most_waiting = most_waiting
        for number in range(count):
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True).start()

    async def run(self, work: Callable[[], T]) -> T:
        """Return the result of `work`, or raise what it raises.

        Raises:
            Busy: too much is waiting, or no thread was free for LONGEST_WAIT.
        """
        if self._queue.qsize() >= self._most_waiting:
            raise Busy
        asked_at, future = self._clock(), Future[T]()

        def task() -> None:
            if not future.set_running_or_notify_cancel():  # nobody waits any more
                return
            try:
                if self._clock() - asked_at > LONGEST_WAIT:
                    raise Busy
                result = work()
            except Exception as error:  # noqa: BLE001 - raised again where the result is awaited
                future.set_exception(error)
            else:
                future.set_result(result)

        self._queue.put(task)
        return await asyncio.wrap_future(future)

    def start(self, work: Callable[[], None]) -> None:
        """Let a thread do `work`, which must not raise, when one is free."""
        self._queue.put(work)

    def _work(self) -> None:
        while True:
            self._queue.get()()


@dataclass(slots=True)
class _Client:
    """Who asks, and how much."""

    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))
    questions: int = 0  # that are answered or wait


class Turns:
    """Lets a client ask a few costly questions at the same time; its others wait, and those of other clients do not."""

    def __init__(self) -> None:
        self._clients: dict[str, _Client] = {}  # with a question

    @contextlib.asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for the turn of a client.

        Raises:
            Busy: too many of its questions wait already.
        """
        client = self._clients.setdefault(name, _Client())
        if client.questions >= MOST_AT_ONCE + MOST_WAITING_EACH:
            raise Busy
        client.questions += 1
        try:
            async with client.free:
                yield
        finally:
            client.questions -= 1
            if not client.questions:
                del self._clients[name]


class SingleFlight(Generic[T]):
    """Shares a computation between those who ask for it while it runs; nothing is kept afterwards."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[T]] = {}

    async def run(self, key: Hashable, compute: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of `compute`, or that of the computation of the same key which runs already."""
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(compute())
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        # One who goes away does not end it for the others.
        return await asyncio.shield(task)
