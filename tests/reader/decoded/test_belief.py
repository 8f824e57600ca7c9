"""A frame has what its message said and what is believed of it, and is made when something changed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Value
from common.contract.labels import LABELS, Mode
from common.contract.power import is_three_phase
from common.contract.rise import Implausible
from reader.decoded.belief import Belief, Believed
from reader.decoded.reading import Reading

HISTORIC, STANDARD = Mode.HISTORIC, Mode.STANDARD
HOUR, DAY = 3600, 86_400
CLOCK = 1_790_000_000.0
TRUE = 12_287_490


def reading(mode: Mode | None = HISTORIC, **labels: Value) -> Reading:
    return Reading("zigbee2mqtt", "021961000001", mode, labels, {"HCHC": 10, "HCHP": 10, "EAST": 10})


def known() -> Belief:
    """Return a belief that knows two registers of a meter, after half an hour."""
    belief = Belief()
    for at, power in ((0, 300), (1800, 310)):
        belief.take(reading(HCHC=12_501_310, HCHP=TRUE, PAPP=power, ISOUSC=30), at)
    return belief


def test_a_frame_has_only_what_the_message_said() -> None:
    belief = known()
    assert belief.take(reading(PAPP=320), 1860) == Believed(HISTORIC, {"PAPP": 320}, due=True)
    assert belief.take(reading(HCHP=TRUE + 100), 1870) == Believed(HISTORIC, {"HCHP": TRUE + 100}, due=True)


def test_what_is_held_back_is_missing_and_the_rest_is_a_frame() -> None:
    belief = known()
    believed = belief.take(reading(HCHC=12_501_310, HCHP=0, PAPP=320), 1860)
    assert believed.values == {"HCHC": 12_501_310, "PAPP": 320}
    assert believed.implausible == (Implausible("HCHP", 0, TRUE),)
    assert belief.take(reading(HCHC=12_501_310, HCHP=0, PAPP=330), 1920).implausible == ()


def test_a_frame_is_made_when_something_changed() -> None:
    belief = known()
    sent = [
        reading(HCHC=12_501_310, HCHP=TRUE, PAPP=310),
        reading(HCHC=12_501_310, HCHP=TRUE, PAPP=311),
        reading(HCHC=12_501_310, HCHP=TRUE, PAPP=311),
        reading(HCHC=12_501_310, HCHP=0, PAPP=311),
        reading(HCHC=12_501_310, HCHP=TRUE, PAPP=311),
        reading(HCHC=12_501_310, HCHP=TRUE + 10, PAPP=311),
        reading(PAPP=65_535),
        reading(PTEC="HP.."),
        reading(PTEC="HP.."),
        reading(),
    ]
    due = [belief.take(one, 1860 + number / 10).due for number, one in enumerate(sent)]
    assert due == [False, True, False, False, False, True, False, True, False, False]


def test_a_quiet_house_makes_a_frame_an_interval() -> None:
    belief, quiet = known(), reading(HCHC=12_501_310, PAPP=310)
    for gap in range(5):
        belief.take(reading(PAPP=320 + gap), 1860 + 60 * gap)
    assert belief.interval.seconds == 60
    assert [belief.take(quiet, at).due for at in (2160, 2180, 2220, 2275, 2290)] == [True, False, True, True, False]


def test_messages_that_come_at_another_pace_than_an_interval_leave_no_gap() -> None:
    belief, quiet = known(), reading(PAPP=310)
    framed = [at for at in range(1850, 1850 + 2 * HOUR, 50) if belief.take(quiet, at).due and at >= 1850 + HOUR]
    assert belief.interval.seconds == 60
    assert framed == list(range(1850 + HOUR, 1850 + 2 * HOUR, 50))


def test_what_a_cache_repeats_after_a_silence_makes_no_frame() -> None:
    belief, quiet = known(), reading(PAPP=310)
    belief.take(quiet, 1860)
    assert [belief.take(quiet, at).due for at in (1860 + HOUR, 1920 + HOUR)] == [False, True]


def test_a_message_without_a_value_makes_no_frame() -> None:
    belief = known()
    belief.take(reading(PAPP=65_535), 1860)
    assert not belief.take(reading(PAPP=65_535), 2700).due


def test_the_clock_of_the_meter_is_no_change() -> None:
    belief = Belief()
    belief.take(reading(STANDARD, SINSTS=310), 0)
    again = reading(STANDARD, DATE="", SINSTS=310)
    assert belief.take(again, 60) == Believed(STANDARD, again.labels, due=False)


def test_the_subscribed_power_of_an_earlier_message_bounds_a_rise() -> None:
    belief = known()
    belief.take(reading(HCHP=TRUE + 10), 1800)
    assert belief.take(reading(HCHP=TRUE + 180), 1860).values == {}  # 6 kVA: 150 Wh, the step and 2 Wh
    assert belief.take(reading(HCHP=TRUE + 172), 1860).values == {"HCHP": TRUE + 172}


def test_points_of_the_load_curve_are_no_phases() -> None:
    believed = Belief().take(reading(STANDARD, SINSTS=2040, CCASN=1888, **{"CCASN-1": 2374}), 0)
    assert believed.values == {"SINSTS": 2040, "CCASN": 1888, "CCASN-1": 2374}
    assert not is_three_phase(believed.values)


def test_an_overload_that_is_the_number_of_a_phase_is_no_frame() -> None:
    assert known().take(Reading("tasmota", None, None, {"ADPS": 1}, {}), 1860) == Believed(HISTORIC, {}, due=False)


def test_labels_tell_the_mode_if_the_message_does_not() -> None:
    belief = Belief()
    assert belief.take(reading(None), 0) == Believed(None, {}, due=False)
    assert belief.take(reading(None, linkquality=3), 1) == Believed(None, {}, due=False)
    assert belief.take(reading(None, SINSTS=310), 3) == Believed(STANDARD, {"SINSTS": 310}, due=True)
    assert belief.take(reading(None, PAPP=310, SINSTS=320, URMS1=230), 4) == Believed(
        STANDARD, {"SINSTS": 320, "URMS1": 230}, due=True
    )


def test_a_misread_mode_is_held_back() -> None:
    belief = known()
    for minute in range(31, 300):  # for ten minutes of each quarter of an hour
        mode, label = (STANDARD, "SINSTS") if minute % 15 < 10 else (HISTORIC, "PAPP")
        believed = belief.take(reading(mode, **{label: minute}), 60 * minute)
        assert believed.mode is HISTORIC
        assert believed.due is (mode is HISTORIC)


def test_a_mode_that_a_cache_repeats_is_held_back_for_ever() -> None:
    belief = known()
    for minute in range(31, 3000):
        assert not belief.take(reading(STANDARD, EAST=24_788_800, SINSTS=310), 60 * minute).due


def test_a_mode_that_the_supplier_changed_is_believed_after_half_an_hour() -> None:
    belief = known()
    modes = [belief.take(reading(STANDARD, EAST=24_788_800 + 5 * minute), 60 * minute).mode for minute in range(31, 63)]
    assert modes == [HISTORIC] * 30 + [STANDARD] * 2
    assert belief.take(reading(STANDARD, EAST=24_789_200), 60 * 91).values == {"EAST": 24_789_200}
    assert belief.take(reading(HISTORIC, HCHP=TRUE), 60 * 92).mode is STANDARD


def test_two_meters_have_nothing_to_do_with_each_other() -> None:
    one, other = known(), Belief()
    other.take(reading(HCHP=99), 1800)
    assert one.take(reading(HCHP=TRUE), 1860).values == {"HCHP": TRUE}


def resumed(belief: Belief, at: float, clock: float) -> Belief:
    saved = json.loads(json.dumps(belief.to_json(1800, CLOCK)))
    return Belief.from_json(saved, at, clock)


def test_after_a_restart_the_same_values_are_no_change() -> None:
    belief = resumed(known(), 7.0, CLOCK + 20)
    again = reading(HCHC=12_501_310, HCHP=TRUE, PAPP=310, ISOUSC=30)
    assert belief.take(again, 9.0) == Believed(HISTORIC, again.labels, due=False)
    assert belief.take(reading(HCHP=TRUE - 500), 10.0).values == {}


@pytest.mark.parametrize(
    ("off", "rise", "believed"),
    [
        (8 * HOUR, 20_000, True),
        (-HOUR, 20_000, False),  # the clock went back: nothing is known of the time
        (-HOUR, 15, True),
        (365 * DAY, 150_000, True),
        (365 * DAY, 300_000, False),  # at most a day
        (float("nan"), 20_000, False),
    ],
)
def test_after_a_restart_the_clock_bounds_a_rise(off: float, rise: int, believed: bool) -> None:
    belief = resumed(known(), 7.0, CLOCK + off)
    assert belief.take(reading(HCHP=TRUE + rise), 9.0).due is believed


def test_after_a_restart_with_a_wrong_clock_nothing_is_lost() -> None:
    belief = resumed(known(), 7.0, CLOCK - HOUR)
    for minute in range(200):
        belief.take(reading(HCHP=TRUE + 20_000 + 10 * minute), 9.0 + 60 * minute)
    assert belief.take(reading(HCHP=TRUE + 22_000), 12_010.0).values == {"HCHP": TRUE + 22_000}


def test_the_usual_interval_survives_a_restart() -> None:
    belief = Belief()
    for at in range(0, 1800, 60):
        belief.take(reading(PAPP=at), at)
    assert resumed(belief, 7.0, CLOCK).interval.seconds == 60


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=10,
)


@given(JSON)
@pytest.mark.parametrize("part", ["", "clock", "mode", "values", "registers", "interval"])
def test_what_cannot_be_resumed_begins_again(part: str, junk: Any) -> None:
    saved = {**known().to_json(1800, CLOCK), part: junk} if part else junk
    belief = Belief.from_json(saved, 7.0, CLOCK)
    belief.take(reading(HCHP=TRUE, PAPP=310), 8.0)
    assert belief.interval.seconds <= 900


LABELS_SENT = st.dictionaries(
    st.sampled_from([*LABELS[HISTORIC], *LABELS[STANDARD], "linkquality"]),
    st.integers() | st.integers(0, 99_999) | st.text() | st.sampled_from([0, 65_535, -32_768, "", "HP..", "013A4401"])
    | JSON,
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from([None, *Mode]), LABELS_SENT, st.floats(0, 1e5)), max_size=20))
def test_whatever_is_sent_a_frame_has_a_part_of_it(
    messages: list[tuple[Mode | None, dict[str, Any], float]],
) -> None:
    belief, at = Belief(), 0.0
    for mode, labels, after in messages:
        at += after
        believed = belief.take(Reading("tasmota", None, mode, labels, {}), at)
        assert all(labels[label] is value for label, value in believed.values.items())
        assert believed.values or not believed.due
        assert {type(value) for value in believed.values.values()} <= {int, str}
        json.dumps(belief.to_json(at, CLOCK), allow_nan=False)
