"""The energy of sources, from their hours in a real MariaDB."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from common.contract.source_minutes import SourceMinute
from common.database.mariadb import Database
from monitor.readings.hours import Meter
from monitor.readings.sources import Source, Sources, behind
from tests.support.sources import write_source

DAY = datetime(2026, 10, 25, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def sources(tables: Database) -> Iterator[Sources]:
    with contextlib.closing(tables.connect()) as connection:
        connection.execute("SET SESSION group_concat_max_len = 4")  # whatever the server's is
        yield Sources(connection)


def at(hour: float, energy: int, step: int | None = None, seconds: int = 60) -> tuple[datetime, SourceMinute]:
    return DAY + hour * HOUR, SourceMinute(seconds, energy, step)


def test_a_house_without_sources_has_none(sources: Sources) -> None:
    assert sources.all() == []


def test_sources_have_a_name_a_kind_and_a_meter(tables: Database, sources: Sources) -> None:
    write_source(tables, "toit", "production", {})
    write_source(tables, "pompe à chaleur", "device", {}, "031961000001")
    assert sources.all() == [
        Source(2, "pompe à chaleur", "device", "031961000001"),
        Source(1, "toit", "production", None),
    ]


def test_a_source_that_names_no_meter_is_behind_the_only_one() -> None:
    one, other = Meter(1, "031961000001", None, None), Meter(2, "031961000002", None, None)
    here, named = Source(1, "a", "device", None), Source(2, "b", "device", "031961000002")
    assert behind([here, named], one, [one], "device") == [here]
    assert behind([here, named], one, [one, other], "device") == []
    assert behind([here, named], other, [one, other], "device") == [named]
    assert behind([named], other, [one, other], "production") == []


def test_energy_of_hours_from_their_last_readings(tables: Database, sources: Sources) -> None:
    readings = [at(1.25, 100), at(1.5, 130), at(2.5, 200), at(5.5, 260), at(6.5, 10, -255), at(6.75, 40)]
    write_source(tables, "toit", "production", dict(readings))
    (roof,) = sources.all()
    begin = int(DAY.timestamp())

    def by_hour(low: int, high: int) -> list[tuple[int, int, int]]:
        found = sources.by_hour(roof, DAY + low * HOUR, DAY + high * HOUR)
        return [((at - begin) // 3600, wh, seconds) for at, wh, seconds in found]

    assert by_hour(0, 9) == [(1, 30, 120), (2, 70, 60), (5, 60, 60), (6, 35, 120)]
    assert by_hour(2, 6) == [(2, 70, 60), (5, 60, 60)]
    assert by_hour(8, 9) == []
    assert sources.first(roof) == DAY + HOUR


def test_the_parts_of_any_range_add_up_to_it(tables: Database, sources: Sources) -> None:
    random = Random(26)
    energy, made, moment = 5000, 0, DAY
    minutes: dict[datetime, SourceMinute] = {}
    counted = {}
    while moment < DAY + 48 * HOUR:
        moment += MINUTE * random.choice([1, 1, 1, 7, 90, 400])
        wh, step = random.randrange(40), None
        if random.random() < 0.02:
            step = random.randrange(20) - energy
        energy += wh + (step or 0)
        made += wh if minutes else 0
        counted[moment] = made
        minutes[moment] = SourceMinute(60, energy, step)
    write_source(tables, "toit", "production", minutes)
    (roof,) = sources.all()

    def until(boundary: datetime) -> int | None:
        return max((made for moment, made in counted.items() if moment < boundary), default=None)

    for _ in range(30):
        first, last = sorted(random.sample(range(49), 2))
        begin, end = DAY + first * HOUR, DAY + last * HOUR
        by_hour = sources.by_hour(roof, begin, end)
        assert sum(wh for _, wh, _ in by_hour) == (until(end) or 0) - (until(begin) or 0)
        low, high = sorted(DAY + random.randrange(48 * 60) * MINUTE for _ in "ab")
        made_until = until(high)
        expected = None if made_until is None else made_until - (until(low) or 0)
        assert sources.between(roof, low, high) == expected


def test_minutes_as_they_stand(tables: Database, sources: Sources) -> None:
    warm = {
        DAY + number * MINUTE: SourceMinute(60, temperature=degrees) for number, degrees in enumerate((-15, 20, 40))
    }
    write_source(tables, "dehors", "temperature", warm)
    write_source(tables, "prise", "device", {DAY: SourceMinute(30, 7, None, 400, 900)})
    outside, plug = sources.all()
    start = int(DAY.timestamp())
    assert sources.minutes(outside, DAY + MINUTE, DAY + 2 * MINUTE) == [(start + 60, 60, None, None, None, None, 20)]
    assert sources.minutes(plug, DAY, DAY + HOUR) == [(start, 30, 7, None, 400, 900, None)]
    assert list(sources.by_hour(outside, DAY, DAY + HOUR)) == []
