"""Minutes of what a source sends. Times are seconds of a day that begins at 0."""

import pytest
from hypothesis import given, strategies

from common.contract.sources import SOURCES, Quantity
from storer.sources.aggregate import Aggregator, Minute, entry_step
from storer.sources.reading import Refusal

POWER, ENERGY, TEMPERATURE = Quantity.POWER, Quantity.ENERGY, Quantity.TEMPERATURE


def aggregator(**options: object) -> Aggregator:
    (source,) = SOURCES.read([{"name": "it", "kind": "device", "topic": "t", **options}])
    return Aggregator(source)


def power_only() -> Aggregator:
    return aggregator(power="")


def counter() -> Aggregator:
    return aggregator(energy="", unit="Wh")


def fed(it: Aggregator, quantity: Quantity, *readings: tuple[float, float]) -> list[Refusal | None]:
    return [it.feed(quantity, number, at) for at, number in readings]


def energy(minutes: list[Minute]) -> int:
    """Energy over all minutes, from the first reading on."""
    first = next(minute.first for minute in minutes if minute.first is not None)
    last = [minute.energy for minute in minutes if minute.energy is not None][-1]
    return last - first - sum(minute.entry_step + minute.step for minute in minutes)


# -- power: held, covered, integrated


def test_power_holds_until_the_next_value() -> None:
    it = power_only()
    fed(it, POWER, (0, 600), (30, 1200))
    (minute,) = it.advance(60)
    assert (minute.minute, minute.seconds, minute.mean, minute.power_max) == (0, 60, 900, 1200)
    assert minute.made == 15  # 600 W and 1200 W for half a minute each
    assert minute.energy is None


def test_power_holds_for_two_minutes_at_most() -> None:
    it = power_only()
    fed(it, POWER, (30, 3600))
    minutes = it.advance(7200)
    assert [(minute.minute, minute.seconds, minute.made) for minute in minutes] == [
        (0, 30, 30),
        (60, 60, 60),
        (120, 30, 30),
    ]
    assert [minute.mean for minute in minutes] == [3600, 3600, 3600]


def test_a_minute_is_returned_once_and_only_when_it_has_ended() -> None:
    it = power_only()
    fed(it, POWER, (0, 100), (59, 100))
    assert it.advance(59.9) == []
    assert len(it.advance(60)) == 1
    assert it.advance(60) == []


def test_a_stop_returns_the_minute_that_runs() -> None:
    it = power_only()
    fed(it, POWER, (0, 360))
    (minute,) = it.stop(10)
    assert (minute.seconds, minute.made) == (10, 1)


def test_negative_power_is_shown_but_is_no_negative_energy() -> None:
    it = power_only()
    fed(it, POWER, (0, -60))
    (minute,) = it.advance(60)
    assert (minute.mean, minute.power_max, minute.made) == (-60, -60, 0)


def test_doubled_messages_change_nothing() -> None:
    once, twice = power_only(), power_only()
    for at in range(0, 60, 10):
        fed(once, POWER, (at, 10 * at))
        fed(twice, POWER, (at, 10 * at), (at, 10 * at))
    assert once.advance(60) == twice.advance(60)


def test_a_clock_that_goes_back_counts_as_no_time() -> None:
    it = power_only()
    fed(it, POWER, (50, 3600), (20, 3600), (55, 3600))
    (minute,) = it.advance(60)
    assert (minute.seconds, minute.made) == (10, 10)


def test_a_silence_of_years_takes_no_minutes() -> None:
    it = power_only()
    fed(it, POWER, (0, 60), (1e9, 60))
    assert [minute.minute for minute in it.advance(1e9 + 60)] == [0, 60, 999_999_960]


# -- counters: readings, breaks, errors


def test_a_counter_gives_its_first_and_last_reading() -> None:
    it = counter()
    assert fed(it, ENERGY, (0, 1000), (20, 1004), (50, 1010), (70, 1015)) == [None] * 4
    first, second = it.stop(80)
    assert (first.first, first.energy, first.made) == (1000, 1010, None)
    assert (second.first, second.energy, second.entry_step) == (1015, 1015, 0)
    assert energy([first, second]) == 15


J = Refusal.JUMP


