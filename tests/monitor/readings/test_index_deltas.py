"""Energy by hour, day, month or any range is what the registers show from frame to frame, whatever the meter does.

The meters are made up; what they drew is added up in integers, from each frame to the next.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.contract.registers import OTHER, REGISTERS
from monitor.readings.curves import MinuteFacts
from monitor.readings.index_deltas import IndexDelta, complete, drawn_by_register, index_delta, recovered
from monitor.readings.periods import Energy
from monitor.readings.rows import Values
from monitor.readings.stretches import ROUNDING, difference
from tests.support.hidden_registers import BEGIN, KINDS, METER, House, drawn, shown
from tests.support.rolled import HOUR, Rolled

START = datetime(2026, 11, 24, 5, tzinfo=UTC)
END = START + timedelta(minutes=30)


def values(**known: int) -> Values:
    return tuple(known.get(name) for name in REGISTERS)


TWO = values(total=300, supplier_1=100, supplier_2=200), values(total=360, supplier_1=110, supplier_2=250)
BY_TOTAL = values(total=300), values(total=360)
HIDDEN = values(total=300, supplier_1=100), values(total=360, supplier_1=110)
OTHER_MODE = values(total=300, supplier_1=100), values(total=9000, supplier_1=110)
SET_BACK = values(total=300, supplier_1=300), values(total=40, supplier_1=40)
ANOTHER = values(total=300, supplier_1=100), values(total=360, supplier_2=500, injected=4)
#: Each register is rounded down by itself: 300.9 + 200.4 Wh are 501.3 Wh, but 300 + 200.
ROUNDED = [
    values(total=500, supplier_1=300, supplier_2=200),
    values(total=501, supplier_1=300, supplier_2=200),
    values(total=502, supplier_1=300, supplier_2=202),
]


@pytest.mark.parametrize(
    ("before", "after", "offer", "wh"),
    [
        (*TWO, "hchp", {"HCHC": 10, "HCHP": 50}),
        (*TWO, None, {"EASF01": 10, "EASF02": 50}),
        (*BY_TOTAL, "base", {"BASE": 60}),
        # What is only rounding is counted by the first register, also if it is less than none.
        (ROUNDED[0], ROUNDED[1], "hchp", {"HCHC": 1}),
        (ROUNDED[1], ROUNDED[2], "hchp", {"HCHC": -1, "HCHP": 2}),
        (ROUNDED[0], ROUNDED[2], "hchp", {"HCHP": 2}),
        (ROUNDED[0], ROUNDED[1], "base", {"BASE": 1}),
        (*ANOTHER, "hchp", {"BASE": 60}),  # one began and one ended between the two readings
    ],
)
def test_what_was_drawn_is_named_as_the_contract_names_it(
    before: Values, after: Values, offer: str | None, wh: Mapping[str, int]
) -> None:
    assert index_delta(before, after, {}, by_total=True, offer=offer, outside=False).wh == wh


def test_a_total_of_another_mode_does_not_count() -> None:
    assert index_delta(*OTHER_MODE, {}, by_total=False, offer="hchp", outside=False).wh == {"HCHC": 10}
    assert index_delta(*ANOTHER, {}, by_total=False, offer="hchp", outside=False) == IndexDelta({}, None)


def test_what_no_register_of_the_supplier_shows_is_told_apart() -> None:
    assert difference(HIDDEN[1]) == 250
    assert difference(values(total=5)) is difference(values(supplier_1=5)) is None
    assert index_delta(*HIDDEN, {}, by_total=True, offer="hchp", outside=True).wh == {"HCHC": 10, OTHER: 50}


def test_breaks_are_no_energy() -> None:
    assert index_delta(*SET_BACK, {0: -270, 1: -270}, by_total=True, offer="hchp", outside=False).wh == {"HCHC": 10}


def test_all_ten_registers_of_the_supplier_count_and_no_others() -> None:
    before = values(total=0, supplier_1=0, supplier_10=0, distributor_1=0, injected=0, reactive_1=0)
    after = values(total=3, supplier_1=1, supplier_10=2, distributor_1=3, injected=7, reactive_1=8)
    assert index_delta(before, after, {}, by_total=True, offer=None, outside=False) == IndexDelta(
        {"EASF01": 1, "EASF10": 2}, 7
    )


@pytest.mark.parametrize(
    ("before", "after", "breaks", "wh"),
    [
        (values(total=300, supplier_1=100), values(total=360, supplier_1=160), {}, 60),
        (values(supplier_1=100, supplier_2=5), values(supplier_1=160, supplier_2=7), {}, 62),
        # A break over the gap is not recovered; what came before a break within the hour of the return is: the gap is
        # over at 160, then the register is set back, and ends the hour at 4.
        (values(supplier_1=100, supplier_2=5), values(supplier_1=3, supplier_2=7), {1: -97}, 2),
        (values(supplier_1=100), values(supplier_1=160), {1: 3 - 160}, 60),
        (values(total=300), values(total=300), {}, 0),
        (values(total=300), values(total=299), {}, 0),
        (values(supplier_10=4), values(supplier_10=9, distributor_1=1), {}, 5),
        (values(distributor_1=4, injected=1), values(distributor_1=9, injected=9), {}, 0),
    ],
)
def test_recovered_energy_is_that_of_the_total_or_of_the_registers(
    before: Values, after: Values, breaks: Mapping[int, int], wh: int
) -> None:
    assert recovered(before, after, breaks, 3600) == wh


@pytest.mark.parametrize(
    ("drawn", "register", "wh"),
    [
        (20, "HCHP", {"HCHC": 10, "HCHP": 10}),
        (20, "EASF02", {"EASF04": 3, "HCHC": 10, "EASF02": 7}),
        (20, None, {"EASF04": 3, "HCHC": 10, OTHER: 7}),
        (12, "HCHC", {"HCHC": 12}),
    ],
)
def test_what_the_ends_of_an_hour_do_not_tell_is_of_the_register_that_ran_last(
    drawn: int, register: str | None, wh: Mapping[str, int]
) -> None:
    assert complete(IndexDelta({"EASF04": 3, "HCHC": 10, OTHER: 2}, 5), drawn, register) == IndexDelta(wh, 5)


def minute(number: int, last: int | None, supplier: int = 1) -> MinuteFacts:
    return MinuteFacts(int(START.timestamp()) + number * 60, 60, 60, supplier, None, last, 500, 0, None)


def name(supplier: int | None, moment: int) -> str:
    return f"R{supplier}"


def test_each_minute_counts_for_the_register_that_ran_at_its_end() -> None:
    line = [minute(0, 110), minute(1, 130, 2), minute(2, 145, 2)]
    assert drawn_by_register(line, 100, 145, END, name, {}) == {"R1": 10, "R2": 35}


def test_of_a_minute_that_lies_in_it_in_part_the_reading_at_the_end_counts() -> None:
    assert drawn_by_register(
        [minute(0, 110), minute(1, 130, 2)], 100, 118, START + timedelta(seconds=90), name, {}
    ) == {
        "R1": 10,
        "R2": 8,
    }


def test_without_minutes_all_is_of_one_register() -> None:
    assert drawn_by_register([], 100, 300, END, name, {}) == {"RNone": 200}
    assert drawn_by_register([], 100, 100, END, name, {}) == {}


def test_a_break_is_no_energy() -> None:
    fell = [minute(0, 5010), minute(1, 12), minute(2, 20)]
    assert drawn_by_register(fell, 5000, 20, END, name, {START: -5000}) == {"R1": 20}
    jumped = [minute(0, 10), minute(1, 90_015)]
    assert drawn_by_register(jumped, 0, 90_015, END, name, {START: 90_000}) == {"R1": 15}


def test_a_break_elsewhere_in_the_hour_changes_nothing() -> None:
    assert drawn_by_register([minute(0, 110), minute(1, 120)], 100, 120, END, name, {START: -5000}) == {"R1": 20}


def test_what_was_counted_in_a_gap_is_no_break() -> None:
    assert drawn_by_register([minute(0, 10), minute(20, 9000)], 0, 9000, END, name, {START: 77}) == {"R1": 9000}


def test_where_the_meter_goes_to_other_registers_their_readings_are_no_energy() -> None:
    line = [minute(0, 13_000_010), minute(1, 500_000, 2), minute(2, 500_007, 2)]
    assert drawn_by_register(line, 13_000_000, 500_007, END, name, {}, {START}) == {"R1": 10, "R2": 7}
    line = [minute(0, 500_010), minute(1, 13_000_000, 2), minute(2, 13_000_007, 2)]
    assert drawn_by_register(line, 500_000, 13_000_007, END, name, {}, {START}) == {"R1": 10, "R2": 7}
    # The hour does not know it yet: no house draws that much in a minute.
    assert drawn_by_register(line, 500_000, 13_000_007, END, name, {}) == {"R1": 10, "R2": 7}
    assert drawn_by_register(line[:1], 500_000, 13_000_007, START + timedelta(minutes=2), name, {}) == {"R1": 10}


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 900), st.integers(1, 4)), max_size=10), st.integers(0, 500))
def test_the_registers_add_up_to_the_readings(steps: list[tuple[int, int, int]], rest: int) -> None:
    line, at, last = [], 0, 1000
    for minutes, wh, supplier in steps:
        at, last = at + minutes, last + wh
        line.append(minute(at, last, supplier))
    end = START + timedelta(minutes=at + 1)
    assert sum(drawn_by_register(line, 1000, last + rest, end, name, {}).values()) == last + rest - 1000


def check(rolled: Rolled, expected: Counter[datetime], random: Random) -> None:
    """Hours, days, months and ranges add up, also register by register, and are what was drawn."""
    begin, end = BEGIN.replace(hour=0), rolled.rolled[-1].hour.replace(hour=0) + 24 * HOUR
    count = (end - begin) // HOUR
    hours = energy(rolled, [begin + number * HOUR for number in range(count + 1)])
    assert {hour.start: hour.total_wh for hour in hours if hour.total_wh} == +expected
    assert sum(expected.values()) == sum(judgement.drawn or 0 for judgement in rolled.judged.values())
    days = [begin + number * 24 * HOUR for number in range(count // 24 + 1)]
    some = sorted({begin, end, *(begin + random.randrange(count) * HOUR for _ in range(4))})
    for boundaries in (days, [begin, end], some):
        for part in energy(rolled, boundaries):
            inside = [hour for hour in hours if part.start <= hour.start < part.end]
            assert sum_of([part]) == sum_of(inside), part
            assert part.total_wh == sum(wh for hour, wh in expected.items() if part.start <= hour < part.end)


def energy(rolled: Rolled, boundaries: Sequence[datetime]) -> list[Energy]:
    return rolled.reader.energy(rolled.meter, boundaries, boundaries[-1])


def sum_of(hours: Sequence[Energy]) -> Counter[str]:
    result: Counter[str] = Counter()
    for hour in hours:
        result.update(hour.wh)
    return Counter({name: wh for name, wh in result.items() if wh})


def registers(rolled: Rolled, hour: datetime) -> int:
    """What the view `energy_hours` shows of an hour in the columns of the supplier's registers, together."""
    place = next(number for number, row in enumerate(rolled.rolled) if row.hour == hour)
    row, wh = rolled.rolled[place], 0
    for register in range(1, 11):
        if (last := row.last[register]) is not None:
            older = [value for one in rolled.rolled[:place] if (value := one.last[register]) is not None]
            first = row.first[register]
            start = older[-1] if older else last if first is None else first
            wh += last - start - rolled.judged[hour].steps.get(register, 0)
    return wh


