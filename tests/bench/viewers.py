"""Viewers of the page: what their streams cost the monitor, and how long answers take while they look."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tests.bench.client import Client
from tests.bench.decade import END, KINDS
from tests.bench.house import decoded
from tests.bench.monitor import browser
from tests.bench.process import Usage, resident, usage
from tests.support.programs import Service

_STALLED = 10  # one in so many reads nothing


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen while viewers looked."""

    times: Sequence[float]  # of answers, ms
    cpu: float  # of the monitor while nobody asks, ms a second
    memory: float  # MB, at the end
    events: float  # that a viewer gets a second
    ended: int  # streams that ended by themselves


class _Streams:
    """Viewers of one meter, all in one loop; some of them never read."""

    def __init__(self, port: int, meter: str, viewers: int) -> None:
        self.events = 0
        self.ended = 0
        self.stalled = viewers // _STALLED
        self.readers = viewers - self.stalled
        self._port, self._meter = port, meter

    async def look(self, seconds: float) -> None:
        """Keep the streams open for a while."""
        readers = [asyncio.ensure_future(self._read()) for _ in range(self.readers)]
        stalled = [await self._open() for _ in range(self.stalled)]
        await asyncio.sleep(seconds)
        for task in readers:
            self.ended += task.done()
            task.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        for _, writer in stalled:
            writer.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1024)
        writer.write(f"GET /api/v1/live/stream?meter={self._meter} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return reader, writer

    async def _read(self) -> None:
        reader, writer = await self._open()
        with contextlib.closing(writer):
            while piece := await reader.read(4096):
                self.events += piece.count(b"event: state")


def look(
    monitor: Service, publisher: Client, meter: str, viewers: int, questions: Sequence[str], seconds: float
) -> Looked:
    """Let viewers look at a meter that sends a frame a second; then one more client asks, too, for as long again."""
    streams = _Streams(int(monitor.settings["listen"]["port"]), meter, viewers)
    times: list[float] = []

    async def main() -> Usage:
        publishing = asyncio.ensure_future(_publish(publisher, meter))
        looking = asyncio.ensure_future(streams.look(2 * seconds))
        await asyncio.sleep(seconds / 10)  # all streams are open
        before = usage(monitor.pid)
        await asyncio.sleep(seconds * 0.9)
        spent = usage(monitor.pid) - before
        await asyncio.to_thread(_ask, monitor, questions, time.monotonic() + seconds, times)
        await looking
        publishing.cancel()
        return spent

    spent = asyncio.run(main())
    monitor.check()
    return Looked(
        times=times,
        cpu=spent.cpu_a_second,
        memory=resident(monitor.pid),
        events=streams.events / streams.readers / (2 * seconds),
        ended=streams.ended,
    )


async def _publish(publisher: Client, meter: str) -> None:
    for frame in decoded(KINDS[0], END, 3600):
        publisher.publish(f"teleinfo/{meter}/frame", replace(frame, timestamp=datetime.now(UTC)).to_json())
        await asyncio.sleep(1)


def _ask(monitor: Service, questions: Sequence[str], until: float, times: list[float]) -> None:
    """Ask one question after the other, without a pause, and keep how long each answer took, in ms."""
    with browser(monitor) as asking:
        for question in itertools.cycle(questions):
            if time.monotonic() >= until:
                return
            begun = time.monotonic()
            asking.ask(question)
            times.append((time.monotonic() - begun) * 1000)
