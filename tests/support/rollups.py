"""Helpers for tests of the rollups: made-up histories of meters, and the tables as the oracle has them."""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from common.database.mariadb import Connection, Database
from common.errors import Unavailable
from storer.rollups.hours import roll_hours
from storer.rollups.minutes import roll_minutes
from tests.support.rollup_oracle import REGISTERS, Expected, Row, expected
from tests.support.servers import Database as Server
from tests.support.storing import query

#: The night with the hour that comes twice.
NIGHT = datetime(2026, 10, 25, tzinfo=UTC)
HOUR = timedelta(hours=1)
TABLES = ("frames", "minutes", "hours", "breaks", "late_hours", "rollup_state", "label_sets", "meters")

_HISTORIC = {
    "BASE": ("BASE", {"BASE": "TH.."}),
    "HC": ("HC..", {"HCHC": "HC..", "HCHP": "HP.."}),
    "TEMPO": (
        "BBR(",
        {
            "BBRHCJB": "HCJB", "BBRHPJB": "HPJB", "BBRHCJW": "HCJW", "BBRHPJW": "HPJW", "BBRHCJR": "HCJR",
            "BBRHPJR": "HPJR",
        },
    ),
}  # fmt: skip
_KINDS = ("standard", *_HISTORIC)


class MadeUpMeter:
    """A meter with everything that may happen to one: outages, resets, another mode, switches, damage."""

    def __init__(self, address: str, random: Random, kind: str | None = None) -> None:
        self.address = address
        self._random = random
        self._kind = kind or random.choice(_KINDS)
        self._changes_mode = random.random() < 0.5
        self._produces = random.random() < 0.4
        self._supplier = [random.randrange(10**6) for _ in range(10)]
        self._distributor = [random.randrange(10**6) for _ in range(4)]
        self._total = random.randrange(10**7, 3 * 10**7)
        self._injected = random.randrange(10**5)
        self._watt_seconds = 0
        self._running = 0

    def frames(self, start: datetime, end: datetime) -> Iterable[Frame]:
        """Yield frames, a few seconds apart."""
        random, instant = self._random, start
        while instant < end:
            seconds = random.choice([5, 7, 11, 31])
            if random.random() < 0.004:
                seconds += random.choice([20, 100, 900, 4000, 8000])
            instant += timedelta(seconds=seconds, microseconds=random.randrange(1, 999))
            yield self.frame(instant, seconds)

    def frame(self, instant: datetime, seconds: int) -> Frame:
        """Return the next frame, some seconds after the one before."""
        random = self._random
        power = random.randrange(9000)
        self._watt_seconds += power * seconds
        wh, self._watt_seconds = divmod(self._watt_seconds, 3600)
        if random.random() < 0.02:
            self._running = random.randrange(10)
        registers = 10 if self._kind == "standard" else len(_HISTORIC[self._kind][1])
        running = self._running % registers
        self._supplier[running] += wh
        self._distributor[running % 4] += wh
        self._total += wh
        self._injected += wh if self._produces else 0
        if random.random() < 0.002:
            self._supplier = [0] * 10  # a new contract
        if random.random() < 0.0005:
            self._total, self._supplier = 5, [0] * 10  # a new meter
        if random.random() < 0.004 and self._changes_mode:
            self._kind = random.choice(_KINDS)
            running = 0
        standard = self._kind == "standard"
        values = self._standard(power, running) if standard else self._historic(power, running)
        dropped = None
        if random.random() < 0.06:
            for label in random.sample(list(values)[1:], min(len(values) - 1, random.randrange(1, 4))):
                del values[label]
            dropped = 1
        mode = Mode.STANDARD if standard else Mode.HISTORIC
        return Frame(meter=self.address, timestamp=instant, mode=mode, values=values, dropped=dropped)

    def _standard(self, power: int, running: int) -> dict[str, Value]:
        status = running << 10 | (running % 4) << 14 | (0x80 if self._random.random() < 0.05 else 0)
        values: dict[str, Value] = {"ADSC": self.address, "NGTF": "     TEMPO      ", "EAST": self._total}
        values |= {f"EASF{number:02}": value for number, value in enumerate(self._supplier, 1)}
        values |= {f"EASD{number:02}": value for number, value in enumerate(self._distributor, 1)}
        if self._produces:
            values |= {"EAIT": self._injected, "ERQ1": self._injected // 3, "SINSTI": self._random.randrange(4000)}
        for phase in "123" if self._produces else "1":
            values |= {f"IRMS{phase}": power // 230, f"URMS{phase}": self._random.randrange(210, 250)}
        values |= {"PREF": 9, "SINSTS": power, "STGE": f"{status:08X}", "NTARF": running + 1}
        return values

    def _historic(self, power: int, running: int) -> dict[str, Value]:
        contract, periods = _HISTORIC[self._kind]
        if self._random.random() < 0.02:  # a short frame
            return {"ADIR1": 1, "ADCO": self.address, "IINST1": 5, "IINST2": 6, "IINST3": 7}
        values: dict[str, Value] = {"ADCO": self.address, "OPTARIF": contract, "ISOUSC": 45}
        values |= {label: self._total if label == "BASE" else self._supplier[n] for n, label in enumerate(periods)}
        values |= {"PTEC": list(periods.values())[running], "IINST": power // 230, "PAPP": power}
        if self._random.random() < 0.03:
            values["ADPS"] = 50
        return values


def history(random: Random) -> list[Frame]:
    """Make the frames of two meters over two to six hours, in order of time for each."""
    frames: list[Frame] = []
    for address in ("031961000001", "031961000002"):
        start = NIGHT + timedelta(seconds=random.randrange(3000))
        frames += MadeUpMeter(address, random).frames(start, NIGHT + random.randrange(2, 7) * HOUR)
    return frames


def moved(frame: Frame, by: timedelta) -> Frame:
    return dataclasses.replace(frame, timestamp=frame.timestamp + by)


def roll(connection: Connection, hours: Iterable[datetime], *, always_judge: bool = False) -> None:
    """Roll up whole hours of all meters, as a rebuild does."""
    for hour in hours:
        found = roll_minutes(connection, hour, hour + HOUR)
        held = {meter: count for (meter, _), count in found.items()}
        if held:
            roll_hours(connection, hour, held, held, always_judge=always_judge)


def hours_of(frames: Iterable[Frame]) -> list[datetime]:
    return sorted({frame.timestamp.replace(minute=0, second=0, microsecond=0) for frame in frames})


def empty(server: Server) -> None:
    """Empty the tables; much faster than TRUNCATE, which makes the files of all partitions again."""
    server.sql("".join(f"DELETE FROM {server.name}.{table};" for table in TABLES))


def stored(database: Database) -> Expected:
    """Return the rows of the tables; `label_set_id` is left out, it depends on the order of arrival."""
    names = dict(query(database, "SELECT id, identifier FROM meters"))
    result = Expected()
    for table, key, into in (("minutes", "minute", result.minutes), ("hours", "hour", result.hours)):
        columns = [
            name
            for (name,) in query(
                database,
                "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
                f" AND table_name = '{table}' AND column_name NOT IN ('meter_id', '{key}', 'label_set_id')",
            )
        ]
        for meter, start, *values in query(database, f"SELECT meter_id, {key}, {', '.join(columns)} FROM {table}"):
            row = dict(zip(columns, map(_aware, values), strict=True))
            into[names[meter], _aware(start)] = row
    for meter, hour, register, step in query(database, "SELECT * FROM breaks WHERE step <> 0"):
        result.breaks[names[meter], _aware(hour), REGISTERS[register]] = step
    return result


def assert_as_expected(database: Database, frames: Iterable[Frame]) -> Expected:
    """The tables hold what the oracle computes from these frames; return that."""
    wanted, found = expected(frames), stored(database)
    for name in ("minutes", "hours"):
        different = _differences(getattr(wanted, name), getattr(found, name))
        assert different == {}, f"{name}: {different}"
    assert found.breaks == wanted.breaks
    assert_sums(found)
    return found


def assert_sums(found: Expected) -> None:
    """Energy is never negative, adds up with the breaks to the difference of readings, and registers to the total."""
    for meter in {meter for meter, _ in found.hours}:
        hours = [(hour, row) for (m, hour), row in sorted(found.hours.items()) if m == meter]
        for register in REGISTERS:
            seen = [(h, row) for h, row in hours if row[f"{register}_last"] is not None]
            if not seen:
                continue
            start = previous = _first(seen[0][1], register)
            energy = broken = 0
            for hour, row in seen:
                step = found.breaks.get((meter, hour, register), 0)
                of_hour = row[f"{register}_last"] - previous - step
                assert of_hour >= 0, (meter, hour, register)
                energy, broken, previous = energy + of_hour, broken + step, row[f"{register}_last"]
            assert energy + broken == previous - start, (meter, register)
        for (_, before), (hour, row) in pairwise(hours):
            names = [name for name in REGISTERS[:11] if (meter, hour, name) not in found.breaks]
            if len(names) == 11 and all(side[f"{name}_last"] is not None for side in (before, row) for name in names):
                steps = [row[f"{name}_last"] - before[f"{name}_last"] for name in names]
                # A register that is set back while it is low, and passes its old value in the hour, looks like a clock
                # that is set back: then the registers have less than the total.
                assert steps[0] == row["drawn_wh"] >= sum(steps[1:]), (meter, hour)


def _first(row: Row, register: str) -> int:
    first = row[f"{register}_first"]
    return int(row[f"{register}_last"] if first is None else first)


def _differences(wanted: dict[Any, Row], found: dict[Any, Row]) -> dict[Any, Any]:
    """Return what differs, by key and column: wanted, found."""
    different: dict[Any, Any] = {}
    for key in wanted.keys() | found.keys():
        one, other = wanted.get(key), found.get(key)
        if one is None or other is None:
            different[key] = (one, other)
        elif one != other:
            different[key] = {
                column: (one.get(column), other.get(column))
                for column in one.keys() | other.keys()
                if one.get(column) != other.get(column)
            }
    return different


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def shuffled(frames: Sequence[Frame], random: Random, order: str) -> list[Frame]:
    """Return the frames, a fifth of them twice, in order of time, at random, or in blocks as a replay brings them."""
    todo = [*frames, *random.sample(frames, len(frames) // 5)]
    if order == "time":
        return sorted(todo, key=lambda frame: frame.timestamp)
    random.shuffle(todo)
    if order == "blocks":
        todo.sort(key=lambda frame: frame.timestamp.minute // 20)
    return todo


class Crash(Unavailable):
    """The storer is killed."""


class FragileConnection(Connection):
    """A connection that is lost after some statements; whatever is not committed is rolled back."""

    def __init__(self, database: Database) -> None:
        self._inner = database.connect()
        self.left: int | None = None  # statements; None: it lasts
        self.__dict__ |= self._inner.__dict__

    def _count(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.close()
                raise Crash("killed")

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> Any:
        self._count()
        return super().query(sql, arguments)

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        self._count()
        return super().execute(sql, arguments)
