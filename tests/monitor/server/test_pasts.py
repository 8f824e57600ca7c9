"""When it is looked when registers switched, and what happens when the database does not answer."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from common.errors import Unavailable
from monitor.answers.answers import Answers
from monitor.live.price_topic import Past
from monitor.readings.hours import Meter
from monitor.readings.power import Switch
from monitor.server.pasts import AGAIN, TRY_AGAIN, Pasts
from monitor.server.pool import Lease, Pool
from monitor.server.workers import Workers

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SWITCHES = [Switch(NOW, 1)]


class Threads(Workers):
    """Workers that do the work at once; `waiting`: something else waits for them."""

    def __init__(self) -> None:
        self.waiting = False
        self.started = 0

    def start(self, work: Callable[[], None]) -> bool:
        if self.waiting:
            return False
        self.started += 1
        work()
        return True


class Found(Answers):
    def __init__(self, house: "House") -> None:
        self.house = house

    def meters(self) -> list[Meter]:
        if self.house.error is not None:
            raise self.house.error
        return [Meter(1, "m1", NOW, NOW), Meter(2, "m2", None, None)]

    def switches(self, meter: Meter, start: datetime, end: datetime) -> list[Switch]:
        self.house.asked.append((start, end))
        return SWITCHES if meter.identifier == "m1" else []


class House:
    def __init__(self) -> None:
        self.now = 1000.0
        self.error: Exception | None = None
        self.asked: list[tuple[datetime, datetime]] = []
        self.used: list[Mapping[str, Past]] = []
        self.threads = Threads()

        def never() -> None:
            raise AssertionError("no connection is needed here")

        def answers_on(_: Lease) -> Answers:
            return Found(self)

        self.pasts = Pasts(
            self.threads,
            Pool(never),  # type: ignore[arg-type]
            answers_on,
            ZoneInfo("Europe/Paris"),
            self.used.append,
            clock=lambda: self.now,
            now=lambda: NOW,
        )


def test_all_meters_are_looked_at_once_an_hour() -> None:
    house = House()
    house.pasts.tick()
    assert house.used == [{"m1": Past(NOW, SWITCHES), "m2": Past(None, [])}]
    # From a week before yesterday, at midnight in Paris.
    assert set(house.asked) == {(datetime(2026, 11, 15, 23, tzinfo=UTC), NOW)}
    house.now += AGAIN - 1
    house.pasts.tick()
    assert len(house.used) == 1
    house.now += 1
    house.pasts.tick()
    assert len(house.used) == 2


@pytest.mark.parametrize("error", [Unavailable("away"), RuntimeError("a mistake")])
def test_after_an_error_it_is_tried_again_soon(error: Exception) -> None:
    house = House()
    house.error = error
    house.pasts.tick()
    house.error = None
    house.pasts.tick()
    assert (house.used, house.threads.started) == ([], 1)
    house.now += TRY_AGAIN
    house.pasts.tick()
    assert len(house.used) == 1


def test_questions_go_first() -> None:
    house = House()
    house.threads.waiting = True
    house.pasts.tick()
    house.threads.waiting = False
    house.pasts.tick()
    assert len(house.used) == 1
