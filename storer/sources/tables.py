"""Writes the tables of sources: minutes once each, and the hours that they are in, in one transaction.

Of several storers with the same sources one writes them: the `writer` of its row in `sources`. The others keep their
minutes until it has written them, and go on if it stops. What is stored is read in each transaction and not cached:
the database may have gone back to an earlier state, and a commit may have been done though its answer was lost.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common.contract.power import VA_PER_AMPERE
from common.contract.source_minutes import SourceMinute, pack_hour, unpack_hour
from common.contract.sources import PRODUCTION, TEMPERATURE, Source
from common.database.mariadb import Connection, sql_time
from storer.database.literals import literals
from storer.database.months import ceil_hour, floor_hour
from storer.frames.label_sets import read_contents
from storer.rollups.state import raise_version, server_now
from storer.sources.aggregate import MINUTE, MOST_POWER, Minute, entry_step

LEASE = timedelta(minutes=5)
_WRITE = (
    "INSERT INTO source_minutes (source_id, hour, minutes) VALUES (%s, %s, %s)"
    " ON DUPLICATE KEY UPDATE minutes = VALUES(minutes)"
)
_HOUR_SECONDS = 3600
_RESERVE = 1.5  # a meter lets more than the subscribed power pass for a while
_PAST = timedelta(hours=2)  # hours before it are of the past, and others may remember them

# If another storer is faster, the id or the name is taken: nothing changes, and the next transaction looks again.
_ADD = (
    "INSERT INTO sources (id, name, kind, meter) SELECT GREATEST(COALESCE(MAX(id), 0),"
    " COALESCE((SELECT MAX(last_forgotten_source) FROM rollup_state), 0)) + 1, %s, %s, %s FROM sources"
    " ON DUPLICATE KEY UPDATE name = sources.name"
)
_HOUR_COLUMNS = (
    "seconds",
    "energy_first",
    "energy_last",
    "step",
    "power_mean",
    "power_max",
    "temperature_min",
    "temperature_mean",
    "temperature_max",
)
_WRITE_HOURS = f"INSERT INTO source_hours (source_id, hour, {', '.join(_HOUR_COLUMNS)}) VALUES "  # noqa: S608 - our own names
_REPLACE = f" ON DUPLICATE KEY UPDATE {', '.join(f'{name} = VALUES({name})' for name in _HOUR_COLUMNS)}"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Stored:
    """The newest row of a source, and the newest reading."""

    minute: int  # since the epoch
    row: SourceMinute
    energy: int | None
    energy_at: float  # the latest that it was taken at


class SourceTables:
    """The tables as one process writes them."""

    def __init__(self, name: str, sources: Sequence[Source]) -> None:
        """Write as the storer `name`."""
        self._name = name
        self._sources = {source.name: source for source in sources}
        self._written: dict[str, int] = {}  # the newest minute that this process has written
        # The newest that it may have written, and its row. Not there before this process has first been the writer.
        self._tried: dict[str, tuple[int, SourceMinute] | None] = {}
        self._totals: dict[str, float] = {}  # Wh: what was integrated as far as `_written`, with parts of one
        self._most_power: dict[str, float] = {}
        self._of_other: dict[str, int] = {}  # the newest minute that another storer has written, when we last looked

    def read_most_power(self, connection: Connection) -> dict[str, float]:
        """Return by source what a counter may have run with, in W: a device takes no more than its meter supplies.

        Raises:
            DatabaseError: the database is unavailable, or refuses a query.
        """
        if any(source.kind == PRODUCTION for source in self._sources.values()):
            return {}  # a device may take what a roof makes, too
        found = {name: _supplied(connection, source.meter) for name, source in self._sources.items()}
        self._most_power = {name: _RESERVE * power for name, power in found.items() if power is not None}
        return self._most_power

    def newest(self, connection: Connection) -> dict[str, Stored]:
        """Return what is stored last, by source.

        Raises:
            DatabaseError: the database is unavailable, or refuses a query.
        """
        found = {}
        for number, name in connection.query("SELECT id, name FROM sources WHERE name IN %s", (list(self._sources),)):
            stored = _newest(connection, number)
            if stored is not None:
                found[name] = stored
        return found

    def write(self, connection: Connection, pending: Mapping[str, Sequence[Minute]]) -> dict[str, int]:
        """Write minutes, by source and in order; return up to which minute of each nothing is to be kept.

        Safe to repeat.

        Raises:
            DatabaseError: the database is unavailable, or refuses a statement; nothing was written, or all.
        """
        now = server_now(connection)
        done: dict[str, int] = {}
        written: dict[str, int] = {}
        totals: dict[str, float] = {}
        with connection.transaction():
            for number, source, writer, writer_until in self._ids(connection, pending):
                stored = _newest(connection, number)
                if writer not in (None, self._name) and _is_leased(writer_until, now):
                    if stored is not None:
                        done[source.name] = stored.minute
                        if self._of_other.get(source.name) != stored.minute:
                            # It has counted what came until a moment ago, whatever its clock shows.
                            self._of_other[source.name] = stored.minute
                            done[source.name] = max(stored.minute, pending[source.name][-1].minute - MINUTE)
                    continue
                rows = self._rows(source, pending[source.name], stored, writer == self._name, totals)
                self._store(connection, number, rows, now)
                done[source.name] = pending[source.name][-1].minute
                self._tried.setdefault(source.name, None)
                if rows:
                    newest = written[source.name] = max(rows)
                    self._tried[source.name] = newest, rows[newest]
                connection.execute(
                    "UPDATE sources SET kind = %s, meter = %s, writer = %s, writer_until = %s WHERE id = %s",
                    (source.kind, source.meter, self._name, sql_time(now + LEASE), number),
                )
        self._written |= written
        self._totals |= totals
        return done

    def release(self, connection: Connection) -> None:
        """Let another storer go on at once."""
        connection.execute("UPDATE sources SET writer_until = NULL WHERE writer = %s", (self._name,))

    def _ids(self, connection: Connection, pending: Mapping[str, Sequence[Minute]]) -> list[tuple[Any, ...]]:
        """Lock the rows of `sources`; return id, source, writer, and until when it is that."""
        names = sorted(name for name, minutes in pending.items() if minutes)
        sql = "SELECT id, name, writer, writer_until FROM sources WHERE name IN %s ORDER BY id FOR UPDATE"
        found = connection.query(sql, (names,))
        if missing := set(names) - {name for _, name, _, _ in found}:
            for name in sorted(missing):
                connection.execute(_ADD, (name, self._sources[name].kind, self._sources[name].meter))
            found = connection.query(sql, (names,))
        return [(int(number), self._sources[name], writer, until) for number, name, writer, until in found]

    def _rows(
        self, source: Source, minutes: Sequence[Minute], stored: Stored | None, ours: bool, totals: dict[str, float]
    ) -> dict[int, SourceMinute]:
        """Return the rows to write, by minute since the epoch."""
        name = source.name
        written = self._written.get(name, -1)
        energy, energy_at = (None, 0.0) if stored is None else (stored.energy, stored.energy_at)
        is_written = ours and stored is not None and stored.minute == written
        # Whether nobody has written since we did; or our last commit was done, and its answer lost.
        follows = ours and stored is not None and (is_written or (stored.minute, stored.row) == self._tried.get(name))
        total = self._totals[name] if is_written else float(energy or 0)
        # Up to which minute all is there: of the last one of a run before this one, the rest is to be added.
        until = -1 if stored is None else stored.minute - (MINUTE if ours and name not in self._tried else 0)
        rows: dict[int, SourceMinute] = {}
        for minute in minutes:
            if minute.minute <= until:
                follows = follows and minute.minute > written  # else its steps are lost, as after a clock went back
                continue
            step = 0
            if minute.first is not None:
                if energy is not None:  # else it is the first reading of all: no step leads to it
                    most_power = self._most_power.get(name, MOST_POWER)
                    step = _step(minute, minute.first, energy, energy_at, most_power, follows=follows)
                follows, energy, energy_at = True, minute.energy, minute.minute + MINUTE
            made = None
            if minute.made is not None:
                total += minute.made
                made = int(total)
            row = _row(source, minute, minute.energy if made is None else made, step or None)
            if stored is not None and minute.minute == stored.minute:
                row = _merged(stored.row, row)
            rows[minute.minute] = row
        totals[name] = total
        return rows

    def _store(self, connection: Connection, number: int, rows: Mapping[int, SourceMinute], now: datetime) -> None:
        if not rows:
            return
        hours: dict[datetime, dict[int, SourceMinute]] = {
            _time(minute // _HOUR_SECONDS * _HOUR_SECONDS): {} for minute in rows
        }
        for hour, minutes in hours.items():
            minutes |= _read(connection, number, hour)
        for minute, row in rows.items():
            hours[_time(minute // _HOUR_SECONDS * _HOUR_SECONDS)][minute % _HOUR_SECONDS // MINUTE] = row
        for hour, minutes in hours.items():
            connection.execute(_WRITE, (number, sql_time(hour), pack_hour(minutes)))
        write_hours(connection, number, hours)
        if min(hours) < now - _PAST:
            raise_version(connection)


def _is_leased(until: datetime | None, now: datetime) -> bool:
    return until is not None and until.replace(tzinfo=UTC) > now


def _step(minute: Minute, first: int, energy: int, energy_at: float, most_power: float, *, follows: bool) -> int:
    """Return the energy of a minute from the reading before it on; `follows`: that one is the source's own last."""
    if follows:
        return minute.entry_step + minute.step
    if minute.energy is not None and first < energy <= minute.energy - minute.step:
        return minute.step  # by another clock: some of these readings are older
    return entry_step(energy, energy_at, first, minute.minute + MINUTE, most_power) + minute.step


