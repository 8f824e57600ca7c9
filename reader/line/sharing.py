"""Meters that several ports receive: which of them makes the frames, and whether any still receives it."""

import threading
from typing import NamedTuple

from reader.line.health import LineHealth


class _Holder(NamedTuple):
    line: LineHealth
    source: str
    until: float  # monotonic


class Sources:
    """Which publisher on which topic makes the frames of a meter: the first, as long as it sends. For many threads."""

    def __init__(self) -> None:
        self._holders: dict[str, _Holder] = {}  # by meter
        self._lock = threading.Lock()

    def may_send(self, meter: str, line: LineHealth, source: str, at: float) -> bool:
        """Return whether what a publisher sent of a meter, at a monotonic time, is to become a frame."""
        with self._lock:
            self._holders = {name: one for name, one in self._holders.items() if one.until >= at and one.line.open}
            holder = self._holders.get(meter)
            if holder is not None and (holder.line is not line or holder.source != source):
                return False
            self._holders[meter] = _Holder(line, source, at + line.lost_after)
            return True


class Links:
    """Which ports receive a meter; for one thread."""

    def __init__(self) -> None:
        self._ports: dict[str, set[str]] = {}  # by meter

    def change(self, meter: str, port: str, online: bool) -> bool:
        """Take note that a port receives a meter, or no longer; return whether any port does."""
        ports = self._ports.setdefault(meter, set())
        (ports.add if online else ports.discard)(port)
        return bool(ports)
