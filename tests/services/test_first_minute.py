"""The day so far, while none of its minutes is rolled up yet."""

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from common.database.mariadb import Database
from monitor.base.config import MonitorConfig
from monitor.live.today import Today, today
from monitor.money.home import Home
from tests.support.frames import simulated
from tests.support.prices import bundled_prices
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store

MIDNIGHT = datetime(2026, 11, 24, 23, tzinfo=UTC)  # in Paris


def look(tables: Database, now: datetime) -> Today:
    with contextlib.closing(tables.connect()) as connection:
        answers = Home(connection, MonitorConfig(), bundled_prices())
        return today(answers, answers.meters()[0], now, ZoneInfo("Europe/Paris"))


def test_a_new_day_is_known_at_once(fresh_database: Server) -> None:
    tables = make_tables(fresh_database, MIDNIGHT)
    start = MIDNIGHT - timedelta(hours=2)
    frames = list(simulated("standard-single-phase-base", 1220, start=start, every=timedelta(seconds=6)))
    store(tables, (frame for frame in frames if frame.timestamp < MIDNIGHT))
    roll_up(tables, MIDNIGHT - timedelta(seconds=10))
    store(tables, (frame for frame in frames if frame.timestamp >= MIDNIGHT))

    def index(moment: datetime) -> int:
        return int([frame.values["EAST"] for frame in frames if frame.timestamp < moment][-1])

    assert look(tables, MIDNIGHT).wh in (0, 1, 2)
    for seconds in (5, 60, 110):
        now = MIDNIGHT + timedelta(seconds=seconds)
        found = look(tables, now)
        assert found.wh == index(now) - index(MIDNIGHT)
        assert found.cost is not None
    # A meter that was last read long before says nothing of the new day.
    assert look(tables, MIDNIGHT + timedelta(hours=3)).wh is None
