import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.contract.frame import Frame
from common.contract.labels import Mode
from common.contract.tally import Tally
from common.database.mariadb import Connection, Database, DatabaseConfig, Rows
from common.errors import ConfigError, InvalidRow
from storer.database.frame_store import FrameStore
from storer.database.ids import AddedIds, add_meters, find_meters
from storer.database.schema import make_partitions, migrate
from storer.database.tally_writer import write_tallies
from storer.export.audit import COUNT_FRAMES, NEXT_FRAME, NEXT_TALLY, SUM_TALLIES, Hour, audit, report, run_audit
from storer.export.frames import Selection
from tests.support.servers import Database as Server

METER, OTHER = "031961123456", "041361000001"
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 24, 20, tzinfo=UTC)
NOW = datetime(2026, 12, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    server = fresh_database
    tables = Database(
        DatabaseConfig(
            host=(server.host,), port=server.port, user=server.user, password=server.password, name=server.name
        )
    )
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
    write_tallies(connection, tallies, AddedIds())


def tally(hour: datetime, frames: int, meter: str = METER, reader: str = "pi-cellar") -> Tally:
    return Tally(meter, hour, reader, frames)


def stored_tallies(connection: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.query("SELECT * FROM tallies ORDER BY hour, meter_id, reader")]


def printed(hours: Iterable[Hour]) -> tuple[int, list[tuple[object, ...]]]:
    """The exit code, and the lines as `facts` reads them."""
    out = io.StringIO()
    code = report(hours, out)
    return code, facts(out)


def facts(out: io.StringIO) -> list[tuple[object, ...]]:
    """What each line means: when, meter, state and numbers of an hour; the numbers of hours and frames of the last."""
    *hours, total = out.getvalue().splitlines()
    result: list[tuple[object, ...]] = []
    for line in hours:
        when, meter, text = line.split("  ")
        state, _, rest = text.partition(": ")
        result.append((when, meter, state, *map(int, re.findall(r"\d+", rest))))
    return [*result, ("total", *map(int, re.findall(r"\d+", total)))]


# -- writing -----------------------------------------------------------------------------------------------------------


def test_a_tally_is_a_row(connection: Connection) -> None:
    write(connection, tally(START, 3312))
    meter = meter_id(connection, METER)
    assert stored_tallies(connection) == [(START.replace(tzinfo=None), meter, "pi-cellar", 3312)]


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


@pytest.mark.parametrize(
    "bad",
    [
        tally(START, 2**32),
        tally(START, 10**100),
        tally(START, -1),
        tally(datetime(1970, 1, 1, tzinfo=UTC), 1),
        tally(datetime(26, 11, 24, tzinfo=UTC), 1),
        tally(datetime(2200, 1, 1, tzinfo=UTC), 1),
        tally(START, 1, reader="x" * 65),
    ],
    ids=["2**32", "10**100", "-1", "1970", "26", "2200", "a long name"],
)
def test_a_tally_that_does_not_fit_is_an_invalid_row_and_leaves_nothing(connection: Connection, bad: Tally) -> None:
    with pytest.raises(InvalidRow):
        write(connection, bad)
    assert stored_tallies(connection) == []


def test_the_largest_possible_tally_is_stored(connection: Connection) -> None:
    write(connection, tally(START, 2**32 - 1, reader="x" * 64))
    assert [row[2:] for row in stored_tallies(connection)] == [("x" * 64, 2**32 - 1)]


# -- comparing ---------------------------------------------------------------------------------------------------------


def test_hours_are_complete_incomplete_or_unhour_of(tables: Database, connection: Connection) -> None:
    for place, (counted, stored) in enumerate([(4, 4), (4, 3), (None, 2), (4, 6), (4, 0), (0, 0), (0, 1)]):
        hour = START + place * HOUR
        store(tables, hour, stored)
        if counted is not None:
            write(connection, tally(hour, counted))
    hours = list(audit(connection, now=NOW))
    assert hours == [
        Hour(METER, START, expected=4, stored=4),
        Hour(METER, START + 1 * HOUR, expected=4, stored=3),
        Hour(METER, START + 2 * HOUR, expected=None, stored=2),
        Hour(METER, START + 3 * HOUR, expected=4, stored=6),
        Hour(METER, START + 4 * HOUR, expected=4, stored=0),
        Hour(METER, START + 5 * HOUR, expected=0, stored=0),
        Hour(METER, START + 6 * HOUR, expected=0, stored=1),
    ]
    assert printed(hours) == (
        1,
        [
            ("2026-11-24T21:00:00Z", METER, "incomplete", 4, 3, 1),
            ("2026-11-24T22:00:00Z", METER, "unknown", 1),
            ("2026-11-24T23:00:00Z", METER, "unknown", 4, 6),
            ("2026-11-25T00:00:00Z", METER, "incomplete", 4, 0, 4),
            ("2026-11-25T02:00:00Z", METER, "unknown", 0, 1),
            ("total", 2, 2, 3, 5),
        ],
    )


def test_an_hour_begins_with_its_first_microsecond_and_ends_with_its_last(
    tables: Database, connection: Connection
) -> None:
    store(tables, START, 2)  # its first moment and its last
    store(tables, START + HOUR, 2)
    assert [hour.stored for hour in audit(connection, now=NOW)] == [2, 2]


def test_the_counts_of_two_readers_are_added(tables: Database, connection: Connection) -> None:
    store(tables, START, 5)
    write(connection, tally(START, 3, reader="one"), tally(START, 3, reader="two"))
    assert list(audit(connection, now=NOW)) == [Hour(METER, START, expected=6, stored=5)]


@pytest.mark.parametrize("stored", [4, 7, 8, 9])
def test_equal_counts_of_two_readers_are_two_counts(tables: Database, connection: Connection, stored: int) -> None:
    store(tables, START, stored)
    write(connection, tally(START, 4, reader="pi"), tally(START, 4, reader="attic"))
    assert list(audit(connection, now=NOW)) == [Hour(METER, START, expected=8, stored=stored)]


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


@pytest.mark.parametrize(
    ("start", "end", "places"),
    [
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
    ],
)
def test_limits_select_hours(
    tables: Database, connection: Connection, start: datetime | None, end: datetime | None, places: Sequence[int]
) -> None:
    store(tables, START - START.hour * HOUR, 1)
    connection.execute("TRUNCATE TABLE frames")  # the meter is known, and the first day begins before its first frame
    fill(connection, [START + place * HOUR for place in range(30)])
    found = [hour.hour for hour in audit(connection, now=NOW, start=start, end=end)]
    assert found == [START + place * HOUR for place in places]


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


def test_an_empty_database_is_complete(tables: Database, connection: Connection) -> None:
    assert printed(audit(connection, now=NOW)) == (0, [("total", 0, 0, 0, 0)])


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


# -- printing ----------------------------------------------------------------------------------------------------------


def hour_of(place: int, counted: int | None, stored: int, meter: str = METER) -> Hour:
    return Hour(meter, START + place * HOUR, counted, stored)


def test_if_all_is_complete_there_is_one_line() -> None:
    assert printed(hour_of(place, 3600 + place, 3600 + place) for place in range(24)) == (
        0,
        [("total", 24, 0, 0, 0)],
    )


def test_an_incomplete_hour_is_a_line() -> None:
    assert printed([hour_of(0, 1, 1), hour_of(1, 3600, 3599)]) == (
        1,
        [
            ("2026-11-24T21:00:00Z", METER, "incomplete", 3600, 3599, 1),
            ("total", 1, 1, 0, 1),
        ],
    )


def test_a_surplus_in_one_hour_does_not_hide_missing_frames_in_another() -> None:
    code, lines = printed([hour_of(0, 10, 20), hour_of(1, 10, 5)])
    assert (code, lines[-1]) == (1, ("total", 0, 1, 1, 5))


def test_an_hour_with_more_frames_than_counted_is_unhour_of() -> None:
    """The frames that a power cut lost were not counted either."""
    assert printed([hour_of(0, 3600, 3600), hour_of(1, 1790, 3590)]) == (
        0,
        [
            ("2026-11-24T21:00:00Z", METER, "unknown", 1790, 3590),
            ("total", 1, 0, 1, 0),
        ],
    )


def test_hours_without_a_tally_are_one_line_until_one_with_a_tally_comes() -> None:
    without = [hour_of(place, None, 9) for place in (0, 1, 2, 9)]  # between 2 and 9 nothing was stored
    assert printed([*without, hour_of(10, 9, 9), hour_of(11, None, 9)]) == (
        0,
        [
            ("2026-11-24T20:00:00Z to 2026-11-25T05:00:00Z", METER, "unknown", 4),
            ("2026-11-25T07:00:00Z", METER, "unknown", 1),
            ("total", 1, 0, 5, 0),
        ],
    )


def test_hours_without_a_tally_are_lines_of_their_own_for_each_meter() -> None:
    hours = []
    for place in range(3):
        hours += [hour_of(place, None, 1), hour_of(place, 2 if place == 1 else None, 1, meter=OTHER)]
    assert printed(hours) == (
        1,
        [
            ("2026-11-24T20:00:00Z", OTHER, "unknown", 1),
            ("2026-11-24T21:00:00Z", OTHER, "incomplete", 2, 1, 1),
            ("2026-11-24T20:00:00Z to 2026-11-24T22:00:00Z", METER, "unknown", 3),
            ("2026-11-24T22:00:00Z", OTHER, "unknown", 1),
            ("total", 0, 1, 5, 1),
        ],
    )


def test_the_command_prints_the_selected_hours(tables: Database, connection: Connection) -> None:
    store(tables, START, 2)
    store(tables, START + HOUR, 2)
    store(tables, START, 2, meter=OTHER)
    write(connection, tally(START, 3), tally(START + HOUR, 2))
    out = io.StringIO()
    assert run_audit(tables, Selection(end=START + HOUR, meter=METER), NOW, out) == 1
    assert facts(out) == [("2026-11-24T20:00:00Z", METER, "incomplete", 3, 2, 1), ("total", 0, 1, 0, 1)]
    out = io.StringIO()
    assert run_audit(tables, Selection(start=START + HOUR), NOW, out) == 0
    assert facts(out) == [("total", 1, 0, 0, 0)]
