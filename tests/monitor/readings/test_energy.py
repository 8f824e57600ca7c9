from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.readings.energy import subdivide_hours
from monitor.readings.periods import HourEnergy
from monitor.readings.power import Slot

START = datetime(2026, 1, 5, 18, tzinfo=UTC)
HALF = timedelta(minutes=30)


def hour(number: int, wh: int, *, recovered: bool = False) -> HourEnergy:
    return HourEnergy(START + timedelta(hours=number), wh, "HCHP", 3600, recovered=recovered, imported=False)


def slots(*totals: int) -> list[Slot]:
    """Half-hours that begin with the last of the hour before; the register changes at 19:30."""
    return [
        Slot(START - HALF + number * HALF, totals[max(number - 1, 0)], total, 1800, 1 if number >= 4 else 2)
        for number, total in enumerate(totals)
    ]


def name(supplier: int | None, _: int) -> str | None:
    return {1: "HCHC", 2: "HCHP"}.get(supplier or 0)


def test_an_hour_is_divided_as_its_minutes_show_and_each_slot_has_its_register() -> None:
    parts = subdivide_hours([hour(0, 1000), hour(1, 400)], slots(0, 250, 1000, 1100, 1400), name)
    assert [(part.start - START, part.wh, part.register) for part in parts] == [
        (0 * HALF, 250, "HCHP"),
        (1 * HALF, 750, "HCHP"),
        (2 * HALF, 100, "HCHP"),
        (3 * HALF, 300, "HCHC"),
    ]


def test_the_first_hour_of_a_meter_begins_with_its_first_reading() -> None:
    first, second = Slot(START, 100, 350, 1500, 2), Slot(START + HALF, 351, 1100, 1800, 1)
    parts = subdivide_hours([hour(0, 1000)], [first, second], name)
    assert [(part.wh, part.register) for part in parts] == [(250, "HCHP"), (750, "HCHC")]


def test_what_a_decoded_meter_is_measured_between_its_readings_is_in_a_slot_too() -> None:
    first, second = Slot(START, 100, 350, 120, 2), Slot(START + HALF, 351, 1100, 120, 1)
    parts = subdivide_hours([hour(0, 1000)], [first, second], name)
    assert [part.covered for part in parts] == [3480, 120]


def test_an_hour_without_minutes_stays_whole() -> None:
    late = hour(0, 1000, recovered=True)
    assert subdivide_hours([hour(0, 1000)], [], name) == [hour(0, 1000)]
    assert subdivide_hours([late], [], name) == [late]


def test_recovered_energy_is_in_the_first_slot_of_the_hour_in_which_frames_came_back() -> None:
    # The slot before is of another day, 90 kWh earlier; of the hour's 1,000 Wh, 650 were recovered at 18:12.
    before = Slot(START - timedelta(days=9), 9_000, 10_000, 1800, 2)
    back = Slot(START + timedelta(minutes=12), 100_650, 100_700, 1080, 2)
    parts = subdivide_hours(
        [hour(0, 1000, recovered=True)], [before, back, Slot(START + HALF, 100_701, 101_000, 1800, 1)], name
    )
    assert [(part.wh, part.register, part.recovered, part.divided) for part in parts] == [
        (700, "HCHP", True, True),
        (300, "HCHC", False, True),
    ]


def test_slots_of_an_hour_are_one_hour_when_they_are_counted() -> None:
    parts = subdivide_hours([hour(0, 1000), hour(1, 400)], slots(0, 0, 1000, 1100, 1400), name)
    assert [part.slices for part in parts if part.wh] == [1, 1, 0]


@given(st.integers(0, 10**6), st.lists(st.integers(0, 5000), min_size=3, max_size=3))
def test_the_slots_of_an_hour_add_up_to_it(wh: int, steps: list[int]) -> None:
    totals = [sum(steps[:number]) for number in range(4)]
    assert sum(part.wh for part in subdivide_hours([hour(0, wh)], slots(*totals), name)) == wh
