"""Energy that the monitor reads from the rollups, against plain arithmetic over all frames."""

import contextlib
import itertools
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.database.mariadb import Database
from monitor.base.calendar import Calendar, midnight
from monitor.readings.energy import EnergyReader
from monitor.readings.hours import Hours, Meter
from monitor.readings.imported import ImportedHours
from monitor.readings.meter_contracts import Contracts
from monitor.readings.periods import Energy
from monitor.readings.power import Power
from tests.support.rolling import roll_up
from tests.support.storing import query, store

PARIS = ZoneInfo("Europe/Paris")
CALENDAR = Calendar(PARIS)
METER = "031961000001"
HOUR = timedelta(hours=1)


@contextlib.contextmanager
def reading(database: Database) -> Iterator[tuple[EnergyReader, list[Meter]]]:
    with contextlib.closing(database.connect()) as connection:
        hours = Hours(connection)
        yield EnergyReader(hours, ImportedHours(connection), Contracts(connection), Power(connection)), hours.meters()


def energy(database: Database, by: str, start: datetime, end: datetime, now: datetime | None = None) -> list[Energy]:
    with reading(database) as (reader, meters):
        return reader.energy(meters[0], CALENDAR.boundaries(by, start, end), now or end)


class House:
    """A meter whose registers count; frames come at random moments, with outages."""

    def __init__(self, seed: int, start: datetime, mode: Mode = Mode.STANDARD, meter: str = METER) -> None:
        self.random = random.Random(seed)
        self.now = start
        self.mode = mode
        self.meter = meter
        self.supplier = [self.random.randrange(10**6) for _ in range(6)]
        self.total = sum(self.supplier)
        self.injected = 1000
        self.running = 0
        self.calendar = "TEMPO"
        self.used: int | None = None  # so many of the registers run; None: all
        self.frames: list[Frame] = []

    def live(self, until: datetime, every: float = 700, outages: float = 0.02) -> None:
        while self.now < until:
            gap = self.random.uniform(0.5, 1.5) * every
            if self.random.random() < outages:
                gap += self.random.choice([2, 9, 30]) * 3600
            self.now += timedelta(seconds=round(gap, 3))
            counted = self.random.randrange(int(gap * 2))
            if self.random.random() < 0.1:
                self.running = self.random.randrange(self.used or len(self._registers()))
            self.supplier[self.running] += counted
            self.total += counted
            self.injected += counted // 7
            self.frames.append(self.frame())

    def _registers(self) -> list[str]:
        if self.mode is Mode.STANDARD:
            return [f"EASF{number:02}" for number in range(1, 7)]
        if self.calendar == "HC..":
            return ["HCHC", "HCHP"]
        return ["BASE"]

    def frame(self) -> Frame:
        values: dict[str, Value]
        if self.mode is Mode.STANDARD:
            values = {"ADSC": self.meter, "NGTF": f"{self.calendar:^16}", "EAST": self.total}
            values |= dict(zip(self._registers(), self.supplier, strict=True))
            values |= {"EAIT": self.injected, "PREF": 9, "SINSTS": 1000, "NTARF": self.running + 1}
            values["STGE"] = f"{self.running << 10:08X}"
        elif self.calendar == "HC..":
            periods = {"HCHC": "HC..", "HCHP": "HP.."}
            values = {"ADCO": self.meter, "OPTARIF": "HC..", "ISOUSC": 30}
            values |= dict(zip(self._registers(), self.supplier, strict=False))
            values |= {"PTEC": periods[self._registers()[self.running]], "IINST": 4, "PAPP": 1000}
        else:
            values = {"ADCO": self.meter, "OPTARIF": "BASE", "ISOUSC": 30, "BASE": self.total, "PTEC": "TH.."}
            values |= {"IINST": 4, "PAPP": 1000}
        return Frame(meter=self.meter, timestamp=self.now.astimezone(UTC), mode=self.mode, values=values)


def counted(frames: list[Frame], label: str, start: datetime, end: datetime) -> int:
    """What a register went on by, as a householder would say it: the readings at both ends."""
    known = [(frame.timestamp, frame.values[label]) for frame in frames if label in frame.values]
    before = [value for moment, value in known if moment < start] or [known[0][1]]
    until = [value for moment, value in known if moment < end] or [known[0][1]]
    first, last = before[-1], until[-1]
    assert isinstance(first, int)
    assert isinstance(last, int)
    return last - first


