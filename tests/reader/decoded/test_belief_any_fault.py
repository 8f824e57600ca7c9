"""Eleven faults that owners met, one an hour: none is counted, and nothing that was drawn is lost."""

import json
import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contract.frame import Value
from common.contract.labels import Mode
from common.contract.registers import can_be_drawn
from reader.decoded.belief import Belief
from reader.decoded.reading import Reading
from tests.reader.decoded.adapter import DAY, HOUR, KVA, MINUTE, Adapter, House

WRONG = 12 * MINUTE  # in which a register is reported wrongly; its cache repeats it for a quarter of an hour more
Fault = Callable[[Adapter, random.Random], Iterator[Reading]]


def _registers(adapter: Adapter, chance: random.Random, fault: Callable[[int], int | None]) -> Iterator[Reading]:
    """Report one register wrongly for a while; the cache repeats it, until it is reported again."""
    wrong = chance.choice(list(adapter.true))
    if chance.random() < 0.5 and wrong in adapter.cache:  # one wrong report
        value = fault(adapter.cache[wrong])  # type: ignore[arg-type]
        adapter.cache.pop(wrong)
        adapter.cache |= {} if value is None else {wrong: value}
        yield adapter.reading()
    else:
        adapter.fault = lambda label, true: fault(true) if label == wrong else true
    yield from adapter.messages(chance.randrange(WRONG), chance)
    adapter.fault = lambda _, true: true


