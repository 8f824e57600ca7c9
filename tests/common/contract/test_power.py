"""The power of a frame: the tests of the reader's state and of the monitor's live values have the kinds of meters."""

import pytest

from common.contract.power import apparent_power, highest_phase_power, highest_phase_power_sql, phase_power


@pytest.mark.parametrize(
    ("values", "power"),
    [
        ({"SINSTS": 900, "SINST1": 1}, 900),
        ({"SINST1": 700}, 700),
        ({"PAPP": 480, "IINST": 9}, 480),
        ({"IINST": 9}, 2070),  # a meter before PAPP
        ({"IINST1": 48, "IINST2": 1, "IINST3": 1}, 11500),  # a short frame of an overload
        ({"PAPP": "480", "SINSTS": True, "SINST1": 2**31}, None),  # from a program that is not ours
    ],
)
def test_the_power_of_a_frame_is_what_the_meter_sends_or_what_its_currents_make(
    values: dict[str, object], power: int | None
) -> None:
    assert apparent_power(values) == power


def test_a_power_that_is_older_than_the_currents_is_left_out() -> None:
    assert apparent_power({"PAPP": 480, "IINST1": 48}, by_current=True) == 11040
    assert apparent_power({"PAPP": 480}, by_current=True) == 480


def test_a_phase_has_the_power_that_its_current_makes_possible() -> None:
    at_limit = {"URMS2": 200, "IRMS2": 8, "SINSTS2": 2200}
    assert phase_power(at_limit, 2) == 2200
    assert phase_power(at_limit | {"SINSTS2": 2201}, 2) is None
    assert phase_power({"SINSTS2": 48370, "URMS2": 200}, 2) == 48370  # nothing says that it is impossible
    assert phase_power({"IINST3": 2}, 3) == 460
    assert phase_power({"SINSTS1": 5}, 2) is None


@pytest.mark.parametrize(("volts", "amperes"), [(230, 0), (241, 7), (199, 60)])
def test_sql_has_the_same_limit(volts: int, amperes: int) -> None:
    assert eval(highest_phase_power_sql(str(volts), str(amperes))) == highest_phase_power(volts, amperes)
