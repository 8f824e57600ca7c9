"""The row of `rollup_state`: how far the rollups are, what is to be rebuilt, and who does it now; and late hours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common.database.mariadb import Connection, Rows, sql_time
from storer.database.months import ceil_hour, floor_hour
from storer.frames.late import FIRST_HOUR
from storer.rollups.minutes import HourKey

LEASE = timedelta(minutes=5)
_RENEW = timedelta(minutes=2, seconds=30)  # left of it: to renew it is a commit, which is not needed each minute
_SELECT = "SELECT up_to, rebuild_from, rebuild_to, frames_from, dropped_to FROM rollup_state WHERE id = 1"
_MARKS = "SELECT meter_id, hour, storer, touched FROM late_hours WHERE waiting = 1"
# What waits always changes, and be it by an hour at its end: so a step that runs meanwhile does not note these as done.
_ADD_REBUILD = (
    "rebuild_from = LEAST(COALESCE(rebuild_from, %s), %s),"
    " rebuild_to = GREATEST(COALESCE(rebuild_to + INTERVAL 1 HOUR, %s), %s)"
)


@dataclass(frozen=True, slots=True)
class State:
    """How far the rollups are."""

    up_to: datetime  # minutes before it are final, but for late hours and what is to be rebuilt
    rebuild_from: datetime | None  # hours to rebuild; None: none
    rebuild_to: datetime | None  # exclusive
    frames_from: datetime | None = None  # frames before it were dropped, or are about to be: their rollups are final
    dropped_to: datetime | None = None  # the same, but it never goes back

    @property
    def remaining(self) -> timedelta:
        """What is to be rebuilt, hours without frames included."""
        return (
            timedelta(0)
            if self.rebuild_from is None or self.rebuild_to is None
            else self.rebuild_to - self.rebuild_from
        )


@dataclass(frozen=True, slots=True)
class LateHour:
    """A mark: frames of this hour were stored late."""

    key: HourKey
    storer: str
    touched: int  # how often, when the mark was read


def latest(*instants: datetime | None) -> datetime | None:
    """Return the latest of those that are there."""
    return max((instant for instant in instants if instant is not None), default=None)


def server_now(connection: Connection) -> datetime:
    """Return the server's time: one clock for all storers."""
    ((now,),) = connection.query("SELECT NOW(6)")
    return now.replace(tzinfo=UTC)  # type: ignore[no-any-return]


def take_lease(
    connection: Connection, name: str, now: datetime, first_up_to: datetime, *, by_force: bool = False
) -> State | None:
    """Take or renew the lease; return the state, or None if somebody else has it.

    The lease only saves work: if two roll up at once, the result is the same. So it may be taken by force.

    At the very first time, the frames before `first_up_to` are set to be rebuilt.
    """
    state = _take(connection, name, now, by_force)
    if state is None and read_state(connection) is None:
        first = first_frame(connection)
        rebuild = (first, ceil_hour(first_up_to)) if first is not None and first < first_up_to else (None, None)
        connection.execute(
            "INSERT INTO rollup_state (id, up_to, rebuild_from, rebuild_to) VALUES (1, %s, %s, %s)"
            " ON DUPLICATE KEY UPDATE id = rollup_state.id",
            (sql_time(first_up_to), *(None if time is None else sql_time(time) for time in rebuild)),
        )
        state = _take(connection, name, now, by_force)
    return state


def _take(connection: Connection, name: str, now: datetime, by_force: bool) -> State | None:
    # It lasts for more than LEASE only if the clock was set back: then whoever comes next would wait for too long.
    rows = connection.query(
        f"{_SELECT} AND holder = %s AND held_until > %s AND held_until <= %s",
        (name, sql_time(now + _RENEW), sql_time(now + LEASE)),
    )
    if rows:
        return _state(rows[0])
    connection.execute(
        "UPDATE rollup_state SET holder = %s, held_until = %s"
        " WHERE id = 1 AND (%s OR holder = %s OR holder IS NULL OR held_until IS NULL OR held_until < %s)",
        (name, sql_time(now + LEASE), by_force, name, sql_time(now)),
    )
    rows = connection.query(
        f"{_SELECT} AND holder = %s AND held_until > %s",
        (name, sql_time(now)),
    )
    return _state(rows[0]) if rows else None


def release_lease(connection: Connection, name: str) -> None:
    """Let somebody else take the lease at once."""
    connection.execute("UPDATE rollup_state SET holder = NULL WHERE id = 1 AND holder = %s", (name,))


def read_state(connection: Connection) -> State | None:
    """Return the state; None if nothing was rolled up yet."""
    rows = connection.query(_SELECT)
    return _state(rows[0]) if rows else None


def advance(connection: Connection, up_to: datetime, rebuild_from: datetime | None = None) -> None:
    """Set how far the rollups are final; with `rebuild_from`, what is between is to be rebuilt."""
    if rebuild_from is None:
        connection.execute("UPDATE rollup_state SET up_to = %s WHERE id = 1", (sql_time(up_to),))
    else:
        connection.execute(
            f"UPDATE rollup_state SET up_to = %s, {_ADD_REBUILD} WHERE id = 1",  # noqa: S608 - our own names
            (sql_time(up_to), *_range(floor_hour(rebuild_from), ceil_hour(up_to))),
        )


