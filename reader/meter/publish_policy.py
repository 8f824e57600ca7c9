"""Decides what of a state to publish, and when: at once what matters, seldom what trembles. Pure.

Home Assistant's recorder writes a row for each entity whose state changes, and compares texts, not meanings. So a value
that has only trembled is published as it was, until it has moved beyond its deadband and rested for its pace; a value
that is published is always one that the meter has said. When something urgent happens, and with each refresh,
everything is published as it is. Only `exporting` takes nothing else along: it turns all day where a roof or a battery
holds a house at 0 W.

================================  ==========  =======  ============================================================
quantity                          deadband    pace     why
================================  ==========  =======  ============================================================
urgent (see URGENT)               any change  at once  somebody switches something on it
exporting                         any change  60 s     at once, but not again within a minute, and without the others
VA                                2 %, 20     `every`  a base load trembles by that; 20 VA is two steps of PAPP
estimated_power                   5 %, 50     30 s     a mean over a minute: sooner there is nothing new in it
A                                 1           `every`  whole amperes: a load between two of them flips at each frame
V                                 2           60 s     trembles with each frame; nobody acts on it within a minute
Wh, VArh                          any change  60 s     five-minute statistics need no more; three or more registers
                                                       count the same energy
maxima, means, stamps, CCASN...   any change  60 s     about the past already, but a maximum rises by the second
all the rest                      any change  `every`
================================  ==========  =======  ============================================================
"""

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from common.labels import LABELS, Mode
from reader.tic.status_register import RELAYS

#: What is published at once when it changes.
URGENT = frozenset(
    [
        *("mode", "contract", "period", "tempo_today", "tempo_tomorrow", "peak_notice", "peak", "overload"),
        *("contact", "cutoff", "producer", "exporting", "MSG1", "MSG2"),
        *(f"relay_{number}" for number in range(1, RELAYS + 1)),
    ]
)
_MINUTE = 60.0  # seconds


class _Rule(NamedTuple):
    """What a quantity must do to be published again."""

    deadband: int = 0  # a larger change than this
    percent: int = 0  # and than this share of what was published
    min_interval: float = 0.0  # seconds since it last changed; `every` holds anyway


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
    """What was published of one meter, and what is to be published next."""

    def __init__(self, *, every: float, refresh: float) -> None:
        self._every = every
        self._refresh = refresh
        self._published: dict[str, Any] = {}
        self._changed: dict[str, float] = {}  # when each key last changed, monotonic
        self._last: float | None = None  # when something was published
        self._whole = 0.0  # when everything was
        self.force = False  # everything is to be published at the next occasion
        self._all = False

    def mark_sent(self) -> None:
        """Everything was shown to somebody: what is published next must not be older."""
        self._all = True

    def due(self, state: Mapping[str, Any], monotonic: float) -> dict[str, Any] | None:
        """Return what to publish now, None if nothing is due."""
        if self._last is None or self.force or monotonic - self._whole >= self._refresh:
            return self._publish(state, state, monotonic)
        changed = [key for key in state.keys() | self._published.keys() if self._differs(state, key)]
        urgent = {key for key in changed if key in URGENT and self._rested(key, monotonic)}
        if not urgent and monotonic - self._last < self._every:
            return None
        if self._all or urgent - {"exporting"}:
            return self._publish(state, state, monotonic)
        ready = [key for key in changed if self._ready(state, key, monotonic)]
        return self._publish(state, ready, monotonic) if ready else None

    def _differs(self, state: Mapping[str, Any], key: str) -> bool:
        if key not in state or key not in self._published:
            return True
        return bool(state[key] != self._published[key])

    def _rested(self, key: str, monotonic: float) -> bool:
        return monotonic - self._changed.get(key, -math.inf) >= _rule(key).min_interval

    def _ready(self, state: Mapping[str, Any], key: str, monotonic: float) -> bool:
        """Tell whether a key that differs has moved enough, and rested long enough."""
        now, before = state.get(key), self._published.get(key)
        if now is None or before is None:
            return True  # it has come, or gone
        if not self._rested(key, monotonic):
            return False
        rule = _rule(key)
        if isinstance(now, int) and isinstance(before, int):
            return abs(now - before) > max(rule.deadband, abs(before) * rule.percent / 100)
        return True

    def _publish(self, state: Mapping[str, Any], keys: Iterable[str], monotonic: float) -> dict[str, Any]:
        whole = keys is state
        news = {key: state[key] for key in keys if key in state}
        published = {key: news.get(key, self._published.get(key)) for key in state}
        for key, value in published.items():
            if key not in self._published or self._published[key] != value:
                self._changed[key] = monotonic
        for key in self._changed.keys() - published.keys():
            del self._changed[key]
        self._published, self._last = published, monotonic
        if whole:
            self._whole, self.force, self._all = monotonic, False, False
        return dict(published)


@lru_cache(maxsize=1024)
def _rule(key: str) -> _Rule:
    if key in _DERIVED:
        return _DERIVED[key]
    label = LABELS[Mode.STANDARD].get(key) or LABELS[Mode.HISTORIC].get(key)
    if key.endswith("_at") or (label is not None and label.stamped):
        return _SLOW
    return _BY_UNIT.get(label.unit, _Rule()) if label is not None else _Rule()
