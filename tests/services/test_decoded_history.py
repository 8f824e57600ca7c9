"""What the API answers of a meter that another device decodes: whole while readings come at their interval."""

import contextlib
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.database.mariadb import Connection, Database
from monitor.money.prices import PriceTable
from monitor.places.day import interval
from monitor.places.day import routes as series
from monitor.places.review import energy
from monitor.places.status.routes import EVENTS
from monitor.readings.hours import Curves, Hours
from monitor.readings.power import Power, Switch
from monitor.web.route import Route
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store

ZLINKY, SLOW = "021961000001", "021961000002"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
END = NOON + 4 * HOUR
OUTAGE = NOON + 2 * HOUR + 20 * MINUTE, NOON + 2 * HOUR + 30 * MINUTE


def reading(meter: str, at: datetime, interval: int) -> Frame:
    """Of a house that draws 1200 W, of which the registers show whole 100 Wh."""
    after = (at - NOON).total_seconds()
    wh = 100_000 + int(after // 300) * 100
    values: dict[str, Value] = {"ADSC": meter, "NGTF": "BASE", "EAST": wh, "EASF01": wh, "PREF": 9, "NTARF": 1}
    values["SINSTS"] = 1200 + int(after) % 7
    return Frame(meter=meter, timestamp=at, mode=Mode.STANDARD, values=values, source="zigbee2mqtt", interval=interval)


def frames() -> list[Frame]:
    """One meter each 61 s, but for ten minutes; one each quarter of an hour."""
    minutes = [NOON + n * timedelta(seconds=61) for n in range(236)]
    quarters = [NOON + n * timedelta(seconds=905) for n in range(16)]
    return [
        *(reading(ZLINKY, at, 60) for at in minutes if not OUTAGE[0] <= at < OUTAGE[1]),
        *(reading(SLOW, at, 900) for at in quarters),
    ]


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    """Only read it."""
    database.create_database()
    client = make_tables(database, NOON)
    store(client, sorted(frames(), key=lambda frame: frame.timestamp))
    roll_up(client, END + 24 * HOUR)
    return client


def asked(route: Route, database: Database, meter: str, question: str, now: datetime = END) -> Any:
    found = ask(route, database, now, PriceTable([]), f"{question}&meter={meter}")
    check(found, route.schema)
    return found


def span(start: datetime, end: datetime) -> str:
    return f"from={start:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}"


def holes(column: list[int | None]) -> list[tuple[int, int]]:
    """Where it has no values: first place, count."""
    found = []
    for place, part in itertools.groupby(enumerate(column), key=lambda one: one[1] is None):
        if place:
            cells = [number for number, _ in part]
            found.append((cells[0], len(cells)))
    return found


def test_a_day_is_a_line_but_for_the_outage(tables: Database) -> None:
    found = asked(series.ROUTE, tables, ZLINKY, f"source=minutes&{span(NOON, END)}")
    assert found["step"] == 60_000
    assert holes(found["mean"]) == [(141, 9)]  # 14:19:17 reaches into 14:20, and 14:30:28 is next
    assert found["gaps"] == [[ms(NOON + 141 * MINUTE), ms(NOON + 150 * MINUTE), "unknown", 300]]
    assert found["coverage"] == pytest.approx(1 - 9 / 240, abs=1e-4)
    assert found["overloads"] == []
    assert found["registers"] == [[ms(NOON), ms(END), "BASE"]]


def test_readings_a_quarter_of_an_hour_apart_are_a_line(tables: Database) -> None:
    found = asked(series.ROUTE, tables, SLOW, f"source=minutes&{span(NOON, END)}")
    assert holes(found["mean"]) == []
    assert (found["gaps"], found["coverage"]) == ([], 1.0)


def test_what_is_to_come_is_not_measured_yet(tables: Database) -> None:
    now = NOON + 3 * HOUR + 10 * MINUTE  # the last reading before it is of 15:01
    found = asked(series.ROUTE, tables, SLOW, f"source=minutes&{span(NOON, END)}", now)
    assert len(found["mean"]) == 226 + 1  # the reading of 15:46 is in the table already
    assert holes(found["mean"])[0] == (190, 6)


def test_each_reading_holds_until_the_next_one_where_seconds_are_shown(tables: Database) -> None:
    found = asked(series.ROUTE, tables, SLOW, f"source=frames&points=8000&{span(NOON, NOON + HOUR)}")
    assert (found["step"], found["source"]) == (1000, "frames")
    assert holes(found["mean"]) == []
    assert (found["mean"][0], found["mean"][904], found["mean"][905]) == (1200, 1200, 1202)
    found = asked(series.ROUTE, tables, ZLINKY, f"source=frames&points=8000&{span(NOON + 2 * HOUR, NOON + 3 * HOUR)}")
    assert holes(found["mean"]) == [(1157 + 67, 1828 - 1157 - 67)]


def test_hours_are_whole_and_nothing_is_recovered_at_their_turns(tables: Database) -> None:
    for meter, missing, wh in ((SLOW, [0, 0, 0], 3300), (ZLINKY, [0, 0, 540], 3500)):  # up to 14:55:55, 14:59:58
        found = asked(energy.ROUTE, tables, meter, f"by=hour&{span(NOON, NOON + 3 * HOUR)}")
        assert [round((1 - share) * 3600) for share in found["coverage"]] == pytest.approx(missing, abs=1)
        assert found["recovered_wh"] == [0, 0, 0]
        assert found["whole"]["total_wh"] == wh


def test_any_interval_is_measured_from_the_reading_before_it(tables: Database) -> None:
    # Of 13:00:20, 13:15:25 and 13:30:30.
    for end, wh in ((74, 0), (76, 300), (91, 600)):
        found = asked(interval.ROUTE, tables, SLOW, span(NOON + 63 * MINUTE, NOON + end * MINUTE))
        assert (found["coverage"], found["wh"]) == (1.0, wh)


def test_an_outage_is_an_event_and_says_what_was_counted_over_it(tables: Database) -> None:
    for meter, count in ((SLOW, 0), (ZLINKY, 1)):
        found = asked(EVENTS, tables, meter, f"kind=gap&{span(NOON, END)}")["events"]
        assert len(found) == count
    assert (found[0]["kind"], found[0]["at"], found[0]["until"], found[0]["wh"]) == (
        "gap", "2026-11-24T14:21:00Z", "2026-11-24T14:30:00Z", 300,
    )  # fmt: skip


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_queries_of_what_lies_close_together_know_the_usual_interval(tables: Database, connection: Connection) -> None:
    ids = {name: number for number, name in connection.query("SELECT id, identifier FROM meters")}
    for meter, hours in ((SLOW, [13, 14, 15]), (ZLINKY, [13, 15])):
        week = Curves(connection).week(ids[meter], NOON, END, [(NOON, 0)])
        assert [one.place - 24 for one in week] == hours  # of a Tuesday; the one with the outage is not whole
    # A register that stands still for minutes is no sign that something is injected.
    assert Power(connection).minutes_at_rest([*ids.values()], NOON, END, 100) == []
    assert Hours(connection).usual_interval([*ids.values()], NOON, END) == 900


def test_a_switch_is_seen_between_readings_a_quarter_of_an_hour_apart(fresh_database: Server) -> None:
    tables = make_tables(fresh_database, NOON)
    made = [reading(SLOW, NOON + n * timedelta(seconds=905), 900) for n in range(6)]
    made[3:] = [replace(frame, values={**frame.values, "NTARF": 2, "EASF02": 0}) for frame in made[3:]]
    store(tables, [*made, replace(made[1], timestamp=made[5].timestamp + 2 * HOUR)])
    roll_up(tables, END + 24 * HOUR)
    with contextlib.closing(tables.connect()) as connection:
        found = Power(connection).switches(1, NOON, END)
    assert found == [Switch(NOON + 45 * MINUTE, 2)]  # and not the one after a silence
