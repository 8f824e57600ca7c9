"""Production, use at home and injection in the API: exact to the Wh over any range."""

import bisect
import contextlib
import csv
import io
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.contract.source_minutes import SourceMinute as Row
from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.base.formats import Formats
from monitor.live.today import today
from monitor.money.home import Home
from monitor.money.price_document import read_document
from monitor.money.prices import PriceTable
from monitor.places.day import interval
from monitor.places.day import routes as series
from monitor.places.review import csv as energy_csv
from monitor.places.review import energy
from monitor.places.review.csv import json_rows
from monitor.readings.cache import Cache
from monitor.readings.sources import SourceMinute
from monitor.sources.sources import Measured
from monitor.sources.sun import SunAnswer, SunAnswers, powers_of
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.sources import read_source, write_source
from tests.support.sources import series as readings_of
from tests.support.storing import make_tables, query, store

# 21 October 2026, 00:00 in Paris; the clock changes on the 25th.
BEGIN, END = datetime(2026, 10, 20, 22, tzinfo=UTC), datetime(2026, 11, 4, 12, tzinfo=UTC)
ROOF = datetime(2026, 10, 22, 9, 20, tzinfo=UTC)
KNOWN = datetime(2026, 10, 22, 10, tzinfo=UTC)  # the first whole hour after its first reading
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PRODUCER = "standard-three-phase-producer"
NONE = PriceTable([])
PARIS = ZoneInfo("Europe/Paris")


def readings(tables: Database) -> list[tuple[datetime, int, int]]:
    """The meter's readings by minute: its end, drawn and injected."""
    rows = query(tables, "SELECT minute, total_last, injected_last FROM minutes ORDER BY minute")
    return [(minute.replace(tzinfo=UTC) + MINUTE, drawn, injected) for minute, drawn, injected in rows]


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    """A producer with a roof that is heard by day only, with gaps and a counter that began again."""
    tables = make_past(database, BEGIN, END, PRODUCER)
    random, made, step = Random(26), 7000, None
    minutes: dict[datetime, Row] = {}
    before = None
    for at, _, injected in readings(tables):
        made += 0 if before is None else injected - before + random.randrange(5)
        before = injected
        if at == datetime(2026, 10, 28, 11, tzinfo=UTC):
            made, step = made - 6900, -6900
        asleep = not 6 <= at.hour < 18 or random.random() < 0.01 or at.date() == date(2026, 10, 30)
        if at - MINUTE >= ROOF and not asleep:
            minutes[at - MINUTE] = Row(60, made, step)
            step = None
    write_source(tables, "toit", "production", minutes)
    return tables


def expected(tables: Database) -> Iterator[Any]:
    """Functions that tell what was made, injected and drawn up to a moment."""
    source = read_source(tables, "toit")
    ends = [minute + MINUTE for minute in source]
    made = list(
        itertools.accumulate(
            (
                (after.energy or 0) - (before.energy or 0) - (after.step or 0)
                for before, after in itertools.pairwise(source.values())
            ),
            initial=0,
        )
    )
    meter = readings(tables)
    of_meter = [at for at, _, _ in meter]
    yield lambda at: made[max(bisect.bisect_right(ends, at) - 1, 0)]
    yield lambda at: meter[max(bisect.bisect_right(of_meter, at) - 1, 0)][2]
    yield lambda at: meter[max(bisect.bisect_right(of_meter, at) - 1, 0)][1]


def instants(answer: dict[str, Any]) -> list[datetime]:
    zone = ZoneInfo("Europe/Paris")
    return [
        datetime.fromisoformat(text) if "T" in text else datetime.fromisoformat(text).replace(tzinfo=zone)
        for text in answer["start"]
    ]


