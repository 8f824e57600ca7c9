"""A change of off-peak hours, found in a database."""

import contextlib
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from common.contract.offers import Window
from common.database.mariadb import Database
from monitor.answers.answers import Answers
from monitor.api import off_peak
from monitor.patterns.off_peak_change import OffPeakChange
from monitor.prices.model import PriceTable
from monitor.readings.periods import ContractLine, OffPeak
from monitor.settings.config import MonitorConfig
from reader.simulator.meter import SimulatedMeter
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.past import TEMPO, make_past
from tests.support.prices import bundled_prices
from tests.support.servers import Database as Server
from tests.support.storing import query

BEGIN, NOW = datetime(2026, 11, 24, 23, tzinfo=UTC), datetime(2026, 12, 8, 9, tzinfo=UTC)
NIGHT, REFORM = ((time(22), time(6)),), ((time(1, 38), time(6, 38)), (time(12, 30), time(15, 30)))


@pytest.fixture(scope="module")
def changed(database: Server) -> Database:
    """A meter of which the windows are other ones from 5 December on; in winter the local time is an hour ahead."""
    tables = make_past(database, BEGIN, NOW, "historic-single-phase-hchp")
    clock = "TIME(minute + INTERVAL 1 HOUR)"
    old = f"{clock} >= '22:00:00' OR {clock} < '06:00:00'"
    new = f"{clock} >= '01:38:00' AND {clock} < '06:38:00' OR {clock} >= '12:30:00' AND {clock} < '15:30:00'"
    query(
        tables,
        f"UPDATE minutes SET supplier = IF(IF(minute < '2026-12-04 23:00:00', {old}, {new}), 1, 2)",
        "UPDATE hours SET supplier = (SELECT supplier FROM minutes WHERE minutes.meter_id = hours.meter_id"
        " AND minute >= hour AND minute < hour + INTERVAL 1 HOUR ORDER BY minute DESC LIMIT 1)",
        "SELECT 1",
    )
    return tables


METER = SimulatedMeter("historic-single-phase-hchp").address


def line(start: date, offer: str, *windows: tuple[tuple[time, time], ...]) -> ContractLine:
    """A line of `contracts`, with the windows of winter and summer."""
    seasons = [tuple(Window(*window) for window in of_season) for of_season in windows]
    return ContractLine(METER, start, offer, 6, OffPeak(*seasons) if seasons else None)


def change(tables: Database, now: datetime = NOW, *lines: ContractLine, against: bool = False) -> OffPeakChange | None:
    with contextlib.closing(tables.connect()) as connection:
        answers = Answers(connection, MonitorConfig(contracts=lines), PriceTable([]))
        (meter,) = answers.meters()
        upkeep = answers.upkeep
        nights = upkeep.off_peak_nights(meter, now)
        return upkeep.off_peak_against_contract(meter, nights, now) if against else upkeep.off_peak_change(nights)


def test_a_change_is_found_after_its_third_night(changed: Database) -> None:
    assert change(changed) == OffPeakChange(date(2026, 12, 5), NIGHT, REFORM, 3)
    assert change(changed, datetime(2026, 12, 8, 7, 59, tzinfo=UTC)) is None  # at 08:59 the third night is not over


@pytest.mark.parametrize(("offers", "is_change"), [(("mine", "mine"), True), (("mine", "other"), False)])
def test_another_contract_explains_it_and_a_line_of_the_same_does_not(
    changed: Database, offers: tuple[str, str], *, is_change: bool
) -> None:
    lines = [line(day, offer) for day, offer in zip((date(2026, 11, 1), date(2026, 12, 5)), offers, strict=True)]
    assert (change(changed, NOW, *lines) is not None) is is_change


