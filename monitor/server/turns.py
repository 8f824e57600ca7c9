"""Lets a client ask a few costly questions at the same time; its others wait, and those of other clients do not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from monitor.server.workers import Busy

MOST = 3  # one less than there are threads
MOST_WAITING = 30


@dataclass(slots=True)
class _Client:
    """Who asks, and how much."""

    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST))
    questions: int = 0  # that are answered or wait


class Turns:
    """The questions of all clients, in one loop."""

    def __init__(self) -> None:
        self._clients: dict[str, _Client] = {}  # with a question

    @contextlib.asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for the turn of a client.

        Raises:
            Busy: too many of its questions wait already.
        """
        client = self._clients.setdefault(name, _Client())
        if client.questions >= MOST + MOST_WAITING:
            raise Busy
        client.questions += 1
        try:
            async with client.free:
                yield
        finally:
            client.questions -= 1
            if not client.questions:
                del self._clients[name]
