"""The house of `--sun`: its devices fit its meter."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from common.contract.source_minutes import SourceMinute
from common.contract.sources import SOURCES, Source
from demo.sun import CAR, GARDEN, ROOF, SunnyHouse, meter_of, sources_of
from storer.sources.reading import read_value

DAYS = (
    datetime(2025, 10, 25, 22, tzinfo=UTC),  # 25 hours
    datetime(2026, 1, 14, 23, tzinfo=UTC),
    datetime(2026, 3, 28, 23, tzinfo=UTC),  # 23 hours
    datetime(2026, 6, 20, 22, tzinfo=UTC),
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def energy(minutes: dict[datetime, SourceMinute], start: datetime, end: datetime) -> int:
    """Return the Wh of [start, end), of minutes that begin a minute before."""
    minute = timedelta(minutes=1)
    first, last = minutes[start - minute].energy, minutes[end - minute].energy
    assert first is not None
    assert last is not None
    return last - first


@pytest.mark.parametrize("start", DAYS)
def test_in_each_hour_the_house_uses_what_the_roof_makes_and_the_meter_does_not_inject(start: datetime) -> None:
    before = start - timedelta(minutes=1)
    devices = SunnyHouse().minutes(before, start + DAY)
    meter = {datetime.fromtimestamp(one.start, UTC): one for one in meter_of(sun=True).minutes(before, start + DAY)}
    made_in_all = 0
    for hour in (start + number * HOUR for number in range(24)):
        ends = [meter[edge - timedelta(minutes=1)] for edge in (hour, hour + HOUR)]
        drawn, injected = (ends[1].total[1] - ends[0].total[1], ends[1].exported[1] - ends[0].exported[1])
        made, car = (energy(devices[name], hour, hour + HOUR) for name in (ROOF, CAR))
        own = made - injected
        assert own >= 0
        assert car <= drawn + own + 1  # Wh, each is cut to a whole one
        made_in_all += made
    assert made_in_all > 1000


def test_the_garden_is_cold_in_january_and_warm_in_june() -> None:
    house = SunnyHouse()
    cold, warm = (
        [row.temperature or 0 for row in house.minutes(day, day + DAY)[GARDEN].values()] for day in (DAYS[1], DAYS[3])
    )
    assert max(cold) < 150 < max(warm)
    assert min(cold) < max(cold) - 60


def test_what_the_devices_send_is_read_with_the_sources_of_the_storer() -> None:
    noon = datetime(2026, 6, 20, 10, 59, 59, tzinfo=UTC)
    house = SunnyHouse()
    messages = house.messages(int(noon.timestamp()))
    sources = SOURCES.read(json.loads(json.dumps(sources_of("031961000001"))))
    assert {source.meter for source in sources} == {"031961000001"}
    rows = house.minutes(noon.replace(second=0), noon.replace(second=0) + timedelta(minutes=1))
    read = {source.name: values(source, messages) for source in sources}
    for name in (ROOF, CAR):
        (row,) = rows[name].values()
        power, reading = read[name]
        assert (round(power), round(reading)) == (row.power, row.energy)
    ((temperature,), (row,)) = read[GARDEN], rows[GARDEN].values()
    assert row.temperature == pytest.approx(temperature * 10, abs=1)
    assert set(messages) == {topic for source in sources for topic in source.topics}


def values(source: Source, messages: dict[str, str]) -> list[float]:
    return [float(read_value(messages[value.topic].encode(), value)) for value in source.values]


def test_its_meter_is_another_one_than_without_a_roof() -> None:
    meter = meter_of(sun=True)
    assert meter.address != meter_of(sun=False).address
    assert b"EAIT" in meter.frame(DAYS[0])
