"""When it is looked when registers switched."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from monitor.live.price_topic import Past
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.readings.power import Switch
from monitor.web.pasts import AGAIN, Pasts
from tests.support.threads import Threads

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SWITCHES = [Switch(NOW, 1)]


class Found(Home):
    def __init__(self, house: "House") -> None:
        self.house = house

    def meters(self) -> list[Meter]:
        return [Meter(1, "m1", NOW, NOW), Meter(2, "m2", None, None)]

    def switches(self, meter: Meter, start: datetime, end: datetime) -> list[Switch]:
        self.house.asked.append((start, end))
        return SWITCHES if meter.identifier == "m1" else []


class House:
    def __init__(self) -> None:
        self.now = 1000.0
        self.asked: list[tuple[datetime, datetime]] = []
        self.used: list[Mapping[str, Past]] = []
        self.threads = Threads()

        self.pasts = Pasts(
            self.threads,
            lambda: nullcontext(Found(self)),
            ZoneInfo("Europe/Paris"),
            self.used.append,
            clock=lambda: self.now,
            now=lambda: NOW,
        )

    def tick(self) -> None:
        self.pasts.tick()
        self.threads.work()


def test_all_meters_are_looked_at_once_an_hour() -> None:
    house = House()
    house.tick()
    assert house.used == [{"m1": Past(NOW, SWITCHES), "m2": Past(None, [])}]
    # From a week before yesterday, at midnight in Paris.
    assert set(house.asked) == {(datetime(2026, 11, 15, 23, tzinfo=UTC), NOW)}
    house.now += AGAIN - 1
    house.tick()
    assert len(house.used) == 1
    house.now += 1
    house.tick()
    assert len(house.used) == 2
