"""A wrong address makes no meter, and a wrong index gets into no frame."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.contract.rise import REGISTERS, Implausible
from reader.line.filters import MAX_METERS, METERS_KEPT, AddressFilter, PlausibilityFilter

START = datetime(2026, 11, 24, 22, 20, 20, tzinfo=UTC)


def frames(addresses: str) -> list[Frame]:
    return [
        Frame(meter=address, timestamp=START + timedelta(seconds=second), mode=Mode.HISTORIC, values={"PAPP": second})
        for second, address in enumerate(addresses)
    ]


# A letter is a frame of that address. `released`: the frames that each one released, a dot for none.
@pytest.mark.parametrize(
    ("sent", "released", "mismatch"),
    [
        ("A", "A", 0),
        ("AAA", "A A A", 0),
        ("ABA", "A . A", 1),  # B came only once
        ("ABBA", "A . BB .", 0),
        ("ABBAA", "A . BB . AA", 0),  # and back again: a person may swap meters twice
        ("ABABAB", "A . A . A .", 2),
        ("ABCA", "A . . A", 2),
        ("ABCC", "A . . CC", 1),
        ("ABCBC", "A . . . .", 3),
        ("BAAA", "B . AA A", 0),  # the first address was the misread one
    ],
)
def test_a_new_address_is_accepted_with_its_second_consecutive_frame(sent: str, released: str, mismatch: int) -> None:
    address_filter = AddressFilter()
    out = [address_filter.feed(frame) for frame in frames(sent)]
    assert [[frame.meter for frame in some] for some in out] == [list(some.strip(".")) for some in released.split()]
    assert address_filter.address_mismatch == mismatch


def test_a_line_has_a_bounded_number_of_meters_and_keeps_those_it_has() -> None:
    many = [chr(0x100 + number) for number in range(MAX_METERS)]
    address_filter = AddressFilter()
    for address in many:
        for frame in frames(address * 2):
            address_filter.feed(frame)
    assert address_filter.meter == many[-1]
    assert [address_filter.feed(frame) for frame in frames("ZZZ")] == [[], [], []]
    assert (address_filter.refused, address_filter.pending) == (2, 1)
    out = [frame.meter for frame in frames(many[0] * 3) for frame in address_filter.feed(frame)]
    assert out == [many[0]] * 3
    assert (address_filter.refused, address_filter.address_mismatch) == (2, 1)


@given(st.text("ABC", min_size=1, max_size=40))
def test_each_frame_is_released_once_in_order_or_counted_or_held(addresses: str) -> None:
    address_filter = AddressFilter()
    sent = frames(addresses)
    out = [frame for one in sent for frame in address_filter.feed(one)]
    assert out[0] is sent[0]
    assert [frame.timestamp for frame in out] == sorted({frame.timestamp for frame in out})
    assert len(out) + address_filter.address_mismatch + address_filter.pending == len(sent)
    assert address_filter.pending == (address_filter.meter != addresses[-1])


NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
METER = "031961123456"

TRUE = 8_735_124  # Wh
OUT = None  # stands for a value that was dropped


def frame_of(values: Mapping[str, Value], *, mode: Mode = Mode.STANDARD, meter: str = METER, **more: Any) -> Frame:
    return Frame(meter=meter, timestamp=more.pop("timestamp", NOON), mode=mode, values=values, **more)


def dated(date: datetime, values: Mapping[str, Value]) -> Frame:
    return frame_of({"DATE": "", **values}, stamps={"DATE": date})


def filtered(
    plausibility: PlausibilityFilter, series: Sequence[int], *, label: str = "EAST", every: float = 1.0
) -> list[int | None]:
    """Filter a series of one register of a 9 kVA meter; return what passed."""
    mode = Mode.STANDARD if label in REGISTERS[Mode.STANDARD] else Mode.HISTORIC
    power = {"PREF": 9} if mode is Mode.STANDARD else {"ISOUSC": 45}
    out: list[int | None] = []
    for count, value in enumerate(series):
        frame, _, dropped = plausibility.apply(frame_of(power | {label: value}, mode=mode), count * every)
        assert dropped == (label not in frame.values)
        out.append(frame.values.get(label))  # type: ignore[arg-type]
    return out


def highest_rise(power: float, seconds: float) -> int:
    """What the rule allows at most, in whole Wh, of subscribed VA."""
    return int(2 + 1.5 * power * seconds / 3600)


# At 9 kVA and a frame a second a register may rise by 5 Wh from one frame to the next.
EPISODES = {
    "a quiet series": ([TRUE, TRUE, TRUE + 1, TRUE + 6], [TRUE, TRUE, TRUE + 1, TRUE + 6]),
    "a single 0": ([TRUE, 0, TRUE + 1], [TRUE, OUT, TRUE + 1]),
    "a single spike": ([TRUE, 98_735_124, TRUE + 1], [TRUE, OUT, TRUE + 1]),
    "a spike by a little": ([TRUE, TRUE + 6, TRUE + 1], [TRUE, OUT, TRUE + 1]),
    "a single fall by one": ([TRUE, TRUE - 1, TRUE], [TRUE, OUT, TRUE]),
    "a new meter or contract": ([TRUE, 17, 17, 18, 18], [TRUE, OUT, OUT, 18, 18]),
    "a contract that jumps up": (
        [TRUE, 2 * TRUE, 2 * TRUE, 2 * TRUE, 2 * TRUE + 1],
        [TRUE, OUT, OUT, 2 * TRUE, 2 * TRUE + 1],
    ),
    "two glitches that agree, then the truth": ([TRUE, 0, 0, TRUE], [TRUE, OUT, OUT, TRUE]),
    "two glitches that do not agree": ([TRUE, 0, 99_000_000, TRUE], [TRUE, OUT, OUT, TRUE]),
    "a change with a glitch in it": ([TRUE, 5, 5, 99_000_000, 5, 5, 5], [TRUE, OUT, OUT, OUT, OUT, OUT, 5]),
    "a change with the old value in it": ([TRUE, 5, 5, TRUE, 5, 5, 5], [TRUE, OUT, OUT, TRUE, OUT, OUT, 5]),
    "garbage that alternates": ([TRUE, *[0, 99_000_000] * 20, TRUE], [TRUE, *[OUT] * 40, TRUE]),
    "garbage that falls": ([TRUE, *range(900, 800, -1), TRUE], [TRUE, *[OUT] * 100, TRUE]),
    "a glitch at the very first": ([0, TRUE, TRUE, TRUE + 1, TRUE + 1], [0, OUT, OUT, TRUE + 1, TRUE + 1]),
    "a high glitch at the very first": ([99_000_000, TRUE, TRUE, TRUE], [99_000_000, OUT, OUT, TRUE]),
    "two episodes": ([TRUE, 0, TRUE, 0, TRUE], [TRUE, OUT, TRUE, OUT, TRUE]),
}


@pytest.mark.parametrize(("series", "out"), EPISODES.values(), ids=EPISODES.keys())
def test_passes_plausible_values_of_an_import_register_and_confirmed_ones(
    series: list[int], out: list[int | None]
) -> None:
    assert filtered(PlausibilityFilter(), series) == out


def test_only_import_registers_have_an_upper_bound() -> None:
    bounded = {label for registers in REGISTERS.values() for label, is_bounded in registers.items() if is_bounded}
    historic = {"BASE", "HCHC", "HCHP", "EJPHN", "EJPHPM", *(f"BBRH{hours}J{day}" for hours in "CP" for day in "BWR")}
    supplier = {f"EASF{number:02}" for number in range(1, 11)}
    assert bounded == {"EAST", *supplier, *(f"EASD{number:02}" for number in range(1, 5)), *historic}
    falling = {label for registers in REGISTERS.values() for label, is_bounded in registers.items() if not is_bounded}
    assert falling == {"EAIT", "ERQ1", "ERQ2", "ERQ3", "ERQ4"}


@pytest.mark.parametrize("label", ["EAST", "EASF10", "EASD04", "BASE", "HCHC", "HCHP", "EJPHPM", "BBRHPJR"])
def test_drops_an_import_register_that_falls_or_jumps(label: str) -> None:
    series = [TRUE, TRUE - 1, TRUE, TRUE + 6, TRUE + 7]
    assert filtered(PlausibilityFilter(), series, label=label) == [TRUE, OUT, TRUE, OUT, TRUE + 7]


@pytest.mark.parametrize("label", ["EAIT", "ERQ1", "ERQ4"])
def test_drops_exported_and_reactive_energy_only_when_it_falls(label: str) -> None:
    series = [TRUE, 99_000_000, TRUE, 99_000_001, 5, 500, 501]
    assert filtered(PlausibilityFilter(), series, label=label) == [TRUE, 99_000_000, OUT, 99_000_001, OUT, OUT, 501]


def test_does_not_filter_gas_and_water() -> None:
    plausibility = PlausibilityFilter()
    for volume in (500, 0, 9_999_999):
        frame = frame_of({"ISOUSC": 45, "GAZ": volume, "AUTRE": volume}, mode=Mode.HISTORIC)
        assert plausibility.apply(frame, 0.0) == (frame, [], 0)


def test_does_not_filter_what_is_not_an_integer() -> None:
    plausibility = PlausibilityFilter()
    assert filtered(plausibility, [TRUE]) == [TRUE]
    frame = frame_of({"EAST": "00000000A"})
    assert plausibility.apply(frame, 1.0)[0] is frame
    assert filtered(plausibility, [TRUE + 1]) == [TRUE + 1]


# The frame


def test_drops_only_the_value_from_a_frame() -> None:
    plausibility = PlausibilityFilter()
    values: dict[str, Value] = {
        "ADSC": METER,
        "DATE": "",
        "EAST": TRUE,
        "EASF01": 5,
        "PREF": 9,
        "MSG1": "PAS DE MESSAGE",
    }
    more: dict[str, Any] = {
        "stamps": {"DATE": NOON},
        "clock": "degraded",
        "host_clock": "unsynchronised",
        "dropped": 2,
    }
    plausibility.apply(frame_of(values), 0.0)
    glitch = frame_of({**values, "EAST": 0}, **more)
    glitch.to_json()
    frame, new, dropped = plausibility.apply(glitch, 1.0)
    del values["EAST"]
    assert frame == frame_of(values, **more)
    assert list(frame.values) == list(values)
    assert b"EAST" not in frame.to_json()
    assert (new, dropped) == ([Implausible("EAST", 0, TRUE)], 1)
    assert glitch.values["EAST"] == 0


# Reports


def test_reports_the_first_implausible_value_and_counts_each() -> None:
    plausibility = PlausibilityFilter()
    seen: list[list[Implausible]] = []
    counted = 0
    for second, value in enumerate([TRUE, 0, 99_000_000, 1, TRUE, 7, 7, 7, 7, 3]):
        _, new, dropped = plausibility.apply(frame_of({"EAST": value, "PREF": 9}), float(second))
        seen.append(new)
        counted += dropped
    assert seen == [
        [],
        [Implausible("EAST", 0, TRUE)],
        [],
        [],
        [],
        [Implausible("EAST", 7, TRUE)],
        [],
        [],
        [],
        [Implausible("EAST", 3, 7)],
    ]
    assert counted == 6


def test_checks_each_register_on_its_own() -> None:
    plausibility = PlausibilityFilter()
    plausibility.apply(frame_of({"PREF": 9, "EAST": TRUE, "EASF01": 100, "EASF02": 200, "EAIT": 5}), 0.0)
    frame, new, dropped = plausibility.apply(
        frame_of({"PREF": 9, "EAST": 0, "EASF01": 101, "EASF02": 900, "EAIT": 4}), 1.0
    )
    assert frame.values == {"PREF": 9, "EASF01": 101}
    assert new == [Implausible("EAST", 0, TRUE), Implausible("EASF02", 900, 200), Implausible("EAIT", 4, 5)]
    assert dropped == 3
    # One is plausible again, one is still implausible, one is new.
    frame, new, dropped = plausibility.apply(
        frame_of({"PREF": 9, "EAST": TRUE, "EASF01": 99, "EASF02": 900, "EAIT": 5}), 2.0
    )
    assert frame.values == {"PREF": 9, "EAST": TRUE, "EAIT": 5}
    assert new == [Implausible("EASF01", 99, 101)]
    assert dropped == 2


def test_frames_without_the_label_do_not_count() -> None:
    plausibility = PlausibilityFilter()
    out = []
    for second, value in enumerate([TRUE, None, 17, None, None, 17, None, 18]):
        values: dict[str, Value] = {"PREF": 9} if value is None else {"PREF": 9, "EAST": value}
        out.append(plausibility.apply(frame_of(values), float(second))[0].values.get("EAST"))
    assert out == [TRUE, None, OUT, None, None, OUT, None, 18]


# How much it may rise


@pytest.mark.parametrize(
    ("power", "mode", "label", "subscribed"),
    [
        ({"PREF": 3}, Mode.STANDARD, "EAST", 3_000),
        ({"PREF": 36}, Mode.STANDARD, "EAST", 36_000),
        ({"PREF": 12, "IRMS2": 3}, Mode.STANDARD, "EAST", 12_000),  # PREF is all phases together
        ({"ISOUSC": 15}, Mode.HISTORIC, "BASE", 3_000),
        ({"ISOUSC": 45, "IINST": 3}, Mode.HISTORIC, "BASE", 9_000),
        ({"ISOUSC": 15, "IINST1": 0, "IINST2": 0, "IINST3": 1}, Mode.HISTORIC, "BASE", 9_000),
        ({"ISOUSC": 60, "IINST1": 0}, Mode.HISTORIC, "BASE", 36_000),  # two groups of three were damaged
    ],
)
@pytest.mark.parametrize("seconds", [0.0, 1.0, 60.0, 86_400.0])
def test_the_bound_is_one_and_a_half_times_the_subscribed_power_and_2_Wh(  # noqa: N802
    power: dict[str, Value], mode: Mode, label: str, subscribed: int, seconds: float
) -> None:
    for more, out in ((highest_rise(subscribed, seconds), 0), (highest_rise(subscribed, seconds) + 1, 1)):
        plausibility = PlausibilityFilter()
        plausibility.apply(frame_of({label: TRUE, **power}, mode=mode), 1000.0)
        assert plausibility.apply(frame_of({label: TRUE + more, **power}, mode=mode), 1000.0 + seconds)[2] == out


# At each step: seconds, values, and how many of them are dropped.
SUBSCRIPTIONS: dict[str, list[tuple[float, dict[str, Value], int]]] = {
    "without one there is no upper bound": [
        (0, {"EAST": 5, "PREF": 0}, 0),
        (1, {"EAST": 99_000_000, "PREF": 0}, 0),
        (2, {"EAST": 98_000_000, "PREF": 0}, 1),
    ],
    "the last one counts for frames without one": [
        (0, {"EAST": TRUE, "PREF": 9}, 0),
        (1, {"EAST": TRUE + 5, "PREF": 0}, 0),  # no contract is for 0
        (2, {"EAST": TRUE + 11}, 1),
    ],
    "a new one applies to its own frame": [
        (0, {"EAST": TRUE, "PREF": 9}, 0),
        (1, {"EAST": TRUE + 17, "PREF": 36}, 0),
        (2, {"EAST": TRUE + 34}, 0),
        (3, {"EAST": TRUE + 34 + 4, "PREF": 3}, 1),
    ],
    "three phases are remembered from the short frame of an overload": [
        (0, {"ADIR1": 70, "IINST1": 70, "IINST2": 1, "IINST3": 1}, 0),
        (2, {"ISOUSC": 60, "BASE": TRUE}, 0),
        (42, {"ISOUSC": 60, "BASE": TRUE + 602}, 0),
        (43, {"ISOUSC": 60, "BASE": TRUE + 602 + 18}, 1),
    ],
    "that of another mode takes its place": [
        (0, {"PREF": 36, "EAST": TRUE}, 0),
        (1, {"ISOUSC": 15, "BASE": TRUE}, 0),
        (2, {"BASE": TRUE + 10}, 1),
    ],
    "a long gap allows a long rise, once": [
        (0, {"PREF": 9, "EAST": TRUE}, 0),
        (21_600, {"PREF": 9, "EAST": TRUE + 54_000}, 0),
        (21_601, {"PREF": 9, "EAST": TRUE + 108_000}, 1),
    ],
}


@pytest.mark.parametrize("steps", SUBSCRIPTIONS.values(), ids=SUBSCRIPTIONS.keys())
def test_the_subscribed_power(steps: list[tuple[float, dict[str, Value], int]]) -> None:
    plausibility = PlausibilityFilter()
    for at, values, dropped in steps:
        mode = Mode.STANDARD if values.keys() & {"EAST", "PREF"} else Mode.HISTORIC
        assert plausibility.apply(frame_of(values, mode=mode), at)[2] == dropped, at


# Time


def test_measures_the_time_since_the_last_plausible_value_of_the_same_label() -> None:
    plausibility = PlausibilityFilter()
    plausibility.apply(frame_of({"PREF": 9, "EAST": TRUE, "EASF01": TRUE}), 0.0)
    for second in range(1, 60):
        plausibility.apply(
            frame_of({"PREF": 9, "EAST": TRUE, "EASF01": 0 if second % 2 else 99_000_000}), float(second)
        )
    frame, _, _ = plausibility.apply(frame_of({"PREF": 9, "EAST": TRUE + 150, "EASF01": TRUE + 150}), 60.0)
    assert frame.values == {"PREF": 9, "EASF01": TRUE + 150}


def test_uses_the_meters_time_when_the_monotonic_clock_stood_still() -> None:
    plausibility = PlausibilityFilter()
    plausibility.apply(dated(NOON, {"PREF": 9, "EAST": TRUE}), 0.0)  # then the machine sleeps
    assert plausibility.apply(dated(NOON + timedelta(hours=6), {"PREF": 9, "EAST": TRUE + 54_000}), 1.0)[2] == 0


def test_the_hosts_clock_has_no_effect() -> None:
    plausibility = PlausibilityFilter()
    for second, hours in enumerate((0, 1000, -1000, 0)):
        timestamp = NOON + timedelta(hours=hours)
        frame = frame_of({"PREF": 9, "EAST": TRUE + second}, timestamp=timestamp)
        assert plausibility.apply(frame, float(second))[2] == 0
        glitch = frame_of({"PREF": 9, "EAST": TRUE + second + 99}, timestamp=timestamp)
        assert plausibility.apply(glitch, second + 0.1)[2] == 1


def test_setting_the_meters_clock_drops_no_plausible_index() -> None:
    plausibility = PlausibilityFilter()
    for second, hours in enumerate((0, 24, 24, -24, -24, 0, 0)):
        date = NOON + timedelta(hours=hours, seconds=second)
        assert plausibility.apply(dated(date, {"PREF": 9, "EAST": TRUE + second}), float(second))[2] == 0


@pytest.mark.parametrize(("jump", "wide"), [(timedelta(days=1), 5), (timedelta(days=-1), 6)])
def test_a_damaged_DATE_widens_the_bound_for_one_frame_by_what_it_jumps(  # noqa: N802
    jump: timedelta, wide: int
) -> None:
    # Ahead, it is the frame that carries it; back, the next one. Frame 5 is the damaged one.
    for wrong in range(1, 10):
        for rise, passes in ((200_000, wrong == wide), (400_000, False)):  # 324,002 Wh is what a day allows
            plausibility = PlausibilityFilter()
            for second in range(10):
                date = NOON + timedelta(seconds=second) + (jump if second == 5 else timedelta())
                value = TRUE + (rise if second == wrong else 0)
                frame, _, _ = plausibility.apply(dated(date, {"PREF": 9, "EAST": value}), float(second))
                if second == wrong:
                    assert ("EAST" in frame.values) == passes


def test_recovers_after_three_frames_when_DATE_and_index_were_damaged_in_one() -> None:  # noqa: N802
    plausibility = PlausibilityFilter()
    out = []
    for second in range(7):
        damaged = second == 2
        date = NOON + timedelta(seconds=second, days=1 if damaged else 0)
        frame = dated(date, {"PREF": 9, "EAST": TRUE + (200_000 if damaged else second)})
        out.append(plausibility.apply(frame, float(second))[0].values.get("EAST"))
    assert out == [TRUE, TRUE + 1, TRUE + 200_000, OUT, OUT, TRUE + 5, TRUE + 6]


# Meters


def test_compares_each_meter_only_with_itself() -> None:
    plausibility = PlausibilityFilter()
    other = "021161789012"
    for second in range(3):
        assert plausibility.apply(frame_of({"PREF": 9, "EAST": TRUE}), float(second))[2] == 0
        assert plausibility.apply(frame_of({"EAST": 7 + 100 * second}, meter=other), float(second))[2] == 0
    assert plausibility.apply(frame_of({"EAST": 6}, meter=other), 3.0)[2] == 1


def test_keeps_a_few_meters_and_drops_the_least_recent_one() -> None:
    plausibility = PlausibilityFilter()
    plausibility.apply(frame_of({"EAST": TRUE}, meter="first"), 0.0)
    for number in range(1000):
        plausibility.apply(frame_of({"EAST": TRUE}, meter=f"meter-{number}"), 0.0)
        assert plausibility.apply(frame_of({"EAST": 0}, meter="first"), 0.0)[2] == 1
        assert plausibility.apply(frame_of({"EAST": TRUE}, meter="first"), 0.0)[2] == 0
    for number in range(1000 - METERS_KEPT + 1, 1000):
        assert plausibility.apply(frame_of({"EAST": 0}, meter=f"meter-{number}"), 0.0)[2] == 1
    assert plausibility.apply(frame_of({"EAST": 0}, meter="meter-5"), 0.0)[2] == 0


# Properties

INTERVALS = st.sampled_from([0.0, 0.9, 1.5, 3.7]) | st.floats(0.0, 100_000.0)


@given(
    st.integers(3, 36),
    st.lists(st.tuples(INTERVALS, st.floats(0.0, 1.0), st.booleans()), max_size=60),
    st.integers(0, 10**9),
)
def test_never_drops_a_value_of_a_plausible_series(
    kva: int, steps: list[tuple[float, float, bool]], first: int
) -> None:
    plausibility = PlausibilityFilter()
    value, now = first, 0.0
    for seconds, part, present in steps:
        now += seconds
        # What it rose since the last frame that carried it adds up as the bound does, but for the rounding.
        value += int(part * 1.5 * kva * 1000 * seconds / 3600)
        values = {"PREF": kva, "EAST": value} if present else {"PREF": kva}
        frame = frame_of(values)
        assert plausibility.apply(frame, now) == (frame, [], 0)


@given(
    st.lists(st.integers(0, 3), min_size=4, max_size=20),  # Wh a second; 3.75 are one and a half times 9 kVA
    st.data(),
    st.integers(0, 999_999_999),
    st.booleans(),
)
def test_drops_a_single_corrupted_value_unless_it_is_plausible(
    rises: list[int], data: st.DataObject, corrupted: int, exported: bool
) -> None:
    label = "EAIT" if exported else "EAST"
    truth = [TRUE]
    for rise in rises:
        truth.append(truth[-1] + rise)
    where = data.draw(st.integers(1, len(truth) - 1))
    series = truth.copy()
    series[where] = corrupted
    out = filtered(PlausibilityFilter(), series, label=label)
    plausible = corrupted >= truth[where - 1] and (exported or corrupted <= truth[where - 1] + 5)
    if not plausible:
        assert out == [*truth[:where], OUT, *truth[where + 1 :]]
    else:
        assert out[: where + 1] == series[: where + 1]


@given(
    st.lists(
        st.tuples(
            INTERVALS,
            st.sampled_from([0, 1, 2, TRUE, TRUE + 1, TRUE + 3, 99_000_000]) | st.integers(0, 10**9) | st.none(),
        ),
        max_size=80,
    )
)
def test_passes_an_implausible_value_only_if_three_frames_agree_on_it(
    steps: list[tuple[float, int | None]],
) -> None:
    plausibility = PlausibilityFilter()
    now = 0.0
    sent: list[tuple[float, int]] = []  # all values of the label
    out: list[tuple[float, int, bool]] = []  # what passed, and whether it was the third of three

    def may_follow(later: tuple[float, int], earlier: tuple[float, int]) -> bool:
        rise = later[1] - earlier[1]
        return 0 <= rise <= 2 + 1.5 * 9000 * (later[0] - earlier[0]) / 3600

    for seconds, value in steps:
        now += seconds
        values: dict[str, Value] = {"PREF": 9} if value is None else {"PREF": 9, "EAST": value}
        frame, _, dropped = plausibility.apply(frame_of(values), now)
        assert dropped == len(values) - len(frame.values)
        if value is None:
            continue
        sent.append((now, value))
        if "EAST" in frame.values:
            agreed = len(sent) >= 3 and all(may_follow(later, earlier) for earlier, later in pairwise(sent[-3:]))
            out.append((now, value, agreed))
    for (earlier_at, earlier, _), (later_at, later, agreed) in pairwise(out):
        assert agreed or may_follow((later_at, later), (earlier_at, earlier))
