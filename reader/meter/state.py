"""Keeps the state of one meter, which is published on `teleinfo/<meter>/state`. Pure: no I/O, no clock.

frame ──▶ last values ──▶ derived ──▶ publish policy ──▶ JSON object
  │                          ▲
  └──▶ power estimate ───────┘
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from common.frame import Frame, write_stamp
from reader.meter.derived import PEAK_LABELS, DerivedValues, has_peak, import_registers, total
from reader.meter.last_values import LastValues
from reader.meter.power_estimate import PowerEstimate
from reader.meter.publish_policy import URGENT, PublishPolicy


class MeterState:
    """The state of one meter. Frames are expected as published, in the order of the line.

    Nothing is published before the meter has sent one complete frame, and each index of it twice.
    """

    def __init__(self, *, every: float = 10.0, refresh: float = 300.0) -> None:
        """Publish at most `every` seconds unless it is urgent, and everything each `refresh` seconds."""
        self._last_values = LastValues()
        self._estimate = PowerEstimate()
        self._policy = PublishPolicy(every=every, refresh=refresh)
        self._derived_values = DerivedValues()
        self._derived: Mapping[str, Any] = {}
        self.changed: Collection[str] | None = None
        """The keys of the snapshot that may differ from the one after the update before; None: any of them, or keys
        have come or gone, or the state was not complete then."""
        self._snapshot: dict[str, Any] | None = None  # None: to be made
        self._distinct = False  # no key of the snapshot is there for two reasons
        self._comparable = False  # the next state may be compared with this one
        self.complete = False
        """Whether all is known that the meter sends, so that the state may be published."""
        self._estimated_power: int | None = None
        self._peak_seen = False  # a mobile peak, under this contract
        self._online: bool | None = None

    def update(self, frame: Frame, monotonic: float) -> Frame:
        """Take over a frame whose last byte arrived at `monotonic`; return it without values that are in doubt."""
        last_values, changes = self._last_values, self._last_values.changes
        accepted, changed, stamped = last_values.update(frame)
        if last_values.changes != changes:
            self._peak_seen = False
            self._estimate.clear()
        if changed is None or not PEAK_LABELS.isdisjoint(changed):
            self._peak_seen = self._peak_seen or has_peak(last_values.values)
        self._derived = self._derived_values.update(
            frame.mode,
            last_values.values,
            changed,
            peak_seen=self._peak_seen,
            overload_frame=last_values.overload_frame,
        )
        if len(accepted) < len(frame.values):
            carried = {label: value for label, value in frame.values.items() if label in accepted}
            frame = replace(frame, values=carried)
        self._update_estimate(frame, monotonic)
        self._renew_snapshot(changed, stamped)
        return frame

    def _renew_snapshot(self, changed: Collection[str] | None, stamped: Iterable[str]) -> None:
        """Make the snapshot from the one before and what may differ from it, if that is possible."""
        before, derived, power = self._snapshot, self._derived_values.renewed, self._estimated_power
        self.changed, self._snapshot = None, None
        if (
            before is not None
            and changed is not None
            and derived is not None
            and self._distinct
            and ("estimated_power" in before) is (power is not None)
        ):
            values, stamps = self._last_values.values, self._last_values.stamps
            new: dict[str, Any] = {label: values[label] for label in changed}
            for label in stamped:
                new[f"{label}_at"] = write_stamp(stamps[label])
            new |= derived
            if power is not None:
                new["estimated_power"] = power
            self._snapshot = before | new
            self.changed = new.keys() if self._comparable else None
        if self.changed is None or not URGENT.isdisjoint(self.changed):
            self._policy.look()
        self._comparable = self.complete = self._last_values.complete

    def _update_estimate(self, frame: Frame, monotonic: float) -> None:
        """Estimate from the indexes of this very frame: one that was held back must not be estimated from."""
        registers = import_registers(frame.mode, self._derived.get("contract"))
        self._estimate.update(
            total(frame.values, registers) if registers else None,
            total(frame.values, ("EAIT",)),
            monotonic,
            self._derived.get("subscribed_power"),
        )
        self._estimated_power = self._estimate.power(monotonic)

    def set_online(self, online: bool) -> None:
        """Set whether frames are coming."""
        if online == self._online:
            return
        if self._online is not None:
            self._policy.force()
        self._online = online
        self._estimate.clear()
        self._estimated_power = self._snapshot = None
        self._comparable = False
        self._policy.look()

    def force_publish(self) -> None:
        """Publish everything next time, changed or not."""
        self._policy.force()

    def mark_published(self) -> None:
        """Record that the snapshot was published: nothing older may follow it."""
        self._policy.mark_published()

    def due(self, monotonic: float) -> dict[str, Any] | None:
        """Return what to publish now, None if nothing is due; what is returned counts as published."""
        if monotonic < self._policy.idle_until or not self.complete:
            return None  # as nearly always
        if self._online is False and not self._policy.forced:
            return None  # a refresh would make old values look new
        return self._policy.due(self.snapshot(), monotonic)

    def snapshot(self) -> Mapping[str, Any]:
        """Return all that is known now, complete or not."""
        if self._snapshot is None:
            values, stamps, derived = self._last_values.values, self._last_values.stamps, self._derived
            snapshot: dict[str, Any] = dict(values)
            snapshot |= {f"{label}_at": write_stamp(stamp) for label, stamp in stamps.items()}
            snapshot |= derived
            if self._estimated_power is not None:
                snapshot["estimated_power"] = self._estimated_power
            keys = len(values) + len(stamps) + len(derived) + (self._estimated_power is not None)
            self._snapshot, self._distinct = snapshot, len(snapshot) == keys
        return self._snapshot
