"""Energy by hour, day, month or any range is what the registers show from frame to frame, whatever the meter does.

The meters are made up; what they drew is added up in integers, from each frame to the next.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.contract.registers import OTHER
from monitor.readings.index_deltas import ROUNDING
from monitor.readings.periods import Energy
from tests.support.hidden_registers import BEGIN, KINDS, METER, House, drawn, shown
from tests.support.rolled import HOUR, Rolled


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