def zeros(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """A register is 0 for some messages (Zlinky_TIC #353)."""
    yield from _registers(adapter, chance, lambda _: 0)


def another_register(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """A register shows what another one does, and goes on like it (#400)."""
    wrong, other = chance.sample(list(adapter.true), 2)
    adapter.fault = lambda label, true: adapter.rounded(adapter.house.registers()[other]) if label == wrong else true
    yield from adapter.messages(chance.randrange(WRONG), chance)
    adapter.fault = lambda _, true: true


def restart(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """The values of before a stop are sent again, as if they were new (zigbee2mqtt #11115)."""
    cache = dict(adapter.cache)
    yield from adapter.messages(chance.randrange(10 * MINUTE), chance)
    adapter.house.go_on(chance.randrange(3 * HOUR))
    adapter.cache = cache
    for _ in range(chance.randrange(1, 15)):
        yield adapter.reading(PAPP=chance.randrange(2000), SINSTS=chance.randrange(2000))
        adapter.house.go_on(20)


def a_tenth(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """A register loses a digit."""
    yield from _registers(adapter, chance, lambda true: true // 10)


def wh_called_kwh(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """A register is a thousand times what it was (#379)."""
    yield from _registers(adapter, chance, lambda true: true * 1000)


def no_value(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """The codes for no value leak (#152)."""
    code = chance.choice((65_535, -32_768))
    yield from _registers(adapter, chance, lambda _: code)
    yield adapter.reading(PAPP=code, SINSTS=code, URMS1=code, IINST=code)


def null(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """A key has no value, so it is not in the reading."""
    yield from _registers(adapter, chance, lambda _: None)


def other_mode(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """Keys of the other mode are in the cache, and at times the mode is misread (#258, #306)."""
    stale: dict[str, Value] = {"BBRHCJB": 1, "HCHP": 2, "PTEC": "HCJR", "EAST": 3, "EASF01": 4, "LTARF": "HP BLEU"}
    old = {label: value for label, value in stale.items() if label not in adapter.cache}
    for reading in adapter.messages(20 * MINUTE, chance):
        mode = reading.mode if chance.random() < 0.8 else next(mode for mode in Mode if mode is not reading.mode)
        yield Reading(reading.publisher, reading.meter, mode, {**reading.labels, **old}, reading.steps)


def frozen_period(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """The name of the period is frozen for hours (#319)."""
    frozen = {label: adapter.cache[label] for label in ("LTARF",) if label in adapter.cache}
    for reading in adapter.messages(HOUR, chance):
        yield Reading(reading.publisher, reading.meter, reading.mode, {**reading.labels, **frozen}, reading.steps)


def part_of_tempo(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """The total leaves registers out (#177)."""
    if adapter.house.mode is Mode.STANDARD:
        yield from _registers(adapter, chance, lambda true: true // 2)
    for reading in adapter.messages(20 * MINUTE, chance):
        total = sum(value for label, value in reading.labels.items() if label.startswith("BBR") and value != "BBR(")  # type: ignore[misc]
        yield Reading(reading.publisher, reading.meter, reading.mode, {**reading.labels, "BASE": total}, reading.steps)


def overload(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """An overload is the number of its phase (Tasmota)."""
    yield Reading("tasmota", None, None, {"ADPS": chance.randrange(1, 4)}, {})


def nothing_read(adapter: Adapter, chance: random.Random) -> Iterator[Reading]:
    """All registers are 0, and the contract is BASE (#381)."""
    blank = dict.fromkeys(adapter.true, 0)
    for _ in range(chance.randrange(1, 60)):
        yield adapter.reading(**blank, OPTARIF="BASE", NGTF="BASE", PAPP=0, SINSTS=0)
        adapter.house.go_on(MINUTE)


FAULTS: list[Fault] = [
    zeros, another_register, restart, a_tenth, wh_called_kwh, no_value, null, other_mode, frozen_period, part_of_tempo,
    overload, nothing_read,
]  # fmt: skip


class Judge:
    """Compares what is believed with the truth, while the reader itself is started again now and then."""

    def __init__(self, adapter: Adapter, chance: random.Random) -> None:
        self.adapter, self.chance, self.belief = adapter, chance, Belief()
        self.started = 0.0  # by the time of the house
        self.carried: dict[str, tuple[int, float]] = {}  # by label, in the last frame that has it

    def take(self, reading: Reading) -> None:
        at = self.adapter.house.at
        if self.chance.random() < 0.01:
            self._restart(at)
        believed = self.belief.take(reading, at - self.started)
        assert believed.values.items() <= reading.labels.items()
        assert "ADPS" not in believed.values
        for label in self.adapter.true.keys() & believed.values.keys() if believed.due else ():
            value, (before, when) = believed.values[label], self.carried.get(label, (None, at))
            assert isinstance(value, int)
            assert value in self.adapter.true[label], label
            assert value <= self.adapter.house.registers()[label] + self.adapter.step
            assert before is None or can_be_drawn(value - before, at - when)  # so the storer counts it
            self.carried[label] = value, at

    def _restart(self, at: float) -> None:
        """Start the reader again, with a clock that may have gone back."""
        saved = json.loads(json.dumps(self.belief.to_json(at - self.started, at)))
        self.started = at - 7
        self.belief = Belief.from_json(saved, 7, at + self.chance.choice((0, 0, -HOUR)))


def check(adapter: Adapter, readings: Iterator[Reading], chance: random.Random) -> None:
    """Let a belief take these readings, then some without a fault: all that was drawn is in the frames, once."""
    judge = Judge(adapter, chance)
    for reading in readings:
        judge.take(reading)
    for reading in adapter.messages(2 * HOUR, chance):
        judge.take(reading)
    adapter.report(every=0)
    judge.take(adapter.reading())
    shown = {label: adapter.rounded(value) for label, value in adapter.house.registers().items()}
    assert {label: value for label, (value, _) in judge.carried.items()} == shown


def a_house(mode: Mode, chance: random.Random) -> House:
    loads = lambda: chance.choice((30, 150, 300, 300, 900, 2500, KVA * 1000)) * chance.uniform(0.5, 1)  # noqa: E731
    return House(mode, loads, colours=lambda: chance.randrange(3), at=chance.randrange(DAY))


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_costs_nothing(fault: Fault, mode: Mode) -> None:
    for seed in range(3):
        chance = random.Random(seed)
        adapter = Adapter(a_house(mode, chance))

        def day(adapter: Adapter = adapter, chance: random.Random = chance) -> Iterator[Reading]:
            for _ in range(6):
                yield from adapter.messages(chance.randrange(10 * MINUTE, 2 * HOUR), chance)
                yield from fault(adapter, chance)

        check(adapter, day(), chance)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(Mode), st.sampled_from([1, 2, 8, 10]), st.lists(st.sampled_from(FAULTS), max_size=24), st.integers()
)
def test_a_fault_an_hour_costs_nothing(mode: Mode, step: int, faults: list[Fault], seed: int) -> None:
    chance = random.Random(seed)
    adapter = Adapter(a_house(mode, chance), step)

    def day() -> Iterator[Reading]:
        yield from adapter.messages(HOUR, chance)
        for fault in faults:
            yield from fault(adapter, chance)
            yield from (reading for reading in adapter.messages(HOUR, chance) if chance.random() < 0.9)

    check(adapter, day(), chance)
