"""When a step is done in the background, and what happens when it fails."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from common.errors import Unavailable
from monitor.live.prices import Past
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.readings.meters import Unused
from monitor.readings.power import Switch
from monitor.web.background import (
    MOST_METERS,
    REMEMBER_AGAIN,
    SWITCHES_AGAIN,
    TRY_AGAIN,
    UNUSED_AGAIN,
    Background,
    Pasts,
    UnusedLines,
    Warmth,
)
from tests.support.threads import Threads

AGAIN = 300.0  # seconds


class Work(Background):
    def __init__(self) -> None:
        self.now = 1000.0
        self.threads = Threads()
        self.error: Exception | None = None
        self.done: list[float] = []
        super().__init__(self.threads, lambda: self.now)

    def step(self) -> float:
        if self.error is not None:
            raise self.error
        self.done.append(self.now)
        return AGAIN

    def run(self, seconds: float) -> list[float]:
        """Return when steps were done in this time, in seconds of it."""
        start, self.done = self.now, []
        while self.now < start + seconds:
            self.tick()
            self.threads.work()
            self.now += 1
        return [moment - start for moment in self.done]


def test_a_step_is_done_at_the_start_and_when_it_is_due() -> None:
    assert Work().run(2 * AGAIN + 1) == [0, AGAIN, 2 * AGAIN]


def test_a_step_is_begun_once() -> None:
    work = Work()
    work.tick()
    work.now += AGAIN
    work.tick()
    assert len(work.threads.given) == 1


@pytest.mark.parametrize(("error", "logged"), [(Unavailable("away"), 0), (ZeroDivisionError("a fault of ours"), 1)])
def test_what_fails_is_tried_again_after_a_minute_and_logged_once(
    error: Exception, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work()
    work.error = error
    assert work.run(2 * TRY_AGAIN) == []
    work.error = None
    assert work.run(TRY_AGAIN) == [0]
    assert len(caplog.records) == logged


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class MetersHome(Home):
    def __init__(self, house: "Warming") -> None:
        self.house = house

    def meters(self) -> list[Meter]:
        if self.house.error is not None:
            raise self.house.error
        return self.house.meters


class Warming:
    def __init__(self, meters: int = 2) -> None:
        self.now = 1000.0
        self.error: Exception | None = None
        self.meters = [Meter(number, f"m{number}", NOW, NOW) for number in range(meters)]
        self.remembered: list[str] = []
        self.threads = Threads()

        self.warmth = Warmth(self.threads, lambda: nullcontext(MetersHome(self)), self.remember, lambda: self.now)

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
    house = Warming()
    assert house.run(10) == ["m0", "m1"]
    assert house.run(int(REMEMBER_AGAIN) * 5) == []
    house.meters = [replace(house.meters[0], version=7), house.meters[1]]
    assert house.run(int(REMEMBER_AGAIN) + 10) == ["m0"]
    assert house.run(int(REMEMBER_AGAIN) * 5) == []


def test_a_meter_without_readings_is_left_alone_and_of_many_only_some_are_looked_up() -> None:
    house = Warming(MOST_METERS + 5)
    house.meters[0] = Meter(0, "m0", None, None)
    found = house.run(100)
    assert len(found) == MOST_METERS
    assert "m0" not in found


def test_a_meter_that_could_not_be_looked_up_is_found_again() -> None:
    house = Warming()
    house.warmth.tick()
    house.threads.work()  # knows which there are
    house.error = Unavailable("away")
    assert house.run(10) == []
    house.error = None
    assert house.run(2 * int(TRY_AGAIN)) == ["m0", "m1"]


SWITCHES = [Switch(NOW, 1)]


class SwitchesHome(Home):
    def __init__(self, house: "Looking") -> None:
        self.house = house

    def meters(self) -> list[Meter]:
        return [Meter(1, "m1", NOW, NOW), Meter(2, "m2", None, None)]

    def switches(self, meter: Meter, start: datetime, end: datetime) -> list[Switch]:
        self.house.asked.append((start, end))
        return SWITCHES if meter.identifier == "m1" else []


class Looking:
    def __init__(self) -> None:
        self.now = 1000.0
        self.asked: list[tuple[datetime, datetime]] = []
        self.used: list[Mapping[str, Past]] = []
        self.threads = Threads()

        self.pasts = Pasts(
            self.threads,
            lambda: nullcontext(SwitchesHome(self)),
            ZoneInfo("Europe/Paris"),
            self.used.append,
            clock=lambda: self.now,
            now=lambda: NOW,
        )

    def tick(self) -> None:
        self.pasts.tick()
        self.threads.work()


def test_all_meters_are_looked_at_once_an_hour() -> None:
    house = Looking()
    house.tick()
    assert house.used == [{"m1": Past(NOW, SWITCHES), "m2": Past(None, [])}]
    # From a week before yesterday, at midnight in Paris.
    assert set(house.asked) == {(datetime(2026, 11, 15, 23, tzinfo=UTC), NOW)}
    house.now += SWITCHES_AGAIN - 1
    house.tick()
    assert len(house.used) == 1
    house.now += 1
    house.tick()
    assert len(house.used) == 2


class UnusedHome(Home):
    def __init__(self, lines: list[Unused]) -> None:
        self.lines = lines

    def unused(self) -> list[Unused]:
        return self.lines


def test_a_line_that_concerns_no_meter_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    now, lines, threads = [1000.0], [Unused("contracts", "3519330717")], Threads()
    work = UnusedLines(threads, lambda: nullcontext(UnusedHome(lines)), lambda: now[0])

    def logged() -> int:
        work.tick()
        threads.work()
        now[0] += UNUSED_AGAIN
        return len(caplog.records)

    assert logged() == 1
    assert "contracts" in caplog.text
    assert "3519330717" in caplog.text
    assert logged() == 1
    lines.append(Unused("meters", "3519330717"))
    assert logged() == 2