def raise_version(connection: Connection) -> None:
    """Invalidate all caches of past hours, which the present transaction changes."""
    # By the time: a number that was there before a restore never comes again.
    connection.execute(
        "UPDATE rollup_state SET version = GREATEST(version + 1, FLOOR(UNIX_TIMESTAMP(NOW(6)) * 1000000)) WHERE id = 1"
    )


def first_frame(connection: Connection, since: datetime | None = None) -> datetime | None:
    """Return the hour of the first frame, from `since` on; None: there is none."""
    ((first,),) = connection.query(
        "SELECT MIN(timestamp) FROM frames WHERE timestamp >= %s", (sql_time(max(since or FIRST_HOUR, FIRST_HOUR)),)
    )
    return None if first is None else floor_hour(first.replace(tzinfo=UTC))


def request_rebuild(
    connection: Connection, start: datetime | None = None, end: datetime | None = None, now: datetime | None = None
) -> None:
    """Have the hours from `start` (the first frame), before `end` (as far as the rollups are), rolled up again.

    With `now`, hours that are not final yet are included. A running storer does it in the background, and one that
    starts goes on with it. What is already to be rebuilt stays so. Without any rollups nothing is needed: the
    first storer makes all of them.
    """
    state = read_state(connection)
    if state is None:
        return
    begin = first_frame(connection, latest(start, state.frames_from))
    if begin is None:
        return
    newest = state.up_to if now is None else max(now, state.up_to)
    limit = ceil_hour(newest if end is None else min(end, newest))
    if begin < limit:
        connection.execute(
            f"UPDATE rollup_state SET {_ADD_REBUILD} WHERE id = 1",  # noqa: S608 - our own names
            _range(begin, limit),
        )


def freeze(connection: Connection, name: str, up_to: datetime, before: datetime | None) -> bool:
    """Make the rollups before `up_to`, an hour, final: frames that come from now on change nothing there.

    Return False, and change nothing, if hours before it are waiting to be rolled up, or if `name` lost the lease, or
    if they were made final as far as something else than `before`.
    """
    limit = sql_time(up_to)
    return bool(
        connection.execute(
            "UPDATE rollup_state SET frames_from = %s, dropped_to = GREATEST(COALESCE(dropped_to, %s), %s)"
            " WHERE id = 1 AND holder = %s AND up_to >= %s"
            " AND (rebuild_from IS NULL OR rebuild_from >= %s) AND frames_from <=> %s"
            " AND NOT EXISTS (SELECT 1 FROM late_hours WHERE waiting = 1 AND hour < %s)",
            (limit, limit, limit, name, limit, limit, None if before is None else sql_time(before), limit),
        )
    )


def rebuilt(connection: Connection, state: State, up_to: datetime | None) -> None:
    """Note that hours were rebuilt as far as `up_to`, None: all of them; not if another request came in between."""
    to = None if up_to is None else state.rebuild_to
    connection.execute(
        "UPDATE rollup_state SET rebuild_from = %s, rebuild_to = %s"
        " WHERE id = 1 AND rebuild_from = %s AND rebuild_to = %s",
        tuple(None if time is None else sql_time(time) for time in (up_to, to, state.rebuild_from, state.rebuild_to)),
    )


def late_hours(connection: Connection, limit: int) -> list[LateHour]:
    """Return marks that wait, the earliest hours first."""
    return _late_hours(connection.query(f"{_MARKS} ORDER BY hour LIMIT %s", (limit,)))


def late_hours_between(connection: Connection, start: datetime, end: datetime) -> list[LateHour]:
    """Return all marks that wait for hours from `start`, before `end`."""
    return _late_hours(connection.query(f"{_MARKS} AND hour >= %s AND hour < %s", (sql_time(start), sql_time(end))))


def _late_hours(rows: Rows) -> list[LateHour]:
    return [LateHour((int(meter), hour.replace(tzinfo=UTC)), storer, touched) for meter, hour, storer, touched in rows]


def count_late_hours(connection: Connection) -> int:
    """Return how many marks wait."""
    ((count,),) = connection.query("SELECT COUNT(*) FROM late_hours WHERE waiting = 1")
    return int(count)


def mark_rolled(connection: Connection, marks: Iterable[LateHour]) -> None:
    """Note that these hours were rolled up; one that was touched again since it was read still waits."""
    for mark in marks:
        meter, hour = mark.key
        connection.execute(
            "UPDATE late_hours SET waiting = 0 WHERE meter_id = %s AND hour = %s AND storer = %s AND touched = %s",
            (meter, sql_time(hour), mark.storer, mark.touched),
        )


def _range(begin: datetime, end: datetime) -> tuple[str, str, str, str]:
    """Return the arguments of `_ADD_REBUILD`."""
    return sql_time(begin), sql_time(begin), sql_time(end), sql_time(end)


def _state(row: Sequence[Any]) -> State:
    up_to, *others = row
    return State(up_to.replace(tzinfo=UTC), *(None if time is None else time.replace(tzinfo=UTC) for time in others))