def _supplied(connection: Connection, meter: str | None) -> int | None:
    """Return the subscribed power in VA, from the meter's newest frame; None if unknown, or if there is a producer."""
    rows = connection.query(
        "SELECT f.label_set_id, s.subscribed_current, f.index_injected FROM frames AS f"
        " JOIN meters AS m ON m.id = f.meter_id JOIN label_sets AS s ON s.id = f.label_set_id"
        " WHERE f.timestamp > NOW() - INTERVAL 1 DAY AND (%s IS NULL OR m.identifier = %s)"
        " ORDER BY f.timestamp DESC LIMIT 1",
        (meter, meter),
    )
    for number, current, injected in rows:
        contents = read_contents(connection, [number])
        if current and not injected and number in contents:
            return int(current) * VA_PER_AMPERE * int(contents[number].get("phases", 1))
    return None


def _read(connection: Connection, number: int, hour: datetime) -> dict[int, SourceMinute]:
    rows = connection.query(
        "SELECT minutes FROM source_minutes WHERE source_id = %s AND hour = %s", (number, sql_time(hour))
    )
    return unpack_hour(rows[0][0]) if rows else {}


def _newest(connection: Connection, number: int) -> Stored | None:
    energy, energy_at = None, 0
    for hour, reading in connection.query(
        "SELECT hour, energy_last FROM source_hours WHERE source_id = %s AND energy_last IS NOT NULL"
        " ORDER BY hour DESC LIMIT 1",
        (number,),
    ):
        # When in the hour, if its minutes are still there.
        minutes = _read(connection, number, hour.replace(tzinfo=UTC))
        last = max((place for place, row in minutes.items() if row.energy is not None), default=MINUTE)
        energy, energy_at = int(reading), int(hour.replace(tzinfo=UTC).timestamp()) + last * MINUTE
    for hour, text in connection.query(
        "SELECT hour, minutes FROM source_minutes WHERE source_id = %s ORDER BY hour DESC LIMIT 1", (number,)
    ):
        last, row = list(unpack_hour(text).items())[-1]
        return Stored(int(hour.replace(tzinfo=UTC).timestamp()) + last * MINUTE, row, energy, energy_at)
    return None if energy is None else Stored(energy_at - MINUTE, SourceMinute(0, energy), energy, energy_at)


