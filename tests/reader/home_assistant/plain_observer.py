"""The observer of a meter that looks at all of the state each time: what the faster one must equal."""

from collections.abc import Collection, Mapping

from common.contract.frame import Frame
from common.contract.labels import LABELS
from common.contract.tariff import expand_abbreviations
from reader.home_assistant.profile import COMPLETE_FRAMES, NAME_FRAMES, MeterObserver
from reader.meter.last_values import CompleteFrames

INDEXES = {label.name for labels in LABELS.values() for label in labels.values() if label.cumulative}


class PlainObserver(MeterObserver):
    """Says with each frame that the profile may be another one."""

    def update(self, frame: Frame, state: Mapping[str, object], changed: Collection[str] | None = None) -> bool:
        self.revision += 1
        mode, contract = str(state.get("mode", "")), state.get("contract") or None
        assert contract is None or isinstance(contract, str)
        begins_again = bool(self.mode) and (self.mode, self.contract) != (mode, contract)
        if begins_again:
            self.labels, self._candidate = {}, None
            self._reset()
        if self.mode != mode:
            self._complete_frames = CompleteFrames()
        self.mode, self.contract = mode, contract
        for label in INDEXES & state.keys():
            index = state[label]
            assert isinstance(index, int)
            if index > self._indexes.get(label, index):
                self._moved.add(label)
            self._indexes[label] = index
        self._closed |= {number for number in range(1, 9) if state.get(f"relay_{number}") is True}
        self._exports |= state.get("exporting") is True or state.get("producer") is True
        self._has_off_peak |= contract in ("hchp", "tempo") or state.get("off_peak") is True
        number, text = state.get("supplier_index"), state.get("LTARF")
        if isinstance(number, int) and text:
            self._count_candidate((number, expand_abbreviations(str(text))))
        self._complete_frames.feed(frame)
        return begins_again

    def _count_candidate(self, candidate: tuple[int, str]) -> None:
        if candidate != self._candidate:
            self._tariff_changed = self._candidate is not None
            self._candidate, self._candidate_frames = candidate, 0
        self._candidate_frames += 1
        if self._candidate_frames == (NAME_FRAMES if self._tariff_changed else COMPLETE_FRAMES):
            self.labels = self.labels | {candidate[0]: candidate[1]}
