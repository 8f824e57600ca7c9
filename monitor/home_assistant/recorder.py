"""Home Assistant's statistics: reads the rows of an hour, writes rows and waits until they are there."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from monitor.home_assistant.history import OURS
from monitor.home_assistant.rows import Row
from monitor.home_assistant.texts import StatisticsError

#: The host from which an app reaches Home Assistant.
SUPERVISOR = "supervisor"
SOURCE = "teleinfo"  # of statistics that belong to no entity
_AT_ONCE = 2000  # rows of a message, 200 kB
_WRITTEN_WITHIN = 300.0  # seconds
_LONGEST_PAUSE = 2.0
_NOISE = 1e-6  # of sums that Home Assistant added itself
_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Units of an entity's energy, in Wh.
UNITS = {"Wh": 1, "kWh": 1000, "MWh": 1_000_000}


class Commands(Protocol):
    """A connection to Home Assistant."""

    def call(self, kind: str, **arguments: object) -> Any:
        """Send a command and return its result."""


class Entity(NamedTuple):
    """An entity, as its owner may have renamed it."""

    id: str
    name: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic with a sum."""

    id: str
    name: str | None
    unit: str
    source: str = SOURCE

    @property
    def of_entity(self) -> bool:
        """Tell whether Home Assistant adds hours itself."""
        return self.source == "recorder"


class Recorder:
    """Reads and writes over a connection; `dry`: writes nothing."""

    def __init__(self, commands: Commands, *, dry: bool = False) -> None:
        self._commands = commands
        self._dry = dry

    def entities(self) -> dict[str, Entity]:
        """Return our entities by their identifier: people rename entities."""
        entries = self._commands.call("config/entity_registry/list")
        return {
            str(entry["unique_id"]): Entity(
                entry["entity_id"], entry["name"] or entry["original_name"] or "", entry["disabled_by"] is not None
            )
            for entry in entries
            if entry["platform"] == "mqtt" and str(entry["unique_id"]).startswith(OURS)
        }

    def statistics(self, ids: Sequence[str]) -> dict[str, Statistic]:
        """Return those that are there, by id, with their names and units as they are."""
        if not ids:
            return {}
        found = self._commands.call("recorder/get_statistics_metadata", statistic_ids=list(ids))
        return {
            one["statistic_id"]: Statistic(
                one["statistic_id"], one["name"], str(one["statistics_unit_of_measurement"]), one["source"]
            )
            for one in found
        }

    def external(self) -> list[str]:
        """Return the ids of our statistics that belong to no entity."""
        found = self._commands.call("recorder/list_statistic_ids", statistic_type="sum")
        return sorted(one["statistic_id"] for one in found if one["source"] == SOURCE)

    def rows(self, statistic: Statistic, start: datetime, end: datetime) -> dict[datetime, Row]:
        """Return the rows of [start, end), in order."""
        found: Mapping[str, list[dict[str, Any]]] = self._commands.call(
            "recorder/statistics_during_period",
            statistic_ids=[statistic.id],
            start_time=start.isoformat(),
            end_time=end.isoformat(),
            period="hour",
            types=["sum", "state", "last_reset"],
            units={"energy": statistic.unit} if statistic.of_entity else {},  # no conversion
        )
        rows = (
            Row(
                _moment(one["start"]),
                one["sum"] or 0.0,
                one["state"],
                None if one["last_reset"] is None else _moment(one["last_reset"]),
            )
            for one in found.get(statistic.id, [])
        )
        return {row.start: row for row in rows}

    def write(self, statistic: Statistic, rows: Sequence[Row]) -> None:
        """Write rows, and wait until they are there.

        Raises:
            StatisticsError: they are not.
        """
        metadata = {
            "statistic_id": statistic.id,
            "source": statistic.source,
            "name": statistic.name,
            "has_sum": True,
            "mean_type": 0,
            "unit_class": "energy" if statistic.of_entity else None,
            "unit_of_measurement": statistic.unit,
        }
        for begin in range(0, 0 if self._dry else len(rows), _AT_ONCE):
            part = rows[begin : begin + _AT_ONCE]
            self._commands.call("recorder/import_statistics", metadata=metadata, stats=[_sent(row) for row in part])
            self._wait_for(statistic, part[-1])

    def raise_sums(self, statistic: Statistic, first: Row, wh: float) -> None:
        """Raise the sums of a row and of all later ones, and wait until that is done.

        Raises:
            StatisticsError: it is not.
        """
        if self._dry or not wh:
            return
        self._commands.call(
            "recorder/adjust_sum_statistics",
            statistic_id=statistic.id,
            start_time=first.start.isoformat(),
            adjustment=wh / UNITS[statistic.unit],
            adjustment_unit_of_measurement=statistic.unit,
        )
        self._wait_for(statistic, replace(first, sum=first.sum + wh / UNITS[statistic.unit]))

    def clear(self, statistic: Statistic) -> None:
        """Delete a whole statistic."""
        if not self._dry:
            self._commands.call("recorder/clear_statistics", statistic_ids=[statistic.id])

    def _wait_for(self, statistic: Statistic, row: Row) -> None:
        """Wait until a row is there: Home Assistant answers before it writes."""
        pause, deadline = 0.02, time.monotonic() + _WRITTEN_WITHIN
        while not _is_like(self.rows(statistic, row.start, row.start + _HOUR).get(row.start), row):
            if time.monotonic() > deadline:
                raise StatisticsError("not_written", statistic=statistic.id, seconds=round(_WRITTEN_WITHIN))
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _is_like(one: Row | None, other: Row) -> bool:
    return one is not None and abs(one.sum - other.sum) < _NOISE and replace(one, sum=other.sum) == other


def _sent(row: Row) -> dict[str, object]:
    sent: dict[str, object] = {"start": row.start.isoformat(), "sum": row.sum}
    if row.state is not None:
        sent["state"] = row.state
    if row.last_reset is not None:
        sent["last_reset"] = row.last_reset.isoformat()
    return sent


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
