import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.contract.tally import Tally
from common.database.mariadb import Connection, Database, Rows
from common.errors import ConfigError, InvalidRow
from storer.database.meters import add_meters, find_meters
from storer.database.schema import make_partitions, migrate
from storer.export.audit import COUNT_FRAMES, NEXT_FRAME, NEXT_TALLY, SUM_TALLIES, Hour, audit, run_audit
from storer.export.frames import Selection
from storer.frames.store import FrameStore
from storer.frames.tallies import write_tallies
from tests.support.servers import Database as Server
from tests.support.storing import client

METER, OTHER = "031961123456", "041361000001"
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 24, 20, tzinfo=UTC)
NOW = datetime(2026, 12, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    tables = client(fresh_database)
    migrate(tables)
    return tables


@pytest.fixture
def connection(tables: Database) -> Iterator[Connection]:
    connection = tables.connect()
    yield connection
    connection.close()


def store(tables: Database, hour: datetime, count: int, meter: str = METER) -> None:
    """Store so many frames of an hour, from its first moment to its last."""
    length = HOUR - timedelta.resolution
    store = FrameStore(tables)
    frames = [
        Frame(
            meter=meter,
            timestamp=hour + number * length // max(1, count - 1),
            mode=Mode.STANDARD,
            values={"ADSC": meter, "EAST": number},
        )
        for number in range(count)
    ]
    assert store.write(frames).stored == count
    store.close()


def meter_id(connection: Connection, meter: str) -> int:
    if not find_meters(connection, [meter]):
        add_meters(connection, [meter])
    return find_meters(connection, [meter])[meter]


def write(connection: Connection, *tallies: Tally) -> None:
    write_tallies(connection, tallies)


def tally(hour: datetime, frames: int, meter: str = METER, reader: str = "pi-cellar") -> Tally:
    return Tally(meter, hour, reader, frames)


def stored_tallies(connection: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.query("SELECT * FROM tallies ORDER BY hour, meter_id, reader")]


# -- writing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("frames", "reader"), [(3312, "pi-cellar"), (2**32 - 1, "x" * 64)])
def test_a_tally_is_a_row(connection: Connection, frames: int, reader: str) -> None:
    write(connection, tally(START, frames, reader=reader))
    meter = meter_id(connection, METER)
    assert stored_tallies(connection) == [(START.replace(tzinfo=None), meter, reader, frames)]


def test_a_tally_may_be_repeated_in_any_order_and_the_highest_stays(connection: Connection) -> None:
    for frames in (10, 3312, 12, 3312):
        write(connection, tally(START, frames))
        write(connection, tally(START, frames), tally(START, 1))
    assert [row[3] for row in stored_tallies(connection)] == [3312]


def test_each_reader_meter_and_hour_has_its_own(connection: Connection) -> None:
    write(
        connection,
        tally(START, 1),
        tally(START, 2, reader="PI-CELLAR"),
        tally(START, 3, meter=OTHER),
        tally(START + HOUR, 4),
    )
    assert sorted(row[3] for row in stored_tallies(connection)) == [1, 2, 3, 4]


def test_a_tally_that_does_not_fit_is_an_invalid_row_and_leaves_nothing(connection: Connection) -> None:
    for bad in (
        tally(START, 2**32),
        tally(START, 10**100),
        tally(START, -1),
        tally(datetime(1970, 1, 1, tzinfo=UTC), 1),
        tally(datetime(26, 11, 24, tzinfo=UTC), 1),
        tally(datetime(2200, 1, 1, tzinfo=UTC), 1),
        tally(START, 1, reader="x" * 65),
    ):
        with pytest.raises(InvalidRow):
            write(connection, bad)
        assert stored_tallies(connection) == [], bad


# -- comparing ---------------------------------------------------------------------------------------------------------


def test_each_hour_has_what_was_counted_and_what_is_stored(tables: Database, connection: Connection) -> None:
    for place, (counted, stored) in enumerate([(4, 4), (4, 3), (None, 2), (4, 6), (4, 0), (0, 0), (0, 1)]):
        hour = START + place * HOUR
        store(tables, hour, stored)
        if counted is not None:
            write(connection, tally(hour, counted))
    assert list(audit(connection, now=NOW)) == [
        Hour(METER, START, expected=4, stored=4),
        Hour(METER, START + 1 * HOUR, expected=4, stored=3),
        Hour(METER, START + 2 * HOUR, expected=None, stored=2),
        Hour(METER, START + 3 * HOUR, expected=4, stored=6),
        Hour(METER, START + 4 * HOUR, expected=4, stored=0),
        Hour(METER, START + 5 * HOUR, expected=0, stored=0),
        Hour(METER, START + 6 * HOUR, expected=0, stored=1),
    ]


def test_an_hour_begins_with_its_first_microsecond_and_ends_with_its_last(
    tables: Database, connection: Connection
) -> None:
    store(tables, START, 2)  # its first moment and its last
    store(tables, START + HOUR, 2)
    assert [hour.stored for hour in audit(connection, now=NOW)] == [2, 2]


def test_equal_counts_of_two_readers_are_two_counts(tables: Database, connection: Connection) -> None:
    store(tables, START, 7)
    write(connection, tally(START, 4, reader="pi"), tally(START, 4, reader="attic"))
    assert list(audit(connection, now=NOW)) == [Hour(METER, START, expected=8, stored=7)]


def test_each_meter_has_its_own_hours(tables: Database, connection: Connection) -> None:
    # The other one is met first, and has the smaller number: the order is that of the addresses.
    store(tables, START, 5, meter=OTHER)
    store(tables, START, 4)
    store(tables, START + HOUR, 4)
    write(connection, tally(START, 5), tally(START, 5, meter=OTHER))
    hours = [
        Hour(METER, START, expected=5, stored=4),
        Hour(OTHER, START, expected=5, stored=5),
        Hour(METER, START + HOUR, expected=None, stored=4),
    ]
    assert list(audit(connection, now=NOW)) == hours
    assert list(audit(connection, now=NOW, meter=METER)) == [hours[0], hours[2]]
    assert list(audit(connection, now=NOW, meter=OTHER)) == [hours[1]]


def test_an_unknown_meter_is_an_error(tables: Database, connection: Connection) -> None:
    with pytest.raises(ConfigError, match=r"meter '1' .* none"):
        list(audit(connection, now=NOW, meter="1"))
    store(tables, START, 1)
    store(tables, START, 1, meter=OTHER)
    with pytest.raises(ConfigError, match=r"meter '1' .* 031961123456, 041361000001"):
        list(audit(connection, now=NOW, meter="1"))


def test_a_meter_that_appears_during_the_audit_has_its_name(tables: Database, connection: Connection) -> None:
    store(tables, START, 1)
    hours = audit(connection, now=NOW)
    next(hours)
    store(tables, START + 48 * HOUR, 1, meter=OTHER)
    assert list(hours) == [Hour(OTHER, START + 48 * HOUR, expected=None, stored=1)]


LIMITS = [
    (None, None, range(30)),
    (START, START + 30 * HOUR, range(30)),
    (START + HOUR, None, range(1, 30)),
    (None, START + HOUR, range(1)),
    (START + 3 * HOUR, START + 5 * HOUR, range(3, 5)),
    # An hour that is touched is compared whole.
    (START + 3.5 * HOUR, START + 5.5 * HOUR, range(3, 6)),
    (START + 4 * HOUR - timedelta.resolution, START + 5 * HOUR + timedelta.resolution, range(3, 6)),
    (START + 5 * HOUR, START + 5 * HOUR, range(0)),
    (START + 5 * HOUR, START + 3 * HOUR, range(0)),
    (START + 30 * HOUR, None, range(0)),
    (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), range(30)),
    (datetime.max.replace(tzinfo=UTC), None, range(0)),
    (None, datetime.min.replace(tzinfo=UTC), range(0)),
]