@pytest.mark.parametrize("start", [date(2026, 3, 26), date(2026, 10, 22), date(2026, 6, 28)])
def test_hours_days_weeks_and_months_add_up_to_the_readings_over_outages_and_both_changes_of_time(
    tables: Database, start: date
) -> None:
    begin, end = midnight(start, PARIS), midnight(start + timedelta(5), PARIS)
    house = House(start.toordinal(), begin + timedelta(hours=5))
    house.live(end, every=900)
    store(tables, house.frames)
    roll_up(tables, end + timedelta(days=1))
    whole = energy(tables, "year", begin, end)
    for by in ("hour", "day", "week", "month", "year"):
        parts = energy(tables, by, begin, end)
        assert [(part.start, part.end) for part in parts] == list(
            itertools.pairwise(CALENDAR.boundaries(by, begin, end))
        )
        for part in parts:
            assert part.total_wh == counted(house.frames, "EAST", part.start, part.end)
            assert (part.injected_wh or 0) == counted(house.frames, "EAIT", part.start, part.end)
            for number, name in enumerate(["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"], 1):
                assert part.wh.get(name, 0) == counted(house.frames, f"EASF{number:02}", part.start, part.end)
        assert sum(part.total_wh for part in parts) == whole[0].total_wh
    days = energy(tables, "day", begin, end)
    assert {(day.end - day.start) // timedelta(hours=1) for day in days} <= {23, 24, 25}


def test_what_was_drawn_over_an_outage_is_recovered_in_the_hour_that_shows_it(tables: Database) -> None:
    begin = datetime(2026, 11, 20, 23, tzinfo=UTC)
    house = House(1, begin)
    house.live(begin + timedelta(hours=5), every=20, outages=0)
    before = house.total
    house.now += timedelta(hours=3)
    house.total += 4321
    house.supplier[house.running] += 4321
    house.frames.append(house.frame())
    house.live(begin + timedelta(hours=12), every=20, outages=0)
    store(tables, house.frames)
    roll_up(tables, begin + timedelta(days=2))
    hours = energy(tables, "hour", begin, begin + timedelta(hours=13))
    assert [hour.recovered_wh for hour in hours if hour.recovered_wh] == [4321]
    (shown,) = [hour for hour in hours if hour.recovered_wh]
    assert shown.start == (house.frames[0].timestamp + timedelta(hours=8)).replace(minute=0, second=0, microsecond=0)
    assert shown.total_wh >= 4321
    assert hours[6].total_wh == 0
    assert hours[6].covered == 0
    assert hours[2].covered > 800  # a frame each 20 s covers a quarter of the pieces of 5 s
    assert sum(hour.total_wh for hour in hours) == house.total - int(str(house.frames[0].values["EAST"]))
    assert before < house.total


def test_a_gap_across_the_turn_of_an_hour_is_recovered_though_both_hours_have_frames(tables: Database) -> None:
    begin = datetime(2026, 11, 20, 23, tzinfo=UTC)
    house = House(9, begin)
    house.live(begin + timedelta(hours=2, minutes=59), every=3, outages=0)
    house.now = begin + timedelta(hours=3, minutes=1)
    house.total += 77
    house.supplier[house.running] += 77
    house.frames.append(house.frame())
    house.live(begin + timedelta(hours=4), every=3, outages=0)
    store(tables, house.frames)
    roll_up(tables, begin + timedelta(days=2))
    hours = energy(tables, "hour", begin, begin + timedelta(hours=4))
    assert [hour.recovered_wh for hour in hours] == [0, 0, 0, 77]
    assert [hour.covered > 3500 for hour in hours] == [True, True, True, True]
    assert hours[2].covered < 3600
    assert sum(hour.total_wh for hour in hours) == counted(house.frames, "EAST", begin, begin + timedelta(hours=4))


def test_a_meter_that_is_exchanged_or_set_back_gives_no_energy_that_nobody_drew(tables: Database) -> None:
    begin = datetime(2026, 11, 20, 23, tzinfo=UTC)
    house = House(2, begin)
    house.live(begin + timedelta(hours=6), every=120, outages=0)
    first = house.total - int(str(house.frames[0].values["EAST"]))
    house.total, house.supplier = 7, [1, 2, 4, 0, 0, 0]
    house.now += timedelta(hours=1)
    house.frames.append(house.frame())
    house.live(begin + timedelta(hours=12), every=120, outages=0)
    store(tables, house.frames)
    roll_up(tables, begin + timedelta(days=2))
    (whole,) = energy(tables, "year", begin, begin + timedelta(hours=12))
    hours = energy(tables, "hour", begin, begin + timedelta(hours=12))
    # The hour that shows it has two readings: what was drawn in it before and after is lost.
    assert first + house.total - 7 - 4000 < whole.total_wh <= first + house.total - 7
    assert sum(hour.total_wh for hour in hours) == whole.total_wh
    assert all(amount >= 0 for hour in hours for amount in hour.wh.values())


def test_a_contract_that_comes_back_is_found_twice(tables: Database) -> None:
    begin = datetime(2026, 11, 1, 23, tzinfo=UTC)
    house = House(4, begin)
    for calendar, days in (("TEMPO", 3), ("H PLEINE/CREUSE", 5), ("TEMPO", 7)):
        house.calendar, house.running = calendar, 0
        house.live(begin + timedelta(days=days), every=3000, outages=0)
    store(tables, house.frames)
    roll_up(tables, begin + timedelta(days=9))
    with reading(tables) as (reader, (meter,)):
        spans = reader.contract_spans(meter, begin, begin + timedelta(days=7))
    assert [span.calendar for span in spans] == ["TEMPO", "H PLEINE/CREUSE", "TEMPO"]


def test_imported_hours_count_where_no_reading_is_and_nowhere_else(tables: Database) -> None:
    begin = datetime(2026, 11, 20, 23, tzinfo=UTC)
    house = House(7, begin + timedelta(hours=12, minutes=5), Mode.HISTORIC)
    house.calendar = "BASE"
    house.live(begin + timedelta(days=1), every=120, outages=0)
    store(tables, house.frames)
    roll_up(tables, begin + timedelta(days=2))
    rows = ", ".join(
        f"(1, '{begin + timedelta(hours=number):%Y-%m-%d %H}:00', 0, 'enedis', 500)" for number in range(24)
    )
    query(tables, f"INSERT INTO imported_hours (meter_id, hour, register, source, wh) VALUES {rows}", "SELECT 1")
    (day,) = energy(tables, "day", begin, begin + timedelta(days=1))
    assert day.imported_wh == 12 * 500
    assert day.total_wh == 12 * 500 + counted(house.frames, "BASE", begin, begin + timedelta(days=1))
    assert day.covered >= 12 * 3600
    with reading(tables) as (reader, (meter,)):
        curve = reader.hours(meter, begin, begin + timedelta(days=1))
    assert [hour.imported for hour in curve] == [True] * 12 + [False] * 12
    assert sum(hour.wh for hour in curve) == day.total_wh
    assert {hour.register for hour in curve} == {"BASE"}


def test_an_hour_after_an_outage_is_recovered_in_any_range(tables: Database) -> None:
    begin = datetime(2026, 11, 20, 23, tzinfo=UTC)
    house, end = House(1, begin), begin + timedelta(hours=8)
    house.live(begin + timedelta(hours=2), every=20, outages=0)
    house.now += timedelta(hours=3)
    house.live(end, every=20, outages=0)
    store(tables, house.frames)
    roll_up(tables, end + timedelta(days=1))
    with reading(tables) as (reader, (meter,)):
        curve = reader.hours(meter, begin, end)
        assert [hour.recovered for hour in curve].count(True) == 1
        assert [reader.hours(meter, hour.start, end)[0] for hour in curve] == curve


def test_imported_days_and_months_count_whole_and_are_in_no_load_curve(tables: Database) -> None:
    begin = datetime(2026, 11, 20, 23, tzinfo=UTC)
    house = House(7, begin + timedelta(days=3), Mode.HISTORIC)
    house.calendar = "BASE"
    house.live(begin + timedelta(days=4), every=600, outages=0)
    store(tables, house.frames)
    roll_up(tables, begin + timedelta(days=5))
    day = "(1, '2026-11-{}', {}, 'enedis-index', {}, 24)"
    rows = [
        day.format("21 22:00", 1, 4000),
        day.format("21 22:00", 2, 6000),
        day.format("22 22:00", 2, 9000),
        "(1, '2026-10-31 22:00', 0, 'edf', 300000, 745)",
        "(1, '2026-11-22 23:00', 0, 'enedis', 500, 1)",
    ]
    sql = "INSERT INTO imported_hours (meter_id, hour, register, source, wh, hours) VALUES "
    query(tables, sql + ", ".join(rows), "SELECT 1")
    first, second, third = energy(tables, "day", begin, begin + timedelta(days=3))
    assert (dict(first.wh), first.imported_wh) == ({"EASF01": 4000, "EASF02": 6000}, 10_000)
    assert (second.total_wh, second.coverage) == (9000, 1.0)
    assert (third.total_wh, third.covered) == (500, 3600)
    (october,) = energy(tables, "month", datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC))
    assert (october.total_wh, october.covered) == (300_000, 745 * 3600)
    with reading(tables) as (reader, (meter,)):
        curve = reader.hours(meter, begin - timedelta(days=60), begin + timedelta(days=3))
    assert [(hour.wh, hour.imported) for hour in curve] == [(500, True)]


