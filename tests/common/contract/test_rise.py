"""By how much a register may rise follows from what the meter says of its contract."""

import pytest

from common.contract.frame import Value
from common.contract.labels import Mode
from common.contract.rise import REGISTERS, SubscribedPower, largest_rise


@pytest.mark.parametrize(
    ("frames", "power"),
    [
        ([{"PREF": 9}], 9_000),
        ([{"ISOUSC": 45, "IINST": 1}], 9_000),
        ([{"ISOUSC": 30, "IINST1": 1}], 18_000),
        ([{"IINST1": 1}, {"ISOUSC": 30}], 18_000),  # once three-phase, always
        ([{"PREF": 9}, {"PAPP": 310}, {"PREF": 0}], 9_000),
        ([{"ISOUSC": 45}, {"PREF": 6}], 6_000),
        ([{"PREF": "09"}, {"ISOUSC": 0}], None),
    ],
)
def test_the_subscribed_power_is_what_was_sent_last(frames: list[dict[str, Value]], power: int | None) -> None:
    subscribed = SubscribedPower()
    assert [subscribed.update(values) for values in frames][-1] == power


def test_a_register_rises_by_at_most_one_and_a_half_times_the_subscribed_power() -> None:
    assert largest_rise(9_000, 0) == 2
    assert largest_rise(9_000, 3_600) == 13_502


def test_the_subscribed_power_bounds_what_is_drawn() -> None:
    standard = REGISTERS[Mode.STANDARD]
    assert [standard[label] for label in ("EAST", "EASF10", "EASD01", "EAIT", "ERQ1")] == [True] * 3 + [False] * 2
    assert set(REGISTERS[Mode.HISTORIC].values()) == {True}
    assert "GAZ" not in REGISTERS[Mode.HISTORIC]
