import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.database import Connection, Database, DatabaseConfig, Rows
from common.errors import ConfigError, InvalidRow
from common.frame import Frame
from common.labels import Mode
from common.tally import Tally
from demo.servers import Database as Server
from storer.audit import COUNT_FRAMES, NEXT_FRAME, NEXT_TALLY, SUM_TALLIES, Hour, audit, report, run_audit
from storer.database.frame_store import FrameStore
from storer.database.ids import AddedIds, add_meter, find_meters
from storer.database.schema import make_partitions, migrate
from storer.database.tallies import write_tally
from storer.export import Selection

METER, OTHER = "031961123456", "041361000001"
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 24, 20, tzinfo=UTC)
LOST_COUNT = "a reader lost its count, as with each start of its machine"
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


def number_of(connection: Connection, meter: str) -> int:
    if not find_meters(connection, [meter]):
        add_meter(connection, meter)
    return find_meters(connection, [meter])[meter]


def tell(connection: Connection, *tallies: Tally) -> None:
    for tally in tallies:
        write_tally(connection, tally, AddedIds())


def tally(hour: datetime, frames: int, meter: str = METER, reader: str = "pi-cellar") -> Tally:
    return Tally(meter, hour, reader, frames)


def held(connection: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.query("SELECT * FROM tallies ORDER BY hour, meter_id, reader")]


def printed(hours: Iterable[Hour]) -> tuple[int, list[str]]:
    out = io.StringIO()
    code = report(hours, out)
    return code, out.getvalue().splitlines()


# -- writing -----------------------------------------------------------------------------------------------------------


def test_a_tally_is_a_row(connection: Connection) -> None:
    tell(connection, tally(START, 3312))
    number = number_of(connection, METER)
    assert held(connection) == [(START.replace(tzinfo=None), number, "pi-cellar", 3312)]


def test_a_tally_may_come_again_in_any_order_and_the_highest_stays(connection: Connection) -> None:
    for frames in (10, 3312, 12, 3312):
        tell(connection, tally(START, frames))
        tell(connection, tally(START, frames), tally(START, 1))
    assert [row[3] for row in held(connection)] == [3312]


def test_each_reader_meter_and_hour_has_its_own(connection: Connection) -> None:
    tell(
        connection,
        tally(START, 1),
        tally(START, 2, reader="PI-CELLAR"),
        tally(START, 3, meter=OTHER),
        tally(START + HOUR, 4),
    )
    assert sorted(row[3] for row in held(connection)) == [1, 2, 3, 4]


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
def test_what_the_database_cannot_hold_is_a_bad_row_and_leaves_nothing(connection: Connection, bad: Tally) -> None:
    with pytest.raises(InvalidRow):
        tell(connection, bad)
    assert held(connection) == []


def test_the_largest_that_a_tally_can_say_is_held(connection: Connection) -> None:
    tell(connection, tally(START, 2**32 - 1, reader="x" * 64))
    assert [row[2:] for row in held(connection)] == [("x" * 64, 2**32 - 1)]


def test_a_storer_that_was_killed_within_the_step_can_take_it_again(tables: Database, connection: Connection) -> None:
    tell(connection, tally(START, 1))
    connection.execute("UPDATE schema_version SET version = -version WHERE version >= 2")
    assert "tallies" in [step.name for step in migrate(tables)]
    assert len(held(connection)) == 1


# -- comparing ---------------------------------------------------------------------------------------------------------


def test_hours_are_whole_short_unknown_or_more_than_told(tables: Database, connection: Connection) -> None:
    for place, (made, stored) in enumerate([(4, 4), (4, 3), (None, 2), (4, 6), (4, 0), (0, 0), (0, 1)]):
        hour = START + place * HOUR
        store(tables, hour, stored)
        if made is not None:
            tell(connection, tally(hour, made))
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
            "2026-11-24T21:00:00Z  031961123456  short: 4 made, 3 stored, 1 missing",
            "2026-11-24T22:00:00Z  031961123456  unknown: 1 hour without a tally",
            f"2026-11-24T23:00:00Z  031961123456  unknown: 4 counted, 6 stored; {LOST_COUNT}",
            "2026-11-25T00:00:00Z  031961123456  short: 4 made, 0 stored, 4 missing",
            f"2026-11-25T02:00:00Z  031961123456  unknown: 0 counted, 1 stored; {LOST_COUNT}",
            "2 hours whole, 2 short, 3 unknown; 5 frames missing",
        ],
    )


