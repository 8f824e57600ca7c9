"""Lets a client ask a few costly questions at the same time; its others wait, and those of other clients do not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from monitor.server.workers import Busy

MOST = 3  # one less than there are threads
MOST_WAITING = 30


class Turns:
    """The questions of all clients, in one loop."""

    def __init__(self) -> None:
        self._clients: dict[str, tuple[asyncio.Semaphore, list[None]]] = {}  # each with its questions

    @contextlib.asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait for the turn of a client.

        Raises:
            Busy: too many of its questions wait already.
        """
        turns, questions = self._clients.setdefault(client, (asyncio.Semaphore(MOST), []))
        if len(questions) >= MOST + MOST_WAITING:
            raise Busy
        questions.append(None)
        try:
            async with turns:
                yield
        finally:
            questions.pop()
            if not questions:
                del self._clients[client]