@pytest.mark.parametrize(
    "question",
    [
        "by=hour&from=2026-10-24&to=2026-10-27",
        "by=hour&from=2026-10-22&to=2026-10-23",
        "by=day&from=2026-10-21&to=2026-11-04",
        "by=week&from=2026-10-19&to=2026-11-02",
        "by=month&from=2026-10&to=2026-12",
        "by=year&from=2026&to=2027",
    ],
)
def test_production_is_what_was_used_at_home_and_what_was_injected(tables: Database, question: str) -> None:
    answer = ask(energy.ROUTE, tables, END, NONE, question)
    check(answer, energy.ROUTE.schema)
    made, injected, drawn = expected(tables)
    starts = instants(answer)
    ends = [*starts[1:], min(datetime.fromisoformat(answer["whole"]["to"]), END)]
    total = [0, 0, 0]
    for place, (low, high) in enumerate(zip(starts, ends, strict=True)):
        low = max(low.astimezone(UTC), KNOWN)
        if high <= low:
            assert answer["production_wh"][place] is answer["self_consumed_wh"][place] is None
            continue
        of_period = [counter(high) - counter(low) for counter in (made, injected, drawn)]
        assert answer["production_wh"][place] == of_period[0]
        assert answer["self_consumed_wh"][place] == of_period[0] - of_period[1]
        total = [one + more for one, more in zip(total, of_period, strict=True)]
    sun = answer["sun"]
    assert [sun["production_wh"], sun["injected_wh"]] == total[:2]
    assert sun["production_wh"] == sun["self_consumed_wh"] + sun["injected_wh"]
    assert sun["production_wh"] == sum(wh or 0 for wh in answer["production_wh"])
    assert sun["self_consumption"] == pytest.approx((total[0] - total[1]) / total[0], abs=1e-4)
    assert sun["self_sufficiency"] == pytest.approx((total[0] - total[1]) / (total[0] - total[1] + total[2]), abs=1e-4)
    assert sun["since"] == max(KNOWN, starts[0].astimezone(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert sun["contradiction"] is None


PRICES = PriceTable(
    [
        read_document(
            {
                "offers": [{
                    "id": "hchp", "rows": [
                        {"from": date(2026, 2, 1), "subscription_year": {9: 365}, "kwh": {"HCHC": 0.1, "HCHP": 0.2}},
                        {"from": date(2026, 11, 11), "kwh": {"HCHC": 0.3, "HCHP": 0.4}},
                    ],
                }],
                "feed_in": [{"from": date(2025, 1, 1), "price": 0.1}, {"from": date(2026, 11, 11), "price": 0.04}],
            },
            "test",
        )
    ]
)  # fmt: skip


def test_a_monitor_that_has_run_for_long_answers_as_one_that_begins(tables: Database) -> None:
    cache = Cache()

    def answered(cache: Cache | None) -> SunAnswer | None:
        with contextlib.closing(tables.connect()) as connection:
            answers = Home(connection, MonitorConfig(), PRICES, cache=cache)
            (meter,) = answers.meters()
            if cache is not None:
                SunAnswers(answers).remember(meter)
            found = answers.costs.energy(meter, "day", BEGIN, END, END)
            return SunAnswers(answers).of(found, "day", END)

    assert answered(cache) == answered(None)
    assert answered(cache) == answered(None)
    query(
        tables,
        "UPDATE source_hours SET energy_last = energy_last + 70, step = 70 WHERE hour = '2026-10-26 10:00:00'",
        "UPDATE source_hours SET energy_first = energy_first + 70, energy_last = energy_last + 70"
        " WHERE hour > '2026-10-26 10:00:00'",
        "UPDATE source_hours SET energy_last = energy_last + 500 WHERE hour = '2026-10-27 10:00:00'",
        "UPDATE rollup_state SET version = version + 1",
    )
    assert answered(cache) == answered(None)


DAY = datetime(2026, 11, 9, 23, tzinfo=UTC)  # Tuesday, 10 November, in Paris
DAYS_LATER = DAY + timedelta(days=2)


def off_peak_home(tables: Database, *, injects_from: int = -8, has_source: bool = True) -> None:
    """A home that draws 100 Wh in each hour but 12:00 to 14:00, when its roof makes 1000 Wh and 600 Wh are injected.

    By night a battery gives 100 Wh at 3:00, of which 40 Wh are injected. Off-peak until 6:00. Two days alike.
    """
    frames, east, easf, eait = [], 500, [100, 400], 50
    minutes: dict[datetime, Row] = {}
    made = 10
    for quarter in range(-8, 2 * 96 + 1):
        at = DAY + quarter * 15 * MINUTE
        hour = (quarter - 1) // 4 % 24
        sunny, by_night = 12 <= hour < 14, hour == 3
        running = 0 if hour < 6 else 1
        drawn = 0 if sunny else 25
        east, easf[running] = east + drawn, easf[running] + drawn
        eait += 150 if sunny else 10 if by_night else 0
        made += 250 if sunny else 25 if by_night else 0
        values: dict[str, Value] = {"ADSC": "031961000001", "NGTF": " H PLEINE/CREUSE ", "EAST": east, "PREF": 9}
        values |= {"EASF01": easf[0], "EASF02": easf[1], "NTARF": running + 1, "SINSTS": 4 * drawn}
        values |= {"EAIT": eait, "SINSTI": 600 if sunny else 0} if quarter >= injects_from else {}
        frames.append(Frame(meter="031961000001", timestamp=at - MINUTE / 2, mode=Mode.STANDARD, values=values))
        minutes[at - MINUTE] = Row(60, made, power=1000 if sunny else 0)
    store(tables, frames)
    roll_up(tables, DAYS_LATER + HOUR)
    if has_source:
        write_source(tables, "toit", "production", minutes)


@pytest.fixture(scope="module")
def home(database: Server) -> Database:
    """For tests that only read it; the last one changes it."""
    database.create_database()
    tables = make_tables(database, DAYS_LATER)
    off_peak_home(tables)
    return tables


def test_what_is_used_at_home_saves_the_price_of_the_register_that_ran(home: Database) -> None:
    question = "from=2026-11-10&to=2026-11-12"
    # 60 Wh off-peak and 800 Wh at peak; 1240 Wh injected. On the second day both prices are others.
    saved, earned = [60 * 1 + 800 * 2, 60 * 3 + 800 * 4], [1240, 496]
    by_day = ask(energy.ROUTE, home, DAYS_LATER, PRICES, f"by=day&{question}")
    assert (by_day["production_wh"], by_day["self_consumed_wh"]) == ([2100] * 2, [860] * 2)
    assert (by_day["saved"], by_day["earned"]) == (saved, earned)
    assert (by_day["self_consumption"], by_day["self_sufficiency"]) == ([0.4095] * 2, [0.281] * 2)
    for by in ("hour", "month"):
        answer = ask(energy.ROUTE, home, DAYS_LATER, PRICES, f"by={by}&{question}")
        assert (answer["sun"]["saved"], answer["sun"]["earned"]) == (sum(saved), sum(earned))
        assert (sum(answer["saved"]), sum(answer["earned"])) == (sum(saved), sum(earned))
    assert answer["sun"]["surplus_hours"] == 4


def test_files_and_reports_have_the_same_figures(home: Database) -> None:
    answer = ask(energy_csv.ROUTE, home, DAYS_LATER, PRICES, "locale=c&by=day&from=2026-11-10&to=2026-11-12")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    names = ("production_wh", "self_consumed_wh", "saved_eur", "earned_eur")
    assert [[row[name] for name in names] for row in rows] == [
        ["2100", "860", "0.17", "0.12"], ["2100", "860", "0.34", "0.05"],
    ]  # fmt: skip
    with contextlib.closing(home.connect()) as connection:
        answers = Home(connection, MonitorConfig(), PRICES)
        (meter,) = answers.meters()
        found = answers.costs.energy(meter, "day", DAY, DAYS_LATER, DAYS_LATER)
        report = json.loads(json_rows(found, Measured(SunAnswers(answers).of(found, "day", DAYS_LATER))))
        assert "production_wh" not in json.loads(json_rows(found))[0]
    of_report = [[row[name] for name in ("production_wh", "self_consumed_wh", "saved", "earned")] for row in report]
    assert of_report == [[2100, 860, "0.17", "0.12"], [2100, 860, "0.34", "0.05"]]


def test_the_curve_of_a_day_has_the_power_of_production(home: Database) -> None:
    question = "from=2026-11-10&to=2026-11-11&points=100"  # cells of 30 minutes
    curve = ask(series.ROUTE, home, DAYS_LATER, PRICES, question)
    check(curve, series.ROUTE.schema)
    assert curve["production"] == [0] * 24 + [1000] * 4 + [0] * 20
    assert "production" not in ask(series.ROUTE, home, DAYS_LATER, PRICES, f"{question}&channels=power,injected")
    by_hour = ask(series.ROUTE, home, DAYS_LATER, PRICES, f"{question}&source=hours")
    assert by_hour["production"][3:14] == [100, *[0] * 8, 1000, 1000]


def test_today_has_production_and_its_present_power_to_the_minute(home: Database) -> None:
    now = DAY + 12 * HOUR + 46 * MINUTE  # the minute that ended at 12:45 was stored
    with contextlib.closing(home.connect()) as connection:
        answers = Home(connection, MonitorConfig(), PRICES)
        (meter,) = answers.meters()
        found = today(answers, meter, now, ZoneInfo("Europe/Paris"))
        # 25 Wh a quarter at 3:00, 250 Wh at noon; 150 Wh of them injected.
        assert (found.production_wh, found.injected_wh) == (4 * 25 + 3 * 250, 4 * 10 + 3 * 150)
        assert found.production == (DAY + 12 * HOUR + 45 * MINUTE, 1000)
        assert today(answers, meter, now + 5 * MINUTE, ZoneInfo("Europe/Paris")).production is None


def test_any_stretch_has_production_to_the_minute(home: Database) -> None:
    question = "from=2026-11-10T11:15:00Z&to=2026-11-10T12:30:00Z"
    stretch = ask(interval.ROUTE, home, DAYS_LATER, PRICES, question)
    check(stretch, interval.ROUTE.schema)
    assert (stretch["production_wh"], stretch["injected_wh"], stretch["self_consumed_wh"]) == (1250, 750, 500)


def test_a_counter_without_a_power_has_that_of_its_steps() -> None:
    minutes = [
        SourceMinute(at, 60, energy, step, None, None, None)
        for at, energy, step in ((0, 100, None), (60, 105, None), (180, 111, None), (240, 5, -108), (3000, 50, None))
    ]
    assert powers_of(minutes) == {60: 300, 180: 180, 240: 120}


def test_without_prices_energy_is_known_and_no_amount(home: Database) -> None:
    answer = ask(energy.ROUTE, home, DAYS_LATER, NONE, "by=day&from=2026-11-10&to=2026-11-12")
    check(answer, energy.ROUTE.schema)
    assert (answer["saved"], answer["sun"]["saved"], answer["sun"]["earned"]) == ([None] * 2, None, None)
    assert "earned" not in answer


def test_less_made_than_injected_is_told_with_its_figures(home: Database) -> None:
    query(home, "UPDATE source_hours SET energy_first = energy_first DIV 10, energy_last = energy_last DIV 10")
    answer = ask(energy.ROUTE, home, DAYS_LATER, PRICES, "by=day&from=2026-11-10&to=2026-11-12")
    assert answer["production_wh"] == [210] * 2
    assert answer["self_consumed_wh"] == [-1030] * 2
    assert answer["self_consumption"] == [None] * 2
    assert answer["sun"]["contradiction"] == {"periods": 2, "production_wh": 420, "injected_wh": 2480}


def test_a_second_meter_has_no_roof_that_names_none(fresh_database: Server) -> None:
    home = make_tables(fresh_database, DAYS_LATER)
    off_peak_home(home)
    values: dict[str, Value] = {"ADSC": "031961000002", "EAST": 5}
    store(home, [Frame(meter="031961000002", timestamp=DAY + HOUR, mode=Mode.STANDARD, values=values)])
    question = "by=day&from=2026-11-10&to=2026-11-12&meter=031961000001"
    assert "production_wh" not in ask(energy.ROUTE, home, DAYS_LATER, PRICES, question)
    query(home, "UPDATE sources SET meter = '031961000001'")
    assert ask(energy.ROUTE, home, DAYS_LATER, PRICES, question)["production_wh"] == [2100] * 2


def test_a_producer_without_a_source_has_its_sale_and_its_surplus(fresh_database: Server) -> None:
    tables = make_tables(fresh_database, DAYS_LATER)
    off_peak_home(tables, has_source=False)
    answer = ask(energy.ROUTE, tables, DAYS_LATER, PRICES, "by=day&from=2026-11-10&to=2026-11-12")
    check(answer, energy.ROUTE.schema)
    assert answer["earned"] == [1240, 496]
    assert "production_wh" not in answer
    sun = answer["sun"]
    assert (sun["since"], sun["production_wh"], sun["earned"], sun["surplus_hours"]) == (None, None, 1736, 4)


def test_a_roof_behind_a_meter_that_counts_no_injection_has_production_only(fresh_database: Server) -> None:
    tables = make_tables(fresh_database, DAYS_LATER)
    off_peak_home(tables, injects_from=1000)
    answer = ask(energy.ROUTE, tables, DAYS_LATER, PRICES, "by=day&from=2026-11-10&to=2026-11-12")
    check(answer, energy.ROUTE.schema)
    assert (answer["production_wh"], answer["self_consumed_wh"]) == ([2100] * 2, [None] * 2)
    assert (answer["sun"]["production_wh"], answer["sun"]["saved"]) == (4200, None)


def test_a_second_roof_counts_from_its_first_reading_on_in_the_day_and_in_any_stretch(fresh_database: Server) -> None:
    tables = make_tables(fresh_database, DAYS_LATER)
    off_peak_home(tables)
    write_source(tables, "garage", "production", readings_of(DAY + 10 * HOUR, [7, 107, 307], HOUR))
    day, stretch = (
        ask(route, tables, DAYS_LATER, PRICES, "from=2026-11-10&to=2026-11-11")["production_wh"]
        for route in (energy.ROUTE, interval.ROUTE)
    )
    assert day == [stretch] == [2100 + 300]


def test_what_a_new_roof_makes_is_unknown_until_its_first_whole_hour_is_over(fresh_database: Server) -> None:
    tables = make_tables(fresh_database, DAYS_LATER)
    off_peak_home(tables, has_source=False)
    first = DAY + 12 * HOUR + 12 * MINUTE  # the meter counts 600 Wh of injection in this hour and in the next
    write_source(tables, "toit", "production", {first + n * MINUTE: Row(60, 10 + 17 * n) for n in range(108)})
    question = "by=day&from=2026-11-10&to=2026-11-11"
    for minutes in (40, 107):  # 12:52 and 13:59
        now = first + minutes * MINUTE
        answer = ask(energy.ROUTE, tables, now, PRICES, question)
        check(answer, energy.ROUTE.schema)
        for name in ("production_wh", "self_consumed_wh", "saved"):
            assert answer[name] == [None]
            assert answer["sun"][name] is None
        assert answer["injected_wh"][0] > 0
        with contextlib.closing(tables.connect()) as connection:
            answers = Home(connection, MonitorConfig(), PRICES)
            found = answers.costs.energy(answers.meters()[0], "day", DAY, DAY + 24 * HOUR, now)
            said = [*Measured(SunAnswers(answers).of(found, "day", now)).lines(Formats("en", PARIS))]
        assert not [line for line in said if "roduc" in line or "Saved" in line]
    answer = ask(energy.ROUTE, tables, DAY + 14 * HOUR, PRICES, question)
    assert answer["production_wh"] == [60 * 17]


@pytest.mark.parametrize("by", ["hour", "day", "month", "year"])
def test_own_use_and_sale_begin_with_injection_however_the_range_is_cut(fresh_database: Server, by: str) -> None:
    tables = make_tables(fresh_database, DAYS_LATER)
    off_peak_home(tables, injects_from=97)  # from the second day on; its price of the sale changes then, too
    answer = ask(energy.ROUTE, tables, DAYS_LATER, PRICES, f"by={by}&from=2026-11-10&to=2026-11-12")
    if by == "day":
        assert (answer["earned"], answer["self_consumed_wh"]) == ([None, 496], [None, 860])
    sun = answer["sun"]
    assert (sun["production_wh"], sun["injected_wh"], sun["self_consumed_wh"]) == (2100, 1240, 860)
    assert (sun["self_consumption"], sun["self_sufficiency"]) == (0.4095, 0.281)
    assert (sun["saved"], sun["earned"]) == (60 * 3 + 800 * 4, 496)
    assert sun["since"] == "2026-11-10T23:00:00Z"


def test_own_use_begins_with_injection_within_a_day(fresh_database: Server) -> None:
    tables = make_tables(fresh_database, DAYS_LATER)
    off_peak_home(tables, injects_from=97 + 4 * 4)  # after what a battery gave at 3:00
    for by in ("hour", "day", "month"):
        answer = ask(energy.ROUTE, tables, DAYS_LATER, PRICES, f"by={by}&from=2026-11-10&to=2026-11-12")
        sun = answer["sun"]
        assert (sun["production_wh"], sun["injected_wh"], sun["saved"]) == (2000, 1200, 800 * 4)


def test_a_house_without_sources_that_injects_nothing_has_no_trace_of_it(fresh_database: Server) -> None:
    tables = make_past(fresh_database, END - 48 * HOUR, END)
    answer = ask(energy.ROUTE, tables, END, PRICES, "by=day&from=2026-11-03&to=2026-11-04")
    assert not {"sun", "production_wh", "self_consumed_wh", "saved", "earned"} & answer.keys()
