"""From a frame's last byte until a client hears that it is stored, against the least chain of the same libraries."""

import contextlib
import json
import statistics
import threading
import time
from collections.abc import Sequence

from common.contract.frame import parse_time
from tests.bench import bare_storer
from tests.bench.client import Client
from tests.bench.figures import Disturbed, Row, Target
from tests.bench.line import STANDARD, Feeder, Line, live_frames
from tests.bench.options import Options
from tests.bench.report import Section
from tests.bench.rig import rig
from tests.support.programs import Program, wait_until
from tests.support.servers import Database

KIND = "standard-single-phase-base"
_HOW = """\
From the last byte of a standard frame on a pseudo-terminal until a third client receives the confirmation, which comes
after the commit. Against pyserial, paho, paho and PyMySQL alone: a program that cuts frames at ETX and publishes them,
and one that inserts each message in a transaction of its own. Both chains have the same broker and database, run at the
same time and get their frames half a period apart. A figure is the median of a round, in milliseconds."""
_TOLERANCE = 0.02  # seconds; the timestamp of a frame may be that much before its last byte, never a whole frame
_WARM_UP = 4  # frames


class Stopwatch:
    """Times between the last byte of a frame and its confirmation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[tuple[float, float]] = []  # of frames that were sent: monotonic, and seconds since 1970
        self._taken: list[float] = []  # seconds

    def sent(self, monotonic: float, at: float) -> None:
        """The last byte of a frame was sent."""
        with self._lock:
            self._open.append((monotonic, at))

    def stored(self, at: float) -> None:
        """The confirmation came of the frame that was received at `at`, seconds since 1970."""
        now = time.monotonic()
        with self._lock:
            while self._open:
                monotonic, sent_at = self._open[0]
                if at < sent_at - _TOLERANCE:
                    return  # of a frame before
                del self._open[0]
                if not self._open or at < self._open[0][1] - _TOLERANCE:
                    self._taken.append(now - monotonic)
                    return

    def take(self) -> list[float]:
        """Return the times since the last call, in milliseconds."""
        with self._lock:
            taken, self._taken = self._taken, []
        return [seconds * 1000 for seconds in taken]


def measure(options: Options) -> Section:
    """Measure frames at the pace of the line, then whole ones."""
    return Section("latency", _HOW, [*_chains(options, paced=True), *_chains(options, paced=False)])


def _chains(options: Options, *, paced: bool) -> Sequence[Row]:
    rounds, seconds = (1, 4.0 if paced else 2.0) if options.quick else (5, 20.0 if paced else 10.0)
    every = 1.0 if paced else 0.25
    ours, bare = Stopwatch(), Stopwatch()

    def heard(topic: str, payload: bytes) -> None:
        if topic == "bare/stored":
            bare.stored(float(payload))
        else:
            for timestamp in json.loads(payload)["timestamps"]:
                ours.stored(parse_time(timestamp).timestamp())

    with contextlib.ExitStack() as stack:
        place = stack.enter_context(rig())
        database = place.database()
        our_line, bare_line = stack.enter_context(Line()), stack.enter_context(Line())
        stack.enter_context(Client(place.broker.port, heard, "teleinfo/+/stored", "bare/stored"))
        programs: list[Program] = [place.storer(database).start()]
        programs[0].wait_for_log("Ready")
        database.sql(f"USE {database.name}; {bare_storer.TABLE}")
        programs.append(place.reader(our_line.name, clock={"patience": "0s"}).start())
        for name, arguments in (
            ("bare_storer", (str(place.broker.port), _account(database))),
            ("bare_reader", (bare_line.name, str(place.broker.port))),
        ):
            program = Program(name, f"tests.bench.{name}", *arguments, folder=place.folder)
            programs.append(stack.enter_context(program).start())
        time.sleep(3)  # until all are connected; what was sent before is not measured
        speed = STANDARD if paced else None
        for line, watch, offset in ((our_line, ours, 0.0), (bare_line, bare, every / 2)):
            frames = live_frames(KIND)
            stack.enter_context(Feeder(line, frames, speed=speed, every=every, offset=offset, sent=watch.sent))
        counts = {id(ours): 0, id(bare): 0}

        def warm() -> bool:
            for watch in (ours, bare):
                counts[id(watch)] += len(watch.take())
            return min(counts.values()) >= _WARM_UP

        wait_until(warm, 60, "frames that are stored by both chains", programs)
        figures: list[tuple[list[float], list[float]]] = []
        for _ in range(rounds):
            time.sleep(seconds)
            figures.append((ours.take(), bare.take()))
    for taken in figures:
        for times in taken:
            if len(times) < max(1, 0.7 * seconds / every - 2):
                raise Disturbed(f"only {len(times)} of some {seconds / every:.0f} frames were confirmed in time")
    what = "at 9600 baud" if paced else "a frame at once"
    return [
        Row(
            what=f"last byte → stored, {what}",
            unit="ms",
            ours=[statistics.median(times) for times, _ in figures],
            against="pyserial → paho → paho → INSERT",
            theirs=[statistics.median(times) for _, times in figures],
            target=Target("≤", 2),
        ),
        Row(
            what=f"… the slowest twentieth, {what}",
            unit="ms",
            ours=[_percentile(times) for times, _ in figures],
            against="pyserial → paho → paho → INSERT",
            theirs=[_percentile(times) for _, times in figures],
        ),
    ]


def _percentile(times: Sequence[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]


def _account(database: Database) -> str:
    return json.dumps(
        {
            "host": database.host,
            "port": database.port,
            "user": database.user,
            "password": database.password,
            "database": database.name,
        }
    )