def test_the_owners_windows_are_compared_with_those_of_the_meter(changed: Database) -> None:
    old = line(date(2026, 11, 1), "hchp", NIGHT, NIGHT)
    assert change(changed, NOW, old, against=True) == OffPeakChange(date(2026, 12, 5), NIGHT, REFORM, 3)
    # The bill names other hours from 5 December on, which the meter has; and before that, it had the old ones.
    assert change(changed, NOW, old, line(date(2026, 12, 5), "hchp", REFORM, NIGHT), against=True) is None
    assert change(changed, datetime(2026, 12, 4, 9, tzinfo=UTC), old, against=True) is None
    # Of a line that began two days ago there are no three nights yet.
    new = line(date(2026, 12, 6), "hchp", NIGHT, NIGHT)
    assert change(changed, NOW, line(date(2026, 11, 1), "hchp", REFORM, REFORM), new, against=True) is None
    assert change(changed, NOW, against=True) is None


def test_the_answer_has_the_change_its_effect_and_the_nights(changed: Database) -> None:
    lines = (line(date(2026, 11, 1), "hchp", NIGHT, NIGHT),)
    prices = bundled_prices()
    answer = ask(off_peak.ROUTE, changed, NOW, prices, config=MonitorConfig(contracts=lines))
    check(answer, off_peak.ROUTE.schema)
    new = "01:38–06:38, 12:30–15:30"
    assert answer["change"] == {
        "since": "2026-12-05",
        "nights": 3,
        "old": "22:00–06:00",
        "new": new,
        "old_seasons": {"winter": "22:00–06:00", "summer": "22:00–06:00"},
        "new_seasons": None,
    }
    assert answer["against"]["since"] == "2026-12-05"
    assert answer["against"]["old_seasons"] == {"winter": "22:00–06:00", "summer": "22:00–06:00"}
    nights = {night["day"]: (night["windows"], night["agrees"]) for night in answer["nights"]}
    assert nights["2026-12-03"] == ("22:00–06:00", True)
    assert nights["2026-12-07"] == (new, False)
    effect = answer["effect"]
    assert (effect["days"], effect["offer"]) == (13, "EDF · Tarif Bleu, option Heures Creuses")
    # From 1 August 2026 on a kWh costs 0.2142 EUR, and 0.1589 in off-peak hours: the difference is 0.0553.
    moved = effect["old_wh"] - effect["new_wh"]
    assert abs(effect["difference"] - moved / 1000 * 553) < 1
    assert effect["old_wh"] == pytest.approx(_minutes(changed, "clock >= '22:00:00' OR clock < '06:00:00'"), abs=30)


def _minutes(tables: Database, off_peak_hours: str) -> int:
    """Sum what the minutes of the days before today counted at some times of the clock."""
    ((wh,),) = query(
        tables,
        "SELECT SUM(wh) FROM (SELECT minute, TIME(minute + INTERVAL 1 HOUR) AS clock,"
        " total_last - LAG(total_last) OVER (ORDER BY minute) AS wh FROM minutes) AS steps"
        f" WHERE minute >= '2026-11-24 23:00' AND minute < '2026-12-07 23:00' AND ({off_peak_hours})",
    )
    return int(wh)


def test_the_effect_ends_with_the_last_day_of_which_no_hour_may_change_and_is_remembered(
    changed: Database,
) -> None:
    now = datetime(2026, 12, 8, 1, tzinfo=UTC)
    old, new = (OffPeak(*[tuple(Window(*window) for window in windows)] * 2) for windows in (NIGHT, REFORM))
    with contextlib.closing(changed.connect()) as connection:
        answers = Answers(connection, MonitorConfig(), bundled_prices())
        meter = replace(answers.meters()[0], last=now)
        effect = answers.offers.windows_effect(meter, old, new, now)
        assert effect is not None
        assert effect.end == datetime(2026, 12, 6, 23, tzinfo=UTC)
        assert answers.offers.windows_effect(meter, old, new, now) is effect


def test_a_meter_without_off_peak_hours_has_none_of_it(database: Server) -> None:
    answer = ask(off_peak.ROUTE, make_past(database, NOW - timedelta(days=3), NOW, TEMPO), NOW, PriceTable([]))
    check(answer, off_peak.ROUTE.schema)
    assert {answer[key] for key in ("change", "against", "written", "effect")} == {None}
    assert answer["nights"] == []
