"""Runs blocking work in a few threads, for the loop that serves."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Busy(Exception):
    """Too much work is waiting already."""


class Workers:
    """A few threads for all blocking work. They end with the program: a query that takes long does not hold it up."""

    def __init__(self, count: int, most_waiting: int) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._most_waiting = most_waiting
        for number in range(count):
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True).start()

    async def run(self, work: Callable[[], T]) -> T:
        """Return the result of `work`, or raise what it raises.

        Raises:
            Busy: too much is waiting.
        """
        if self._queue.qsize() >= self._most_waiting:
            raise Busy
        loop = asyncio.get_running_loop()
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
                result = work()
            except Exception as error:  # noqa: BLE001 - raised again where the result is awaited
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(deliver, result, failure)

        self._queue.put(task)
        return await future

    def _work(self) -> None:
        while True:
            self._queue.get()()