def test_the_time_to_come_is_not_expected_to_be_covered(tables: Database) -> None:
    begin = datetime(2026, 11, 20, 23, tzinfo=UTC)
    house = House(8, begin)
    house.live(begin + timedelta(hours=6), every=3, outages=0)
    store(tables, house.frames)
    roll_up(tables, begin + timedelta(days=2))
    now = begin + timedelta(hours=6)
    today, tomorrow = energy(tables, "day", begin, begin + timedelta(days=2), now)
    assert today.expected == (now - house.frames[0].timestamp.replace(microsecond=0)).seconds
    assert today.coverage > 0.98
    assert (tomorrow.expected, tomorrow.coverage, tomorrow.total_wh) == (0, 0.0, 0)


def test_before_the_first_frame_nothing_is_missing(tables: Database) -> None:
    begin = datetime(2026, 11, 20, 23, tzinfo=UTC)
    first = begin + timedelta(hours=12, minutes=10)
    house = House(8, first)
    house.live(begin + timedelta(hours=14), every=3, outages=0)
    store(tables, house.frames)
    now = begin + timedelta(hours=14)
    roll_up(tables, now)
    found = energy(tables, "day", begin - timedelta(days=1), begin + timedelta(days=1), now)
    began = house.frames[0].timestamp.replace(microsecond=0)
    assert [(day.covered > 0, day.expected) for day in found] == [(False, 0), (True, (now - began).seconds)]
    assert found[1].coverage > 0.98