@pytest.mark.parametrize(
    ("readings", "refused", "wh", "breaks"),
    [
        pytest.param(
            [(0, 5000), (20, 5010), (30, 0), (40, 2), (50, 4), (55, 6)], [None, None, J, J, None, None], 10 + 6, 1,
            id="it restarts from 0",
        ),
        pytest.param([(0, 500), (10, 0), (20, 502), (30, 503)], [None, J, None, None], 3, 0, id="a single 0"),
        pytest.param(
            [(0, 1000), (70, 900_000), (130, 900_001), (190, 900_002)], [None, J, J, None], 2, 1,
            id="a jump that stays is no energy",
        ),
        pytest.param(
            [(10 * number, (100_000 if number % 2 else 500) + number) for number in range(12)], [None, J] * 6, 10, 0,
            id="two counters on one topic never take turns",
        ),
        pytest.param(
            [(0, 5000), (10, 4900), (20, 4900), (30, 4900), (40, 4950), (50, 5010)],
            [None, J, J, None, None, None], 110, 1, id="a plug that lost the last hour in a power cut",
        ),
        pytest.param(
            [(0, 5000), (10, 0), (20, 0), (30, 0), (36_000, 12_000), (36_010, 12_010)],
            [None, J, J, None, None, None], 7010, 1, id="an old reading before a silence",
        ),
        pytest.param([(0, 100), (10, 150), (11, 120), (20, 160)], [None, None, J, None], 60, 0, id="a late reading"),
        # An inverter that starts again at dusk sends 0 until it sleeps, and its total in the morning, ten hours later.
        pytest.param(
            [(0, 500_000), (15, 0), (30, 0), (45, 0), (36_000, 500_010), (36_015, 500_015), (36_030, 500_030)],
            [None, J, J, None, None, None, None], 30, 1, id="0 before a silence",
        ),
        pytest.param([(0, 0), (3600, 0), (3660, 1000), (3720, 2000)], [None] * 4, 2000, 0, id="a new counter"),
        pytest.param([(0, 1000), (1, 2000)], [None, None], 1000, 0, id="whole kilowatt-hours"),
        pytest.param([(0, 1), (3600, 100_001)], [None, None], 100_000, 0, id="what 100 kW can make in the time"),
        pytest.param([(0, 1), (36, 100_001)], [None, J], 0, 0, id="more than 100 kW can make"),
    ],
)  # fmt: skip
def test_readings_of_a_counter(
    readings: list[tuple[float, float]], refused: list[Refusal | None], wh: int, breaks: int
) -> None:
    it = counter()
    assert fed(it, ENERGY, *readings) == refused
    assert (energy(it.stop(readings[-1][0] + 5)), it.breaks) == (wh, breaks)


def test_rounding_may_set_a_counter_back_by_one() -> None:
    it = counter()
    assert fed(it, ENERGY, (0, 100), (10, 99), (20, 101)) == [None] * 3
    assert it.stop(30)[0].energy == 101
    later = counter()
    fed(later, ENERGY, (0, 100), (70, 99))
    assert [minute.energy for minute in later.stop(130)] == [100, 100, None]


@given(strategies.data())
def test_the_sum_is_right_whatever_is_sent_again_set_back_by_rounding_or_reset(data: strategies.DataObject) -> None:
    it, at, true = counter(), 0.0, 0
    reading = data.draw(strategies.integers(0, 50_000))
    sent = [reading]  # by this counter, since it was reset

    def send(number: int) -> None:
        nonlocal at
        it.feed(ENERGY, number, at)
        at += data.draw(strategies.integers(1, 300))

    def rise() -> None:
        nonlocal reading, true
        energy = data.draw(strategies.integers(2, 300))
        reading, true = reading + energy, true + energy
        sent.append(reading)
        send(reading)

    send(reading)
    for event in data.draw(strategies.lists(strategies.sampled_from(("rise", "old", "jitter", "reset")), max_size=30)):
        if event == "old":
            old = data.draw(strategies.sampled_from(sent))
            for _ in range(data.draw(strategies.integers(1, 6))):
                send(old)
            send(reading)
        elif event == "jitter":
            send(max(reading - 1, 0))
        elif event == "reset" and reading > 2000:
            reading, sent = 0, [0]
            for _ in range(3):
                send(reading)
        rise()
    assert energy(it.stop(at)) == true


