"""One computation for all who ask the same at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Shares a computation between those who ask for it while it runs; nothing is kept afterwards."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[T]] = {}

    async def run(self, key: Hashable, compute: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `compute`, or that of the computation of the same key which runs already."""
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(self._compute(compute))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        # One who goes away does not end it for the others.
        return await asyncio.shield(task)

    async def _compute(self, compute: Callable[[], Awaitable[T]]) -> T:
        return await compute()