def test_limits_select_hours(tables: Database, connection: Connection) -> None:
    store(tables, START - START.hour * HOUR, 1)
    connection.execute("TRUNCATE TABLE frames")  # the meter is known, and the first day begins before its first frame
    fill(connection, [START + place * HOUR for place in range(30)])
    for start, end, places in LIMITS:
        found = [hour.hour for hour in audit(connection, now=NOW, start=start, end=end)]
        assert found == [START + place * HOUR for place in places], (start, end)


def test_an_hour_that_is_not_over_needs_no_tally(tables: Database, connection: Connection) -> None:
    store(tables, START, 3)
    store(tables, START + HOUR, 3)
    over, running = Hour(METER, START, None, 3), Hour(METER, START + HOUR, None, 3)
    assert list(audit(connection, now=START + 2 * HOUR)) == [over, running]
    assert list(audit(connection, now=START + 2 * HOUR - timedelta.resolution)) == [over]
    assert list(audit(connection, now=START + HOUR)) == [over]
    write(connection, tally(START + HOUR, 4))
    assert list(audit(connection, now=START + HOUR))[1:] == [Hour(METER, START + HOUR, 4, 3)]


@pytest.mark.parametrize("last", ["2038-01-19 03:14:07", "2106-02-07 06:28:15"])
def test_the_first_and_last_timestamps_are_compared(tables: Database, connection: Connection, last: str) -> None:
    ends = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in ("1970-01-01 00:00:01", last)]
    try:
        fill(connection, [*ends, START])
    except InvalidRow:
        pytest.skip("this server's time ends earlier")
    hours = [end.replace(minute=0, second=0) for end in (ends[0], START, ends[1])]
    assert [hour.hour for hour in audit(connection, now=datetime(2200, 1, 1, tzinfo=UTC))] == hours


