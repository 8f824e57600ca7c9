"""What the meter said of its contract, from the label sets that `hours` refers to."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.contract.labels import Mode
from common.contract.offers import with_calendar, with_option
from common.contract.phases import VA_PER_AMPERE
from common.database.mariadb import Connection, sql_time

_AT_ONCE = 500
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
        found = {}
        for begin in range(0, len(hours), _AT_ONCE):
            part = hours[begin : begin + _AT_ONCE]
            marks = ", ".join(["%s"] * len(part))
            sql = (
                "SELECT h.hour, s.content FROM hours AS h JOIN whole_label_sets AS s ON s.id = h.label_set_id"  # noqa: S608
                f" WHERE h.meter_id = %s AND h.hour IN ({marks})"
            )
            for hour, content in self._connection.query(sql, (meter, *map(sql_time, part))):
                found[hour.replace(tzinfo=UTC)] = read_contract(json.loads(content))
        return found

    def facts(self, hours: Mapping[int, datetime]) -> dict[int, MeterFacts]:
        """Return what of each meter one hour shows, if it has readings; `hours` is by the meter's number."""
        found, wanted = {}, list(hours.items())
        for begin in range(0, len(wanted), _AT_ONCE):
            part = wanted[begin : begin + _AT_ONCE]
            these = " OR ".join(["(h.meter_id = %s AND h.hour = %s)"] * len(part))
            sql = (
                "SELECT h.meter_id, h.last_at, h.injected_last IS NOT NULL, s.content FROM hours AS h"  # noqa: S608
                " JOIN whole_label_sets AS s ON s.id = h.label_set_id"
                f" WHERE ({these}) AND h.last_at IS NOT NULL"
            )
            arguments = [value for meter, hour in part for value in (meter, sql_time(hour))]
            for meter, last, producer, text in self._connection.query(sql, arguments):
                content = json.loads(text)
                found[int(meter)] = MeterFacts(
                    last.replace(tzinfo=UTC), read_contract(content), int(content.get("phases", 1)), bool(producer)
                )
        return found

    def name_of(self, meter: int, supplier: int, start: datetime, end: datetime) -> str | None:
        """Return LTARF, the name of a supplier register, as it was last sent in [start, end)."""
        sql = (
            "SELECT s.content FROM hours AS h JOIN whole_label_sets AS s ON s.id = h.label_set_id"
            " WHERE h.meter_id = %s AND h.hour >= %s AND h.hour < %s AND h.supplier = %s ORDER BY h.hour DESC LIMIT 1"
        )
        rows = self._connection.query(sql, (meter, sql_time(start), sql_time(end), supplier))
        name = json.loads(rows[0][0])["frame"].get("LTARF") if rows else None
        return name[:_LONGEST].strip() or None if isinstance(name, str) else None


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
