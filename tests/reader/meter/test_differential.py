"""The state follows from what changed, and equals the one that is computed from all values of each frame."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame, Value
from common.contract.labels import LABELS
from reader.meter.derived import PARTS, DerivedValues, Inputs, derive
from reader.meter.last_values import LastValues
from reader.meter.publish_policy import URGENT
from reader.meter.state import MeterState
from reader.simulator.meter import KINDS
from tests.reader.meter.irregular import irregular
from tests.reader.meter.meters import simulated
from tests.reader.meter.plain import plain_state
from tests.support.frames import frames

INDEXES = {label.name for labels in LABELS.values() for label in labels.values() if label.cumulative}


def assert_alike(some: Iterator[Frame] | list[Frame], *, every: float, refresh: float, look_every: int = 1) -> None:
    state, plain = MeterState(every=every, refresh=refresh), plain_state(every=every, refresh=refresh)
    before: Mapping[str, Any] = {}  # after the update before, if it was complete
    for online in (state, plain):
        online.set_online(True)
    for number, frame in enumerate(some):
        now = float(number)
        assert state.update(frame, now) == plain.update(frame, now)
        assert state.complete == plain.complete
        assert state.complete == plain.complete
        if number % look_every == 0:
            assert list(state.snapshot().items()) == list(plain.snapshot().items())
        if state.changed is not None:
            now_there, acted_on = plain.snapshot(), URGENT | INDEXES | {"LTARF", "supplier_index"}
            assert {key for key in acted_on if before.get(key) != now_there.get(key)} <= set(state.changed)
        before = dict(plain.snapshot()) if state.complete else {}
        for later in (now, now + 0.5):
            due, expected = state.due(later), plain.due(later)
            assert due == expected
            assert due is None or expected is None or list(due) == list(expected)
        if number % 97 == 50:
            for both in (state, plain):
                both.mark_published()
        if number % 101 == 30:
            for both in (state, plain):
                both.set_online(False)
                both.snapshot()
                both.set_online(True)
        if number % 131 == 70:
            for both in (state, plain):
                both.set_online(False)
                both.set_online(True)


@pytest.mark.parametrize("look_every", [1, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_the_state_of_each_simulated_meter_is_that_of_a_plain_computation(kind: str, look_every: int) -> None:
    assert_alike(simulated(kind, 80, seconds=1.0), every=10.0, refresh=60.0, look_every=look_every)


@pytest.mark.parametrize("seed", range(6))
def test_the_state_of_an_irregular_line_is_that_of_a_plain_computation(seed: int) -> None:
    assert_alike(irregular(seed, 400), every=seed % 3 * 5.0, refresh=120.0, look_every=1 + seed % 2 * 10)


@given(st.lists(st.tuples(frames(), st.integers(1, 4)), min_size=1, max_size=4))
def test_the_state_after_any_frames_is_that_of_a_plain_computation(some: list[tuple[Frame, int]]) -> None:
    assert_alike([frame for frame, times in some for _ in range(times)] * 2, every=2.0, refresh=5.0)


def test_most_frames_of_a_regular_line_are_taken_over_by_their_changes() -> None:
    last_values, state = LastValues(), MeterState()
    changed, keys = [], []
    for number, frame in enumerate(simulated("standard-single-phase-tempo", 100, seconds=1.0)):
        changed.append(last_values.update(frame).changed)
        state.update(frame, float(number))
        state.snapshot()
        keys.append(state.changed)
    assert sum(labels is None for labels in changed) < 10
    assert sum(labels is None for labels in keys) < 10
    assert max(len(labels) for labels in keys if labels is not None) < 20


class Recording(Mapping[str, Value]):
    """Values that record which labels are read."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.read: set[str] = set()
        self._values = values

    def __getitem__(self, label: str) -> Value:
        self.read.add(label)
        return self._values[label]

    def __contains__(self, label: object) -> bool:
        return label in self._values  # presence: all is derived again when a label comes or goes

    def get(self, label: str, default: Any = None) -> Any:
        self.read.add(label)
        return self._values.get(label, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@given(frames(), st.booleans(), st.booleans(), st.booleans())
def test_a_part_of_the_derived_keys_reads_no_other_labels_than_those_for_which_it_is_derived_again(
    frame: Frame, peak_seen: bool, overload_frame: bool, three_phase: bool
) -> None:
    for part in PARTS:
        recording = Recording(frame.values)
        part.compute(Inputs(frame.mode, recording, peak_seen, overload_frame, three_phase))
        assert recording.read <= part.labels


@given(frames(), st.booleans(), st.booleans(), st.data())
def test_keys_are_derived_again_whenever_a_label_changes_that_they_follow_from(
    frame: Frame, peak_seen: bool, overload_frame: bool, data: st.DataObject
) -> None:
    values = dict(frame.values)
    flags = {"peak_seen": peak_seen, "overload_frame": overload_frame}
    derived = DerivedValues()
    derived.update(frame.mode, values, None, **flags)
    derived.result()
    other = data.draw(frames())
    changed = [label for label in values if label in other.values and other.values[label] != values[label]]
    for label in changed:
        values[label] = other.values[label]
    before, now_different = derived.result(), derived.update(frame.mode, values, changed, **flags)
    result = derived.result()
    assert list(result.items()) == list(derive(frame.mode, values, **flags).items())
    different = {key for key in before.keys() | result.keys() if before.get(key) != result.get(key)}
    assert now_different or not URGENT & different
    if derived.renewed is not None:
        assert list(result) == list(before)
        assert different <= derived.renewed.keys()
