"""A register is believed while it rises as a meter can, and what contradicts only once it moves on."""

import json
from collections.abc import Iterable, Mapping

import pytest

from common.contract.registers import can_be_drawn
from common.contract.rise import Implausible
from reader.decoded.registers import Registers

KVA = 9  # of the meter: at most 13.5 kW, 225 Wh a minute
MINUTE, HOUR, DAY = 60, 3600, 86_400
HELD = None
TRUE = 5_508_800  # Wh


class Adapter:
    """Sends registers of a meter to what is tested, from a time on, and repeats its cache with each message."""

    def __init__(self, step: int = 10, **cache: int) -> None:
        self.registers, self.cache, self.step, self.at = Registers(), dict(cache), step, 1000.0
        self.implausible: list[Implausible] = []

    def send(self, after: float, **registers: int) -> dict[str, int]:
        self.at += after
        self.cache |= registers
        steps = dict.fromkeys(self.cache, self.step)
        believed, implausible = self.registers.take(self.cache, steps, KVA * 1000, self.at)
        self.implausible += implausible
        return believed

    def series(self, label: str, values: Iterable[tuple[float, int]]) -> list[int | None]:
        return [self.send(after, **{label: value}).get(label) for after, value in values]


def known(step: int = 10, **cache: int) -> Adapter:
    """Return an adapter whose registers are believed, and have rested for an hour."""
    adapter = Adapter(step, **cache)
    adapter.send(0)
    assert adapter.send(HOUR) == cache
    return adapter


def test_registers_that_add_up_to_the_total_are_believed_at_once() -> None:
    cache = {"EAST": 16_494_400, "EASF01": 16_494_400, "EASF02": 0, "EASD01": 4_634_200}
    assert Adapter(**cache).send(0) == cache


def test_the_first_value_is_believed_at_once_unless_another_register_shows_it_too() -> None:
    assert Adapter(HCHP=TRUE, HCHC=TRUE + 1).send(0) == {"HCHP": TRUE, "HCHC": TRUE + 1}
    adapter = Adapter(HCHP=TRUE, HCHC=TRUE)
    assert [adapter.send(after) for after in (0, 1799, 1)] == [{}, {}, {"HCHP": TRUE, "HCHC": TRUE}]


def test_a_register_that_never_ran_is_believed_once_it_runs() -> None:
    values = [(0, 0), (HOUR, 0), (DAY, 0), (60, 10), (60, 20)]
    assert Adapter().series("BBRHPJR", values) == [HELD, HELD, HELD, 10, 20]


