"""`forgettable` of the API: meters and sources of the database that are gone, and programs that are offline."""

import contextlib
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from common.database.mariadb import Database
from monitor.alerts.summary import AlertSummary
from monitor.base.config import MonitorConfig
from monitor.base.household import House, Household
from monitor.base.ranges import Range
from monitor.live.live import Live
from monitor.live.state import Program
from monitor.money.calendars import Calendars
from monitor.money.home import Home
from monitor.money.prices import PriceTable
from monitor.places.status.forgettable import ROUTE
from monitor.web.route import ApiRequest
from tests.support.api import sent
from tests.support.json_schema import check
from tests.support.storing import query

NOW = datetime(2026, 11, 25, 13, tzinfo=UTC)
OLD, NEW = "021861999999", "031961123456"
PROGRAMS = [Program("old", "offline", None, NOW), Program("pi", "online", None, NOW)]


@pytest.fixture
def filled(tables: Database) -> Database:
    query(
        tables,
        f"INSERT INTO meters (id, identifier) VALUES (1, '{OLD}'), (2, '{NEW}')",
        "INSERT INTO hours (meter_id, hour, frames, seconds, minutes, last_at) VALUES"
        " (1, '2026-07-01 09:00', 9, 9, 1, '2026-07-01 09:59'), (2, '2026-11-25 12:00', 9, 9, 1, '2026-11-25 12:59')",
        "INSERT INTO sources (id, name, kind) VALUES (1, 'roof', 'production'), (2, 'fridge', 'device')",
        "SELECT 1",
    )
    return tables


def asked(tables: Database, *, connected: bool = True, config: MonitorConfig | None = None) -> Any:
    settings = config or MonitorConfig()
    live = Live(settings, PriceTable([]), Calendars(), alerts=partial(AlertSummary, lambda: settings))
    live.close()
    for program in PROGRAMS:
        live._state.on_status("reader", program.name, program.status.encode(), NOW)
    live._state.connected = connected
    with contextlib.closing(tables.connect()) as connection:
        home = Home(connection, settings, PriceTable([]))
        found = sent(ROUTE.answer(ApiRequest(home, {}, Range(), NOW, live)))
    check(found, ROUTE.schema)
    return found["gone"]


def follow(tables: Database, value: str) -> None:
    query(
        tables,
        f"INSERT INTO settings (section, value, version, changed_at) VALUES ('sources', '{value}', 1, '2026-11-25')",
        "SELECT 1",
    )


def test_a_meter_without_frames_and_a_source_that_nobody_follows_may_be_forgotten(filled: Database) -> None:
    follow(filled, '[{"name": "roof", "kind": "production", "topic": "solar/power", "power": ""}]')
    meter, program, source = asked(filled)
    assert meter == {
        "kind": "forget-meter",
        "arguments": {"meter": OLD},
        "name": OLD,
        "label": OLD,
        "last": "2026-07-01T09:00:00Z",
    }
    assert (program["kind"], program["arguments"]) == ("forget-program", {"program": "reader", "name": "old"})
    assert (source["kind"], source["arguments"]) == ("forget-source", {"name": "fridge"})


def test_a_meter_that_was_replaced_stays_a_part_of_its_home(filled: Database) -> None:
    config = MonitorConfig(household=Household(meters=(House(NEW, "Maison", (OLD,)),)))
    assert [one["kind"] for one in asked(filled, config=config)] == ["forget-program"]


def test_sources_are_not_gone_as_long_as_nothing_was_saved_or_it_cannot_be_read(filled: Database) -> None:
    assert not [one for one in asked(filled) if one["kind"] == "forget-source"]
    follow(filled, '{"of": "a later version"}')
    assert not [one for one in asked(filled) if one["kind"] == "forget-source"]


def test_without_the_broker_no_program_is_offline(filled: Database) -> None:
    assert [one["kind"] for one in asked(filled, connected=False)] == ["forget-meter"]