@pytest.mark.parametrize(("most_power", "taken"), [(9000.0, False), (15_000.0, True)])
def test_a_silence_brings_no_more_than_the_meter_can_have_drawn(most_power: float, taken: bool) -> None:
    it = counter()
    it.most_power = most_power
    (_, refusal) = fed(it, ENERGY, (0, 1000), (3 * 3600, 40_000))
    assert (refusal is None) is taken
    assert entry_step(1000, 0, 40_000, 3 * 3600, most_power) == (0 if taken else 39_000)


def test_power_beside_a_counter_is_not_integrated() -> None:
    it = aggregator(power="p", energy="e", unit="Wh")
    fed(it, POWER, (0, 600))
    fed(it, ENERGY, (0, 70), (30, 75))
    (minute,) = it.advance(60)
    assert (minute.seconds, minute.mean, minute.energy, minute.made) == (60, 600, 75, None)


def test_a_counter_alone_is_covered_by_its_readings() -> None:
    it = counter()
    fed(it, ENERGY, (0, 70), (300, 90))
    assert sum(minute.seconds for minute in it.stop(310)) == 130


def test_a_thermometer_holds_for_an_hour() -> None:
    it = aggregator(kind="temperature", temperature="")
    fed(it, TEMPERATURE, (0, 10.0), (90, 20.0))
    minutes = it.advance(7200)
    assert [minute.mean for minute in minutes[:3]] == [10.0, 15.0, 20.0]
    assert sum(minute.seconds for minute in minutes) == 90 + 3600


# -- a clock that was ahead: what is stored then is never written over


def test_while_the_clock_is_behind_what_is_stored_power_is_refused() -> None:
    it = power_only()
    it.resume(86_400, None, 0)
    assert fed(it, POWER, (10, 600), (86_000, 600), (86_400, 60)) == [Refusal.BEHIND, Refusal.BEHIND, None]
    (minute,) = it.advance(86_460)
    assert (minute.minute, minute.seconds, minute.made) == (86_400, 60, 1)


def test_while_the_clock_is_behind_what_is_stored_a_counter_loses_nothing() -> None:
    it = counter()
    it.resume(86_400, 5000, 86_460)
    readings = [(600.0 * number, 5000 + 100 * number) for number in range(100)]
    assert set(fed(it, ENERGY, *readings)) == {Refusal.BEHIND}
    (minute,) = it.stop(60_000)
    assert (minute.minute, minute.first, minute.energy, minute.step) == (86_400, 5000, 14_900, 0)


def test_a_clock_that_is_set_back_in_a_run_refuses_too() -> None:
    it = power_only()
    assert fed(it, POWER, (86_400, 600), (86_400 - 100, 600), (10, 600)) == [None, None, Refusal.BEHIND]


# -- after a restart


@pytest.mark.parametrize(
    ("before", "reading", "seconds", "step"),
    [
        (100, 100, 60, 0),
        (100, 1100, 60, 0),
        (100, 99, 60, -1),
        (5000, 0, 60, -5000),
        (100, 9100, 60, 9000),
        (100, 90_100, 3600, 0),
        (0, 1000, 3600, 0),
        (0, 90_000, 3600, 90_000),
    ],
)
def test_what_happened_while_nothing_ran_is_judged_by_two_readings(
    before: int, reading: int, seconds: int, step: int
) -> None:
    assert entry_step(before, 0, reading, seconds) == step


def test_a_minute_that_is_given_up_loses_no_energy() -> None:
    earlier = Minute(0, first=100, energy=112, entry_step=3, step=4, made=1.5)
    minute = Minute(60, first=125, energy=150, entry_step=10, step=20, made=2.0)
    minute.absorb(earlier)
    assert (minute.first, minute.energy) == (125, 150)
    assert (minute.entry_step, minute.step, minute.made) == (17, 20, 3.5)


def test_the_reading_of_a_minute_that_is_given_up_is_that_of_a_next_one_without() -> None:
    minute = Minute(60)
    minute.absorb(Minute(0, first=0, energy=3, entry_step=-5010, step=1))
    assert (minute.first, minute.energy, minute.entry_step, minute.step) == (0, 3, -5010, 1)
