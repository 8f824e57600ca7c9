"""Keeps the state of one meter, which is published on `teleinfo/<meter>/state`. Pure: no I/O, no clock.

frame ──▶ last values ──▶ derived ──▶ publish policy ──▶ JSON object
  │                          ▲
  └──▶ power estimate ───────┘
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from common.contract.frame import Frame, write_stamp
from common.contract.labels import Mode
from reader.meter.derived import AT_ONCE_LABELS, PEAK_LABELS, derive, has_peak, import_registers, total
from reader.meter.last_values import LastValues
from reader.meter.power_estimate import PowerEstimate
from reader.meter.publish_policy import PublishPolicy

#: Labels that automations act on at once, or from which such keys follow.
_AT_ONCE = AT_ONCE_LABELS | {"MSG1", "MSG2", "PREF", "PCOUP", "ISOUSC"}


class MeterState:
    """The state of one meter. Frames are expected as published, in the order of the line.

    Nothing is published before the meter has sent one complete frame, and each index of it twice.
    """

    def __init__(self, *, every: float = 10.0, refresh: float = 300.0) -> None:
        """Publish at most `every` seconds unless it is urgent, and everything each `refresh` seconds."""
        self._last_values = LastValues()
        self._estimate = PowerEstimate()
        self._policy = PublishPolicy(every=every, refresh=refresh)
        self.complete = False
        """Whether all is known that the meter sends, so that the state may be published."""
        self.changed: Collection[str] | None = None
        """The labels whose values may differ from those after the previous update, if nothing urgent does; None:
        anything may, or keys have come or gone, or the state was not complete then."""
        self._comparable = False  # the next state may be compared with this one
        self._mode = Mode.HISTORIC
        self._decoded = False  # by another device
        self._derived: dict[str, Any] = {}
        self._prices: dict[str, Any] = {}
        self._outdated = False  # some derived keys, none of them urgent
        self._snapshot: dict[str, Any] | None = None  # None: to be made
        self._has_estimate = False
        self._updated_at = 0.0  # monotonic
        self._peak_seen = False  # a mobile peak, under this contract
        self._online: bool | None = None

    def update(self, frame: Frame, monotonic: float) -> Frame:
        """Take over a frame whose last byte arrived at `monotonic`; return it without values that are in doubt."""
        last_values, changes = self._last_values, self._last_values.changes
        accepted, changed = last_values.update(frame)
        if last_values.changes != changes:
            self._peak_seen = False
            self._estimate.clear()
        if changed is None or not PEAK_LABELS.isdisjoint(changed):
            self._peak_seen = self._peak_seen or has_peak(last_values.values)
        self._mode, self._decoded, self._outdated, self._snapshot = frame.mode, frame.source is not None, True, None
        if changed is None or self._acts_at_once(changed):
            self._derive()
            changed = None
        self.changed = changed if self._comparable else None
        if len(accepted) < len(frame.values):
            carried = {label: value for label, value in frame.values.items() if label in accepted}
            frame = replace(frame, values=carried)
        self._update_estimate(frame, monotonic)
        self._comparable = self.complete = last_values.complete
        if self.changed is None:
            self._policy.on_urgent_change()
        return frame

    def _acts_at_once(self, changed: Collection[str]) -> bool:
        """Return whether labels have changed that automations act on at once."""
        if "SINSTI" in changed and (self._last_values.values["SINSTI"] != 0) is not self._derived.get("exporting"):
            return True
        return not _AT_ONCE.isdisjoint(changed)

    def _derive(self) -> None:
        last_values, self._outdated = self._last_values, False
        self._derived = derive(
            self._mode,
            last_values.values,
            peak_seen=self._peak_seen,
            overload_frame=last_values.overload_frame,
            decoded=self._decoded,
        )

    def _update_estimate(self, frame: Frame, monotonic: float) -> None:
        """Estimate from the indexes of this very frame: one that was held back must not be estimated from.

        Those that other devices decode come too late, and in steps that are too coarse.
        """
        values = {} if self._decoded else frame.values
        registers = import_registers(frame.mode, self._derived.get("contract"))
        self._estimate.update(
            total(values, registers) if registers else None,
            total(values, ("EAIT",)) if "EAIT" in values else None,
            monotonic,
            self._derived.get("subscribed_power"),
        )
        self._updated_at, had_estimate = monotonic, self._has_estimate
        self._has_estimate = self._estimate.known(monotonic)
        if self._has_estimate is not had_estimate:
            self.changed = None

    def set_online(self, online: bool) -> None:
        """Set whether frames are coming."""
        if online == self._online:
            return
        if self._online is not None:
            self._policy.force()
        self._online = online
        self._estimate.clear()
        self._has_estimate = self._comparable = False
        self._snapshot = None
        self._policy.on_urgent_change()

    def set_prices(self, prices: dict[str, Any]) -> None:
        """Set the keys of prices: `price`, `next_prices` and `tempo_announced`, or less."""
        if prices == self._prices:
            return
        if prices.keys() != self._prices.keys():
            self._comparable = False
        self._prices, self._snapshot = prices, None
        self._policy.on_urgent_change()

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
            if self._outdated:
                self._derive()
            values: dict[str, Any] = self._last_values.values
            stamps = {f"{label}_at": write_stamp(stamp) for label, stamp in self._last_values.stamps.items()}
            self._snapshot = values | stamps | self._derived | self._prices
            if self._has_estimate:
                self._snapshot["estimated_power"] = self._estimate.power(self._updated_at)
        return self._snapshot
