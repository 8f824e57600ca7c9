"""Remembers the last good value of each label of one meter, and forgets what the meter does not send any more. Pure."""

from datetime import datetime

from common.frame import Frame, Value
from common.labels import LABELS, Mode
from reader.tic.status_register import parse_status

#: Labels that are only sent now and then: that they are there is what they say.
TRANSIENT = frozenset(
    [
        *("ADPS", "ADIR1", "ADIR2", "ADIR3", "PEJP", "DPM1", "DPM2", "DPM3", "FPM1", "FPM2", "FPM3", "PPOINTE"),
        *("MSG2", "CCASN", "CCASN-1", "CCAIN", "CCAIN-1"),
    ]
)
#: Damaged frames running that tell together what the meter sends, as each of them lacks something else. So much is said
#: by a line that never brings a whole one, too: a label that is in none of them is gone.
DAMAGED_TOGETHER = 10
#: Whole frames after a change of contract, until a label that is in none of them is gone. An index that is held back as
#: implausible is back after three.
SETTLED = 5

_WARNINGS = ("ADIR1", "ADIR2", "ADIR3")  # only short frames carry them
_SHORT = frozenset((*_WARNINGS, "ADCO", "IINST1", "IINST2", "IINST3"))
_CONTRACT = {Mode.HISTORIC: "OPTARIF", Mode.STANDARD: "NGTF"}
_INDEXES = {
    mode: frozenset(label.name for label in labels.values() if label.cumulative) for mode, labels in LABELS.items()
}


class WholeFrames:
    """Counts frames in which a meter has said all that it sends: whole ones, and damaged ones that do so together."""

    def __init__(self) -> None:
        self.count = 0
        self._damaged = 0  # running

    def take(self, frame: Frame) -> bool:
        """Take a frame; return whether it completes what the meter sends. A short one never does."""
        if is_overload_frame(frame):
            return False
        self._damaged = self._damaged + 1 if frame.dropped else 0
        if self._damaged % DAMAGED_TOGETHER:
            return False
        self.count += 1
        return True


class LastValues:
    """Last good values of one meter, by label.

    An index that is new, or that falls, counts from its second sight on: the first frame after a start has nothing
    before it that could show that its 0 is none.
    """

    def __init__(self) -> None:
        self.changes = 0  # of the meter, its mode or its contract
        self._source: tuple[str, Mode] | None = None
        self._start()

    def _start(self) -> None:
        self.values: dict[str, Value] = {}
        self.stamps: dict[str, datetime] = {}
        self._whole_frames = WholeFrames()  # of this meter in this mode
        self.short = False  # the last frame was a short one of a three-phase meter
        self._contract: Value | None = None
        self._producer: bool | None = None
        self._doubted: dict[str, int] = {}  # indexes seen once
        self._missed: dict[str, int] = {}  # damaged frames running without a label that is sent now and then
        self._settling: set[str] | None = None  # labels seen since the contract changed
        self._settled = 0  # whole frames since then

    @property
    def complete(self) -> bool:
        """Tell whether all is known that the meter sends."""
        waiting = any(label not in self.values for label in self._doubted)
        count = self._whole_frames.count
        return count >= SETTLED or (count > 0 and not waiting)

    def take(self, frame: Frame) -> frozenset[str]:
        """Remember a frame; return the labels whose values of this frame are believed."""
        if self._source != (frame.meter, frame.mode):
            self.changes += self._source is not None
            self._source = frame.meter, frame.mode
            self._start()
        was_short, self.short = self.short, is_overload_frame(frame)
        believed = frozenset(label for label, value in frame.values.items() if self._believe(frame.mode, label, value))
        self._keep(frame, believed)
        self._forget_transient(frame, after_short=was_short)
        self._watch_contract(frame)
        if self._whole_frames.take(frame):
            self._forget_former()
        return believed

    def _believe(self, mode: Mode, label: str, value: Value) -> bool:
        if label not in _INDEXES[mode]:
            return True
        if not isinstance(value, int):
            return False
        last = self.values.get(label)
        if isinstance(last, int) and value >= last:
            self._doubted.pop(label, None)
            return True
        doubted = self._doubted.pop(label, None)
        if doubted is not None and value >= doubted:
            return True
        self._doubted[label] = value
        return False

    def _keep(self, frame: Frame, believed: frozenset[str]) -> None:
        for label, sent in frame.values.items():
            value = strip_padding(sent)
            if label in believed and value != "":  # such as DATE, or a maximum that is not known yet
                self.values[label] = value
            elif sent != "" and value == "":  # blanks: a message that is none any more
                self.values.pop(label, None)
        for label, stamp in (frame.stamps or {}).items():
            if label != "DATE":
                self.stamps[label] = stamp

    def _forget_transient(self, frame: Frame, *, after_short: bool) -> None:
        """Forget what is not sent any more; a damaged frame may have lost it, so it takes several of them."""
        for label in (TRANSIENT & (self.values.keys() | self.stamps.keys())) - frame.values.keys():
            # One long frame stands between twenty short ones, as long as the overload lasts.
            silent = self.short or not after_short if label in _WARNINGS else not self.short
            if not silent:
                continue
            missed = self._missed.get(label, 0) + 1
            if frame.dropped and missed < DAMAGED_TOGETHER:
                self._missed[label] = missed
            else:
                self._forget(label)
        for label in self._missed.keys() & frame.values.keys():
            del self._missed[label]

    def _watch_contract(self, frame: Frame) -> None:
        """A meter that is given another contract, or begins to produce, sends other labels."""
        contract, status = self.values.get(_CONTRACT[frame.mode]), parse_status(self.values.get("STGE"))
        producer = None if status is None else status.producer
        if _differ(contract, self._contract) or _differ(producer, self._producer):
            self.changes += 1
            self._settling, self._settled = set(), 0
        self._contract, self._producer = contract, producer
        if self._settling is not None:
            self._settling |= frame.values.keys()

    def _forget_former(self) -> None:
        if self._settling is None:
            return
        self._settled += 1
        if self._settled >= SETTLED:
            for label in (self.values.keys() | self.stamps.keys()) - self._settling:
                self._forget(label)
            self._settling = None

    def _forget(self, label: str) -> None:
        self.values.pop(label, None)
        self.stamps.pop(label, None)
        self._missed.pop(label, None)


def is_overload_frame(frame: Frame) -> bool:
    """Tell whether a frame is a short one, of which a three-phase meter sends many during an overload."""
    return frame.values.keys() <= _SHORT


def strip_padding(value: Value) -> Value:
    """Return a value for people: text without the padding of the wire.

    >>> tidy("    HC  BLEU    ")
    'HC BLEU'
    """
    return " ".join(value.split()) if isinstance(value, str) else value


def _differ(now: Value | None, before: Value | None) -> bool:
    """Tell whether two values that are known differ."""
    return now != before and None not in (now, before)
