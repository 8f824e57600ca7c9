"""A Linky behind `socket://` that says what a test decides."""

import contextlib
import socket
import threading
import time
from collections.abc import Mapping

from demo.instances import HOST
from tests.faults.rig import group

PACE = 0.5  # seconds between two frames
SAID_WITHIN = 60.0  # seconds

_WINTER = 3600  # seconds ahead of UTC, for a stamp that says H


class OwnMeter:
    """A meter in standard mode; `values` are its labels and what they say, in order, as on the wire."""

    def __init__(self, address: str, values: Mapping[str, str]) -> None:
        self.address = address
        self.sent = 0  # frames since the last change
        self._values = dict(values)
        self._messages = 0
        self._lock = threading.Condition()
        self._server = socket.create_server((HOST, 0))
        self._server.settimeout(0.1)
        self.port: int = self._server.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"meter {address}", daemon=True)
        self._thread.start()

    def say(self, *, frames: int = 3, without: frozenset[str] = frozenset(), **values: str) -> None:
        """Say other values, and no longer some labels; return when so many frames have said so.

        The supplier's message changes each time: the reader then publishes at once whatever it believes.
        """
        with self._lock:
            said = {label: value for label, value in self._values.items() if label not in without}
            self._values, self.sent = said | values, 0
            self._messages += 1
            assert self._lock.wait_for(lambda: self.sent >= frames, SAID_WITHIN), f"nobody reads meter {self.address}"

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
                while not self._stop.wait(PACE):
                    with self._lock:
                        messages, frame = self._messages, self._frame()
                    connection.sendall(frame)
                    with self._lock:
                        self.sent += messages == self._messages
                        self._lock.notify_all()

    def _frame(self) -> bytes:
        stamp = time.strftime("H%y%m%d%H%M%S", time.gmtime(time.time() + _WINTER))
        groups = [group("ADSC", self.address), group("VTIC", "02"), group("DATE", stamp, "")]
        groups += [group(label, value) for label, value in self._values.items()]
        groups.append(group("MSG1", f"MESSAGE {self._messages}".ljust(32)))
        return b"\x02" + b"".join(groups) + b"\x03"
