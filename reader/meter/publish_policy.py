"""Decides which values of a state to publish, and when: urgent ones at once, noisy ones rate-limited. Pure.

Home Assistant's recorder writes a row for each entity whose state changes. So a value that has changed by less than its
deadband, or sooner than its minimum interval, is published with its previous value; a published value is always one
that the meter has sent. Whenever something urgent changes, and with each refresh, everything is published with its
present value. `exporting` is the exception, and publishes nothing else: where solar panels or a battery hold a house at
0 W, it changes all day.

================================  ==========  ========  ============================================================
quantity                          deadband    interval  why
================================  ==========  ========  ============================================================
urgent (see URGENT)               any change  at once   automations act on it
exporting                         any change  60 s      at once, but not again within a minute
VA                                2 %, 20     `every`   noise of a base load; 20 VA is two steps of PAPP
estimated_power                   5 %, 50     30 s      a mean over a minute has nothing new before
A                                 1           `every`   whole amperes: a load between two of them flips at each frame
V                                 2           60 s      changes with each frame; nothing acts on it within a minute
Wh, VArh                          any change  60 s      five-minute statistics need no more; three or more registers
                                                        count the same energy
maxima, means, stamps, CCASN...   any change  60 s      they are about the past, but a maximum rises by the second
everything else                   any change  `every`
================================  ==========  ========  ============================================================
"""

import math
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from common.contract.labels import LABELS, Mode
from reader.tic.fields import RELAYS

#: What is published at once when it changes.
URGENT = frozenset(
    [
        *("mode", "contract", "period", "tempo_today", "tempo_tomorrow", "peak_notice", "peak", "overload", "off_peak"),
        *("contact", "cutoff", "producer", "exporting", "price", "tempo_announced", "MSG1", "MSG2"),
        *(f"relay_{number}" for number in range(1, RELAYS + 1)),
    ]
)
_MINUTE = 60.0  # seconds
_ROUNDING = 1e-3  # seconds; more than sums and differences of times differ


class _Rule(NamedTuple):
    """By how much a quantity must have changed, and how long ago, to be published again."""

    deadband: int = 0  # by more than this
    percent: int = 0  # and by more than this share of the published value
    min_interval: float = 0.0  # seconds since it last changed; `every` applies in addition


_POWER = _Rule(deadband=20, percent=2)
_CURRENT = _Rule(deadband=1)
_SLOW = _Rule(min_interval=_MINUTE)
_DERIVED = {
    "exporting": _SLOW,
    "estimated_power": _Rule(deadband=50, percent=5, min_interval=30.0),
    "headroom_current": _CURRENT,
    "headroom_power": _POWER,
    "import_total": _SLOW,
    "export_total": _SLOW,
}
_BY_UNIT = {"VA": _POWER, "A": _CURRENT, "V": _Rule(deadband=2, min_interval=_MINUTE), "Wh": _SLOW, "VArh": _SLOW}


class PublishPolicy:
    """Remembers what was published of one meter, and decides what is published next."""

    def __init__(self, *, every: float, refresh: float) -> None:
        self._every = every
        self._refresh = refresh
        self._published: dict[str, Any] = {}
        self.idle_until = -math.inf
        """Monotonic time before which nothing is due, unless something urgent changes."""
        self._changed_at: dict[str, float] = {}  # by key, monotonic
        self._last_at: float | None = None  # when something was published
        self._last_full_at = 0.0  # when everything was published
        self.forced = False  # everything is published next time, due or not
        self._stale = False  # newer values than `_published` have been published elsewhere

    def force(self) -> None:
        """Publish everything next time."""
        self.forced = True
        self.on_urgent_change()

    def on_urgent_change(self) -> None:
        """Take note that an urgent value may have changed."""
        self.idle_until = -math.inf

    def mark_published(self) -> None:
        """Record that all present values were published elsewhere: what is published next must not be older."""
        self._stale = True
        self.on_urgent_change()

    def due(self, state: Mapping[str, Any], monotonic: float) -> dict[str, Any] | None:
        """Return what to publish now, None if nothing is due."""
        if self._last_at is None or self.forced or monotonic - self._last_full_at >= self._refresh:
            return self._publish(state, state, monotonic)
        changed = self._changed(state)
        urgent = {key for key in changed if key in URGENT and self._interval_over(key, monotonic)}
        if not urgent and monotonic - self._last_at < self._every:
            if URGENT.isdisjoint(changed):
                self._rest_until(self._last_at + self._every)
            return None
        if self._stale or urgent - {"exporting"}:
            return self._publish(state, state, monotonic)
        ready = [key for key in changed if self._ready(state, key, monotonic)]
        return self._publish(state, ready, monotonic) if ready else None

    def _changed(self, state: Mapping[str, Any]) -> list[str]:
        """Return the keys that differ from what was published, or have come or gone; no value is None."""
        published = self._published
        return [key for key in state.keys() | published.keys() if state.get(key) != published.get(key)]

    def _interval_over(self, key: str, monotonic: float) -> bool:
        return monotonic - self._changed_at.get(key, -math.inf) >= _rule(key).min_interval

    def _ready(self, state: Mapping[str, Any], key: str, monotonic: float) -> bool:
        """Return whether a key that differs has changed by more than its deadband, and long enough ago."""
        value, published = state.get(key), self._published.get(key)
        if value is None or published is None:
            return True  # it has come, or gone
        if not self._interval_over(key, monotonic):
            return False
        rule = _rule(key)
        if isinstance(value, int) and isinstance(published, int):
            difference = abs(value - published)
            return difference > rule.deadband and difference > abs(published) * rule.percent / 100
        return True

    def _publish(self, state: Mapping[str, Any], keys: Collection[str], monotonic: float) -> dict[str, Any]:
        full = keys is state  # and everything is published
        updated = {key: state[key] for key in keys if key in state}
        published = {key: updated.get(key, self._published.get(key)) for key in state}
        for key, value in published.items():
            if self._published.get(key) != value:
                self._changed_at[key] = monotonic
        for key in self._changed_at.keys() - published.keys():
            del self._changed_at[key]
        self._published, self._last_at = published, monotonic
        if full:
            self._last_full_at, self.forced, self._stale = monotonic, False, False
        if published.get("exporting") == state.get("exporting"):  # nothing else that is urgent waits
            self._rest_until(monotonic + self._every)
        return dict(published)

    def _rest_until(self, due: float) -> None:
        """Be idle until this monotonic time, or until everything is published again."""
        self.idle_until = min(due, self._last_full_at + self._refresh) - _ROUNDING


@lru_cache(maxsize=1024)
def _rule(key: str) -> _Rule:
    if key in _DERIVED:
        return _DERIVED[key]
    label = LABELS[Mode.STANDARD].get(key) or LABELS[Mode.HISTORIC].get(key)
    if key.endswith("_at") or (label is not None and label.stamped):
        return _SLOW
    return _BY_UNIT.get(label.unit, _Rule()) if label is not None else _Rule()
