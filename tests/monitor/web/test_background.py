"""When a step is done in the background, what happens when it fails, and what the steps of the monitor do."""

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
    CacheWarmer,
    SwitchHistory,
    UnusedLines,
)
from tests.support.threads import Threads

AGAIN = 300.0  # seconds
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Work:
    def __init__(self) -> None:
        self.now = 1000.0
        self.threads = Threads()
        self.error: Exception | None = None
        self.done: list[float] = []
        self.background = Background(self.threads, self.step, lambda: self.now)

    def step(self) -> float:
        if self.error is not None:
            raise self.error
        self.done.append(self.now)
        return AGAIN

    def run(self, seconds: float) -> list[float]:
        """Return when steps were done in this time, in seconds of it."""
        start, self.done = self.now, []
        while self.now < start + seconds:
            self.background.tick()
            self.threads.work()
            self.now += 1
        return [moment - start for moment in self.done]


def test_a_step_is_done_at_the_start_and_when_it_is_due() -> None:
    assert Work().run(2 * AGAIN + 1) == [0, AGAIN, 2 * AGAIN]


def test_a_step_is_begun_once() -> None:
    work = Work()
    work.background.tick()
    work.now += AGAIN
    work.background.tick()
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


class FakeHome(Home):
    """Knows meters, when their registers switched, and which lines of the configuration concern none of them."""

    def __init__(self, *meters: Meter) -> None:
        self.found = list(meters)
        self.switched = {"m1": [Switch(NOW, 1)]}
        self.asked: list[tuple[datetime, datetime]] = []
        self.lines: list[Unused] = []

    def meters(self) -> list[Meter]:
        return self.found

    def switches(self, meter: Meter, start: datetime, end: datetime) -> list[Switch]:
        self.asked.append((start, end))
        return self.switched.get(meter.identifier, [])

    def unused(self) -> list[Unused]:
        return self.lines


def meters(count: int) -> list[Meter]:
    return [Meter(number, f"m{number}", NOW, NOW) for number in range(count)]


class Warming:
    def __init__(self, *found: Meter) -> None:
        self.home = FakeHome(*found)
        self.error: Exception | None = None
        self.remembered: list[str] = []
        self.warmer = CacheWarmer(lambda: nullcontext(self.home), self.remember)

    def remember(self, _: Home, meter: Meter) -> None:
        if self.error is not None:
            raise self.error
        self.remembered.append(meter.identifier)

    def run(self) -> list[str]:
        """Do steps until a pause; return which meters were looked up."""
        self.remembered = []
        while self.warmer.step() != REMEMBER_AGAIN:
            pass
        return sorted(self.remembered)


def test_all_meters_are_looked_up_at_the_start_and_again_after_the_past_changed() -> None:
    warming = Warming(*meters(2))
    assert warming.run() == ["m0", "m1"]
    assert warming.run() == []
    warming.home.found[0] = replace(warming.home.found[0], version=7)
    assert [warming.run(), warming.run()] == [["m0"], []]


def test_a_meter_without_readings_is_left_alone_and_of_many_only_some_are_looked_up() -> None:
    found = Warming(Meter(0, "none", None, None), *meters(MOST_METERS + 4)).run()
    assert len(found) == MOST_METERS
    assert "none" not in found


def test_a_meter_that_could_not_be_looked_up_is_found_again() -> None:
    warming = Warming(*meters(2))
    warming.error = Unavailable("away")
    with pytest.raises(Unavailable):
        warming.run()
    warming.error = None
    assert sorted(warming.run() + warming.run()) == ["m0", "m1"]


def test_the_switches_of_all_meters_are_read_once_an_hour() -> None:
    home, used = FakeHome(Meter(1, "m1", NOW, NOW), Meter(2, "m2", None, None)), list[Mapping[str, Past]]()
    history = SwitchHistory(lambda: nullcontext(home), ZoneInfo("Europe/Paris"), used.append, now=lambda: NOW)
    assert history.step() == SWITCHES_AGAIN
    assert used == [{"m1": Past(NOW, home.switched["m1"]), "m2": Past(None, [])}]
    # From a week before yesterday, at midnight in Paris.
    assert set(home.asked) == {(datetime(2026, 11, 15, 23, tzinfo=UTC), NOW)}


def test_a_line_that_concerns_no_meter_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    home = FakeHome()
    home.lines.append(Unused("contracts", "3519330717"))
    lines = UnusedLines(lambda: nullcontext(home))
    assert [lines.step() for _ in range(2)] == [UNUSED_AGAIN] * 2
    assert len(caplog.records) == 1
    assert "contracts" in caplog.text
    assert "3519330717" in caplog.text
    home.lines.append(Unused("meters", "3519330717"))
    lines.step()
    assert len(caplog.records) == 2
