"""Energy by hour, day, month or any range is what the registers show from frame to frame, whatever the meter does.

The meters are made up; what they drew is added up in integers, from each frame to the next.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from common.frame import Frame, Value
from common.labels import Mode
from monitor.energy.steps import OTHER, ROUNDING
from monitor.model import Energy
from tests.support.rolled import HOUR, Rolled

METER = "031961000001"
BEGIN = datetime(2026, 3, 27, 21, tzinfo=UTC)
#: Kind -> mode, name of the contract, registers.
KINDS = {
    "standard base": (Mode.STANDARD, "BASE", 1),
    "standard off-peak": (Mode.STANDARD, "H PLEINE/CREUSE", 2),
    "standard tempo": (Mode.STANDARD, "TEMPO", 6),
    "base": (Mode.HISTORIC, "BASE", 1),
    "off-peak": (Mode.HISTORIC, "HC..", 2),
    "tempo": (Mode.HISTORIC, "BBR(", 6),
}
LABELS = {
    "off-peak": {"HCHC": "HC..", "HCHP": "HP.."},
    "tempo": dict(
        zip(
            ["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"],
            ["HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"],
            strict=True,
        )
    ),
}


class House:
    """A meter that counts in tenths of a Wh, and shows each register rounded down; hidden registers go on, too."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = BEGIN + timedelta(minutes=random.randrange(120))
        self.supplier = [random.randrange(10**7, 10**8) for _ in range(10)]
        self.total = sum(self.supplier) + random.randrange(10**5)
        self.base = random.randrange(10**7, 10**8)
        self.frames: list[Frame] = []  # as they came
        self.ahead = timedelta(0)  # the reader's clock

    def live(self, kind: str, frames: int, gaps: Sequence[int] = (1, 7, 20, 35, 61, 130)) -> None:
        running = self.random.randrange(KINDS[kind][2])
        for _ in range(frames):
            if self.random.random() < 0.2:
                running = self.random.randrange(KINDS[kind][2])
            minutes = self.random.choice(gaps)
            self.now += timedelta(minutes=minutes, milliseconds=self.random.randrange(900))
            tenths = self.random.randrange(minutes * 150)
            self.supplier[running] += tenths
            self.total += tenths
            self.base += tenths
            self.frames.append(self.frame(kind, running))

    def frame(self, kind: str, running: int) -> Frame:
        mode, contract, _ = KINDS[kind]
        values: dict[str, Value]
        if mode is Mode.STANDARD:
            values = {"ADSC": METER, "NGTF": f"{contract:^16}", "EAST": self.total // 10}
            values |= {f"EASF{number:02}": tenths // 10 for number, tenths in enumerate(self.supplier, 1)}
            values |= {"PREF": 9, "NTARF": running + 1}
        elif kind == "base":
            values = {"ADCO": METER, "OPTARIF": contract, "ISOUSC": 45, "BASE": self.base // 10, "PTEC": "TH.."}
        else:
            values = {"ADCO": METER, "OPTARIF": contract, "ISOUSC": 45}
            values |= {label: self.supplier[number] // 10 for number, label in enumerate(LABELS[kind])}
            values |= {"PTEC": list(LABELS[kind].values())[running]}
        return Frame(meter=METER, timestamp=self.now + self.ahead, mode=mode, values=values)


def shown(frame: Frame) -> dict[str, int]:
    """The registers of a frame: the total, and those of the supplier by number."""
    values = {label: value for label, value in frame.values.items() if type(value) is int}
    if frame.mode is Mode.STANDARD:
        return {"total": values["EAST"]} | {f"{n}": values[f"EASF{n:02}"] for n in range(1, 11)}
    for labels in LABELS.values():
        if set(labels) <= values.keys():
            return {f"{n}": values[label] for n, label in enumerate(labels, 1)}
    return {"total": values["BASE"]}


def drawn(frames: Sequence[Frame]) -> Counter[datetime]:
    """What was drawn by hour: the total while it is shown, else the registers; from one to the other what both have."""
    result: Counter[datetime] = Counter()
    latest: dict[str, tuple[int, int]] = {}  # value, and in which stretch of one kind
    stretch, kind = 0, None
    for frame in frames:
        values = shown(frame)
        changed = kind is not None and kind != (frame.mode, len(values))
        stretch, kind = stretch + changed, (frame.mode, len(values))
        by_total = "total" in values and not changed
        steps = [
            value - latest[name][0]
            for name, value in values.items()
            if name in latest and latest[name][1] == stretch - changed and (name == "total") == by_total
        ]
        result[frame.timestamp.replace(minute=0, second=0, microsecond=0)] += sum(steps)
        latest |= {name: (value, stretch) for name, value in values.items()}
    return result


def check(rolled: Rolled, expected: Counter[datetime], random: Random) -> None:
    """Hours, days, months and ranges add up, also register by register, and are what was drawn."""
    begin, end = BEGIN.replace(hour=0), rolled.rows[-1].hour.replace(hour=0) + 24 * HOUR
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
    place = next(number for number, row in enumerate(rolled.rows) if row.hour == hour)
    row, wh = rolled.rows[place], 0
    for register in range(1, 11):
        if (last := row.last[register]) is not None:
            older = [value for one in rolled.rows[:place] if (value := one.last[register]) is not None]
            first = row.first[register]
            start = older[-1] if older else last if first is None else first
            wh += last - start - rolled.judged[hour].steps.get(register, 0)
    return wh


SEEDS = st.integers(0, 2**32)
SEGMENTS = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(1, 14)), min_size=1, max_size=7)


@settings(max_examples=150, deadline=None)
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
    first, last = rolled.rows[0].hour, rolled.rows[-1].hour
    return energy(rolled, [first + number * HOUR for number in range((last - first) // HOUR + 2)])


def test_what_no_register_of_the_supplier_shows_stays_outside_the_contract_by_hour_as_by_day() -> None:
    house = House(Random(1))
    for _ in range(60):
        house.live("standard off-peak", 1, gaps=(20,))
        house.total += 30  # 3 Wh
    rolled = Rolled(house.frames)
    check(rolled, drawn(house.frames), Random(2))
    (whole,) = energy(rolled, [BEGIN, house.now + HOUR])
    assert abs(whole.wh[OTHER] - 59 * 3) <= ROUNDING


@settings(max_examples=100, deadline=None)
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
