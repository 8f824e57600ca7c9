"""Observes a meter over its states, to know which entities it needs and what its registers are called. Pure."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from common.contract.frame import Frame
from common.contract.labels import LABELS
from common.contract.phases import is_three_phase
from common.contract.tariff import expand_abbreviations
from reader.meter.last_values import CompleteFrames
from reader.tic.status_register import RELAYS

#: Complete frames until the profile is known: then all labels have been seen that the meter always sends.
COMPLETE_FRAMES = 3
#: Frames in a row with one register and one text until that is the register's name, once a change of tariff was seen:
#: LTARF may lag behind NTARF.
NAME_FRAMES = 60

_INDEXES = frozenset(label.name for labels in LABELS.values() for label in labels.values() if label.cumulative)
_RELAYS = {number: f"relay_{number}" for number in range(1, RELAYS + 1)}
#: Keys of the state that decide something by their values, beside the indexes.
_FACTS = ("mode", "contract", "off_peak", "exporting", "producer", *_RELAYS.values())
#: All keys that decide something, but for the indexes.
_DECISIVE = frozenset([*_FACTS, "supplier_index", "LTARF"])
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
        self.revision = 0  # rises whenever the profile may be another one
        self._keys: list[str] = []  # of the state
        self._index_keys: list[str] = []  # those of them that are indexes
        self._facts: list[object] = []  # what else of the state goes into the profile
        self.mode = ""
        self.contract: str | None = None
        self.labels: dict[int, str] = {}  # what the meter calls its registers
        self._complete_frames = CompleteFrames()
        self._candidate: tuple[int, str] | None = None  # a register and its text
        self._candidate_frames = 0
        self._tariff_changed = False  # the candidate has replaced another one
        self._is_named = False  # the candidate is what the last frame had
        self._reset()

    def _reset(self) -> None:
        self._indexes: dict[str, int] = {}
        self._moved: set[str] = set()
        self._closed: set[int] = set()
        self._has_off_peak = self._exports = False
        self._relevant = _DECISIVE | _INDEXES  # without indexes that have moved: no higher value tells anything new

    @property
    def ready(self) -> bool:
        """Whether enough frames were seen."""
        return self._complete_frames.count >= COMPLETE_FRAMES

    def is_indifferent(self, frame: Frame, changed: Collection[str]) -> bool:
        """Return whether a frame need not be observed after which only these keys may differ, and no index fell."""
        naming = self._is_named and self._candidate_frames < NAME_FRAMES
        return (
            not naming
            and self._complete_frames.many
            and not frame.dropped
            and self._relevant.isdisjoint(changed)
            and bool(self._keys)
        )

    def update(self, frame: Frame, state: Mapping[str, object], changed: Collection[str] | None = None) -> bool:
        """Observe a frame and the state after it; return whether the contract or the mode has changed.

        `changed` are the keys of the state that may differ since the frame before; None: any of them, or keys have come
        or gone.
        """
        if changed is None or not self._keys or not _DECISIVE.isdisjoint(changed):
            return self._update_whole(frame, state)
        for label in _INDEXES.intersection(changed):
            self._observe_index(label, state[label])
        if self._is_named and self._candidate_frames < NAME_FRAMES:
            self._count_name()
        if not self._complete_frames.many or frame.dropped:
            self._complete_frames.feed(frame)
        return False

    def _update_whole(self, frame: Frame, state: Mapping[str, object]) -> bool:
        mode, contract = str(state.get("mode", "")), _text(state.get("contract"))
        changed = bool(self.mode) and (self.mode, self.contract) != (mode, contract)
        if changed:
            self.labels, self._candidate = {}, None
            self._reset()
        if self.mode != mode:
            self._complete_frames = CompleteFrames()
        self.mode, self.contract = mode, contract
        keys = list(state)
        if changed or keys != self._keys:
            self.revision += 1
            self._keys, self._index_keys = keys, [key for key in keys if key in _INDEXES]
        for label in self._index_keys:
            self._observe_index(label, state[label])
        facts = list(map(state.get, _FACTS))
        if changed or facts != self._facts:
            self.revision += 1
            self._facts = facts
            self._observe_facts(state)
        self._learn_name(state)
        self._complete_frames.feed(frame)
        return changed

    def _observe_index(self, label: str, index: object) -> None:
        last = self._indexes.get(label)
        if index == last or not isinstance(index, int):
            return
        self._indexes[label] = index
        moved = last is not None and index > last and label not in self._moved
        if moved:
            self._moved.add(label)
        if moved or last is None or (index > 0) != (last > 0):
            self.revision += 1
            known = {label for label in self._moved if self._indexes[label] > 0}
            self._relevant = _DECISIVE | (_INDEXES - known)

    def _observe_facts(self, state: Mapping[str, object]) -> None:
        self._closed |= {number for number, key in _RELAYS.items() if state.get(key) is True}
        self._exports = self._exports or state.get("exporting") is True or state.get("producer") is True
        self._has_off_peak = self._has_off_peak or self.contract in ("hchp", "tempo") or state.get("off_peak") is True

    def _learn_name(self, state: Mapping[str, object]) -> None:
        """Learn what the meter calls the register that is running."""
        number, label = state.get("supplier_index"), _text(state.get("LTARF"))
        self._is_named = isinstance(number, int) and bool(label)
        if not isinstance(number, int) or not label:
            return
        candidate = (number, _register_text(label))
        if candidate != self._candidate:
            self._tariff_changed = self._candidate is not None
            self._candidate, self._candidate_frames = candidate, 0
        self._count_name()

    def _count_name(self) -> None:
        self._candidate_frames += 1
        if self._candidate_frames == (NAME_FRAMES if self._tariff_changed else COMPLETE_FRAMES) and self._candidate:
            number, text = self._candidate
            self.labels = self.labels | {number: text}
            self.revision += 1

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


_register_text = lru_cache(maxsize=64)(expand_abbreviations)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