def test_hours_without_a_row_are_found_and_rows_that_come_later_count(tables: Database) -> None:
    begin = datetime(2026, 5, 4, tzinfo=UTC)
    house = House(8, begin)
    for hours in (30, 3, 41):
        house.live(house.now + timedelta(hours=hours), every=900, outages=0)
        house.now = house.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=5)
    store(tables, house.frames)
    roll_up(tables, house.now + timedelta(days=1))
    with reading(tables) as (reader, meters):
        with_rows = {hour for (hour,) in query(tables, "SELECT hour FROM hours")}
        end = max(with_rows).replace(tzinfo=UTC) + HOUR
        expected = [
            begin + number * HOUR
            for number in range((end - begin) // HOUR)
            if (begin + number * HOUR).replace(tzinfo=None) not in with_rows
        ]
        holes = reader._hours.availability.without_row(meters[0].number)
        found = [low + number * HOUR for low, high in holes.intervals for number in range((high - low) // HOUR)]
        assert found == expected
        assert (holes.first, holes.end) == (begin, end)
        before = reader.energy(meters[0], [begin, end], end)
        house.now = end
        house.live(end + timedelta(hours=4), every=900, outages=0)
        store(tables, house.frames)
        roll_up(tables, house.now + timedelta(days=1))
        (meter,) = Hours(reader._hours._connection).meters()
        (piece,) = reader.energy(meter, [begin, end + 4 * HOUR], end + 4 * HOUR)
        assert piece.covered > before[0].covered


@pytest.mark.parametrize("mode", list(Mode))
def test_contracts_that_come_and_go_in_the_middle_of_an_hour_lose_nothing_and_leave_no_nameless_energy(
    tables: Database, mode: Mode
) -> None:
    begin = datetime(2026, 11, 10, 23, tzinfo=UTC)
    house = House(7, begin)
    house.live(begin + timedelta(days=1, minutes=20), every=300, outages=0)
    off_peak = "H PLEINE/CREUSE" if mode is Mode.STANDARD else "HC.."
    for number, (calendar, used) in enumerate([("BASE", 1), (off_peak, 2), ("BASE", 1)], 2):
        house.mode, house.calendar, house.running, house.used = mode, calendar, 0, used
        house.supplier = [0] * 6  # a change of contract sets the registers of the supplier back
        house.live(begin + timedelta(days=number, minutes=20), every=300, outages=0)
    end = begin + timedelta(days=5)
    store(tables, house.frames)
    roll_up(tables, end)
    ((drawn,),) = query(tables, "SELECT SUM(drawn_wh) FROM hours")
    for by in ("hour", "day", "month"):
        found = energy(tables, by, begin, end)
        assert sum(one.total_wh for one in found) == drawn, by
        names = {name for one in found for name, wh in one.wh.items() if wh}
        assert {"BASE", "HCHC", "HCHP"} < names, by
        assert all(name.startswith(("BASE", "HC", "BBR")) for name in names), by
    # Hours and days begin with any of them.
    for hour in energy(tables, "hour", begin, end)[::5]:
        (alone,) = energy(tables, "hour", hour.start, hour.end, end)
        assert alone.wh == hour.wh
