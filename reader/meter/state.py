"""Keeps the state of one meter, which is published on `teleinfo/<meter>/state`. Pure: no I/O, no clock.

frame ──▶ last values ──▶ derived ──▶ publish policy ──▶ JSON object
  │                          ▲
  └──▶ power estimate ───────┘
"""

from dataclasses import replace
from typing import Any

from common.frame import Frame, write_stamp
from reader.meter.derived import derive, has_peak, import_registers, total
from reader.meter.last_values import LastValues
from reader.meter.power_estimate import PowerEstimate
from reader.meter.publish_policy import PublishPolicy


class MeterState:
    """The state of one meter. Frames are expected as published, in the order of the line.

    Nothing is published before the meter has sent one complete frame, and each index of it twice.
    """

    def __init__(self, *, every: float = 10.0, refresh: float = 300.0) -> None:
        """Publish at most `every` seconds unless it is urgent, and everything each `refresh` seconds."""
        self._last_values = LastValues()
        self._estimate = PowerEstimate()
        self._policy = PublishPolicy(every=every, refresh=refresh)
        self._derived: dict[str, Any] = {}
        self._estimated_power: int | None = None
        self._peak_seen = False  # a mobile peak, under this contract
        self._online: bool | None = None

    def update(self, frame: Frame, monotonic: float) -> Frame:
        """Take over a frame whose last byte arrived at `monotonic`; return it without values that are in doubt."""
        last_values, changes = self._last_values, self._last_values.changes
        accepted = last_values.update(frame)
        if last_values.changes != changes:
            self._peak_seen = False
            self._estimate.clear()
        self._peak_seen = self._peak_seen or has_peak(last_values.values)
        self._derived = derive(
            frame.mode, last_values.values, peak_seen=self._peak_seen, overload_frame=last_values.overload_frame
        )
        # Only from indexes of this very frame: one that was held back must not be estimated from.
        carried = {label: value for label, value in frame.values.items() if label in accepted}
        registers = import_registers(frame.mode, self._derived.get("contract"))
        self._estimate.update(
            total(carried, registers) if registers else None,
            total(carried, ("EAIT",)),
            monotonic,
            self._derived.get("subscribed_power"),
        )
        self._estimated_power = self._estimate.power(monotonic)
        return replace(frame, values=carried)

    def set_online(self, online: bool) -> None:
        """Set whether frames are coming."""
        if online == self._online:
            return
        if self._online is not None:
            self._policy.force()
        self._online = online
        self._estimate.clear()
        self._estimated_power = None

    def force_publish(self) -> None:
        """Publish everything next time, changed or not."""
        self._policy.force()

    def mark_published(self) -> None:
        """Record that the snapshot was published: nothing older may follow it."""
        self._policy.mark_published()

    @property
    def complete(self) -> bool:
        """Whether all is known that the meter sends, so that the state may be published."""
        return self._last_values.complete

    def due(self, monotonic: float) -> dict[str, Any] | None:
        """Return what to publish now, None if nothing is due; what is returned counts as published."""
        if not self.complete:
            return None
        if self._online is False and not self._policy.forced:
            return None  # a refresh would make old values look new
        return self._policy.due(self.snapshot(), monotonic)

    def snapshot(self) -> dict[str, Any]:
        """Return all that is known now, complete or not."""
        snapshot: dict[str, Any] = dict(self._last_values.values)
        snapshot |= {f"{label}_at": write_stamp(stamp) for label, stamp in self._last_values.stamps.items()}
        snapshot |= self._derived
        if self._estimated_power is not None:
            snapshot["estimated_power"] = self._estimated_power
        return snapshot