SEEDS = st.integers(0, 2**32)
SEGMENTS = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(1, 14)), min_size=1, max_size=7)


@settings(max_examples=120, deadline=None)
@given(SEGMENTS, SEEDS)
def test_energy_counts_once_whatever_modes_and_contracts_hide_registers_that_go_on(
    segments: list[tuple[str, int]], seed: int
) -> None:
    random = Random(seed)
    house = House(random)
    for kind, frames in segments:
        start = house.now
        house.live(kind, frames)
        while house.now - start < timedelta(minutes=200):  # gone and back within an hour, its ends tell what was drawn
            house.live(kind, 1)
    rolled = Rolled(house.frames)
    check(rolled, drawn(house.frames), random)
    for hour, judgement in rolled.judged.items():
        assert registers(rolled, hour) <= (judgement.drawn or 0) + ROUNDING
    assert all(OTHER not in part.wh for part in energy(rolled, [BEGIN, house.now + HOUR]))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(KINDS)), SEEDS)
def test_registers_that_are_each_rounded_down_leave_no_energy_outside_the_contract(kind: str, seed: int) -> None:
    random = Random(seed)
    house = House(random)
    house.live(kind, 90, gaps=(1, 3, 20))
    rolled = Rolled(house.frames)
    check(rolled, drawn(house.frames), random)
    names = {name for hour in hourly(rolled) for name in hour.wh}
    assert OTHER not in names
    assert len(names) <= KINDS[kind][2]


