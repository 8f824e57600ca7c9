"""Looks at what a device sends: the numbers in a message of its topic, for whoever says which of them is its value."""

import json
import math
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from common.contract.frame import LONGEST_MESSAGE
from common.mqtt.events import Event, Message
from common.mqtt.session import Session
from monitor.base.config import MonitorMqtt

WITHIN = 4.0  # seconds; what is retained comes at once, and a page asks again
_MOST = 100  # numbers that are shown
_DEEPEST = 8


class Look:
    """A session of its own at the broker, as long as somebody waits; one at a time, from any thread."""

    def __init__(self, settings: MonitorMqtt | None, name: str) -> None:
        """Look by the broker of `settings`, if there is one."""
        self._settings, self._name = settings, name
        self._busy = threading.Lock()

    def numbers(self, topic: str, within: float = WITHIN) -> Mapping[str, float] | None:
        """Return the numbers of the next message by their path; None: none came, or somebody else looks now."""
        if self._settings is None or not self._busy.acquire(blocking=False):
            return None
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        try:
            session = Session(self._settings, f"teleinfo-look-{self._name}", subscriptions=[topic], emit=events.put)
            session.start()
            try:
                return _first(events, time.monotonic() + within)
            finally:
                session.close()
                session.join(2.0)
        finally:
            self._busy.release()


def _first(events: "queue.SimpleQueue[Event]", deadline: float) -> Mapping[str, float] | None:
    while (left := deadline - time.monotonic()) > 0:
        try:
            event = events.get(timeout=left)
        except queue.Empty:
            return None
        if isinstance(event, Message):
            return numbers_in(event.payload)
    return None


def numbers_in(payload: bytes) -> dict[str, float]:
    """Return each number of a message by its path, as a source names it.

    >>> numbers_in(b'{"apower": 61.2, "aenergy": {"total": "5"}, "on": true, "list": [{"w": 1}]}')
    {'apower': 61.2, 'aenergy.total': 5.0, 'list.0.w': 1.0}
    >>> numbers_in(b"12.5"), numbers_in(b"unavailable")
    ({'': 12.5}, {})
    """
    if len(payload) > LONGEST_MESSAGE:
        return {}
    text = payload.decode("utf-8", "replace").strip()
    try:
        found: Any = json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        found = text
    pairs = _walk(found, ())
    return {".".join(path): number for (path, number), _ in zip(pairs, range(_MOST), strict=False)}


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float]]:
    if len(path) > _DEEPEST or isinstance(value, bool):
        return
    if isinstance(value, dict):
        for name, part in value.items():
            if name and "." not in name:  # no path leads to others
                yield from _walk(part, (*path, name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _walk(part, (*path, str(place)))
    elif isinstance(value, (float, str)):
        try:
            number = float(value)
        except ValueError:
            return
        if math.isfinite(number):
            yield path, number
