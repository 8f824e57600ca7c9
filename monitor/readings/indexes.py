"""The registers of a meter at a moment, as its display shows them, and what they went on by between two moments.

Energy comes from `energy.py`, whatever happened in between; here only registers that both readings have are compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from common.contract.registers import REGISTERS, SUPPLIER, TOTAL
from common.database.mariadb import Connection, sql_time
from monitor.readings.hours import Hours, Meter
from monitor.readings.meter_contracts import Contracts, MeterContract
from monitor.readings.rows import FIRST, LAST, Values, moment_of, number_rows

_READ = "last_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Indexes:
    """All registers of a meter, as they were read at one time."""

    at: datetime
    values: Values
    contract: MeterContract  # names them


class IndexReader:
    """Reads one connection's database; not for several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._hours = Hours(connection)
        self._contracts = Contracts(connection)

    def last(self, meter: Meter, before: datetime) -> Indexes | None:
        """Return the last readings before a whole hour; None: there are none."""
        return self._read(meter, ["last_at", *LAST], f"hour < %s AND {_READ} ORDER BY hour DESC", before)

    def first(self, meter: Meter) -> Indexes | None:
        """Return the first readings; None: there are none."""
        if meter.first is None:
            return None
        return self._read(meter, ["first_at", *FIRST], f"hour >= %s AND {_READ} ORDER BY hour", meter.first)

    def _read(self, meter: Meter, columns: list[str], rest: str, moment: datetime) -> Indexes | None:
        at, *values = columns
        rows = number_rows(
            self._connection,
            ["UNIX_TIMESTAMP(hour)", f"UNIX_TIMESTAMP({at})", *values],
            f"FROM hours WHERE meter_id = %s AND {rest} LIMIT 1",
            (meter.number, sql_time(moment)),
        )
        if not rows:
            return None
        hour, seconds, *read = rows[0]
        contract = self._contracts.at(meter.number, [moment_of(hour)]).get(moment_of(hour))
        return None if contract is None else Indexes(moment_of(seconds), tuple(read), contract)

    def breaks(self, meter: Meter, start: datetime, end: datetime) -> Mapping[int, int]:
        """Return by how much registers changed in [start, end) without energy, by their place in REGISTERS."""
        found: dict[int, int] = {}
        for one in self._hours.breaks(meter.number, start, end):
            found[one.register] = found.get(one.register, 0) + one.step
        return found


def counted(before: Indexes | None, after: Indexes | None, breaks: Mapping[int, int]) -> Values:
    """Return what each register went on by between two readings; None: it is not known.

    A register of the supplier means the same as long as the contract does, in both modes; the others as long as the
    mode does.
    """
    if before is None or after is None:
        return (None,) * len(REGISTERS)
    same_mode = before.contract.standard == after.contract.standard
    same_offer = _offer(before.contract) == _offer(after.contract)
    steps: list[int | None] = []
    for place, (low, high) in enumerate(zip(before.values, after.values, strict=True)):
        if low is None or high is None or not (same_offer if place in SUPPLIER else same_mode):
            steps.append(None)
        else:
            step = high - low - breaks.get(place, 0)
            steps.append(step if step >= 0 else None)  # it fell, and the rollups have not judged it yet
    return tuple(steps)


def _offer(contract: MeterContract) -> tuple[str | None, str | None]:
    """Return what registers of the supplier mean: each mode has its own names for the calendars of known offers."""
    return contract.offer, None if contract.offer is not None else contract.calendar


def drawn(steps: Values, after: Values) -> int | None:
    """Return what was drawn in all, from `counted`: by the total, else by the supplier's registers together."""
    if steps[TOTAL] is not None:
        return steps[TOTAL]
    used = [steps[place] for place in SUPPLIER if after[place]]
    return None if not used or None in used else sum(step for step in used if step is not None)
