"""Reads and writes the readings and breaks that `hours` and `breaks` hold."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from common.contract.registers import REGISTERS, SUPPLIER
from common.database.mariadb import Connection, sql_time
from storer.database.literals import literals
from storer.rollups.breaks import Before, HourReadings, Judgement

#: Columns of `hours` in the order of `_hour` and `write_readings`.
_READINGS = (
    "first_at",
    "last_at",
    "standard",
    "label_set_id",
    "supplier",
    "usual_interval",
    *(f"{register}_first" for register in REGISTERS),
    *(f"{register}_last" for register in REGISTERS),
)
_ROW = f"meter_id, hour, {', '.join(_READINGS)}"
_LAST = 2  # bit of `standard`: the mode of the last frame
#: `kind_at_end` of a row.
_KIND = (
    "CASE WHEN standard & 2 THEN 0 WHEN total_last IS NOT NULL THEN 1"
    f" WHEN COALESCE({', '.join(f'{REGISTERS[register]}_last' for register in SUPPLIER[2:])}) IS NULL THEN 2 ELSE 3 END"
)
# If two roll up at once, neither judges an hour by readings that the other is about to change: one of them waits, or
# fails with a deadlock and does it again.
_LOCK = " FOR UPDATE"
_OF_METER = f"SELECT {_ROW} FROM hours WHERE meter_id = %s AND last_at IS NOT NULL"  # noqa: S608 - our own names

# The row itself is made of minutes.
_WRITTEN = (*_READINGS, "drawn_wh", "injected_wh")
_WRITE = f"INSERT INTO hours (meter_id, hour, frames, seconds, minutes, {', '.join(_WRITTEN)}) VALUES"
_REPLACE = f"ON DUPLICATE KEY UPDATE {', '.join(f'{column} = VALUES({column})' for column in _WRITTEN)}"


def _hour(row: Sequence[Any]) -> HourReadings:
    """Return the readings of a row of `_ROW`."""
    _, hour, first_at, last_at, standard, label_set_id, supplier, usual_interval, *values = row
    return HourReadings(
        hour=hour.replace(tzinfo=UTC),
        first_at=first_at.replace(tzinfo=UTC),
        last_at=last_at.replace(tzinfo=UTC),
        first_standard=bool(standard & 1),
        last_standard=bool(standard & _LAST),
        first=tuple(values[: len(REGISTERS)]),
        last=tuple(values[len(REGISTERS) :]),
        label_set_id=label_set_id,
        supplier=supplier,
        usual_interval=usual_interval,
    )


class StoredHours:
    """The tables `hours` and `breaks`, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_hour(self, hour: datetime, meters: Collection[int]) -> dict[int, HourReadings]:
        """Return the readings of those meters that have any in an hour."""
        rows = self._connection.query(
            f"SELECT {_ROW} FROM hours"  # noqa: S608 - our own names
            f" WHERE hour = %s AND meter_id IN %s AND last_at IS NOT NULL",
            (sql_time(hour), tuple(meters)),
        )
        return {int(row[0]): _hour(row) for row in rows}

    def minutes_of_hour(self, hour: datetime, meters: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Return how many frames the row of an hour was made of and its minutes as bits, by meter."""
        rows = self._connection.query(
            "SELECT meter_id, frames, minutes FROM hours WHERE hour = %s AND meter_id IN %s",
            (sql_time(hour), tuple(meters)),
        )
        return {int(meter): (int(frames), int(minutes)) for meter, frames, minutes in rows}

    def energy_of_hour(self, hour: datetime, meters: Sequence[int]) -> dict[int, tuple[int | None, int | None]]:
        """Return the energy that is stored of an hour, drawn and injected, by meter."""
        rows = self._connection.query(
            "SELECT meter_id, drawn_wh, injected_wh FROM hours WHERE hour = %s AND meter_id IN %s",
            (sql_time(hour), tuple(meters)),
        )
        return {int(meter): (drawn, injected) for meter, drawn, injected in rows}

    def next_with(self, register: int, meter: int, hour: datetime) -> HourReadings | None:
        """Return the first hour of a meter with a reading of a register, after an hour."""
        rows = self._connection.query(
            f"{_OF_METER} AND {REGISTERS[register]}_last IS NOT NULL AND hour > %s ORDER BY hour LIMIT 1{_LOCK}",
            (meter, sql_time(hour)),
        )
        return _hour(rows[0]) if rows else None

    def earlier(self, hour: datetime, meters: Iterable[int]) -> dict[int, HourReadings]:
        """Return the latest hour with readings before an hour, of those meters that have one."""
        return self._nearest(meters, hour, "hour < %s", "hour DESC")

    def later(self, hour: datetime, meters: Iterable[int]) -> dict[int, HourReadings]:
        """Return the first hour with readings after an hour, of those meters that have one."""
        return self._nearest(meters, hour, "hour > %s", "hour")

    def _nearest(self, meters: Iterable[int], hour: datetime, where: str, order: str) -> dict[int, HourReadings]:
        wanted = sorted(meters)
        if not wanted:
            return {}
        one = f"({_OF_METER} AND {where} ORDER BY {order} LIMIT 1{_LOCK})"
        arguments = [argument for meter in wanted for argument in (meter, sql_time(hour))]
        rows = self._connection.query(" UNION ALL ".join([one] * len(wanted)), arguments)
        return {int(row[0]): _hour(row) for row in rows}

    def before(self, meter: int, hour: HourReadings, previous: HourReadings | None) -> list[Before | None]:
        """Return the latest reading before an hour of each register that the hour has.

        `previous`: the latest hour with readings before this one.
        """
        if previous is None:
            return [None] * len(REGISTERS)
        found: list[Before | None] = []
        for register, ends in enumerate(zip(hour.first, hour.last, strict=True)):
            value = previous.last[register]
            if ends == (None, None):
                found.append(None)
            elif value is None:
                found.append(self._older(meter, previous.hour, register))
            else:
                found.append(Before(value, previous.last_at, previous.last_standard))
        return found

    def _older(self, meter: int, hour: datetime, register: int) -> Before | None:
        column = f"{REGISTERS[register]}_last"
        rows = self._connection.query(
            f"SELECT {column}, hour, last_at, standard, {_KIND} FROM hours"  # noqa: S608 - our own names
            f" WHERE meter_id = %s AND hour < %s AND {column} IS NOT NULL ORDER BY hour DESC LIMIT 1{_LOCK}",
            (meter, sql_time(hour)),
        )
        if not rows:
            return None
        value, since, at, standard, kind = rows[0]
        # Damaged frames may lack a register, too: then nothing else counted what it did.
        others = self._connection.query(
            "SELECT 1 FROM hours WHERE meter_id = %s AND hour > %s AND hour <= %s AND last_at IS NOT NULL"  # noqa: S608
            f" AND {_KIND} <> %s LIMIT 1{_LOCK}",
            (meter, since, sql_time(hour), kind),
        )
        return Before(value, at.replace(tzinfo=UTC), bool(standard & _LAST), hidden=bool(others))

    def breaks_of_hour(self, hour: datetime, meters: Collection[int]) -> dict[int, dict[int, int]]:
        """Return the stored breaks of an hour, by meter and register."""
        found: dict[int, dict[int, int]] = {}
        for meter, register, step in self._connection.query(
            "SELECT meter_id, register, step FROM breaks WHERE hour = %s AND meter_id IN %s",
            (sql_time(hour), tuple(meters)),
        ):
            found.setdefault(int(meter), {})[int(register)] = int(step)
        return found

    def write_breaks(self, meter: int, hour: datetime, judgement: Judgement, stored: Mapping[int, int]) -> None:
        """Write the breaks of an hour that differ from those stored; one that is no longer there becomes 0.

        Rows are not deleted: the storer's account has no right to.
        """
        for register in sorted(judgement.steps.keys() | stored.keys()):
            step = judgement.steps.get(register, 0)
            if stored.get(register, 0) != step:
                self._connection.execute(
                    "INSERT INTO breaks (meter_id, hour, register, step) VALUES (%s, %s, %s, %s)"
                    " ON DUPLICATE KEY UPDATE step = VALUES(step)",
                    (meter, sql_time(hour), register, step),
                )

    def write_readings(self, hours: Iterable[tuple[int, HourReadings, Judgement]]) -> None:
        """Write readings and energy of hours, by meter, into rows that their minutes have made."""
        rows = [
            (
                meter,
                f"{hour.hour:%Y-%m-%d %H:%M:%S}",
                *(0, 0, 0),
                f"{hour.first_at:%Y-%m-%d %H:%M:%S}",
                f"{hour.last_at:%Y-%m-%d %H:%M:%S}",
                int(hour.first_standard) | int(hour.last_standard) * _LAST,
                hour.label_set_id,
                hour.supplier,
                hour.usual_interval,
                *hour.first,
                *hour.last,
                judgement.drawn,
                judgement.injected,
            )
            for meter, hour, judgement in hours
        ]
        self._connection.execute(f"{_WRITE} {literals(rows)} {_REPLACE}")
