"""Readings that belong together become one. Pure: no clock.

What a device sends in a moment is one reading, so that a burst of messages, or a flood of them, makes one frame.

Of a device that sends its labels one by one, a reading repeats what came before: registers, and what seldom changes.
The storer counts energy from the registers of one frame to those of the next, and takes a frame with two of the six
registers of Tempo for another contract (`kind_of`, storer/rollups/breaks.py). Powers, currents and voltages are never
repeated: they would look live. So such a device becomes as one that sends all that it knows with each message, and what
it repeats is judged like that: `registers` holds back a rise that is too large for the time since it was repeated last.

What is repeated is forgotten when the device was silent for longer than the longest interval: a register of before
would look like one of now. The first reading after a silence waits until the device has sent what it knows: for ten
seconds without a message, and a minute at most. What the broker has retained, of whatever age, joins then, where
nothing newer came.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from common.contract.frame import Value
from common.contract.labels import LABELS, Mode
from reader.decoded.interval import LONGEST
from reader.decoded.reading import Reading

QUIET = 1.0  # seconds without a message that end a moment
MOMENT = 5.0  # seconds that it lasts at most
SETTLED_AFTER = 10.0  # seconds without a message after which a device has sent what it knows
SETTLING = 60.0  # seconds at most from the first message after a silence to the first reading
_SILENT = float(LONGEST)
#: Sent now and then only: that they are sent is the information.
_PASSING = frozenset(["PEJP", "PPOINTE", "MSG2"])
#: What is repeated: what counts up, and what does not move from frame to frame.
_REPEATED: Mapping[Mode, frozenset[str]] = {
    mode: frozenset(
        name
        for name, label in labels.items()
        if label.cumulative or not (label.volatile or label.stamped or name in _PASSING)
    )
    for mode, labels in LABELS.items()
}


class _Sent(NamedTuple):
    """A value that was sent."""

    value: Value
    step: int | None
    at: float


class Gatherer:
    """Gathers the readings of one meter, in one mode, by one publisher."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self._reading: Reading | None = None  # the newest of the moment
        self._began_at = self.heard_at = -math.inf  # monotonic: of the moment; of the last message
        self._settled_at = -math.inf  # the end of the wait after a silence
        self._sent: dict[str, _Sent] = {}  # of the moment
        self._stamps: dict[str, datetime] = {}  # of the moment
        self._kept: dict[str, _Sent] = {}  # to be repeated
        self._retained: dict[str, _Sent] = {}  # by the broker, to be repeated
        self._date: datetime | None = None  # the meter's own time, as it was sent last

    def add(self, reading: Reading, at: float) -> None:
        """Add a message that came at a monotonic time."""
        if reading.partial and at - self.heard_at > _SILENT:
            self._kept.clear()
            self._settled_at = at + SETTLING
        if self._reading is None:
            self._began_at = at
        self._reading, self.heard_at = reading, at
        sent = _sent(reading, at)
        date = reading.stamps.get("DATE")
        if self._date in (None, date):
            sent.pop("DATE", None)  # a cache may repeat it
        self._stamps |= {label: stamp for label, stamp in reading.stamps.items() if label in sent}
        self._date = date or self._date
        self._sent |= sent

    def add_retained(self, reading: Reading) -> None:
        """Add a message that the broker has retained: when it was sent is not known."""
        if reading.partial:
            self._retained |= _sent(reading, -math.inf)

    @property
    def due_at(self) -> float:
        """When the moment is over; infinite while there is none."""
        if self._reading is None:
            return math.inf
        if math.isfinite(self._settled_at):
            return min(self.heard_at + SETTLED_AFTER, self._settled_at)
        return min(self.heard_at + QUIET, self._began_at + MOMENT)

    def take(self) -> Reading | None:
        """End the moment; return what was sent, as one reading."""
        reading, self._reading, self._settled_at = self._reading, None, -math.inf
        sent, stamps = self._sent, self._stamps
        self._sent, self._stamps = {}, {}
        if reading is None:
            return None
        if reading.partial:
            repeated = {label: one for label, one in sent.items() if label in _REPEATED[self._mode]}
            self._kept = {**self._retained_now(), **self._kept, **repeated}
            recent = {label: one for label, one in sent.items() if self.heard_at - one.at <= MOMENT}
            sent = {**self._kept, **recent}
        labels = [label for label in LABELS[self._mode] if label in sent]
        return replace(
            reading,
            labels={label: sent[label].value for label in labels},
            steps={label: step for label in labels if (step := sent[label].step) is not None},
            stamps={label: stamps[label] for label in labels if label in stamps},
        )

    def _retained_now(self) -> dict[str, _Sent]:
        retained, self._retained = self._retained, {}
        return {label: one for label, one in retained.items() if label in _REPEATED[self._mode]}

    def to_json(self, at: float) -> dict[str, Any]:
        """Return what is repeated, and for how long the device was silent; `at`: the monotonic time."""
        return {
            "silent": min(at - self.heard_at, 2 * _SILENT),
            "kept": {label: [one.value, one.step] for label, one in self._kept.items()},
        }

    def resume(self, saved: Any, at: float) -> None:
        """Go on to repeat what was saved; `at`: the monotonic time at which it was.

        Raises:
            AttributeError, LookupError, TypeError, ValueError: it cannot be read.
        """
        kept = {}
        for label, (value, step) in saved["kept"].items():
            if label in _REPEATED[self._mode] and type(value) in (int, str) and type(step) in (int, type(None)):
                kept[label] = _Sent(value, step, -math.inf)
        self._kept, self.heard_at = kept, at - float(saved["silent"])


def _sent(reading: Reading, at: float) -> dict[str, _Sent]:
    return {label: _Sent(value, reading.steps.get(label), at) for label, value in reading.labels.items()}