@pytest.mark.parametrize("wrong", [TRUE // 10, 3 * TRUE])
def test_a_first_value_that_nothing_bore_out_gives_way_to_one_that_moves_on_or_rests(wrong: int) -> None:
    moves = [(0, wrong), (60, wrong), (60, TRUE), (900, TRUE + 100), (60, TRUE + 200), (60, wrong)]
    assert Adapter().series("HCHP", moves) == [wrong, wrong, HELD, HELD, TRUE + 200, HELD]
    rests = [(0, wrong), (60, TRUE), (1799, TRUE), (1, TRUE)]
    assert Adapter().series("HCHP", rests) == [wrong, HELD, HELD, TRUE]


def test_a_first_value_that_a_rise_bore_out_gives_way_after_half_an_hour_only() -> None:
    values = [(0, TRUE), (60, TRUE + 10), (60, 7), (60, 9), (60, 11), (60, 11), (60, TRUE + 20)]
    assert Adapter().series("HCHP", values) == [TRUE, TRUE + 10, *[HELD] * 4, TRUE + 20]


def test_a_register_rises_by_what_can_be_drawn_in_the_time_and_its_step() -> None:
    values = [(60, TRUE + 200), (0, TRUE + 212), (60, TRUE + 449), (60, TRUE + 700), (1, TRUE + 700)]
    adapter = known(HCHP=TRUE)
    assert adapter.series("HCHP", values) == [TRUE + 200, TRUE + 212, TRUE + 449, HELD, HELD]
    assert adapter.implausible == [Implausible("HCHP", TRUE + 700, TRUE + 449)]
    assert adapter.series("HCHP", [(10, TRUE + 700)]) == [TRUE + 700]  # nothing is lost


def test_a_zero_for_some_messages_is_no_reset() -> None:
    values = [*[(12, 0)] * 5, (12, TRUE), (60, TRUE + 100)]
    assert known(EASF02=TRUE).series("EASF02", values) == [*[HELD] * 5, TRUE, TRUE + 100]


def test_a_zero_that_a_cache_repeats_for_days_is_no_reset() -> None:
    values = [*[(60, 0)] * (2 * 24 * 60), (60, TRUE), (900, TRUE + 100)]
    assert known(EASF02=TRUE).series("EASF02", values)[-3:] == [HELD, TRUE, TRUE + 100]


def test_a_total_that_follows_another_register_for_a_while_is_held_back() -> None:
    adapter = known(EAST=16_494_400, EASF01=9_340_700, EASF02=7_153_600)
    for minutes in range(2 * 60):
        believed = adapter.send(MINUTE, EAST=9_340_700 + 10 * minutes, EASF01=9_340_700 + 10 * minutes)
        assert believed.keys() == {"EASF01", "EASF02"}
    assert adapter.send(MINUTE, EAST=16_495_590)["EAST"] == 16_495_590


@pytest.mark.parametrize("wrong", [9_340_700, 9_340_800, 456_700, 356_700_000])
def test_a_register_that_rests_for_months_does_not_take_another_value(wrong: int) -> None:
    adapter = known(BBRHPJB=9_340_700, BBRHPJR=356_700)
    for hour in range(100 * 24):
        adapter.send(HOUR, BBRHPJB=9_340_700 + 500 * hour)
    for _ in range(60):
        assert "BBRHPJR" not in adapter.send(MINUTE, BBRHPJR=wrong)
    assert adapter.send(MINUTE, BBRHPJR=356_700)["BBRHPJR"] == 356_700
    assert adapter.send(900, BBRHPJR=356_800)["BBRHPJR"] == 356_800


def test_a_register_that_rests_for_months_takes_no_value_that_is_wrong_for_hours() -> None:
    adapter = known(EASF05=1_056_439)
    for _ in range(100):
        adapter.send(HOUR)
    believed = [adapter.send(900, EASF05=1_156_439) for _ in range(20)]  # one digit was misread (teleinfo2mqtt #103)
    assert believed == [{}] * 20


def test_a_register_may_overtake_another() -> None:
    adapter = known(HCHC=TRUE - 20, HCHP=TRUE)
    assert [adapter.send(10, HCHC=TRUE + wh)["HCHC"] for wh in (-10, 0, 10)] == [TRUE - 10, TRUE, TRUE + 10]


def test_after_an_outage_the_only_register_equals_the_total() -> None:
    adapter = known(EAST=TRUE, EASF01=TRUE)
    adapter.at += 8 * HOUR
    adapter.send(0)
    assert adapter.send(300, EAST=TRUE + 4000) == {"EAST": TRUE + 4000, "EASF01": TRUE}
    assert adapter.send(300, EASF01=TRUE + 4000) == {"EAST": TRUE + 4000, "EASF01": TRUE + 4000}


def test_the_value_of_a_register_close_by_is_held_back_too() -> None:
    adapter = known(HCHC=TRUE - 2000, HCHP=TRUE)
    assert [adapter.send(MINUTE, HCHC=TRUE) for _ in range(25)] == [{"HCHP": TRUE}] * 25
    assert adapter.send(MINUTE, HCHC=TRUE - 1900) == {"HCHC": TRUE - 1900, "HCHP": TRUE}


def test_old_values_after_a_restart_are_held_back_and_not_counted_again() -> None:
    values = [*[(60, TRUE - 4300)] * 20, (60, TRUE + 2000), (60, TRUE + 2100)]
    assert known(HCHP=TRUE).series("HCHP", values) == [*[HELD] * 20, TRUE + 2000, TRUE + 2100]


@pytest.mark.parametrize(
    "fault",
    [lambda true: true // 10, lambda true: true * 1000, lambda true: true // 1000, lambda true: true * 10],
    ids=["a tenth", "Wh called kWh", "kWh called Wh", "ten times"],
)
def test_a_decimal_point_elsewhere_is_held_back_while_it_moves_on(fault: "type[int]") -> None:
    adapter, true = known(step=1, HCHP=456_789), 456_789
    for _ in range(12 * 60):
        true += 5
        assert adapter.series("HCHP", [(MINUTE, fault(true))]) == [HELD]
    assert adapter.series("HCHP", [(MINUTE, true)]) == [true]
    assert len(adapter.implausible) == 1


def test_a_register_that_was_set_back_is_believed_after_three_values_in_half_an_hour() -> None:
    values = [(60, 0), (900, 90), (900, 90), (60, 170), (900, 260)]
    assert known(HCHP=TRUE).series("HCHP", values) == [HELD, HELD, HELD, 170, 260]
    quickly = [(60, 0), (60, 20), (60, 40), (60, 60), (1560, 300), (60, 400)]
    assert known(HCHP=TRUE).series("HCHP", quickly) == [HELD, HELD, HELD, HELD, HELD, 400]
    seldom = [(60, 0), (1900, 90), (60, 100)]
    assert known(HCHP=TRUE).series("HCHP", seldom) == [HELD, HELD, 100]


def test_a_value_that_jumps_about_is_never_believed() -> None:
    values = [(600, value) for _ in range(50) for value in (3 * TRUE, 7_000, 9 * TRUE)]
    assert set(known(HCHP=TRUE).series("HCHP", values)) == {HELD}


def test_another_meter_behind_the_same_name_is_believed_although_its_registers_are_equal() -> None:
    adapter = known(EAST=TRUE, EASF01=TRUE, EASD01=TRUE)
    for number in range(1, 2 * 24 * 4):
        adapter.send(900, EAST=20 * number, EASF01=20 * number, EASD01=20 * number)
    assert adapter.send(900) == dict.fromkeys(("EAST", "EASF01", "EASD01"), 20 * (2 * 24 * 4 - 1))


def test_what_looks_like_a_known_fault_is_believed_after_a_day() -> None:
    adapter = known(HCHP=10_000_000)
    values = adapter.series("HCHP", ((900, 1_000_000 + 10 * number) for number in range(200)))
    first = next(number for number, value in enumerate(values) if value is not None)
    assert 900 * first == DAY
    assert values[first:] == [1_000_000 + 10 * number for number in range(first, 200)]


def test_energy_that_was_stuck_for_hours_is_counted_and_the_storer_can_count_it() -> None:
    adapter = known(HCHP=TRUE, HCHC=9_340_700)
    carried, at = TRUE, adapter.at
    for _ in range(8 * 60):
        if adapter.send(MINUTE).get("HCHP") is not None:
            at = adapter.at
    while (believed := adapter.send(MINUTE, HCHP=TRUE + 20_000).get("HCHP")) is None:
        assert adapter.at - at < 90 * MINUTE
    assert believed == TRUE + 20_000
    assert can_be_drawn(believed - carried, adapter.at - at)
    assert adapter.send(MINUTE, HCHC=9_340_700 + 5_000) == {"HCHP": TRUE + 20_000}
    assert adapter.send(10 * MINUTE)["HCHC"] == 9_340_700 + 5_000


def test_a_register_that_was_not_sent_for_days_has_all_that_time() -> None:
    adapter = known(EAST=16_494_400, EASF05=159_300)
    del adapter.cache["EASF05"]
    for hour in range(1, 100):
        adapter.send(HOUR, EAST=16_494_400 + 400 * hour)
    assert adapter.send(HOUR, EASF05=190_000)["EASF05"] == 190_000
    del adapter.cache["EASF05"]
    adapter.send(100 * DAY)
    assert "EASF05" not in adapter.send(0, EASF05=550_000)  # more than in a day


def test_what_is_fed_in_is_judged_by_itself() -> None:
    adapter = known(EAST=TRUE, EAIT=1_634_000)
    for hour in range(72):  # and EAIT is frozen
        adapter.send(HOUR, EAST=TRUE + 400 * hour)
    adapter.send(MINUTE, EAIT=1_694_000)
    assert adapter.send(HOUR + 10 * MINUTE)["EAIT"] == 1_694_000


def test_another_rounding_is_no_fall() -> None:
    adapter = known(step=1000, HCHP=41_045_000)
    adapter.step = 10  # the owner asks for more decimals
    values = [(60, 41_044_610), (3600, 41_044_910), (60, 41_045_010), (60, 41_044_910)]
    assert adapter.series("HCHP", values) == [HELD, HELD, 41_045_010, HELD]
    assert adapter.implausible == [Implausible("HCHP", 41_044_910, 41_045_010)]


def test_steps_of_floats_of_32_bits_are_no_jumps() -> None:
    true, adapter = 67_108_864, known(step=8, EAST=67_108_864)
    sent = [(10, round((true + wh) / 8) * 8) for wh in range(100)]
    assert adapter.series("EAST", sent) == [value for _, value in sent]


def test_without_a_subscribed_power_the_largest_house_bounds_a_rise() -> None:
    registers = Registers()
    believed = [registers.take({"HCHP": value}, {}, None, at)[0] for at, value in
                [(0, TRUE), (60, TRUE + 902), (120, TRUE + 1810)]]  # fmt: skip
    assert believed == [{"HCHP": TRUE}, {"HCHP": TRUE + 902}, {}]


def resumed(adapter: Adapter, after: float) -> Adapter:
    saved: Mapping[str, list[float]] = json.loads(json.dumps(adapter.registers.to_json(adapter.at)))
    other = Adapter(**adapter.cache)
    other.at = 5.0  # the monotonic time of another start
    other.registers = Registers.from_json(saved, other.at)
    other.at += after
    return other


def test_after_a_restart_what_was_believed_still_is() -> None:
    adapter = resumed(known(HCHC=9_340_700, HCHP=TRUE), 8 * HOUR)
    assert adapter.send(0, HCHC=0) == {"HCHP": TRUE}
    assert adapter.send(60, HCHC=9_370_700, HCHP=TRUE)["HCHC"] == 9_370_700
    assert resumed(adapter, 0).send(10, HCHC=9_390_700) == {"HCHP": TRUE}


@pytest.mark.parametrize("wrong", [{"PAPP": [1, 1, 1, 1]}, {"HCHP": [1, 1, 1]}, {"HCHP": [1, 1, float("nan"), 1]},
                                   {"HCHP": [1, 1, -1, 1]}, {"HCHP": 3}])  # fmt: skip
def test_what_was_not_saved_by_us_is_refused(wrong: dict[str, list[float]]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Registers.from_json(wrong, 0)
