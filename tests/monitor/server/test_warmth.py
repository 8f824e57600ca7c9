"""When the memory of meters is filled, and what happens when the database does not answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from common.errors import Unavailable
from monitor.answers.answers import Answers
from monitor.readings.hours import Meter
from monitor.readings.house_energy import HouseReader
from monitor.server.pool import Lease, Pool
from monitor.server.warmth import AGAIN, MOST_METERS, TRY_AGAIN, Warmth
from monitor.server.workers import Workers

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Threads(Workers):
    """Workers that do the work when the test wants it; `waiting`: something else waits for them."""

    def __init__(self) -> None:
        self.waiting = False
        self.given: list[Callable[[], None]] = []

    def start(self, work: Callable[[], None]) -> bool:
        if not self.waiting:
            self.given.append(work)
        return not self.waiting


class Reader(HouseReader):
    def __init__(self, house: "House") -> None:
        self.house = house

    def remember(self, meter: Meter) -> None:
        if self.house.error is not None:
            raise self.house.error
        self.house.remembered.append(meter.identifier)


class Found(Answers):
    def __init__(self, house: "House") -> None:
        self.house = house
        self.reader = Reader(house)

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

        def never() -> None:
            raise AssertionError

        def answers_on(_: Lease) -> Answers:
            return Found(self)

        self.warmth = Warmth(self.threads, Pool(never), answers_on, lambda: self.now)  # type: ignore[arg-type]

    def run(self, seconds: int) -> list[str]:
        """Return which meters were looked up meanwhile."""
        self.remembered = []
        for _ in range(seconds):
            self.warmth.tick()
            while self.threads.given:
                self.threads.given.pop()()
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


def test_nothing_is_looked_up_while_questions_wait_and_a_step_is_begun_once() -> None:
    house = House()
    house.threads.waiting = True
    assert house.run(10) == []
    house.threads.waiting = False
    house.warmth.tick()
    house.warmth.tick()
    assert len(house.threads.given) == 1


def test_a_database_that_is_away_is_asked_again_after_a_minute() -> None:
    house = House()
    house.error = Unavailable("away")
    assert house.run(10) == []
    house.error = None
    assert house.run(int(TRY_AGAIN) - 20) == []
    assert house.run(20) == ["m0", "m1"]


def test_an_error_does_not_end_the_thread_that_answers_questions() -> None:
    house = House()
    house.error = ZeroDivisionError("a fault of ours")
    assert house.run(10) == []
    house.error = None
    assert house.run(int(AGAIN) + 10) == ["m0", "m1"]