def _row(source: Source, minute: Minute, energy: int | None, step: int | None) -> SourceMinute:
    mean = minute.mean
    seconds = min(MINUTE, round(minute.seconds))
    if source.kind == TEMPERATURE:
        return SourceMinute(seconds, temperature=None if mean is None else round(mean * 10))
    if minute.power_max is None or mean is None:
        return SourceMinute(seconds, energy, step)
    return SourceMinute(seconds, energy, step, round(mean), round(minute.power_max))


def _merged(before: SourceMinute, row: SourceMinute) -> SourceMinute:
    """Return the row of a minute in which the storer was started again."""
    seconds = before.seconds + row.seconds

    def mean(one: int | None, other: int | None) -> int | None:
        if one is None or other is None or not seconds:
            return other if one is None else one
        return round((one * before.seconds + other * row.seconds) / seconds)

    return SourceMinute(
        min(MINUTE, seconds),
        before.energy if row.energy is None else row.energy,
        (before.step or 0) + (row.step or 0) or None,
        mean(before.power, row.power),
        max((one for one in (before.power_max, row.power_max) if one is not None), default=None),
        mean(before.temperature, row.temperature),
    )


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def write_hours(connection: Connection, source: int, hours: Mapping[datetime, Mapping[int, SourceMinute]]) -> None:
    """Write the hours of a source, by their starts, as their minutes make them."""
    rows = [(source, f"{hour:%Y-%m-%d %H:%M:%S}", *_hour_values(minutes)) for hour, minutes in hours.items()]
    if rows:
        connection.execute(_WRITE_HOURS + literals(rows) + _REPLACE)


