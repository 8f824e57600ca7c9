"""`status` of the API: counted and stored frames, the disk, the voltage, the windows; with and without a database."""

import contextlib
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common.contract.retention import Retention
from common.database.mariadb import Database
from common.machine.version import full_version
from monitor.alerts.summary import AlertSummary
from monitor.base.config import MonitorConfig
from monitor.base.household import ContractLine, Household
from monitor.base.ranges import Range
from monitor.base.request_errors import RequestError
from monitor.live.live import Live
from monitor.live.state import Program
from monitor.money.calendars import Calendars
from monitor.money.home import Home
from monitor.money.prices import PriceTable
from monitor.places.status import status
from monitor.web.route import ApiRequest, LiveRequest
from storer.backup.backup import backup
from tests.support.api import ask, sent
from tests.support.json_schema import check
from tests.support.past import make_past
from tests.support.servers import Database as Server
from tests.support.storing import query

BEGIN, END = datetime(2026, 11, 1, 23, tzinfo=UTC), datetime(2026, 11, 5, 12, tzinfo=UTC)
NONE = PriceTable([])


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    client = make_past(database, BEGIN, END)
    with contextlib.closing(client.connect()) as connection:
        connection.execute(
            "INSERT INTO tallies (hour, meter_id, reader, frames) SELECT hour, meter_id, 'pi', frames FROM hours"
        )
        connection.execute(
            "INSERT INTO rollup_state (id, up_to) VALUES (1, '2026-11-05 11:55:00')"
            " ON DUPLICATE KEY UPDATE up_to = VALUES(up_to)"
        )
    return client


def asked(tables: Database, question: str = "") -> Any:
    answer = ask(status.ROUTE, tables, END, NONE, question)
    check(answer, status.ROUTE.schema)
    return answer


def test_a_good_day_lost_nothing(tables: Database) -> None:
    answer = asked(tables)
    ((frames,),) = query(
        tables, "SELECT SUM(frames) FROM hours WHERE hour >= '2026-11-03 23:00:00' AND hour < '2026-11-04 23:00:00'"
    )
    assert answer["yesterday"] == {
        "frames": frames, "expected": frames, "lost": 0, "recovered_wh": 0, "late_hours": 0, "coverage": 1,
    }  # fmt: skip
    assert answer["audit"] == {
        "at": "2026-11-05T11:00:00Z", "days": 30, "ok": True, "missing": 0,
    }  # fmt: skip
    assert answer["windows"] == [["2026-11", "22:00–06:00"]]
    assert answer["off_peak"] == ["22:00-06:00"]
    assert answer["volts"]["lowest"] > 180
    assert answer["disk"] is None or answer["disk"]["used"] > 0
    assert [one["id"] for one in answer["links"]] == ["meter", "reader", "mqtt", "storer", "database"]
    assert answer["links"][-1]["state"] == "up"


@pytest.mark.parametrize(
    ("tallies", "lost"),
    [
        ([("pi", 500)], 500),  # more were counted
        ([("pi", -500)], 0),  # a reader lost its count
        ([("pi", 0), ("other", 7)], None),  # two readers, of which one lost its frames
    ],
)
def test_an_hour_is_compared_as_the_audit_does(
    tables: Database, tallies: list[tuple[str, int]], lost: int | None
) -> None:
    hour = "2026-11-04 10:00:00"
    ((frames,),) = query(tables, f"SELECT frames FROM hours WHERE hour = '{hour}'")
    with contextlib.closing(tables.connect()) as connection:

        def count(reader: str, number: int) -> None:
            connection.execute(
                "INSERT INTO tallies (hour, meter_id, reader, frames) VALUES (%s, 1, %s, %s)"
                " ON DUPLICATE KEY UPDATE frames = VALUES(frames)",
                (hour, reader, number),
            )

        for reader, more in tallies:
            count(reader, frames + more)
        try:
            answer = asked(tables)
        finally:
            count("pi", frames)
            count("other", 0)
    expected = frames + 7 if lost is None else lost
    assert answer["yesterday"]["lost"] == expected
    assert answer["audit"]["ok"] is (expected == 0)
    assert answer["audit"]["missing"] == expected


def test_wrong_prices_and_lines_without_effect_are_told(tables: Database) -> None:
    assert (asked(tables)["prices_error"], asked(tables)["unused"]) == (None, [])
    prices = PriceTable([])
    prices.error = "prices.yaml, line 5: BASE costs 20 EUR per kWh: are these cents?"
    config = MonitorConfig(household=Household(contracts=(ContractLine("3519330717", date(2026, 1, 1), "tempo", 9),)))
    answer = ask(status.ROUTE, tables, END, prices, config=config)
    check(answer, status.ROUTE.schema)
    said = answer["prices_error"].replace("\u00a0", " ")
    assert said == "prices.yaml, ligne 5 : BASE coûte 20 EUR par kWh : seraient-ce des centimes ?"
    assert answer["unused"] == [{"section": "contracts", "meter": "3519330717"}]


