"""Observes a meter over its states, to know which entities it needs and what its registers are called. Pure."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from common.contract.frame import Frame
from common.contract.labels import LABELS
from common.contract.power import is_three_phase
from common.contract.tariff import expand_abbreviations
from reader.meter.last_values import CompleteFrames
from reader.tic.fields import RELAYS

#: Complete frames until the profile is known: then all labels have been seen that the meter always sends.
COMPLETE_FRAMES = 3
#: Frames in a row with one register and one text until that is the register's name, once a change of tariff was seen:
#: LTARF may lag behind NTARF.
NAME_FRAMES = 60

_INDEXES = frozenset(label.name for labels in LABELS.values() for label in labels.values() if label.cumulative)
_NO_LABELS: Mapping[int, str] = MappingProxyType({})


class MeterProfile(NamedTuple):
    """What decides which entities a meter needs."""

    meter: str
    keys: frozenset[str]  # of the state
    mode: str
    contract: str | None
    linky: bool
    counting: frozenset[str] = frozenset()  # registers that are not 0
    moved: frozenset[str] = frozenset()  # registers that have changed
    closed: frozenset[int] = frozenset()  # relays that have been closed
    labels: Mapping[int, str] = _NO_LABELS  # what the meter calls its registers
    has_off_peak: bool = False  # the contract has off-peak hours
    exports: bool = False
    announced: frozenset[str] = frozenset()  # keys of entities that Home Assistant has
    version: str = ""  # of the reader

    @property
    def three_phase(self) -> bool:
        """Whether the meter is a three-phase one."""
        return is_three_phase(self.keys)


class MeterObserver:
    """Collects the profile of one meter; starts again with each contract and each mode."""

    def __init__(self) -> None:
        self.mode = ""
        self.contract: str | None = None
        self.labels: dict[int, str] = {}  # what the meter calls its registers
        self._complete_frames = CompleteFrames()
        self._decoded = False  # by another device, which may not send again for a quarter of an hour
        self._candidate: tuple[int, str] | None = None  # a register and its text
        self._candidate_frames = 0
        self._tariff_changed = False  # the candidate has replaced another one
        self._reset()

    def _reset(self) -> None:
        self._indexes: dict[str, int] = {}
        self._moved: set[str] = set()
        self._closed: set[int] = set()
        self._has_off_peak = self._exports = False

    @property
    def ready(self) -> bool:
        """Whether enough frames were seen."""
        return self._complete_frames.count >= (1 if self._decoded else COMPLETE_FRAMES)

    def is_indifferent(self, frame: Frame, changed: Collection[str]) -> bool:
        """Return whether a frame need not be observed that has changed only these labels; see `MeterState.changed`."""
        naming = self._candidate is not None and self._candidate_frames < NAME_FRAMES
        if naming or not self._complete_frames.many or frame.dropped:
            return False
        # An index that has moved tells nothing new, unless it was 0.
        return all(label in self._moved and self._indexes[label] > 0 for label in _INDEXES.intersection(changed))

    def update(self, frame: Frame, state: Mapping[str, object]) -> bool:
        """Observe a frame and the state after it; return whether the contract or the mode has changed."""
        mode, contract = str(state.get("mode", "")), _text(state.get("contract"))
        begins_again = bool(self.mode) and (self.mode, self.contract) != (mode, contract)
        if begins_again:
            self.labels, self._candidate = {}, None
            self._reset()
        if self.mode != mode:
            self._complete_frames = CompleteFrames()
        self.mode, self.contract, self._decoded = mode, contract, frame.source is not None
        for label in _INDEXES & state.keys():
            self._observe_index(label, state[label])
        self._closed |= {number for number in range(1, RELAYS + 1) if state.get(f"relay_{number}") is True}
        self._exports = self._exports or state.get("exporting") is True or state.get("producer") is True
        self._has_off_peak = self._has_off_peak or contract in ("hchp", "tempo") or state.get("off_peak") is True
        self._learn_name(state)
        self._complete_frames.feed(frame)
        return begins_again

    def _observe_index(self, label: str, index: object) -> None:
        if isinstance(index, int):
            if index > self._indexes.get(label, index):
                self._moved.add(label)
            self._indexes[label] = index

    def _learn_name(self, state: Mapping[str, object]) -> None:
        """Learn what the meter calls the register that is running."""
        number, label = state.get("supplier_index"), _text(state.get("LTARF"))
        if not isinstance(number, int) or not label:
            return
        candidate = (number, expand_abbreviations(label))
        if candidate != self._candidate:
            self._tariff_changed = self._candidate is not None
            self._candidate, self._candidate_frames = candidate, 0
        self._candidate_frames += 1
        if self._candidate_frames == (NAME_FRAMES if self._tariff_changed else COMPLETE_FRAMES):
            self.labels = self.labels | {number: candidate[1]}

    def profile(
        self, state: Mapping[str, object], *, meter: str, linky: bool, announced: frozenset[str], version: str
    ) -> MeterProfile:
        """Return the profile of the meter, whose state is this now."""
        return MeterProfile(
            meter=meter,
            keys=frozenset(state),
            mode=self.mode,
            contract=self.contract,
            linky=linky,
            counting=frozenset(label for label, index in self._indexes.items() if index > 0),
            moved=frozenset(self._moved),
            closed=frozenset(self._closed),
            labels=self.labels,
            has_off_peak=self._has_off_peak,
            exports=self._exports,
            announced=announced,
            version=version,
        )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
