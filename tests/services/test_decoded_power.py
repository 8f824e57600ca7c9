"""Peaks, overloads and the needed power, of a meter whose line is read until 14:00 and that arrives decoded from then.

What an adapter sends now and then is no peak: it is not told, and the answer says why.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.database.mariadb import Database
from monitor.money.prices import PriceTable
from monitor.places.contracts import power
from monitor.places.day import interval
from monitor.places.day import routes as series
from monitor.places.review.routes import PEAKS
from monitor.places.status.routes import EVENTS
from monitor.web.route import Route
from tests.support.api import ask
from tests.support.json_schema import check
from tests.support.rolling import roll_up
from tests.support.servers import Database as Server
from tests.support.storing import make_tables, store

BOTH, DECODED = "021961000001", "021961000002"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
TURN, END = NOON + 2 * HOUR, NOON + 4 * HOUR
OVERLOAD = "00000080"  # STGE: more is drawn than is subscribed


def frame(meter: str, at: datetime, power: int, **more: Any) -> Frame:
    wh = 100_000 + int((at - NOON).total_seconds()) // 3
    values: dict[str, Value] = {"ADSC": meter, "NGTF": "BASE", "EAST": wh, "EASF01": wh, "PREF": 6, "NTARF": 1}
    values |= {"SINSTS": power, "STGE": OVERLOAD if power > 6000 else "00000000"}
    return Frame(meter=meter, timestamp=at, mode=Mode.STANDARD, values=values, **more)


def frames() -> list[Frame]:
    line = [NOON + n * 5 * SECOND for n in range(1440)]
    messages = [TURN + n * MINUTE for n in range(120)]
    high = {NOON + 30 * MINUTE: 5000, TURN + 30 * MINUTE: 8000}
    by_adapter = {"source": "zigbee2mqtt", "interval": 60}
    return [
        *(frame(BOTH, at, high.get(at, 1200)) for at in line),
        *(frame(meter, at, high.get(at, 1200), **by_adapter) for at in messages for meter in (BOTH, DECODED)),
    ]


@pytest.fixture(scope="module")
def tables(database: Server) -> Database:
    """Only read it."""
    database.create_database()
    client = make_tables(database, NOON)
    store(client, frames())
    roll_up(client, END + 24 * HOUR)
    return client


def asked(route: Route, database: Database, meter: str, start: datetime, end: datetime, more: str = "") -> Any:
    question = f"meter={meter}&from={start:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}{more}"
    found = ask(route, database, END + HOUR, PriceTable([]), question)
    check(found, route.schema)
    return found


def test_peaks_are_those_of_the_line_and_of_an_adapter_there_are_none(tables: Database) -> None:
    both = asked(PEAKS, tables, BOTH, NOON, END)
    assert ([(one["at"], one["power"]) for one in both["peaks"]], both["decoded"]) == (
        [("2026-11-24T12:30:00Z", 5000)],
        True,
    )
    assert asked(PEAKS, tables, BOTH, NOON, TURN)["decoded"] is False
    decoded = asked(PEAKS, tables, DECODED, NOON, END)
    assert (decoded["peaks"], decoded["decoded"]) == ([], True)


@pytest.mark.parametrize(
    ("start", "end", "highest", "decoded"),
    [
        (NOON, END, 5000, True),
        (NOON + 10 * MINUTE, NOON + 40 * MINUTE + 7 * SECOND, 5000, False),
        (NOON + 10 * MINUTE, TURN + 40 * MINUTE, 5000, True),
        (TURN, END, None, True),
        (TURN + 10 * MINUTE, TURN + 40 * MINUTE, None, True),
        (TURN + 29 * MINUTE + 50 * SECOND, TURN + 30 * MINUTE + 10 * SECOND, None, True),
    ],
)
def test_the_highest_power_of_an_interval_is_that_of_its_line(
    tables: Database, start: datetime, end: datetime, highest: int | None, decoded: bool
) -> None:
    found = asked(interval.ROUTE, tables, BOTH, start, end)
    assert (found["max"] and found["max"]["power"], found["decoded"]) == (highest, decoded)


def test_a_curve_shows_what_an_adapter_sent_and_calls_it_neither_a_peak_nor_an_overload(tables: Database) -> None:
    found = asked(series.ROUTE, tables, BOTH, TURN, END, "&source=minutes")
    assert found["max"][30] == 8000
    assert (found["peak"], found["overloads"], found["decoded"]) == (None, [], True)
    found = asked(series.ROUTE, tables, BOTH, NOON, TURN, "&source=minutes")
    assert (found["peak"]["power"], found["decoded"]) == (5000, False)


def test_no_event_tells_an_overload_of_an_adapter(tables: Database) -> None:
    assert asked(EVENTS, tables, DECODED, NOON, END, "&kind=overload")["events"] == []


def test_the_needed_power_is_computed_from_the_hours_of_the_line_alone(tables: Database) -> None:
    found = asked(power.ROUTE, tables, BOTH, NOON, END)
    assert found["refused"] is None
    assert {one["power"]: one["above"] for one in found["powers"]} == {3: 60, 6: 0, 9: 0}
    assert found["hours_missing"] == 2
    assert "adaptateur" in found["remarks"][0]


def test_the_needed_power_of_a_meter_that_always_arrived_decoded_is_not_measurable(tables: Database) -> None:
    found = asked(power.ROUTE, tables, DECODED, NOON, END)
    assert (found["refused"], found["powers"], found["remarks"]) == ("decoded", [], [])
    assert "adaptateur" in found["verdict"]