def test_on_the_first_day_of_a_meter_it_tells_of_no_yesterday(tables: Database) -> None:
    assert ask(status.ROUTE, tables, BEGIN + timedelta(hours=12), NONE, "")["yesterday"] is None
    assert ask(status.ROUTE, tables, BEGIN + timedelta(hours=36), NONE, "")["yesterday"]["frames"] > 0


def test_an_empty_database_has_links_and_no_figures(tables: Database) -> None:
    answer = ask(status.ROUTE, tables, END - timedelta(days=900), NONE)
    check(answer, status.ROUTE.schema)
    assert answer["yesterday"] is None
    assert answer["audit"] is None
    with pytest.raises(RequestError):
        asked(tables, "meter=x")


def test_while_the_database_is_away_the_links_say_so() -> None:
    config = MonitorConfig()
    live = Live(config, NONE, Calendars(), alerts=partial(AlertSummary, lambda: config))
    assert status.ROUTE.without_database is not None
    answer = sent(status.ROUTE.without_database(LiveRequest(live, {}, END)))
    check(answer, status.ROUTE.schema)
    assert {one["id"]: one["state"] for one in answer["links"]}["database"] == "down"
    assert answer["yesterday"] is None


def test_it_tells_the_last_backup_that_was_verified(tables: Database, tmp_path: Path) -> None:
    assert asked(tables)["backup"] is None
    backup(tables, tmp_path, Retention())
    backup(tables, tmp_path, Retention())
    ((at,),) = query(tables, "SELECT MAX(finished_at) FROM backups")
    answer = asked(tables)
    assert answer["backup"] == {"at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "rows": 0}


def test_it_tells_the_versions_of_all_programs_and_how_full_the_spool_of_the_meters_reader_is(
    tables: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = asked(tables)["meter"]

    def program(kind: str, name: str, **health: Any) -> Program:
        return Program(name, "online", {"version": f"{kind} of {name}"} | health, END)

    spool = {"delivery": {"spool": {"frames": 3, "bytes": 500, "limit": 9000}}, "lines": [{"meter": meter}]}
    programs = {
        "reader": [program("reader", "cellar", **spool), program("reader", "elsewhere", lines=[{"meter": "1"}])],
        "storer": [program("storer", "a"), program("storer", "b"), Program("old", "online", {"uptime": 1}, END)],
    }
    live = Live(MonitorConfig(), NONE, Calendars(), alerts=partial(AlertSummary, MonitorConfig))
    monkeypatch.setattr(live, "programs", programs.__getitem__)
    with contextlib.closing(tables.connect()) as connection:
        config = MonitorConfig()
        answer = sent(status.ROUTE.answer(ApiRequest(Home(connection, config, NONE), {}, Range(), END, live=live)))
    check(answer, status.ROUTE.schema)
    ((server,),) = query(tables, "SELECT VERSION()")
    assert answer["versions"] == [
        ["teleinfo-reader", "reader of cellar"],
        ["teleinfo-storer a", "storer of a"],
        ["teleinfo-storer b", "storer of b"],
        ["teleinfo-monitor", full_version()],
        ["MariaDB", answer["versions"][-1][1]],
    ]
    assert server.startswith(answer["versions"][-1][1])
    assert answer["spool"] == {"frames": 3, "bytes": 500, "limit": 9000}


def test_with_the_live_part_it_tells_the_links_as_live_does(tables: Database) -> None:
    config = MonitorConfig()
    live = Live(config, NONE, Calendars(), alerts=partial(AlertSummary, lambda: config))
    with contextlib.closing(tables.connect()) as connection:
        answer = sent(status.ROUTE.answer(ApiRequest(Home(connection, config, NONE), {}, Range(), END, live=live)))
    check(answer, status.ROUTE.schema)
    states = {one["id"]: one["state"] for one in answer["links"]}
    assert states == live.links(answer["meter"]) | {"database": "up"}
    assert answer["spool"] is None


def test_the_last_sign_of_a_meter_is_that_of_its_minutes_which_are_ahead_of_its_hours(
    tables: Database, database: Server
) -> None:
    database.sql(
        f"INSERT INTO {database.name}.minutes (meter_id, minute, frames, seconds, total_first, total_last)"
        f" SELECT meter_id, '2026-11-05 12:07:00', 60, 60, total_last, total_last FROM {database.name}.minutes"
        " ORDER BY minute DESC LIMIT 1"
    )
    try:
        answer = ask(status.ROUTE, tables, END + timedelta(minutes=20), NONE)
        assert answer["links"][0]["last"] == "2026-11-05T12:07:00Z"
    finally:
        database.sql(f"DELETE FROM {database.name}.minutes WHERE minute >= '2026-11-05 12:07:00'")
