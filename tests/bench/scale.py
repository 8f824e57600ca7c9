"""What many meters cost, with one storer and with two that share: frames stored a second, CPU a frame, memory."""

import contextlib
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from demo.servers import Broker, Database
from tests.bench.client import Client
from tests.bench.figures import Row
from tests.bench.house import Village, messages
from tests.bench.live_meters import send
from tests.bench.options import Options
from tests.bench.process import resident, usage
from tests.bench.report import Section
from tests.bench.rig import rig
from tests.support.programs import Service

_HOW = """\
Meters that each send a frame a second, a message a frame, to one storer and to two that share. First at that pace,
then the same number of frames as fast as one publisher can, on the same cores. CPU times are of all threads, and of
both storers."""
_WARM_UP = 5  # seconds of frames that make meters and label sets
_WITHIN = 300  # seconds


def measure(options: Options) -> Section:
    """Measure each number of meters with one storer and with two."""
    seconds = 2 if options.quick else options.seconds
    rows: list[Row] = []
    for meters in (200,) if options.quick else options.meters:
        village = Village(meters, seconds)
        for storers in (1, 2):
            rows += _measure(village, meters, seconds, storers)
    return Section("scale", _HOW, rows)


class _Stored:
    """Counts the frames that are confirmed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def on_message(self, _: str, payload: bytes) -> None:
        with self._changed:
            self._count += payload.count(b'Z"')
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        with self._changed:
            done = self._changed.wait_for(lambda: self._count >= count, _WITHIN)
        assert done, f"{self._count} of {count} frames are confirmed"


def _measure(village: Village, meters: int, seconds: int, count: int) -> list[Row]:
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(rig())
        database = place.database()
        share = "bench" if count > 1 else None
        storers = [place.storer(database, name=f"bench-{number}", share=share) for number in range(count)]
        stored = _Stored()
        stack.enter_context(Client(place.broker.port, stored.on_message, "teleinfo/+/stored"))
        storers[0].start().wait_for_log("Ready", "Connected to the broker")
        for storer in storers[1:]:
            storer.start().wait_for_log("Ready", "Connected to the broker")
        publisher = stack.enter_context(Client(place.broker.port))
        processes = {
            "storer": [storer.pid for storer in storers],
            "broker": [_pid(place.broker)],
            "database": [_pid(database)],
        }
        rows: list[Row] = []
        done = 0
        what = f"{meters:,} meters, {count} {'storer' if count == 1 else 'storers'}"
        warm = messages(village.frames(datetime.now(UTC)))[: _WARM_UP * meters]
        send(publisher, warm, meters)
        done += len(warm)
        stored.wait(done)
        for pace in (meters, None):
            sent = messages(village.frames(datetime.now(UTC)))
            before = {name: _cpu(pids) for name, pids in processes.items()}
            begun = time.monotonic()
            late = send(publisher, sent, pace or 1_000_000)
            done += len(sent)
            stored.wait(done)
            rate = len(sent) / (time.monotonic() - begun)
            how = f"{what}, {'1 frame/s' if pace else 'at full speed'}"
            note = f"the publisher was {late:.1f} s behind" if pace and late > 1 else ""
            rows.append(Row(what=how, unit="frames/s stored", ours=[rate], note=note))
            for name, pids in processes.items():
                cost = (_cpu(pids) - before[name]) / len(sent) * 1e6
                rows.append(Row(what=f"… {name}", unit="µs of CPU a frame", ours=[cost]))
        rows += [
            Row(what=f"… memory of {name}", unit="MB", ours=[sum(map(resident, pids))])
            for name, pids in processes.items()
        ]
        _check(storers)
    return rows


def _pid(server: Broker | Database) -> int:
    assert server.process is not None
    return server.process.pid


def _cpu(pids: Sequence[int]) -> float:
    return sum(usage(pid).cpu for pid in pids)


def _check(storers: Sequence[Service]) -> None:
    for storer in storers:
        storer.check()
