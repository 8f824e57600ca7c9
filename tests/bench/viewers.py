"""What fifty viewers of the page cost, and how long answers take while they look."""

import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.client import Client
from tests.bench.decade import KINDS, SERVER_OPTIONS, START, Size, make
from tests.bench.figures import Row, Target
from tests.bench.house import decoded
from tests.bench.monitor import browser, start
from tests.bench.options import Options
from tests.bench.process import resident, usage
from tests.bench.report import Section
from tests.support.programs import Service
from tests.support.servers import Broker, Database

_HOW = """\
`teleinfo-monitor run` on the database of *ten_years*, with a frame each second from the broker, and fifty streams, of
which five belong to clients that read nothing. Meanwhile one more client asks for what the page's places ask for, one
question after the other, over HTTP. Wall-clock times on a machine that does all of this at once."""
VIEWERS, STALLED = 45, 5
_QUESTIONS = (
    "meters",
    "live?meter={meter}",
    "series?meter={meter}&from=2026-05-12&to=2026-05-13",
    "series?meter={meter}&from=2026-05-12T10:00:00Z&to=2026-05-12T11:00:00Z",
    "energy?meter={meter}&by=hour&from=2026-05-12&to=2026-05-13",
    "energy?meter={meter}&by=day&from=2026-05&to=2026-06",
    "energy?meter={meter}&by=day&from=2025&to=2026",
    "energy?meter={meter}&by=month&from=2023&to=2027",
    "energy.csv?meter={meter}&by=day&from=2025&to=2026",
    "peaks?meter={meter}&from=2025&to=2026",
    "baseload?meter={meter}&from=2026-05&to=2026-06",
    "profile?meter={meter}&from=2025&to=2026",
)


class Streams:
    """Viewers of one meter, all in one loop; some of them never read."""

    def __init__(self, port: int, meter: str) -> None:
        self.events = 0
        self.ended = 0
        self._port, self._meter = port, meter

    async def look(self, seconds: float) -> None:
        """Keep the streams open for a while."""
        readers = [asyncio.ensure_future(self._read()) for _ in range(VIEWERS)]
        stalled = [await self._open() for _ in range(STALLED)]
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


def measure(options: Options) -> Section:
    """Make the database, start everything, look and ask."""
    size = Size(days=7, copies=200, frames=3600) if options.quick else Size(frames=min(options.frames, 1_000_000))
    seconds = 10 if options.quick else 120
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="teleinfo-bench-")))
        database = stack.enter_context(Database(folder / "database", options=SERVER_OPTIONS))
        broker = stack.enter_context(Broker(folder / "broker"))
        make(database, size)
        monitor = stack.enter_context(start(database, folder, broker))
        publisher = stack.enter_context(Client(broker.port))
        return Section("viewers", _HOW, _look(monitor, publisher, seconds))


def _look(monitor: Service, publisher: Client, seconds: int) -> list[Row]:
    port = int(monitor.settings["listen"]["port"])
    frames = decoded(KINDS[0], START, seconds + 30)
    meter = next(frames).meter
    idle = resident(monitor.pid)
    times: list[float] = []
    memory: list[float] = []
    streams = Streams(port, meter)

    async def publish() -> None:
        for frame in frames:
            publisher.publish(f"teleinfo/{meter}/frame", replace(frame, timestamp=datetime.now(UTC)).to_json())
            memory.append(resident(monitor.pid))
            await asyncio.sleep(1)

    async def main() -> None:
        publishing = asyncio.ensure_future(publish())
        asking = asyncio.ensure_future(asyncio.to_thread(_ask, monitor, meter, time.monotonic() + seconds, times))
        await streams.look(seconds)
        await asking
        publishing.cancel()

    before = usage(monitor.pid)
    asyncio.run(main())
    spent = usage(monitor.pid) - before
    monitor.check()
    times.sort()
    events = streams.events / VIEWERS / seconds
    return [
        Row(what="memory, nobody looks", unit="MB", ours=[idle], target=Target("≤", 60)),
        Row(what="memory, fifty viewers, in the second half", unit="MB", ours=memory[len(memory) // 2 :]),
        Row(what="events a viewer gets a second", unit="", ours=[events], note=_ended(streams)),
        Row(what="CPU time, with all questions", unit="ms a second", ours=[spent.cpu_a_second]),
        Row(what=f"answers of the API, {len(times)} questions", unit="ms", ours=times),
        Row(what="… 99 of 100 are quicker than", unit="ms", ours=[statistics.quantiles(times, n=100)[98]]),
    ]


def _ended(streams: Streams) -> str:
    return f"{streams.ended} streams ended by themselves" if streams.ended else ""


def _ask(monitor: Service, meter: str, until: float, times: list[float]) -> None:
    """Ask one question after the other, without a pause, and keep how long each answer took, in ms."""
    with browser(monitor) as asking:
        for question in itertools.cycle(_QUESTIONS):
            if time.monotonic() >= until:
                return
            begun = time.monotonic()
            asking.ask(question.format(meter=meter))
            times.append((time.monotonic() - begun) * 1000)
