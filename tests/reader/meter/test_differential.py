"""The state follows from what changed, and equals the one that is computed from all values of each frame."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame
from common.contract.labels import LABELS
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
        if number % look_every == 0:
            assert list(state.snapshot().items()) == list(plain.snapshot().items())
        if state.changed is not None:
            differ = {key for key, value in plain.snapshot().items() if before.get(key) != value}
            assert differ & (URGENT | INDEXES | {"LTARF", "supplier_index"}) <= set(state.changed)
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


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_of_each_simulated_meter_is_that_of_a_plain_computation(kind: str) -> None:
    sent = list(simulated(kind, 80, seconds=1.0))
    for look_every in (1, 7):
        assert_alike(sent, every=10.0, refresh=60.0, look_every=look_every)


@pytest.mark.parametrize("seed", range(6))
def test_the_state_of_an_irregular_line_is_that_of_a_plain_computation(seed: int) -> None:
    assert_alike(irregular(seed, 400), every=seed % 3 * 5.0, refresh=120.0, look_every=1 + seed % 2 * 10)


@given(st.lists(st.tuples(frames(), st.integers(1, 4)), min_size=1, max_size=4))
def test_the_state_after_any_frames_is_that_of_a_plain_computation(some: list[tuple[Frame, int]]) -> None:
    assert_alike([frame for frame, times in some for _ in range(times)] * 2, every=2.0, refresh=5.0)


@pytest.mark.parametrize("kind", ["standard-single-phase-tempo", "standard-three-phase-producer"])
def test_most_frames_of_a_regular_line_are_taken_over_by_their_changes(kind: str) -> None:
    state, changed = MeterState(), []
    for number, frame in enumerate(simulated(kind, 100, seconds=1.0)):
        state.update(frame, float(number))
        changed.append(state.changed)
    assert sum(labels is None for labels in changed) < 10
    assert max(len(labels) for labels in changed if labels is not None) < 20
