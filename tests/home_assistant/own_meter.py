"""Meters behind `socket://`: a Linky whose values a test decides, and a simulated one at another time of day."""

import contextlib
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from reader.simulator.meter import SimulatedMeter
from tests.support.meters import group
from tests.support.servers import HOST

SENT_WITHIN = 60.0  # seconds

_PACE = {"standard": 1.0, "historic": 1.5}  # seconds between two frames
_OWN_PACE = 0.5
_WINTER = 3600  # seconds ahead of UTC, for timestamps that begin with H


class _Meter(ABC):
    """A meter; whoever connects is sent its frames."""

    def __init__(self, address: str, pace: float) -> None:
        self.address = address
        self._pace = pace
        self._lock = threading.Condition()
        self._change = 0  # number of the current values
        self._sent = 0  # frames since the last change
        self._server = socket.create_server((HOST, 0))
        self._server.settimeout(0.1)
        self.port: int = self._server.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"meter {address}", daemon=True)
        self._thread.start()

    @abstractmethod
    def _frame(self) -> bytes:
        """Return the frame of now."""

    def stop(self) -> None:
        """Send nothing more."""
        self._stop.set()
        self._thread.join()
        self._server.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                continue
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                while not self._stop.wait(self._pace):
                    with self._lock:
                        change, frame = self._change, self._frame()
                    connection.sendall(frame)
                    with self._lock:
                        self._sent += change == self._change
                        self._lock.notify_all()


class OwnMeter(_Meter):
    """A Linky in standard mode; `values` are its labels and their values, in order, as on the wire."""

    def __init__(self, address: str, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        super().__init__(address, _OWN_PACE)

    def change(self, *, frames: int = 3, without: frozenset[str] = frozenset(), **values: str) -> None:
        """Change values and leave out labels; return when so many frames with them were sent.

        The supplier's message changes each time, so that the reader publishes its state at once.
        """
        with self._lock:
            remaining = {label: value for label, value in self._values.items() if label not in without}
            self._values, self._sent = remaining | values, 0
            self._change += 1
            assert self._lock.wait_for(lambda: self._sent >= frames, SENT_WITHIN), f"nobody reads meter {self.address}"

    def _frame(self) -> bytes:
        stamp = time.strftime("H%y%m%d%H%M%S", time.gmtime(time.time() + _WINTER))
        groups = [group("ADSC", self.address), group("VTIC", "02"), group("DATE", stamp, "")]
        groups += [group(label, value) for label, value in self._values.items()]
        groups.append(group("MSG1", f"MESSAGE {self._change}".ljust(32)))
        return b"\x02" + b"".join(groups) + b"\x03"


class EveningMeter(_Meter):
    """A simulated meter for which it is 18:00 UTC when it starts: people cook, wash and heat."""

    def __init__(self, kind: str, seed: int) -> None:
        now = datetime.now(UTC)
        self._ahead: timedelta = now.replace(hour=18, minute=0, second=0) - now
        self._meter = SimulatedMeter(kind, seed=seed)
        super().__init__(self._meter.address, _PACE[self._meter.mode])

    def _frame(self) -> bytes:
        return self._meter.frame(datetime.now(UTC) + self._ahead)
