"""What the meter said of its contract, from the label sets that `hours` refers to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.contract.labels import Mode
from common.contract.offers import with_calendar, with_option
from common.contract.power import VA_PER_AMPERE
from common.database.mariadb import Connection, Rows, sql_time

_AT_ONCE = 500
#: The label sets of hours. Joined here and not by `whole_label_sets`: MariaDB takes ten times as long to merge JSON.
_LABEL_SETS = (
    "FROM hours AS h JOIN label_sets AS s ON s.id = h.label_set_id LEFT JOIN label_sets AS b ON b.id = s.base_id"
)
_LONGEST = 16  # characters of NGTF and LTARF; what came over the broker may be longer


@dataclass(frozen=True, slots=True)
class MeterContract:
    """The contract that one label set tells."""

    offer: str | None
    calendar: str | None
    power: int | None  # kVA
    standard: bool

    def is_like(self, other: "MeterContract") -> bool:
        """Tell whether nothing changed that matters for a bill."""
        if (self.offer, self.power) != (other.offer, other.power):
            return False
        # Each mode has its own names for the calendars of the same offers.
        return self.calendar == other.calendar or (self.offer is not None and self.standard != other.standard)


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What the last readings of a meter show of it."""

    last: datetime  # when they were taken
    contract: MeterContract
    phases: int
    producer: bool  # it counts what is injected


class Contracts:
    """Reads the contracts of meters."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def at(self, meter: int, hours: Sequence[datetime]) -> dict[datetime, MeterContract]:
        """Return the contracts of those of the hours that have readings."""
        found: dict[datetime, MeterContract] = {}
        for begin in range(0, len(hours), _AT_ONCE):
            part = hours[begin : begin + _AT_ONCE]
            marks = ", ".join(["%s"] * len(part))
            sql = f"SELECT h.hour, s.content, b.content {_LABEL_SETS} WHERE h.meter_id = %s AND h.hour IN ({marks})"
            found |= _by_hour(self._connection.query(sql, (meter, *map(sql_time, part))))
        return found

    def before(self, meter: int, moments: Sequence[datetime]) -> dict[datetime, MeterContract]:
        """Return the contracts of the hours that had readings last before these moments."""
        sql = (
            f"(SELECT h.hour, s.content, b.content {_LABEL_SETS}"
            " WHERE h.meter_id = %s AND h.hour < %s AND h.last_at IS NOT NULL ORDER BY h.hour DESC LIMIT 1)"
        )
        arguments = [value for moment in moments for value in (meter, sql_time(moment))]
        return _by_hour(self._connection.query(" UNION ALL ".join([sql] * len(moments)), arguments))

    def facts(self, hours: Mapping[int, datetime]) -> dict[int, MeterFacts]:
        """Return what of each meter one hour shows, if it has readings; `hours` is by the meter's number."""
        found, wanted = {}, list(hours.items())
        for begin in range(0, len(wanted), _AT_ONCE):
            part = wanted[begin : begin + _AT_ONCE]
            these = " OR ".join(["(h.meter_id = %s AND h.hour = %s)"] * len(part))
            sql = (
                f"SELECT h.meter_id, h.last_at, h.injected_last IS NOT NULL, s.content, b.content {_LABEL_SETS}"
                f" WHERE ({these}) AND h.last_at IS NOT NULL"
            )
            arguments = [value for meter, hour in part for value in (meter, sql_time(hour))]
            for meter, last, producer, *texts in self._connection.query(sql, arguments):
                content = _whole(*texts)
                found[int(meter)] = MeterFacts(
                    last.replace(tzinfo=UTC), read_contract(content), int(content.get("phases", 1)), bool(producer)
                )
        return found

    def name_of(self, meter: int, supplier: int, start: datetime, end: datetime) -> str | None:
        """Return LTARF, the name of a supplier register, as it was last sent in [start, end)."""
        sql = (
            f"SELECT s.content, b.content {_LABEL_SETS}"
            " WHERE h.meter_id = %s AND h.hour >= %s AND h.hour < %s AND h.supplier = %s ORDER BY h.hour DESC LIMIT 1"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end), supplier))
        name = _whole(*rows[0])["frame"].get("LTARF") if rows else None
        return name[:_LONGEST].strip() or None if isinstance(name, str) else None


def _by_hour(rows: Rows) -> dict[datetime, MeterContract]:
    return {hour.replace(tzinfo=UTC): read_contract(_whole(*texts)) for hour, *texts in rows}


def _whole(content: str, base: str | None) -> dict[str, Any]:
    """Return the content of a label set, which may be written as what differs from that of a base."""
    own: dict[str, Any] = json.loads(content)
    if base is None:
        return own
    whole: dict[str, Any] = json.loads(base)
    return whole | {"frame": whole["frame"] | own.get("frame", {})}


def read_contract(content: dict[str, Any]) -> MeterContract:
    """Read the contract out of the content of a label set."""
    values = content["frame"]
    standard = content["mode"] == Mode.STANDARD
    name = values.get("NGTF") if standard else values.get("OPTARIF")
    calendar = name if isinstance(name, str) else None
    find = with_calendar if standard else with_option
    offer = None if calendar is None else find(calendar)
    return MeterContract(
        offer=None if offer is None else offer.id,
        calendar=None if calendar is None else " ".join(calendar[:_LONGEST].split()),
        power=_power(content),
        standard=standard,
    )


def _power(content: dict[str, Any]) -> int | None:
    values = content["frame"]
    power, current = values.get("PREF"), values.get("ISOUSC")
    if isinstance(power, int):
        return power
    if isinstance(current, int):
        return round(current * VA_PER_AMPERE * int(content.get("phases", 1)) / 1000)
    return None
