"""`events` of the API, on two weeks of a simulated meter in which things were made to happen."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.database.mariadb import Database
from demo.history import History
from monitor.base.request_errors import RequestError
from monitor.money.price_document import read_document
from monitor.money.prices import PriceTable
from monitor.places.status.routes import EVENTS
from reader.simulator.meter import SimulatedMeter
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, query

KIND = "standard-single-phase-tempo"
METER = SimulatedMeter(KIND).address
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
END = datetime(2026, 11, 4, 12, tzinfo=UTC)
PRICES = PriceTable(
    [
        read_document(
            {
                "offers": [
                    {
                        "id": "tempo",
                        "rows": [
                            {"from": day, "kwh": {"BBRHCJB": price}}
                            for day, price in ((datetime(2026, 2, 1).date(), 0.1), (datetime(2026, 11, 3).date(), 0.2))  # noqa: DTZ001
                        ],
                    }
                ]
            },
            "test",
        )
    ]
)


def minute(day: int, clock: str) -> str:
    return f"'2026-11-0{day} {clock}:00'"


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    """Only read it."""
    database.create_database()
    client = make_tables(database)
    with contextlib.closing(client.connect()) as connection:
        History(connection, SimulatedMeter(KIND)).write(BEGIN, END)

    def silent(start: str, end: str) -> str:
        return f"UPDATE minutes SET meter_id = 4000 WHERE meter_id = 1 AND minute >= {start} AND minute < {end}"

    def level(start: str, end: str) -> str:
        """Make the reading after a gap that before it."""
        last = f"(SELECT total_last FROM minutes WHERE meter_id = 1 AND minute = {start} - INTERVAL 1 MINUTE)"
        return f"UPDATE minutes SET total_first = {last} WHERE meter_id = 1 AND minute = {end}"

    def bits(hour: str, first: int, count: int) -> str:
        mask = ((1 << count) - 1) << first
        return f"UPDATE hours SET minutes = minutes & ~{mask}, seconds = seconds - {60 * count} WHERE hour = {hour}"

    night = minute(2, "03:50"), minute(2, "06:20")
    query(
        client,
        # Two hours and a half over four rows of hours, of which two are missing.
        silent(*night),
        bits(minute(2, "03:00"), 50, 10),
        bits(minute(2, "06:00"), 0, 20),
        f"UPDATE hours SET meter_id = 4000 WHERE hour IN ({minute(2, '04:00')}, {minute(2, '05:00')})",
        silent(minute(3, "10:05"), minute(3, "10:30")),
        bits(minute(3, "10:00"), 5, 25),
        f"UPDATE minutes SET power_max = 900 WHERE minute = {minute(3, '10:04')}",
        level(minute(3, "10:05"), minute(3, "10:30")),
        # Four minutes are no event.
        silent(minute(3, "12:05"), minute(3, "12:09")),
        bits(minute(3, "12:00"), 5, 4),
        f"UPDATE minutes SET overload = 12, power_max = 9500, power_max_second = 7 WHERE minute = {minute(1, '18:30')}",
        f"UPDATE hours SET overload = 12 WHERE hour = {minute(1, '18:00')}",
        f"UPDATE minutes SET voltage_1_max = 255 WHERE minute IN ({minute(4, '00:59')}, {minute(4, '01:00')})",
        f"UPDATE hours SET voltage_1_max = 255 WHERE hour IN ({minute(4, '00:00')}, {minute(4, '01:00')})",
        "INSERT INTO breaks (meter_id, hour, register, step) VALUES (1, '2026-11-04 07:00:00', 0, -500)",
        "SELECT 1",
    )
    return client


def asked(database: Database, question: str = "", now: datetime = END) -> Any:
    found = ask(EVENTS, database, now, PRICES, "&".join(filter(None, [f"meter={METER}", question])))
    check(found, EVENTS.schema)
    return found


def of_kind(found: Any, kind: str) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in one.items() if name != "kind"} for one in found["events"] if one["kind"] == kind
    ]


def test_what_happened_is_told_the_latest_first(tables: Database) -> None:
    found = asked(tables)
    moments = [one["at"] for one in found["events"]]
    assert moments == sorted(moments, reverse=True)
    assert found["next"] is None
    ((before, after),) = query(
        tables,
        "SELECT MAX(IF(minute = '2026-11-02 03:49:00', total_last, 0)),"
        " MAX(IF(minute = '2026-11-02 06:20:00', total_first, 0)) FROM minutes WHERE meter_id = 1",
    )
    assert of_kind(found, "gap") == [
        {"at": "2026-11-02T03:50:00Z", "until": "2026-11-02T06:20:00Z", "wh": after - before, "why": "unknown"}
    ]
    assert of_kind(found, "outage") == [
        {"at": "2026-11-03T10:05:00Z", "until": "2026-11-03T10:30:00Z", "wh": 0, "why": "outage"}
    ]
    # The simulated house has some of its own.
    assert {"at": "2026-11-01T18:30:07Z", "seconds": 12, "power": 9500} in of_kind(found, "overload")
    assert of_kind(found, "voltage") == [
        {"at": "2026-11-04T00:59:00Z", "until": "2026-11-04T01:01:00Z", "volts": 255, "phase": 1}
    ]
    assert of_kind(found, "epoch") == [
        {"at": "2026-11-04T07:00:00Z", "text": "registers"},
        {"at": "2026-11-01T00:00:00Z", "text": "first"},
    ]
    assert of_kind(found, "tariff") == [{"at": "2026-11-02T23:00:00Z", "text": "prices"}]


def test_pages_of_any_length_have_each_event_once(tables: Database) -> None:
    whole = asked(tables)["events"]
    for limit in range(1, len(whole) + 1):
        pages: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = asked(tables, f"limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
            pages += page["events"]
            cursor = page["next"]
            if cursor is None:
                break
        assert pages == whole


def test_only_the_kinds_that_are_asked_for_are_given(tables: Database) -> None:
    assert {one["kind"] for one in asked(tables, "kind=gap,epoch")["events"]} == {"gap", "epoch"}
    assert [one["kind"] for one in asked(tables, "kind=outage")["events"]] == ["outage"]


def test_an_event_is_of_the_range_in_which_it_begins(tables: Database) -> None:
    inside = asked(tables, "kind=gap&from=2026-11-02T03:00:00Z&to=2026-11-02T05:00:00Z")["events"]
    assert [one["until"] for one in inside] == ["2026-11-02T06:20:00Z"]
    assert asked(tables, "kind=gap&from=2026-11-02T05:00:00Z")["events"] == []


def test_long_ago_is_reached_page_by_page(tables: Database) -> None:
    later = END + timedelta(days=3000)
    found, pages, question = [], 0, ""
    while True:
        page = asked(tables, question, later)
        found += page["events"]
        pages += 1
        if page["next"] is None:
            break
        question = f"cursor={page['next']}"
    assert pages < 12
    assert found == asked(tables)["events"]


def test_a_cursor_of_no_page_is_refused(tables: Database) -> None:
    for cursor in ("xyz", "-1", "ffffffffffff"):
        with pytest.raises(RequestError) as refusal:
            asked(tables, f"cursor={cursor}")
        assert refusal.value.key == "no_cursor"
