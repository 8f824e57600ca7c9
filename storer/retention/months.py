"""Drops the oldest months of frames and years of minutes, once nothing can be lost by it.

The column `frames_from` of `rollup_state` is the boundary: set in one statement once all is verified, and only then is
anything dropped. Whatever is killed in between, the next run drops what is before the boundary. Frames that come later
for a time before it change no rollup; they are in the next partition, and dropped with it.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.contract.retention import Retention
from common.database.mariadb import Connection
from common.errors import TeleinfoError
from common.settings.language import format_bytes, plural
from storer.database.locks import free_lock, take_lock
from storer.database.meters import known_meters
from storer.database.months import month_of
from storer.database.saved_months import READ_WITHIN, has_held, not_saved
from storer.database.schema import make_earlier_partitions, partition_limits
from storer.database.sizes import Sizes, read_sizes
from storer.export.audit import audit
from storer.rollups import state as states
from storer.rollups.hours import mend_measures
from storer.rollups.recount import Comparison, compare_rollups, has_rollups
from storer.rollups.state import State
from storer.sources.tables import remake_hours

log = logging.getLogger(__name__)

_EARLIER, _LATER = "p_earlier", "p_later"
_HOUR = timedelta(hours=1)
_WAIT = 5  # seconds for a backup that ends just now
_DIVIDE_AT_MOST = 200_000  # frames


class Blocked(TeleinfoError):
    """Frames cannot be dropped now; the message gives the reason and the fix."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A partition that ends at `end`."""

    name: str
    end: datetime