def hourly(rolled: Rolled) -> list[Energy]:
    first, last = rolled.rolled[0].hour, rolled.rolled[-1].hour
    return energy(rolled, [first + number * HOUR for number in range((last - first) // HOUR + 2)])


def test_nothing_is_lost_over_changes_of_mode_and_contract_while_the_reader_was_off() -> None:
    """The meter's total is one count: EAST, BASE, and the sum of HCHC and HCHP."""
    house = House(Random(4))
    house.supplier[2:] = [0] * 8
    house.supplier[:2] = [50_000_000, 20_000_000]
    house.total = house.base = 70_000_000
    house.now = BEGIN
    kinds = ["standard base", "base", "off-peak", "base", "standard base", "off-peak", "standard off-peak", "base"]
    for kind in kinds:
        for wh, minutes in ((500, 190), (20, 1), (3, 1)):  # the reader is off before each change
            house.now += timedelta(minutes=minutes)
            house.supplier[0] += 10 * wh
            house.total = house.base = house.total + 10 * wh
            house.frames.append(house.frame(kind, 0))
    found = hourly(Rolled(house.frames))
    assert sum(hour.total_wh for hour in found) == 7 * 500 + 8 * 23  # but what came before the first frame
    assert sum(hour.recovered_wh for hour in found) == 7 * 500


def test_what_no_register_of_the_supplier_shows_stays_outside_the_contract_by_hour_as_by_day() -> None:
    house = House(Random(1))
    for _ in range(60):
        house.live("standard off-peak", 1, gaps=(20,))
        house.total += 30  # 3 Wh
    rolled = Rolled(house.frames)
    check(rolled, drawn(house.frames), Random(2))
    (whole,) = energy(rolled, [BEGIN, house.now + HOUR])
    assert abs(whole.wh[OTHER] - 59 * 3) <= ROUNDING


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.integers(0, 59), min_size=1, max_size=4),
    SEEDS,
)
def test_the_hours_add_up_to_the_readings_although_the_clock_of_the_reader_is_set_within_an_hour(
    kind: str, ahead: list[int], seed: int
) -> None:
    random = Random(seed)
    house = House(random)
    for minutes in (0, *ahead, 0):
        house.ahead = timedelta(minutes=minutes)
        house.live(kind, random.randrange(120, 180), gaps=(1,))
    rolled = Rolled(house.frames)
    first, last = shown(house.frames[0]), shown(house.frames[-1])
    names = ["total"] if "total" in first else list(first)
    hours = hourly(rolled)
    assert sum(hour.total_wh for hour in hours) == sum(last[name] - first[name] for name in names)
    (whole,) = energy(rolled, [hours[0].start, hours[-1].end])
    assert sum_of([whole]) == sum_of(hours)
    assert all(hour.total_wh >= 0 for hour in hours)
    assert not any(judgement.steps for judgement in rolled.judged.values() if judgement.drawn is None)


def test_a_clock_that_was_half_an_hour_ahead_is_set_back_across_the_turn_of_an_hour() -> None:
    """1 Wh a minute, 139 of them; the frames of the overlap are in two hours twice."""

    def frame(at: datetime, index: int) -> Frame:
        values: dict[str, Value] = {"ADCO": METER, "OPTARIF": "BASE", "ISOUSC": 45, "BASE": index, "PTEC": "TH.."}
        return Frame(meter=METER, timestamp=at, mode=Mode.HISTORIC, values=values)

    start = BEGIN + timedelta(minutes=10)
    frames = [frame(start + timedelta(minutes=n + (30 if n < 40 else 0), milliseconds=n), 5000 + n) for n in range(140)]
    rolled = Rolled(frames)
    assert sum(judgement.drawn or 0 for judgement in rolled.judged.values()) == 139
    assert [hour.total_wh for hour in hourly(rolled)] == [drawn_wh.drawn for drawn_wh in rolled.judged.values()]


def test_what_was_drawn_over_a_gap_is_recovered_though_a_register_is_set_back_in_the_same_hour() -> None:
    house = House(Random(3))
    house.now = BEGIN + timedelta(minutes=10)
    house.live("off-peak", 30, gaps=(1,))
    before = house.supplier[0] // 10
    house.now += timedelta(minutes=50)
    house.supplier[0] += 2100
    house.frames.append(house.frame("off-peak", 0))
    gap = house.supplier[0] // 10 - before
    house.supplier[0] = 40
    house.now += timedelta(seconds=30)
    house.frames.append(house.frame("off-peak", 0))
    hours = hourly(Rolled(house.frames))
    assert [hour.recovered_wh for hour in hours if hour.recovered_wh] == [gap]
    assert gap in (210, 211)


def reported(minutes: int, total: int, off_peak: int, peak: int, running: int) -> Frame:
    """What an adapter has reported last at a time, of the total and of two registers of Tempo."""
    values: dict[str, Value] = {"ADSC": METER, "NGTF": "TEMPO", "EAST": total, "EASF01": off_peak, "EASF02": peak}
    at = BEGIN + timedelta(minutes=minutes)
    values |= {"NTARF": running, "PREF": 9}
    return Frame(meter=METER, timestamp=at, mode=Mode.STANDARD, values=values, source="zigbee2mqtt", interval=60)


def test_an_adapter_that_reports_the_total_before_a_register_or_after_it_changes_no_other_register() -> None:
    """Peak hours from 1:00 to 3:00. The total is ahead by 100 Wh, 90 Wh behind, as far as the register, and ahead."""
    rolled = Rolled(
        [
            reported(5, 5000, 2000, 3000, 1),
            reported(55, 5500, 2500, 3000, 1),
            reported(115, 6100, 2500, 3500, 2),
            reported(175, 6510, 2500, 4100, 2),
            reported(235, 6900, 2800, 4100, 1),
            reported(295, 7290, 3110, 4100, 1),
        ]
    )
    hours = hourly(rolled)
    assert [dict(hour.wh) for hour in hours] == [
        {"BBRHCJB": 500},
        {"BBRHPJB": 600},
        {"BBRHPJB": 410},
        {"BBRHPJB": 90, "BBRHCJB": 300},
        {"BBRHCJB": 390},
    ]
    (whole,) = energy(rolled, [hours[0].start, hours[-1].end])
    assert whole.wh == {"BBRHCJB": 1190, "BBRHPJB": 1100} == sum_of(hours)


def test_what_an_adapter_reports_late_is_not_outside_the_contract() -> None:
    rolled = Rolled([reported(60 * hour, 5000 + 500 * hour, 2000, 2900 + 500 * hour, 2) for hour in range(5)])
    late = Rolled(
        [
            *[reported(60 * hour, 5000 + 500 * hour, 2000, 3000 + 500 * hour, 2) for hour in range(4)],
            reported(240, 7000, 2000, 4920, 2),
        ]
    )
    for one in (rolled, late):
        (whole,) = energy(one, [BEGIN, BEGIN + 5 * HOUR])
        assert whole.wh == {"BBRHPJB": 2000}


def test_an_hour_at_whose_end_a_register_is_held_back_counts_for_that_register() -> None:
    frames = [reported(60 * hour + 30, 5000 + 500 * hour, 2000, 3000 + 500 * hour, 2) for hour in range(5)]
    left = {label: value for label, value in frames[2].values.items() if label != "EASF02"}
    frames[2] = replace(frames[2], values=left)
    assert [dict(hour.wh) for hour in hourly(Rolled(frames))] == [{}, *[{"BBRHPJB": 500}] * 4]


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.booleans())
def test_late_reports_add_up_and_cost_no_register_more_than_they_are_late(seed: int, by_line_at_last: bool) -> None:
    random = Random(seed)
    true, told = [random.randrange(10**6) for _ in range(3)], [0, 0, 0]
    frames: list[Frame] = []
    running = 1
    for minute in range(0, 60 * 12, 10):
        running = random.choice((1, 2)) if random.random() < 0.1 else running
        true[running] += random.randrange(300)
        true[0] = true[1] + true[2]
        by_line = by_line_at_last and minute >= 60 * 8
        told = [
            now if minute == 0 or by_line or now - before >= 100 or random.random() < 0.3 else before
            for now, before in zip(true, told, strict=True)
        ]
        frame = reported(minute, told[0], told[1], told[2], running)
        if by_line:
            frame = replace(frame, source=None, interval=None)
        frames.append(frame)
    first = frames[0].values
    frames.append(reported(60 * 12 - 1, true[0], true[1], true[2], running))
    rolled = Rolled(frames)
    hours = hourly(rolled)
    (whole,) = energy(rolled, [hours[0].start, hours[-1].end])
    assert sum_of([whole]) == sum_of(hours)
    for name, place, label in (("BBRHCJB", 1, "EASF01"), ("BBRHPJB", 2, "EASF02")):
        assert abs(whole.wh.get(name, 0) - (true[place] - int(first[label]))) <= 400, (whole.wh, true, first)
    assert OTHER not in whole.wh