def _hour_values(minutes: Mapping[int, SourceMinute]) -> list[int | None]:
    """Return the values of `_HOUR_COLUMNS`."""
    rows = list(minutes.values())
    energy = [row.energy for row in rows if row.energy is not None]
    steps = [row.step for row in rows if row.step is not None]
    peaks = [row.power_max for row in rows if row.power_max is not None]
    temperatures = [row.temperature for row in rows if row.temperature is not None]
    return [
        sum(row.seconds for row in rows),
        energy[0] if energy else None,
        energy[-1] if energy else None,
        sum(steps) if steps else None,
        _mean((row.power, row.seconds) for row in rows),
        max(peaks, default=None),
        min(temperatures, default=None),
        _mean((row.temperature, row.seconds) for row in rows),
        max(temperatures, default=None),
    ]


def _mean(values: Iterable[tuple[int | None, int]]) -> int | None:
    """Return the mean of values that were held for so many seconds each, rounded half up."""
    known = [(value, seconds) for value, seconds in values if value is not None]
    total = sum(seconds for _, seconds in known)
    return (2 * sum(value * seconds for value, seconds in known) + total) // (2 * total) if total else None


def remake_hours(connection: Connection, start: datetime | None, end: datetime | None) -> Iterator[int]:
    """Make the hours of all sources again that have minutes, a day at a time; yield how many each day has."""
    for (source,) in connection.query("SELECT id FROM sources ORDER BY id"):
        ((first, last),) = connection.query(
            "SELECT MIN(hour), MAX(hour) FROM source_minutes WHERE source_id = %s", (source,)
        )
        if first is None:
            continue
        begin = first if start is None else max(first, floor_hour(start).replace(tzinfo=None))
        limit = last + _HOUR if end is None else min(last + _HOUR, ceil_hour(end).replace(tzinfo=None))
        while begin < limit:
            until = min(begin + _DAY, limit)
            hours = {
                hour: unpack_hour(text)
                for hour, text in connection.query(
                    "SELECT hour, minutes FROM source_minutes WHERE source_id = %s AND hour >= %s AND hour < %s",
                    (source, sql_time(begin), sql_time(until)),
                )
            }
            write_hours(connection, int(source), hours)
            yield len(hours)
            begin = until
