"""Runs blocking work in a few threads, for the loop that serves."""

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


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
        loop, asked_at = asyncio.get_running_loop(), self._clock()
        future: asyncio.Future[T] = loop.create_future()

        def deliver(result: T | None, error: Exception | None) -> None:
            if future.done():  # nobody waits any more
                return
            if error is None:
                future.set_result(result)  # type: ignore[arg-type]
            else:
                future.set_exception(error)

        def task() -> None:
            result, failure = None, None
            try:
                if self._clock() - asked_at > LONGEST_WAIT:
                    raise Busy
                result = work()
            except Exception as error:  # noqa: BLE001 - raised again where the result is awaited
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(deliver, result, failure)

        self._queue.put(task)
        return await future

    def start(self, work: Callable[[], None]) -> bool:
        """Let a thread do `work`, which must not raise, unless something else waits for one; return whether it will."""
        if not self._queue.empty():
            return False
        self._queue.put(work)
        return True

    def _work(self) -> None:
        while True:
            self._queue.get()()
