"""Decides what to roll up and when: what arrives now, what came late, what is to be rebuilt.

Each frame is in one of three windows, whatever is killed and whenever: it is newer than `up_to`, which is rolled up
before `up_to` moves on; or its hour was marked as late when it was stored; or its hour is to be rebuilt.
"""

import dataclasses
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.database.mariadb import Connection
from storer.frames.late import LATE
from storer.rollups import state as states
from storer.rollups.hours import HOUR, roll_hours
from storer.rollups.minutes import HourKey, roll_minutes, roll_new_minutes
from storer.rollups.state import LateHour, State

MINUTE = timedelta(minutes=1)
# A frame that is not marked as late is committed before its minute is final. So OPEN must be at least LATE, plus the
# longest commit (30 s for a statement), plus what ServerClock and the server's clock may be apart, plus a minute.
OPEN = timedelta(minutes=15)
FULL_EVERY = 10  # runs; the others only make the newest minutes

_CATCH_UP = timedelta(hours=1)  # at once
_LATE_AT_ONCE = 200  # marks
_LATE_SECONDS = 20.0  # for marks in one run; the rest waits for the next
_NOT_MARKED = LATE + MINUTE  # frames that come later than that are marked
# After the server's clock jumped ahead, a storer reads it within a minute and commits within another: until then it
# takes frames for in time that `up_to` would leave behind.
_JUMP = timedelta(minutes=5)
_RUNS_AFTER_JUMP = 3
_MOST_HOURS = 24  # rebuilt at once
_SLOW, _QUICK = 4.0, 1.0  # seconds for the hours that are rebuilt at once: fewer, more; a statement has 30


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a step of rebuilding has done."""

    hours: int  # with frames
    frames: int
    remaining: timedelta  # from here to the end of what is to be rebuilt


class RollupScheduler:
    """Rolls up over one connection, under one name; only who has the lease does anything."""

    def __init__(
        self,
        connection: Connection,
        name: str,
        *,
        overlap: timedelta = MINUTE,
        by_force: bool = False,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """Prepare.

        Args:
            connection: for this alone.
            name: whose lease it is.
            overlap: how long frames of a live meter may wait before they are stored.
            by_force: take the lease from whoever has it.
            now: the time; by default that of the server.
        """
        self._connection = connection
        self._name = name
        self._overlap = overlap
        self._by_force = by_force
        self._now = now or (lambda: states.server_now(connection))
        self._last: datetime | None = None  # start of the minute of the last run; None: none yet, or without the lease
        self._runs = 0
        self._touched: set[HourKey] = set()  # hours with new minutes since the last full run
        self._rebuild_hours = 1
        self._held = 0  # runs in which `up_to` stays where it is

    def run(self, *, delayed: bool = False) -> bool:
        """Roll up what is new and what came late; return False if another one has the lease.

        Call it once a minute. Safe to repeat, and to kill at any point. `delayed`: frames came that are some minutes
        old, but not old enough to be marked as late.
        """
        now = self._now()
        edge = _floor_minute(now - OPEN)
        state = self._take_lease(now, edge)
        if state is None:
            self._last = None
            return False
        self._held = max(0, self._held - 1)
        if self._last is not None and now - self._last > _JUMP:
            self._held = _RUNS_AFTER_JUMP
        if self._held:
            edge = min(edge, state.up_to)
        if delayed and self._last is not None:
            self._touch(state, _floor_minute(now - _NOT_MARKED), self._last - self._overlap, roll_new_minutes)
        # The minute that runs now is made when it has ended: once, not in two halves.
        end = _floor_minute(now)
        if self._last is None or self._runs % FULL_EVERY == 0:
            self._run_full(state, edge, end)
        else:
            self._touch(state, self._last - self._overlap, end)
        self._roll_late(state)
        self._last = end
        self._runs += 1
        return True

    def _take_lease(self, now: datetime, edge: datetime) -> State | None:
        return states.take_lease(self._connection, self._name, now, edge, by_force=self._by_force)

    def _run_full(self, state: State, edge: datetime, end: datetime) -> None:
        # After the server's clock was set back, up_to may be ahead of it.
        start = min(state.up_to, edge)
        if edge - start > _CATCH_UP:
            # The rollups did not work while frames were stored: too much for one statement.
            states.advance(self._connection, edge, rebuild_from=start)
            state = dataclasses.replace(state, up_to=edge)
            start = edge
        if self._last is None:
            self._touch(state, start, end)  # what is rolled up after up_to is not recorded
        else:
            self._touch(state, start, edge, roll_new_minutes)  # nearly all are rolled up already
            self._touch(state, max(edge, self._last - self._overlap), end)
        for hour, meters in _by_hour(self._touched).items():
            # Of an hour that ends after up_to nothing was dropped.
            roll_hours(self._connection, hour, meters, None)
        self._touched.clear()
        # Last: a crash before it only repeats work.
        if edge != state.up_to:
            states.advance(self._connection, edge)

    def _touch(
        self,
        state: State,
        start: datetime,
        end: datetime,
        roll: Callable[[Connection, datetime, datetime], Collection[HourKey]] = roll_minutes,
    ) -> None:
        start = max(start, state.frames_from or start)  # it is earlier after the server's clock was set back
        if start < end:
            self._touched.update(roll(self._connection, start, end))

    def _roll_late(self, state: State) -> None:
        deadline = time.monotonic() + _LATE_SECONDS
        rolled: set[HourKey] = set()
        # An hour into which frames still come waits for the next run: in this one it would be made again and again.
        while marks := [mark for mark in states.late_hours(self._connection, _LATE_AT_ONCE) if mark.key not in rolled]:
            rolled.update(mark.key for mark in marks)
            by_hour: dict[datetime, list[LateHour]] = {}
            for mark in marks:
                by_hour.setdefault(mark.key[1], []).append(mark)
            for hour, waiting in by_hour.items():
                # Of an hour whose frames were dropped, a few late ones would make rows that mislead.
                if state.frames_from is None or hour >= state.frames_from:
                    self._roll_hour(hour, {mark.key[0] for mark in waiting})
                states.mark_rolled(self._connection, waiting)
                if time.monotonic() >= deadline:
                    return

    def _roll_hour(self, hour: datetime, meters: set[int]) -> None:
        found = roll_minutes(self._connection, hour, hour + HOUR, meters)
        held = {meter: count for (meter, _), count in found.items()}
        roll_hours(self._connection, hour, meters, held)

    def rebuild(self) -> Rebuilt | None:
        """Rebuild some of the hours that wait for it; return None if there are none, or another one has the lease."""
        now = self._now()
        state = self._take_lease(now, _floor_minute(now - OPEN))
        if state is None or state.rebuild_from is None or state.rebuild_to is None:
            return None
        begin = states.first_frame(self._connection, states.latest(state.rebuild_from, state.frames_from))
        if begin is None or begin >= state.rebuild_to:
            states.rebuilt(self._connection, state, None)
            return None
        end = min(begin + self._rebuild_hours * HOUR, state.rebuild_to)
        started = time.monotonic()
        waiting = states.late_hours_between(self._connection, begin, end)
        try:
            found = roll_minutes(self._connection, begin, end)
            by_hour = _by_hour(found)
            for hour, meters in sorted(by_hour.items()):
                held = {meter: found[meter, hour] for meter in meters}
                roll_hours(self._connection, hour, meters, held, always_judge=True)
        except Exception:
            self._rebuild_hours = 1  # it may have taken too long
            raise
        seconds = time.monotonic() - started
        if seconds > _SLOW:
            self._rebuild_hours = max(1, self._rebuild_hours // 2)
        elif seconds < _QUICK:
            self._rebuild_hours = min(_MOST_HOURS, self._rebuild_hours * 2)
        states.mark_rolled(self._connection, waiting)
        states.rebuilt(self._connection, state, end if end < state.rebuild_to else None)
        return Rebuilt(len(by_hour), found.total(), state.rebuild_to - end)

    def close(self) -> None:
        """Release the lease."""
        states.release_lease(self._connection, self._name)


def _by_hour(keys: Iterable[HourKey]) -> dict[datetime, set[int]]:
    hours: dict[datetime, set[int]] = {}
    for meter, hour in sorted(keys, key=lambda key: key[1]):
        hours.setdefault(hour, set()).add(meter)
    return hours


def _floor_minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
