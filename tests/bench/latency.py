"""From a frame's last byte until a client hears that it is stored."""

import contextlib
import json
import statistics
import threading
import time

from common.contract.frame import parse_time
from tests.bench.client import Client
from tests.bench.figures import Disturbed, Row, Target
from tests.bench.line import STANDARD, Feeder, Line, live_frames
from tests.bench.report import Section
from tests.bench.rig import rig
from tests.support.programs import wait_until

KIND = "standard-single-phase-base"
_HOW = """\
From the last byte of a standard frame at 9600 baud on a pseudo-terminal until a third client receives the
confirmation, which comes after the commit."""
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


def measure(quick: bool) -> Section:
    """Measure frames at the pace of the line."""
    rounds, seconds = (1, 4.0) if quick else (5, 20.0)
    watch = Stopwatch()

    def heard(_: str, payload: bytes) -> None:
        for timestamp in json.loads(payload)["timestamps"]:
            watch.stored(parse_time(timestamp).timestamp())

    with contextlib.ExitStack() as stack:
        place = stack.enter_context(rig())
        line = stack.enter_context(Line())
        stack.enter_context(Client(place.broker.port, heard, "teleinfo/+/stored"))
        storer = place.storer(place.database()).start()
        storer.wait_for_log("Ready")
        reader = place.reader(line.name, clock={"patience": "0s"}).start()
        stack.enter_context(Feeder(line, live_frames(KIND), speed=STANDARD, sent=watch.sent))
        warm: list[float] = []

        def is_warm() -> bool:
            warm.extend(watch.take())
            return len(warm) >= _WARM_UP

        wait_until(is_warm, 60, "frames that are stored", [storer, reader])
        figures: list[list[float]] = []
        for _ in range(rounds):
            time.sleep(seconds)
            figures.append(watch.take())
    for times in figures:
        if len(times) < max(1, 0.7 * seconds - 2):
            raise Disturbed(f"only {len(times)} of some {seconds:.0f} frames were confirmed in time")
    rows = [
        Row(
            what="last byte → stored, median",
            unit="ms",
            ours=[statistics.median(times) for times in figures],
            target=Target("≤", 10),
        ),
        Row(
            what="… the slowest twentieth",
            unit="ms",
            ours=[sorted(times)[int(0.95 * (len(times) - 1))] for times in figures],
        ),
    ]
    return Section("latency", _HOW, rows)