def test_an_hour_begins_with_its_first_microsecond_and_ends_with_its_last(
    tables: Database, connection: Connection
) -> None:
    store(tables, START, 2)  # its first moment and its last
    store(tables, START + HOUR, 2)
    assert [hour.stored for hour in audit(connection, now=NOW)] == [2, 2]


def test_what_two_readers_made_counts_together(tables: Database, connection: Connection) -> None:
    store(tables, START, 5)
    tell(connection, tally(START, 3, reader="one"), tally(START, 3, reader="two"))
    assert list(audit(connection, now=NOW)) == [Hour(METER, START, expected=6, stored=5)]


@pytest.mark.parametrize(
    ("told", "stored", "found"),
    [
        # Earlier versions told the hours of a reader that was renamed again, under its new name.
        ({"pi": 4, "attic": 4}, 4, Hour(METER, START, expected=4, stored=4, repeated=True)),
        ({"pi": 4, "attic": 4, "third": 4}, 4, Hour(METER, START, expected=4, stored=4, repeated=True)),
        ({"pi": 4, "attic": 4}, 3, Hour(METER, START, expected=4, stored=3, repeated=True)),
        # Another reader had the meter, too.
        ({"pi": 4, "attic": 4, "other": 2}, 6, Hour(METER, START, expected=6, stored=6, repeated=True)),
        ({"pi": 4, "attic": 4, "other": 2}, 5, Hour(METER, START, expected=6, stored=5, repeated=True)),
        # Two readers, in turn or both: more rows than one of them has made.
        ({"pi": 4, "attic": 4}, 8, Hour(METER, START, expected=8, stored=8)),
        ({"pi": 4, "attic": 4}, 7, Hour(METER, START, expected=8, stored=7)),
        ({"pi": 4, "attic": 4}, 9, Hour(METER, START, expected=8, stored=9)),
        ({"pi": 4, "attic": 3}, 7, Hour(METER, START, expected=7, stored=7)),
        ({"pi": 4, "attic": 3}, 4, Hour(METER, START, expected=7, stored=4)),
        ({"pi": 0, "attic": 0}, 0, Hour(METER, START, expected=0, stored=0)),
    ],
)
def test_what_one_reader_told_under_two_names_counts_once_and_what_two_made_counts_together(
    tables: Database, connection: Connection, told: dict[str, int], stored: int, found: Hour
) -> None:
    store(tables, START, stored)
    tell(connection, *(tally(START, frames, reader=reader) for reader, frames in told.items()))
    assert list(audit(connection, now=NOW)) == [found]


def test_two_meters_are_two(tables: Database, connection: Connection) -> None:
    # The other one is met first, and has the smaller number: the order is that of the addresses.
    store(tables, START, 5, meter=OTHER)
    store(tables, START, 4)
    store(tables, START + HOUR, 4)
    tell(connection, tally(START, 5), tally(START, 5, meter=OTHER))
    hours = [
        Hour(METER, START, expected=5, stored=4),
        Hour(OTHER, START, expected=5, stored=5),
        Hour(METER, START + HOUR, expected=None, stored=4),
    ]
    assert list(audit(connection, now=NOW)) == hours
    assert list(audit(connection, now=NOW, meter=METER)) == [hours[0], hours[2]]
    assert list(audit(connection, now=NOW, meter=OTHER)) == [hours[1]]


def test_a_meter_that_was_never_heard_is_said_and_not_found_in_order(tables: Database, connection: Connection) -> None:
    with pytest.raises(ConfigError, match="the meter '1' was never heard; known: none"):
        list(audit(connection, now=NOW, meter="1"))
    store(tables, START, 1)
    store(tables, START, 1, meter=OTHER)
    with pytest.raises(ConfigError, match="the meter '1' was never heard; known: 031961123456, 041361000001"):
        list(audit(connection, now=NOW, meter="1"))