# -- the price ---------------------------------------------------------------------------------------------------------


class RecordingConnection(Connection):
    """A connection that records its queries."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection._connection, "here")
        self.queries: list[tuple[str, Sequence[Any]]] = []

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        self.queries.append((sql, arguments))
        return super().query(sql, arguments)


def fill(connection: Connection, instants: Iterable[datetime]) -> None:
    """Store a row for each instant, and nothing else."""
    meter = meter_id(connection, METER)
    connection.execute_many(
        "INSERT INTO frames (timestamp, meter_id, label_set_id) VALUES (%s, %s, 1)",
        [(instant.replace(tzinfo=None), meter) for instant in instants],
    )


def test_years_are_read_by_the_day_each_as_a_range_of_one_partition(tables: Database, connection: Connection) -> None:
    days = 200
    hours = [START + place * HOUR for place in range(24 * days)]
    make_partitions(connection, START)
    fill(connection, hours)
    write(connection, *(tally(hour, 1) for hour in hours))
    recording = RecordingConnection(connection)
    assert [hour.hour for hour in audit(recording, now=hours[-1])] == hours
    assert len(recording.queries) <= 4 * (days + 1) + 4
    for sql, arguments in recording.queries:
        if sql in (NEXT_FRAME, NEXT_TALLY):
            # Answered by a look at the index, before any table is read.
            extra = explained(connection, sql, arguments)["Extra"]
            assert extra in ("Select tables optimized away", "No matching min/max row")
    for sql in (COUNT_FRAMES, SUM_TALLIES):
        plans = [explained(connection, text, arguments) for text, arguments in recording.queries if text == sql]
        assert len(plans) == days + 1
        assert {(plan["type"], plan["key"]) for plan in plans} == {("range", "PRIMARY")}
        assert max(int(plan["rows"]) for plan in plans) <= 2 * 24
        assert not any("," in (plan["partitions"] or "") for plan in plans)


def explained(connection: Connection, sql: str, arguments: Sequence[Any]) -> dict[str, Any]:
    (plan,) = connection.query(f"EXPLAIN PARTITIONS {sql}", arguments)
    columns = ("id", "select_type", "table", "partitions", "type", "possible_keys", "key", "key_len", "ref", "rows")
    return dict(zip((*columns, "Extra"), plan, strict=True))


def test_an_hour_is_yielded_before_the_next_day_is_read(tables: Database, connection: Connection) -> None:
    fill(connection, [START + place * HOUR for place in range(1000)])
    recording = RecordingConnection(connection)
    assert next(audit(recording, now=NOW)).hour == START
    assert len(recording.queries) == 6


def test_empty_years_cost_nothing(tables: Database, connection: Connection) -> None:
    fill(connection, [datetime(1980, 1, 1, tzinfo=UTC), START])
    recording = RecordingConnection(connection)
    assert len(list(audit(recording, now=NOW))) == 2
    assert len(recording.queries) == 2 + 2 * 4 + 2


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_prints_the_selected_hours(tables: Database, connection: Connection) -> None:
    store(tables, START, 2)
    store(tables, START + HOUR, 2)
    store(tables, START, 2, meter=OTHER)
    write(connection, tally(START, 3), tally(START + HOUR, 2))
    one_hour = Selection(end=START + HOUR, meter=METER)
    for selection, code, numbers in ((one_hour, 1, [0, 1, 0, 1]), (Selection(start=START + HOUR), 0, [1, 0, 0, 0])):
        out = io.StringIO()
        assert run_audit(tables, selection, NOW, out) == code
        total = out.getvalue().splitlines()[-1]  # hours that are complete, incomplete, unknown; missing frames
        assert list(map(int, re.findall(r"\d+", total))) == numbers
