"""Adds the registers of our meters to Home Assistant's Energy dashboard, and takes them out again.

A register of the supplier is an entry of its own, with its price; the total is the same energy, and stays out unless a
meter has nothing else. What the owner has there is left as it is. Until the spring of 2026 all entries of the grid were
one source with lists of flows; since then each is a source.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from common.machine.files import replace_file
from monitor.home_assistant.history import OURS, is_part, is_total, of_meter
from monitor.home_assistant.recorder import Commands, Entity, Recorder
from monitor.home_assistant.sync import cost_statistic
from monitor.home_assistant.texts import StatisticsError

FILE = "energy-dashboard.json"  # beside the monitor's other memory
_INJECTED = "eait"
_FRESH = timedelta(days=2)  # a cost that was brought once, and no more, would end there
Source = dict[str, Any]  # of the dashboard, as Home Assistant has it


@dataclass(frozen=True, slots=True)
class Entry:
    """A register as the dashboard counts it."""

    statistic: str
    name: str
    exported: bool = False
    cost: str | None = None  # the statistic of what it cost
    price: str | None = None  # else the entity of the present price


@dataclass(frozen=True, slots=True)
class Look:
    """What the dashboard has, and could have."""

    missing: Sequence[Entry]
    present: Sequence[Entry]
    others: Sequence[str]  # names, or ids, of what else counts as drawn from the grid
    can_undo: bool


class EnergyDashboard:
    """The dashboard of one Home Assistant.

    Args:
        commands: a connection.
        meters: addresses of our meters.
        folder: where what was there before is remembered.
        now: the time.
    """

    def __init__(self, commands: Commands, meters: Sequence[str], folder: Path, now: datetime) -> None:
        self._commands = commands
        self._meters = meters
        self._file = folder / FILE
        self._now = now

    def look(self) -> Look:
        """Return what is there and what is missing.

        Raises:
            StatisticsError: Home Assistant cannot be asked.
        """
        sources, entries, entities = self._sources(), *self._entries()
        there = counted(sources)
        ours = {one.statistic for one in entries}
        names = {entity.id: entity.name for entity in entities.values()}
        others = [names.get(one, one) for exported, one in there if not exported and one not in ours]
        return Look(
            [one for one in entries if (one.exported, one.statistic) not in there],
            [one for one in entries if (one.exported, one.statistic) in there],
            sorted(others),
            self._file.exists(),
        )

    def add(self) -> None:
        """Add what is missing.

        Raises:
            StatisticsError: Home Assistant refuses it.
            OSError: what was there before cannot be remembered; nothing is changed.
        """
        before, missing = self._sources(), self.look().missing
        if not missing:
            return
        kept = self._remembered() or {"before": before, "entries": [], "after": before}
        kept["entries"] += [asdict(one) for one in missing]
        if kept["after"] != before:  # somebody has changed something since the first time
            kept["before"] = None
        self._remember(kept | {"after": None})
        self._remember(kept | {"after": self._save(before, missing)})

    def undo(self) -> None:
        """Take out what was added; if nothing has changed since, all is as it was before.

        Raises:
            StatisticsError: Home Assistant refuses it.
            OSError: that it is done cannot be remembered.
        """
        kept = self._remembered()
        if not kept:
            return
        now, entries = self._sources(), [Entry(**row) for row in kept["entries"]]
        is_as_left = now == kept["after"] and kept["before"] is not None
        self._commands.call("energy/save_prefs", energy_sources=kept["before"] if is_as_left else without(now, entries))
        self._file.unlink(missing_ok=True)

    def _save(self, sources: Sequence[Source], entries: Sequence[Entry]) -> Any:
        grids = [source for source in sources if source.get("type") == "grid"]
        forms = [not any("flow_from" in one for one in grids)] if grids else [True, False]
        for last, separate in enumerate(forms, 1):
            try:
                saved = self._commands.call(
                    "energy/save_prefs", energy_sources=with_entries(sources, entries, separate=separate)
                )
            except StatisticsError as error:  # an older Home Assistant does not know the new form
                if error.key != "refused" or last == len(forms):
                    raise
            else:
                return saved["energy_sources"]
        return None

    def _sources(self) -> list[Source]:
        try:
            found: list[Source] = self._commands.call("energy/get_prefs")["energy_sources"]
        except StatisticsError as error:
            if error.key != "not_found":
                raise
            return []  # nobody has set the dashboard up
        return found

    def _entries(self) -> tuple[list[Entry], Mapping[str, Entity]]:
        recorder = Recorder(self._commands)
        entities = {name: entity for name, entity in recorder.entities().items() if not entity.disabled}
        costs = self._fresh_costs(recorder.external())
        found = []
        for meter in self._meters:
            keys = of_meter(entities, meter)
            parts = [key for key in keys if is_part(key)]
            price = entities.get(f"{OURS}{meter.replace('.', '_')}_price")
            for key in parts or [key for key in keys if is_total(key)][:1]:
                entity, cost = entities[keys[key]], cost_statistic(meter, key)
                if cost in costs:
                    found.append(Entry(entity.id, entity.name, cost=cost))
                else:
                    found.append(Entry(entity.id, entity.name, price=price and price.id))
            if _INJECTED in keys:
                entity = entities[keys[_INJECTED]]
                found.append(Entry(entity.id, entity.name, exported=True))
        return found, entities

    def _fresh_costs(self, ids: Sequence[str]) -> set[str]:
        """Return which of our statistics of costs go on."""
        if not ids:
            return set()
        since = (self._now - _FRESH).isoformat()
        rows = self._commands.call(
            "recorder/statistics_during_period", statistic_ids=list(ids), start_time=since, period="day", types=["sum"]
        )
        return {one for one in ids if rows.get(one)}

    def _remembered(self) -> dict[str, Any]:
        try:
            found = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) and found.keys() >= {"before", "entries", "after"} else {}

    def _remember(self, what: Mapping[str, Any]) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(self._file, json.dumps(what).encode(), mode=0o600)


def counted(sources: Iterable[Source]) -> set[tuple[bool, str]]:
    """Return the statistics of the grid that a dashboard counts, and whether each is exported."""
    found = set()
    for source in sources:
        if source.get("type") == "grid":
            flows = [source, *source.get("flow_from", ()), *source.get("flow_to", ())]
            found |= {(False, str(one["stat_energy_from"])) for one in flows if one.get("stat_energy_from")}
            found |= {(True, str(one["stat_energy_to"])) for one in flows if one.get("stat_energy_to")}
    return found


def with_entries(sources: Sequence[Source], entries: Sequence[Entry], *, separate: bool) -> list[Source]:
    """Return the sources of a dashboard with more entries; `separate`: each is a source of its own."""
    if separate:
        return [*sources, *map(_source, entries)]
    grid = next((source for source in sources if source.get("type") == "grid"), None)
    others = [source for source in sources if source is not grid]
    grid = grid or {"type": "grid", "flow_from": [], "flow_to": [], "cost_adjustment_day": 0}
    drawn = [_flow(one) for one in entries if not one.exported]
    exported = [_flow(one) for one in entries if one.exported]
    more = {"flow_from": [*grid["flow_from"], *drawn], "flow_to": [*grid["flow_to"], *exported]}
    return [grid | more, *others]


def without(sources: Iterable[Source], entries: Iterable[Entry]) -> list[Source]:
    """Return the sources of a dashboard without some entries; what somebody has put beside one of them stays."""
    ours = {(one.exported, one.statistic) for one in entries}
    found = []
    for source in sources:
        if source.get("type") != "grid" or not counted([source]) & ours:
            found.append(source)
            continue
        left = dict(source)
        for name, key, exported in (("flow_from", "stat_energy_from", False), ("flow_to", "stat_energy_to", True)):
            if name in left:
                left[name] = [one for one in left[name] if (exported, one.get(key)) not in ours]
            elif (exported, left.get(key)) in ours:
                left = _emptied(left, exported=exported)
        if counted([left]) or left.get("power") or left.get("stat_rate") or left.get("power_config"):
            found.append(left)
    return found


def _emptied(source: Source, *, exported: bool) -> Source:
    keys = ("stat_energy_to", "stat_compensation", "entity_energy_price_export", "number_energy_price_export")
    if not exported:
        keys = ("stat_energy_from", "stat_cost", "entity_energy_price", "number_energy_price")
    return source | dict.fromkeys(keys)


def _source(entry: Entry) -> Source:
    drawn = None if entry.exported else entry
    return {
        "type": "grid",
        "stat_energy_from": drawn and drawn.statistic,
        "stat_energy_to": entry.statistic if entry.exported else None,
        "stat_cost": drawn and drawn.cost,
        "entity_energy_price": drawn and drawn.price,
        "number_energy_price": None,
        "stat_compensation": None,
        "entity_energy_price_export": None,
        "number_energy_price_export": None,
        "cost_adjustment_day": 0,
    }


def _flow(entry: Entry) -> Source:
    if entry.exported:
        key, paid = "stat_energy_to", "stat_compensation"
    else:
        key, paid = "stat_energy_from", "stat_cost"
    return {key: entry.statistic, paid: entry.cost, "entity_energy_price": entry.price, "number_energy_price": None}