def test_a_meter_that_appears_meanwhile_has_its_name(tables: Database, connection: Connection) -> None:
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
def test_limits_choose_hours(
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
    tell(connection, tally(START + HOUR, 4))
    assert list(audit(connection, now=START + HOUR))[1:] == [Hour(METER, START + HOUR, 4, 3)]


@pytest.mark.parametrize("last", ["2038-01-19 03:14:07", "2106-02-07 06:28:15"])
def test_the_ends_of_time_are_compared(tables: Database, connection: Connection, last: str) -> None:
    ends = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in ("1970-01-01 00:00:01", last)]
    try:
        fill(connection, [*ends, START])
    except InvalidRow:
        pytest.skip("this server's time ends earlier")
    hours = [end.replace(minute=0, second=0) for end in (ends[0], START, ends[1])]
    assert [hour.hour for hour in audit(connection, now=datetime(2200, 1, 1, tzinfo=UTC))] == hours


def test_nothing_at_all_is_in_order(tables: Database, connection: Connection) -> None:
    assert printed(audit(connection, now=NOW)) == (0, ["0 hours whole, 0 short, 0 unknown; 0 frames missing"])


# -- the price ---------------------------------------------------------------------------------------------------------


class Watched(Connection):
    """A connection that remembers what it was asked."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection._connection, "here")
        self.asked: list[tuple[str, Sequence[Any]]] = []

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Rows:
        self.asked.append((sql, arguments))
        return super().query(sql, arguments)


def fill(connection: Connection, instants: Iterable[datetime]) -> None:
    """Store a row for each instant, and nothing else."""
    number = number_of(connection, METER)
    connection.execute_many(
        "INSERT INTO frames (timestamp, meter_id, label_set_id) VALUES (%s, %s, 1)",
        [(instant.replace(tzinfo=None), number) for instant in instants],
    )


def test_years_are_read_by_the_day_each_as_a_range_of_one_partition(tables: Database, connection: Connection) -> None:
    days = 200
    hours = [START + place * HOUR for place in range(24 * days)]
    make_partitions(connection, START)
    fill(connection, hours)
    tell(connection, *(tally(hour, 1) for hour in hours))
    watched = Watched(connection)
    assert [hour.hour for hour in audit(watched, now=hours[-1])] == hours
    assert len(watched.asked) <= 4 * (days + 1) + 3
    for sql, arguments in watched.asked:
        if sql in (NEXT_FRAME, NEXT_TALLY):
            # Answered by a look at the index, before any table is read.
            extra = explained(connection, sql, arguments)["Extra"]
            assert extra in ("Select tables optimized away", "No matching min/max row")
    for sql in (COUNT_FRAMES, SUM_TALLIES):
        plans = [explained(connection, text, arguments) for text, arguments in watched.asked if text == sql]
        assert len(plans) == days + 1
        assert {(plan["type"], plan["key"]) for plan in plans} == {("range", "PRIMARY")}
        assert max(int(plan["rows"]) for plan in plans) <= 2 * 24
        assert not any("," in (plan["partitions"] or "") for plan in plans)


def explained(connection: Connection, sql: str, arguments: Sequence[Any]) -> dict[str, Any]:
    (plan,) = connection.query(f"EXPLAIN PARTITIONS {sql}", arguments)
    columns = ("id", "select_type", "table", "partitions", "type", "possible_keys", "key", "key_len", "ref", "rows")
    return dict(zip((*columns, "Extra"), plan, strict=True))


def test_an_hour_is_told_before_the_next_day_is_read(tables: Database, connection: Connection) -> None:
    fill(connection, [START + place * HOUR for place in range(1000)])
    watched = Watched(connection)
    assert next(audit(watched, now=NOW)).hour == START
    assert len(watched.asked) == 5


def test_years_without_anything_cost_nothing(tables: Database, connection: Connection) -> None:
    fill(connection, [datetime(1980, 1, 1, tzinfo=UTC), START])
    watched = Watched(connection)
    assert len(list(audit(watched, now=NOW))) == 2
    assert len(watched.asked) == 1 + 2 * 4 + 2


# -- printing ----------------------------------------------------------------------------------------------------------


def known(place: int, made: int | None, stored: int, meter: str = METER) -> Hour:
    return Hour(meter, START + place * HOUR, made, stored)


def test_all_whole_is_one_line() -> None:
    assert printed(known(place, 3600 + place, 3600 + place) for place in range(24)) == (
        0,
        ["24 hours whole, 0 short, 0 unknown; 0 frames missing"],
    )


def test_one_is_singular() -> None:
    assert printed([known(0, 1, 1), known(1, 3600, 3599)]) == (
        1,
        [
            "2026-11-24T21:00:00Z  031961123456  short: 3600 made, 3599 stored, 1 missing",
            "1 hour whole, 1 short, 0 unknown; 1 frame missing",
        ],
    )


def test_more_than_told_does_not_make_up_for_less() -> None:
    code, lines = printed([known(0, 10, 20), known(1, 10, 5)])
    assert (code, lines[-1]) == (1, "0 hours whole, 1 short, 1 unknown; 5 frames missing")


def test_an_hour_with_more_than_told_is_not_called_whole() -> None:
    """What a power cut took of it was not counted either."""
    assert printed([known(0, 3600, 3600), known(1, 1790, 3590)]) == (
        0,
        [
            f"2026-11-24T21:00:00Z  031961123456  unknown: 1790 counted, 3590 stored; {LOST_COUNT}",
            "1 hour whole, 0 short, 1 unknown; 0 frames missing",
        ],
    )


def test_an_hour_that_was_told_under_two_names_is_not_called_whole_and_only_what_is_surely_missing_is() -> None:
    assert printed(
        [
            Hour(METER, START, expected=866, stored=866, repeated=True),
            Hour(METER, START + HOUR, expected=866, stored=860, repeated=True),
        ]
    ) == (
        1,
        [
            "2026-11-24T20:00:00Z  031961123456  unknown: 866 stored, and 866 counted under more than one name;"
            " a reader was renamed, or one of two has lost its frames",
            "2026-11-24T21:00:00Z  031961123456  short: 866 made, 860 stored, 6 missing",
            "0 hours whole, 1 short, 1 unknown; 6 frames missing",
        ],
    )


def test_hours_without_a_tally_are_one_line_until_one_with_a_tally_comes() -> None:
    without = [known(place, None, 9) for place in (0, 1, 2, 9)]  # between 2 and 9 nothing was stored
    assert printed([*without, known(10, 9, 9), known(11, None, 9)]) == (
        0,
        [
            "2026-11-24T20:00:00Z to 2026-11-25T05:00:00Z  031961123456  unknown: 4 hours without a tally",
            "2026-11-25T07:00:00Z  031961123456  unknown: 1 hour without a tally",
            "1 hour whole, 0 short, 5 unknown; 0 frames missing",
        ],
    )


def test_hours_without_a_tally_are_told_for_each_meter() -> None:
    hours = []
    for place in range(3):
        hours += [known(place, None, 1), known(place, 2 if place == 1 else None, 1, meter=OTHER)]
    assert printed(hours) == (
        1,
        [
            "2026-11-24T20:00:00Z  041361000001  unknown: 1 hour without a tally",
            "2026-11-24T21:00:00Z  041361000001  short: 2 made, 1 stored, 1 missing",
            "2026-11-24T20:00:00Z to 2026-11-24T22:00:00Z  031961123456  unknown: 3 hours without a tally",
            "2026-11-24T22:00:00Z  041361000001  unknown: 1 hour without a tally",
            "0 hours whole, 1 short, 5 unknown; 1 frame missing",
        ],
    )


def test_the_command_prints_what_was_chosen(tables: Database, connection: Connection) -> None:
    store(tables, START, 2)
    store(tables, START + HOUR, 2)
    store(tables, START, 2, meter=OTHER)
    tell(connection, tally(START, 3), tally(START + HOUR, 2))
    out = io.StringIO()
    assert run_audit(tables, Selection(end=START + HOUR, meter=METER), NOW, out) == 1
    assert out.getvalue() == (
        "2026-11-24T20:00:00Z  031961123456  short: 3 made, 2 stored, 1 missing\n"
        "0 hours whole, 1 short, 0 unknown; 1 frame missing\n"
    )
    out = io.StringIO()
    assert run_audit(tables, Selection(start=START + HOUR), NOW, out) == 0
    assert re.fullmatch("1 hour whole, .*\n", out.getvalue())
