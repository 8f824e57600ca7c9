"""Keeps the state of one meter, which is published on `teleinfo/<meter>/state`. Pure: no I/O, no clock.

frame ──▶ last values ──▶ derived ──▶ publish policy ──▶ JSON object
  │                          ▲
  └──▶ power estimate ───────┘
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from common.contract.frame import Frame, write_stamp
from reader.meter.derived import PEAK_LABELS, DerivedValues, has_peak, import_registers, total
from reader.meter.last_values import LastValues
from reader.meter.power_estimate import PowerEstimate
from reader.meter.publish_policy import PublishPolicy

#: Labels on which somebody acts at once, or on which keys depend that are not derived at once.
_AT_ONCE = frozenset(["MSG1", "MSG2", "PREF", "PCOUP", "ISOUSC"])


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
        self.complete = False
        """Whether all is known that the meter sends, so that the state may be published."""
        self.changed: Collection[str] | None = None
        """The keys of the snapshot that may differ from the one after the update before, but for those on which nobody
        acts at once; None: any of them, or keys have come or gone, or the state was not complete then."""
        self._comparable = False  # the next state may be compared with this one
        self._snapshot: dict[str, Any] | None = None  # None: to be made from the start
        self._distinct = False  # no key of the snapshot is there for two reasons
        self._late: set[str] = set()  # labels whose values may differ from the snapshot
        self._late_stamps: set[str] = set()  # labels whose stamps may
        self._has_estimate = self._late_estimate = False
        self._updated_at = 0.0  # monotonic
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
        now_different = self._derived_values.update(
            frame.mode,
            last_values.values,
            changed,
            peak_seen=self._peak_seen,
            overload_frame=last_values.overload_frame,
        )
        self.changed = changed if self._comparable else None
        if changed is None:
            self._snapshot = None
        else:
            self._late.update(changed)
            self._late_stamps.update(stamped)
            now_different = now_different or not _AT_ONCE.isdisjoint(changed)
        if now_different:
            self._renew()
        if len(accepted) < len(frame.values):
            carried = {label: value for label, value in frame.values.items() if label in accepted}
            frame = replace(frame, values=carried)
        self._update_estimate(frame, monotonic)
        self._comparable = self.complete = last_values.complete
        self._policy.on_change(urgent=self.changed is None or now_different)
        return frame

    def _renew(self) -> None:
        """Bring what is derived up to date, and the snapshot: from the one before, if that is possible."""
        self._derived, before = self._derived_values.result(), self._snapshot
        derived, late, late_stamps = self._derived_values.renewed, self._late, self._late_stamps
        self._late, self._late_stamps = set(), set()
        if before is None or derived is None or not self._distinct:
            self._snapshot = self.changed = None
            self._comparable = False
            return
        values, stamps = self._last_values.values, self._last_values.stamps
        new: dict[str, Any] = {label: values[label] for label in late}
        for label in late_stamps:
            new[f"{label}_at"] = write_stamp(stamps[label])
        new |= derived
        if self._late_estimate:
            new["estimated_power"] = self._estimate.power(self._updated_at)
            self._late_estimate = False
        self._snapshot = before | new
        if self.changed is not None:
            self.changed = new.keys()

    def _update_estimate(self, frame: Frame, monotonic: float) -> None:
        """Estimate from the indexes of this very frame: one that was held back must not be estimated from."""
        values, registers = frame.values, import_registers(frame.mode, self._derived.get("contract"))
        self._estimate.update(
            total(values, registers) if registers else None,
            total(values, ("EAIT",)) if "EAIT" in values else None,
            monotonic,
            self._derived.get("subscribed_power"),
        )
        self._updated_at, had_estimate = monotonic, self._has_estimate
        self._has_estimate = self._late_estimate = self._estimate.known(monotonic)
        if self._has_estimate is not had_estimate:
            self._snapshot = self.changed = None

    def set_online(self, online: bool) -> None:
        """Set whether frames are coming."""
        if online == self._online:
            return
        if self._online is not None:
            self._policy.force()
        self._online = online
        self._estimate.clear()
        self._has_estimate = self._late_estimate = self._comparable = False
        self._snapshot = None
        self._policy.on_change(urgent=True)

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
        if self._late or self._late_stamps or self._late_estimate:
            self._renew()
        if self._snapshot is None:
            values, stamps, derived = self._last_values.values, self._last_values.stamps, self._derived
            snapshot: dict[str, Any] = dict(values)
            snapshot |= {f"{label}_at": write_stamp(stamp) for label, stamp in stamps.items()}
            snapshot |= derived
            if self._has_estimate:
                snapshot["estimated_power"] = self._estimate.power(self._updated_at)
            self._late_estimate = False
            keys = len(values) + len(stamps) + len(derived) + self._has_estimate
            self._snapshot, self._distinct = snapshot, len(snapshot) == keys
        return self._snapshot
