"""Keeps the last good value of each label of one meter, and drops those that the meter no longer sends. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from common.contract.frame import Frame, Value
from common.contract.labels import LABELS, Mode
from reader.tic.fields import parse_status

#: Labels that are only sent now and then: their presence is the information.
TRANSIENT = frozenset(
    [
        *("ADPS", "ADIR1", "ADIR2", "ADIR3", "PEJP", "DPM1", "DPM2", "DPM3", "FPM1", "FPM2", "FPM3", "PPOINTE"),
        *("MSG2", "CCASN", "CCASN-1", "CCAIN", "CCAIN-1"),
    ]
)
#: Damaged frames in a row that count as one complete frame, as each of them lacks other labels: a label that is in none
#: of them is no longer sent. So a line without a single undamaged frame works, too.
DAMAGED_TOGETHER = 10
#: Complete frames after a change of contract until a label that was in none of them is dropped. An index that is held
#: back as implausible returns after three.
SETTLED = 5

_OVERLOAD_WARNINGS = ("ADIR1", "ADIR2", "ADIR3")  # only in overload frames
_OVERLOAD_FRAME = frozenset((*_OVERLOAD_WARNINGS, "ADCO", "IINST1", "IINST2", "IINST3"))
_CONTRACT = {Mode.HISTORIC: "OPTARIF", Mode.STANDARD: "NGTF"}
_INDEXES = {
    mode: frozenset(label.name for label in labels.values() if label.cumulative) for mode, labels in LABELS.items()
}


class CompleteFrames:
    """Counts complete frames: undamaged ones, and rows of damaged ones that complete each other."""

    def __init__(self) -> None:
        self.count = 0
        self.many = False  # an undamaged frame changes nothing that matters: the last one was, and there were enough
        self._damaged = 0  # in a row

    def feed(self, frame: Frame) -> bool:
        """Return whether this frame completes what the meter sends; an overload frame never does."""
        if is_overload_frame(frame):
            return False
        self._damaged = self._damaged + 1 if frame.dropped else 0
        complete = self._damaged % DAMAGED_TOGETHER == 0
        self.count += complete
        self.many = self.count >= SETTLED and not self._damaged
        return complete


class Accepted(NamedTuple):
    """What a frame has brought."""

    labels: frozenset[str]  # whose values were accepted
    changed: Sequence[str] | None  # whose last values differ now; None: or labels have come or gone


class LastValues:
    """Last good values of one meter, by label.

    An index that is new, or that falls, is accepted when it comes a second time: a single wrong 0 in the first frame
    after a start could not be recognised otherwise. What another device decodes was judged before (`reader/decoded`).
    """

    def __init__(self) -> None:
        self.changes = 0  # of the meter, its mode or its contract
        self._source: tuple[str, Mode] | None = None
        self._reset()

    def _reset(self) -> None:
        self.values: dict[str, Value] = {}
        self.stamps: dict[str, datetime] = {}
        self._complete_frames = CompleteFrames()  # of this meter in this mode
        self.overload_frame = False  # whether the last frame was one
        self._contract: Value | None = None
        self._producer: bool | None = None
        self._seen_once: dict[str, int] = {}  # indexes that wait for confirmation
        self._missed: dict[str, int] = {}  # damaged frames in a row without a transient label
        self._seen_since_change: set[str] | None = None  # labels, since the contract changed
        self._complete_since_change = 0  # frames

    @property
    def complete(self) -> bool:
        """Whether all is known that the meter sends."""
        count = self._complete_frames.count
        return count >= SETTLED or (count > 0 and all(label in self.values for label in self._seen_once))

    def update(self, frame: Frame) -> Accepted:
        """Take over the values of a frame."""
        before, stamped, changes = dict(self.values), set(self.stamps), self.changes
        if self._source != (frame.meter, frame.mode):
            self.changes += self._source is not None
            self._source = frame.meter, frame.mode
            self._reset()
        after_overload_frame, self.overload_frame = self.overload_frame, is_overload_frame(frame)
        accepted = frozenset(
            label
            for label, value in frame.values.items()
            if frame.source is not None or self._accept(frame.mode, label, value)
        )
        self._store(frame, accepted)
        self._drop_transient(frame, after_overload_frame=after_overload_frame)
        self._detect_contract_change(frame)
        if self._complete_frames.feed(frame):
            self._drop_former()
        if (
            self.changes != changes
            or self.overload_frame is not after_overload_frame
            or self.values.keys() != before.keys()
            or self.stamps.keys() != stamped
        ):
            return Accepted(accepted, None)
        return Accepted(accepted, [label for label, value in self.values.items() if value != before[label]])

    def _accept(self, mode: Mode, label: str, value: Value) -> bool:
        if label not in _INDEXES[mode]:
            return True
        if not isinstance(value, int):
            return False
        last = self.values.get(label)
        if isinstance(last, int) and value >= last:
            self._seen_once.pop(label, None)
            return True
        seen = self._seen_once.pop(label, None)
        if seen is not None and value >= seen:
            return True
        self._seen_once[label] = value
        return False

    def _store(self, frame: Frame, accepted: frozenset[str]) -> None:
        for label, sent in frame.values.items():
            value = strip_padding(sent)
            if label in accepted and value != "":  # empty: DATE, or a maximum that is not known yet
                self.values[label] = value
            elif sent != "" and value == "":  # only padding: a message that has ended
                self.values.pop(label, None)
        for label, stamp in (frame.stamps or {}).items():
            if label != "DATE":
                self.stamps[label] = stamp

    def _drop_transient(self, frame: Frame, *, after_overload_frame: bool) -> None:
        """Drop transient labels that are no longer sent; a damaged frame may have lost them, so it takes several."""
        for label in (TRANSIENT & (self.values.keys() | self.stamps.keys())) - frame.values.keys():
            # During an overload a full frame follows each twenty overload frames, without the warnings.
            if label in _OVERLOAD_WARNINGS:
                expected = self.overload_frame or not after_overload_frame
            else:
                expected = not self.overload_frame
            if not expected:
                continue
            missed = self._missed.get(label, 0) + 1
            if frame.dropped and missed < DAMAGED_TOGETHER:
                self._missed[label] = missed
            else:
                self._drop(label)
        for label in self._missed.keys() & frame.values.keys():
            del self._missed[label]

    def _detect_contract_change(self, frame: Frame) -> None:
        """Notice another contract, or that the meter became a producer: it sends other labels then."""
        contract, status = self.values.get(_CONTRACT[frame.mode]), parse_status(self.values.get("STGE"))
        producer = None if status is None else status.producer
        if _differ(contract, self._contract) or _differ(producer, self._producer):
            self.changes += 1
            self._seen_since_change, self._complete_since_change = set(), 0
        self._contract, self._producer = contract, producer
        if self._seen_since_change is not None:
            self._seen_since_change |= frame.values.keys()

    def _drop_former(self) -> None:
        """Drop the labels of the contract before, when the new one has settled."""
        if self._seen_since_change is None:
            return
        self._complete_since_change += 1
        if self._complete_since_change >= SETTLED:
            for label in (self.values.keys() | self.stamps.keys()) - self._seen_since_change:
                self._drop(label)
            self._seen_since_change = None

    def _drop(self, label: str) -> None:
        self.values.pop(label, None)
        self.stamps.pop(label, None)
        self._missed.pop(label, None)


def is_overload_frame(frame: Frame) -> bool:
    """Return whether this is one of the short frames that a three-phase meter sends during an overload.

    Those that other devices decode may be short for any reason.
    """
    return frame.source is None and frame.values.keys() <= _OVERLOAD_FRAME


def strip_padding(value: Value) -> Value:
    """Return a value without the padding that text has on the wire.

    >>> strip_padding("    HC  BLEU    ")
    'HC BLEU'
    """
    return " ".join(value.split()) if isinstance(value, str) else value


def _differ(value: Value | None, previous: Value | None) -> bool:
    """Return whether both values are known and differ."""
    return value != previous and None not in (value, previous)
