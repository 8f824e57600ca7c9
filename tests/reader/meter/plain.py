"""The state of a meter computed from the start for each frame: what the faster one must equal."""

from collections.abc import Mapping
from typing import Any

from common.contract.frame import Frame
from reader.meter.last_values import Accepted, LastValues
from reader.meter.publish_policy import URGENT, PublishPolicy
from reader.meter.state import MeterState


class _PlainLastValues(LastValues):
    def update(self, frame: Frame) -> Accepted:
        return super().update(frame)._replace(changed=None)


class _PlainPolicy(PublishPolicy):
    def due(self, state: Mapping[str, Any], monotonic: float) -> dict[str, Any] | None:
        if self._last_at is None or self.forced or monotonic - self._last_full_at >= self._refresh:
            return self._publish(state, state, monotonic)
        absent = object()
        changed = [
            key
            for key in state.keys() | self._published.keys()
            if state.get(key, absent) != self._published.get(key, absent)
        ]
        urgent = {key for key in changed if key in URGENT and self._interval_over(key, monotonic)}
        if not urgent and monotonic - self._last_at < self._every:
            return None
        if self._stale or urgent - {"exporting"}:
            return self._publish(state, state, monotonic)
        ready = [key for key in changed if self._ready(state, key, monotonic)]
        return self._publish(state, ready, monotonic) if ready else None


def plain_state(*, every: float, refresh: float) -> MeterState:
    """Return a state that takes no short cut."""
    state = MeterState(every=every, refresh=refresh)
    state._last_values = _PlainLastValues()
    state._policy = _PlainPolicy(every=every, refresh=refresh)
    return state
