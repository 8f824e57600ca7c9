"""When the memory of meters is filled, and what happens when the database does not answer."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime

from common.errors import Unavailable
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.web.background import TRY_AGAIN
from monitor.web.warmth import AGAIN, MOST_METERS, Warmth
from tests.support.threads import Threads

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Found(Home):
    def __init__(self, house: "House") -> None:
        self.house = house

    def meters(self) -> list[Meter]:
        if self.house.error is not None:
            raise self.house.error
        return self.house.meters


class House:
    def __init__(self, meters: int = 2) -> None:
        self.now = 1000.0
        self.error: Exception | None = None
        self.meters = [Meter(number, f"m{number}", NOW, NOW) for number in range(meters)]
        self.remembered: list[str] = []
        self.threads = Threads()

        self.warmth = Warmth(self.threads, lambda: nullcontext(Found(self)), self.remember, lambda: self.now)

    def remember(self, _: Home, meter: Meter) -> None:
        if self.error is not None:
            raise self.error
        self.remembered.append(meter.identifier)

    def run(self, seconds: int) -> list[str]:
        """Return which meters were looked up meanwhile."""
        self.remembered = []
        for _ in range(seconds):
            self.warmth.tick()
            self.threads.work()
            self.now += 1
        return sorted(self.remembered)


def test_all_meters_are_looked_up_at_the_start_and_again_after_the_past_changed() -> None:
    house = House()
    assert house.run(10) == ["m0", "m1"]
    assert house.run(int(AGAIN) * 5) == []
    house.meters = [replace(house.meters[0], version=7), house.meters[1]]
    assert house.run(int(AGAIN) + 10) == ["m0"]
    assert house.run(int(AGAIN) * 5) == []


def test_a_meter_without_readings_is_left_alone_and_of_many_only_some_are_looked_up() -> None:
    house = House(MOST_METERS + 5)
    house.meters[0] = Meter(0, "m0", None, None)
    found = house.run(100)
    assert len(found) == MOST_METERS
    assert "m0" not in found


def test_a_meter_that_could_not_be_looked_up_is_found_again() -> None:
    house = House()
    house.warmth.tick()
    house.threads.work()  # knows which there are
    house.error = Unavailable("away")
    assert house.run(10) == []
    house.error = None
    assert house.run(2 * int(TRY_AGAIN)) == ["m0", "m1"]
