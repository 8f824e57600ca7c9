"""The state as a whole: any frame, and the estimated power."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame
from reader.line.filters import PlausibilityFilter
from reader.meter.state import MeterState
from tests.reader.meter.meters import current, simulated, standard, whole
from tests.support.frames import frames


@given(st.lists(frames(), min_size=1, max_size=6))
def test_any_frame_is_accepted_and_no_value_is_null(some: list[Frame]) -> None:
    state = MeterState()
    for number, frame in enumerate(some):
        state.update(frame, float(number))
        assert None not in (state.due(number) or {}).values()
        assert None not in current(state).values()


def test_estimated_power_follows_the_household() -> None:
    state, plausibility = MeterState(), PlausibilityFilter()
    for number, frame in enumerate(simulated("standard-single-phase-base", 120, seconds=1.0)):
        state.update(plausibility.apply(frame, float(number))[0], float(number))
        if number < 60:
            assert "estimated_power" not in current(state)
    apparent = frame.values["SINSTS"]
    power = current(state)["estimated_power"]
    assert isinstance(apparent, int)
    assert isinstance(power, int)
    assert power % 10 == 0
    assert abs(power - 0.95 * apparent) < 100


def minutes_of(state: MeterState, watts: float, seconds: range, *, start: float = 5000.0) -> None:
    for second in seconds:
        state.update(whole(EAST=int(start + watts * second / 3600), PREF=9), float(second))


def test_estimated_power_starts_again_after_silence_and_another_contract() -> None:
    state = MeterState()
    minutes_of(state, 1000, range(100))
    assert current(state)["estimated_power"] == pytest.approx(1000, abs=30)
    state.set_online(False)
    assert "estimated_power" not in current(state)
    state.set_online(True)
    minutes_of(state, 1000, range(100, 130))
    assert "estimated_power" not in current(state)
    minutes_of(state, 1000, range(130, 170))
    assert "estimated_power" in current(state)
    state.update(standard(NGTF="BASE", EAST=5050), 170.0)
    assert "estimated_power" not in current(state)


def test_estimated_power_never_comes_from_an_index_that_was_held_back() -> None:
    state, plausibility = MeterState(), PlausibilityFilter()
    for second in range(200):
        index = 5000 + 1000 * second // 3600
        # A glitch, and from 150 on a register that has leapt for good.
        index += 700_000 if second == 90 or second >= 150 else 0
        frame, _, _ = plausibility.apply(whole(EAST=index, PREF=9), float(second))
        state.update(frame, float(second))
        power = current(state).get("estimated_power")
        if 65 < second < 150:
            assert power == pytest.approx(1000, abs=60)
        elif second >= 153:
            assert power is None


def test_no_power_is_estimated_from_registers_that_another_device_sends_late_and_in_steps() -> None:
    state = MeterState()
    for second in range(200):
        state.update(replace(whole(EAST=5000 + 10 * (second // 36), PREF=9), source="zigbee2mqtt"), float(second))
    assert current(state)["EAST"] == 5050
    assert "estimated_power" not in current(state)


def test_of_a_meter_that_another_device_decodes_all_is_known_with_its_first_frame_but_no_headroom() -> None:
    state, frame = MeterState(), standard(EAST=5000, PREF=9, SINSTS=2000, URMS1=230)
    state.set_online(True)
    state.update(replace(frame, source="zigbee2mqtt", interval=900), 0.0)
    first = state.due(0.0) or {}
    assert (first["EAST"], first["SINSTS"], first["subscribed_power"]) == (5000, 2000, 9000)
    assert not {"headroom_power", "headroom_current"} & first.keys()
    # A live value expires in Home Assistant after 900 s.
    assert [second for second in range(1, 1000) if state.due(float(second))] == [300, 600, 900]
    state.update(frame, 1000.0)  # from the line of the same meter
    assert (current(state)["headroom_power"], current(state)["headroom_current"]) == (7000, 30)