class FrameRetention:
    """Retention over the connection of the rollups, by the storer that has their lease."""

    def __init__(self, connection: Connection, name: str, policy: Retention) -> None:
        self._connection = connection
        self._name = name
        self._policy = policy

    def run(self, now: datetime) -> Iterator[None]:
        """Drop what is too old; each step is short. `now` is the server's time.

        Raises:
            Blocked: the oldest month that is too old cannot be dropped.
        """
        if self._policy.frames is None:
            return
        if not take_lock(self._connection, "backup", _WAIT):
            raise Blocked("a backup is being made; tried again tomorrow")
        try:
            yield from self._drop_all(now, self._policy.frames)
        finally:
            free_lock(self._connection, "backup")

    def _drop_all(self, now: datetime, months: int) -> Iterator[None]:
        ((newest,),) = self._connection.query("SELECT MAX(timestamp) FROM frames")
        if newest is None:
            return
        # Neither a clock that is ahead nor a pause of years may drop what is not followed by as many months of frames.
        now = min(now, newest.replace(tzinfo=UTC))
        yield from self._drop_frames(_months_before(now, months))
        if self._policy.minutes is not None:
            limit = _months_before(now, self._policy.minutes)
            yield from self._drop_minutes(limit)
            yield from self._drop_source_minutes(limit)

    def _drop_frames(self, limit: datetime) -> Iterator[None]:
        self._divide_earlier(limit)
        for part in self._parts("frames", limit):
            if has_held(self._connection, "frames", "timestamp", part.name):
                continue
            state = self._state()
            is_open = state.frames_from is None or state.frames_from < part.end
            if is_open:
                yield from self._verify(part, state)
            self._require_saved(part, "frames", "timestamp", "frames")
            if is_open and not states.freeze(self._connection, self._name, part.end, state.frames_from):
                raise Blocked(_waiting(part))
            self._drop("frames", part, f"frames before {part.end:%Y-%m-%d}", "their minutes and hours stay")
            yield

    def _divide_earlier(self, limit: datetime) -> None:
        """Give the months from `limit` on a partition of their own, if frames of older ones are in one with them.

        A storer makes no partitions of the past: frames of before it was installed are all in one.
        """
        month = month_of(limit)
        end = partition_limits(self._connection).get(_EARLIER)
        if end is None or end <= month.timestamp():
            return
        sql = (
            f"SELECT MIN(timestamp), COUNT(*) FROM (SELECT timestamp FROM frames PARTITION ({_EARLIER}) LIMIT %s) AS f"  # noqa: S608
        )
        ((first, count),) = self._connection.query(sql, (_DIVIDE_AT_MOST + 1,))
        # Frames wait while it is done: not for long.
        if first is not None and first.replace(tzinfo=UTC) < month and count <= _DIVIDE_AT_MOST:
            make_earlier_partitions(self._connection, month)

    def _drop_minutes(self, limit: datetime) -> Iterator[None]:
        for part in self._parts("minutes", limit):
            if has_held(self._connection, "minutes", "minute", part.name):
                continue
            state = self._state()
            if state.frames_from is None or state.frames_from < part.end:
                return  # frames are still there that could make them again
            yield from self._verify_hours(part)
            self._require_saved(part, "minutes", "minute", "minutes")
            self._drop("minutes", part, f"minutes before {part.end:%Y-%m-%d}", "their hours stay")
            yield

    def _drop_source_minutes(self, limit: datetime) -> Iterator[None]:
        if not self._connection.query("SELECT 1 FROM sources LIMIT 1"):
            return
        for part in self._parts("source_minutes", limit):
            if self._connection.query(f"SELECT 1 FROM source_minutes PARTITION ({part.name}) LIMIT 1"):  # noqa: S608
                # From the minutes, which are the last that could make them.
                for _ in remake_hours(self._connection, None, part.end):
                    yield
                self._require_saved(part, "source_minutes", "hour", "minutes of sources")
                self._drop("source_minutes", part, f"minutes of sources before {part.end:%Y-%m-%d}", "their hours stay")
                yield

    def _parts(self, table: str, limit: datetime) -> list[_Part]:
        """Return the partitions that end before `limit`, the oldest first; never the last one."""
        ends = sorted((end, name) for name, end in partition_limits(self._connection, table).items() if end is not None)
        parts = [_Part(name, datetime.fromtimestamp(end, UTC)) for end, name in ends]
        return [part for part in parts[:-1] if part.end <= limit]

    def _state(self) -> State:
        state = states.read_state(self._connection)
        if state is None:
            raise Blocked("nothing is rolled up yet")
        return state

    def _verify(self, part: _Part, state: State) -> Iterator[None]:
        """Compare all hours before the end of the partition, and what readers counted."""
        begin = states.first_frame(self._connection, state.frames_from)
        if begin is None or begin >= part.end:
            return
        late = states.late_hours(self._connection, 1)
        rebuilding = state.rebuild_from is not None and state.rebuild_from < part.end
        if state.up_to < part.end or rebuilding or (late and late[0].key[1] < part.end):
            raise Blocked(_waiting(part))
        for found in audit(self._connection, now=part.end, start=begin, end=part.end):
            if found.missing and self._policy.incomplete != "drop":
                raise Blocked(
                    f"frames before {part.end:%Y-%m-%d} are kept: of {found.meter},"
                    f" {plural(found.missing, 'frame')} of {found.hour:%Y-%m-%d %H:%M} UTC that a reader counted"
                    " never came; if they are lost, have months that lack frames dropped, too (page, Settings)"
                )
            yield
        meters = sorted(known_meters(self._connection).values())
        done = self._start(part, state, begin)
        hour: datetime | None = begin
        while hour is not None and hour < part.end:
            if has_rollups(self._connection, done, hour, meters):
                self._refuse_lost(part, done)
            comparison = compare_rollups(self._connection, hour, meters)
            if comparison is Comparison.DIFFERENT:
                states.request_rebuild(self._connection, hour, part.end)
                raise Blocked(
                    f"frames before {part.end:%Y-%m-%d} are kept: minutes, hours or breaks of"
                    f" {hour:%Y-%m-%d %H:%M} UTC differ from them; these are rebuilt, and compared again then"
                )
            if comparison is Comparison.OF_MORE_FRAMES and hour >= done:
                self._refuse_lost(part, hour)
            yield
            done = max(done, hour + _HOUR)
            hour = states.first_frame(self._connection, hour + _HOUR)
        if has_rollups(self._connection, done, part.end, meters):
            self._refuse_lost(part, done)

    def _start(self, part: _Part, state: State, first: datetime) -> datetime:
        """Return from when on rollups must be of frames that are there: what is before may have been dropped."""
        begin = first if part.name == _EARLIER else min(first, month_of(part.end - _HOUR))
        return begin if state.dropped_to is None else max(begin, state.dropped_to)

    def _refuse_lost(self, part: _Part, since: datetime) -> None:
        if self._policy.incomplete != "drop":
            raise Blocked(
                f"frames before {part.end:%Y-%m-%d} are kept: minutes, hours or breaks of {since:%Y-%m-%d %H:%M} UTC"
                " or soon after were made of frames that are not there; if these are lost, have months that lack frames"
                " dropped, too (page, Settings)"
            )

    def _verify_hours(self, part: _Part) -> Iterator[None]:
        """Compare what hours measure with their minutes, which are the last that could make it again."""
        hours: dict[datetime, set[int]] = {}
        for meter in known_meters(self._connection).values():
            for (hour,) in self._connection.query(
                f"SELECT DISTINCT UNIX_TIMESTAMP(minute) DIV 3600 FROM minutes PARTITION ({part.name})"  # noqa: S608
                " WHERE meter_id = %s",
                (meter,),
            ):
                hours.setdefault(datetime.fromtimestamp(int(hour) * 3600, UTC), set()).add(meter)
            yield
        mended = []
        for hour, meters in sorted(hours.items()):
            if mend_measures(self._connection, hour, meters):
                mended.append(hour)
            yield
        if mended:
            raise Blocked(
                f"minutes before {part.end:%Y-%m-%d} are kept: {plural(len(mended), 'hour')}, the first"
                f" {mended[0]:%Y-%m-%d %H:%M} UTC, differed from them; made again, and compared again tomorrow"
            )

    def _require_saved(self, part: _Part, table: str, column: str, what: str) -> None:
        """Refuse to drop rows of a month that no valid backup file has as they are."""
        if months := not_saved(self._connection, part.end, table, column):
            raise Blocked(
                f"{what} before {part.end:%Y-%m-%d} are kept: no backup of the last {READ_WITHIN.days} days has"
                f" {_listed(months)} whole; the next ones write or read their files"
            )

    def _drop(self, table: str, part: _Part, what: str, rest: str) -> None:
        before = read_sizes(self._connection)
        if part.name == _EARLIER:
            if not self._connection.query(f"SELECT 1 FROM {table} PARTITION ({part.name}) LIMIT 1"):  # noqa: S608
                return
            # It stays, empty: earlier months are made out of it.
            self._connection.execute(f"ALTER TABLE {table} TRUNCATE PARTITION {part.name}")
        else:
            self._connection.execute(f"ALTER TABLE {table} DROP PARTITION {part.name}")
        size = _came_back(before, read_sizes(self._connection), table)
        log.info("Retention: dropped %s (%s), %s; %s", what, part.name, size, rest)


def _listed(months: Iterable[datetime]) -> str:
    return ", ".join(f"{month:%Y-%m}" for month in months)


def _came_back(before: Sizes, after: Sizes, table: str) -> str:
    size = format_bytes(max(0, before.of(table) - after.of(table)))
    return f"{size} came back" if before.measured else f"up to {size} came back (before page compression)"


def _waiting(part: _Part) -> str:
    return (
        f"frames before {part.end:%Y-%m-%d} are kept: some of their hours still wait to be rolled up;"
        " tried again tomorrow"
    )


def _months_before(instant: datetime, months: int) -> datetime:
    """Return the same day, that many months earlier; the first of that month if it has no such day."""
    month = instant.year * 12 + instant.month - 1 - months
    year, month = month // 12, month % 12 + 1
    if year < 1:
        return datetime.min.replace(tzinfo=UTC)
    try:
        return instant.replace(year=year, month=month)
    except ValueError:  # the 31st
        return datetime(year, month, 1, tzinfo=UTC)
