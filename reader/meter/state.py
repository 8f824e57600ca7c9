"""What is known of one meter now: `teleinfo/<meter>/state`, for people and for Home Assistant. Pure: no I/O, no clock.

frame ──▶ last values ──▶ derived ──▶ publication ──▶ JSON object
  │                          ▲
  └─────▶ estimate ──────────┘
"""

from dataclasses import replace
from typing import Any

from common.frame import Frame, write_stamp
from reader.meter.derived import derive, has_peak, import_registers, total
from reader.meter.last_values import LastValues
from reader.meter.power_estimate import Estimate
from reader.meter.publish_policy import PublishPolicy


class State:
    """The state of one meter; frames come as published, in the order of the line.

    Nothing is published before the meter has sent one whole frame, and each index of it twice.
    """

    def __init__(self, *, every: float = 10.0, refresh: float = 300.0) -> None:
        self._last = LastValues()
        self._estimate = Estimate()
        self._publication = PublishPolicy(every=every, refresh=refresh)
        self._derived: dict[str, Any] = {}
        self._power: int | None = None
        self._peaks = False  # a mobile peak was seen, under this contract
        self._online: bool | None = None

    def update(self, frame: Frame, monotonic: float) -> Frame:
        """Take a frame, and return what is believed of it; `monotonic` is when its last byte came in."""
        last, changes = self._last, self._last.changes
        believed = last.take(frame)
        if last.changes != changes:
            self._peaks = False
            self._estimate.clear()
        self._peaks = self._peaks or has_peak(last.values)
        self._derived = derive(frame.mode, last.values, peaks=self._peaks, short=last.short)
        # Never from an index that was held back, here or before: the frame does not carry it.
        carried = {label: value for label, value in frame.values.items() if label in believed}
        registers = import_registers(frame.mode, self._derived.get("contract"))
        self._estimate.take(
            total(carried, registers) if registers else None,
            total(carried, ("EAIT",)),
            monotonic,
            self._derived.get("subscribed_power"),
        )
        self._power = self._estimate.power(monotonic)
        return replace(frame, values=carried)

    def link(self, online: bool) -> None:
        """Frames have begun to come, or ceased."""
        if online == self._online:
            return
        if self._online is not None:
            self._publication.force = True
        self._online = online
        self._estimate.clear()
        self._power = None

    def force_publish(self) -> None:
        """Somebody must see everything at once, changed or not."""
        self._publication.force = True

    def due(self, monotonic: float) -> dict[str, object] | None:
        """Return what to publish now, None if nothing is due; what is returned counts as published."""
        if not self._last.complete:
            return None
        if self._online is False and not self._publication.force:
            return None  # a refresh would make values look fresh that are not
        return self._publication.due(self._state(), monotonic)

    def current(self) -> dict[str, object]:
        """Return everything as it is, for a birth message or a reconnect; empty while nothing is to be published."""
        if not self._last.complete:
            return {}
        self._publication.mark_sent()
        return self._state()

    def values(self) -> dict[str, object]:
        """Return everything as it is, without a word to whoever decides what is published; empty before it may be."""
        return self._state() if self._last.complete else {}

    def known(self) -> dict[str, Any]:
        """Return what is known so far, whole or not: for somebody who looks at a bad line."""
        return self._state()

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(self._last.values)
        state |= {f"{label}_at": write_stamp(stamp) for label, stamp in self._last.stamps.items()}
        state |= self._derived
        if self._power is not None:
            state["estimated_power"] = self._power
        return state
