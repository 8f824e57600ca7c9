"""Brings the hours of our history into statistics, joins them to Home Assistant's own, and takes them back.

For each register that has an entity: the hours before the first one that Home Assistant recorded itself, and what the
register cost; for each house what all of it cost, with the standing charge. What is there already and right is left
alone.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from monitor.base.calendar import Calendar
from monitor.base.formats import Formats
from monitor.home_assistant.history import History, cost, is_part, of_meter, reading, views, wh
from monitor.home_assistant.recorder import SOURCE, UNITS, Entity, Recorder, Statistic
from monitor.home_assistant.rows import Amount, Row, Running, gap, mark, own_wh
from monitor.home_assistant.texts import TEXTS
from monitor.money.home import Home
from monitor.readings.hours import Meter

_CURRENCY = "EUR"  # of all prices
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # before any energy that is imported


@dataclass(slots=True)
class Own:
    """What of the statistic of an entity Home Assistant recorded itself, and what of it is ours."""

    first: Row | None = None  # its first own row
    marked: datetime | None = None  # the mark of our rows, if there are any
    filled: int = 0  # how many of them have a sum other than 0


@dataclass(slots=True)
class Work:
    """One statistic, and what is done with it."""

    statistic: Statistic
    key: str | None  # of the entity; None: what all of a house costs
    address: str  # of the meter
    end: datetime  # of our hours
    running: Running = field(default_factory=Running)
    own: Own = field(default_factory=Own)
    first_wh: int = 0  # what the first own row had counted before ours came
    written: int = 0  # rows
    joined_wh: float = 0.0
    partial: bool = False  # an hour has no contract, or no price


class StatisticsSync:
    """Works on one Home Assistant.

    Args:
        recorder: of Home Assistant.
        calendar: cuts the work into years.
        now: the time.
    """

    def __init__(self, recorder: Recorder, calendar: Calendar, now: datetime) -> None:
        self._recorder = recorder
        self._calendar = calendar
        self._now = now
        # Nothing is remembered of what was brought: it may be from another time, or another machine.
        self._years = list(itertools.pairwise(calendar.boundaries("year", _EARLIEST, now)))

    def run(self, home: Home, formats: Formats) -> Iterator[Work]:
        """Bring the history of all meters that have entities; yield each statistic when it is done.

        What statistics that belong to no entity are called has the language of `formats`.

        Raises:
            StatisticsError: Home Assistant cannot do it.
            DatabaseError: the database is unavailable, or refuses a query.
        """
        found = self._recorder.entities()
        entities = {identifier: entity for identifier, entity in found.items() if not entity.disabled}
        names = TEXTS[formats.language]
        for house in home.meters():
            theirs = {part.identifier: of_meter(entities, part.identifier) for part in house.parts}
            shown = views(house, [address for address, keys in theirs.items() if keys])
            work: dict[Meter, list[Work]] = {}
            for address, view in shown.items():
                keys = {key: entities[identifier] for key, identifier in theirs[address].items()}
                work[view] = [*self._of_entities(address, keys), *self._of_costs(address, keys, names["cost"])]
            if shown:
                name = names["whole_cost"].format(meter=formats.meter(house.name, house.identifier))
                whole = Statistic(f"{SOURCE}:{_object(house.identifier)}_cost", name, _CURRENCY)
                work.setdefault(house, []).append(Work(whole, None, house.identifier, self._now))
            for view, jobs in work.items():
                yield from self._do(History(home, view, self._calendar, self._now), jobs)

    def _of_entities(self, address: str, keys: Mapping[str, Entity]) -> Iterator[Work]:
        known = self._recorder.statistics([entity.id for entity in keys.values()])
        for key, entity in keys.items():
            statistic = known.get(entity.id)
            if statistic is None:  # it has no hour yet
                yield Work(Statistic(entity.id, None, "Wh", "recorder"), key, address, self._now)
                continue
            work = Work(statistic, key, address, self._now)
            per_unit = UNITS.get(statistic.unit)
            if per_unit is not None:
                work.own = self._look(statistic)
                if (first := work.own.first) is not None:
                    marked = work.own.marked or mark(first.sum * per_unit)
                    work.end, work.first_wh = first.start, own_wh(marked)
                    work.running = Running(per_unit, marked)
            yield work

    def _of_costs(self, address: str, keys: Mapping[str, Entity], name: str) -> Iterator[Work]:
        for key, entity in keys.items():
            if is_part(key):
                statistic = cost_statistic(address, key)
                yield Work(Statistic(statistic, name.format(name=entity.name), _CURRENCY), key, address, self._now)

    def _look(self, statistic: Statistic) -> Own:
        """Find the first row that is not ours."""
        own = Own()
        for start, end in self._years:
            rows = self._recorder.rows(statistic, start, end)
            ours = [row for row in rows.values() if row.ours]
            own.filled += sum(row.sum != 0 for row in ours)
            if ours and own.marked is None:
                own.marked = ours[0].last_reset
            own.first = next((row for row in rows.values() if not row.ours), None)
            if own.first is not None:
                break
        return own

    def _do(self, history: History, jobs: Sequence[Work]) -> Iterator[Work]:
        possible = [work for work in jobs if not work.statistic.of_entity or work.own.first is not None]
        for start, end in self._years:
            self._do_year(history, start, min(end, history.end), possible)
        for work in possible:
            if work.own.first is not None:
                self._join(history, work, work.own.first)
        yield from jobs

    def _do_year(self, history: History, start: datetime, end: datetime, jobs: Sequence[Work]) -> None:
        end = min(end, max((work.end for work in jobs), default=start))
        hours = history.hours(start, end)
        flat = {hour: history.is_flat(hour) for hour in hours}
        readings = {
            address: history.readings(address, start, end)
            for address in {work.address for work in jobs if work.statistic.of_entity and start < work.end}
        }
        for work in jobs:
            until = min(end, work.end)
            if start >= until:
                continue
            amounts: dict[datetime, Amount] = {}
            states: dict[datetime, int] = {}
            for hour, period in hours.items():
                if hour >= until:
                    break
                if work.statistic.of_entity and work.key is not None:
                    amounts[hour] = wh(work.key, period.energy, flat=flat[hour])
                    values = readings[work.address].get(hour)
                    if values is not None and (state := reading(work.key, values)) is not None:
                        states[hour] = state
                else:
                    amounts[hour] = cost(work.key, period.cost, flat=flat[hour])
                    work.partial |= work.key is None and period.cost.partial
            existing = self._recorder.rows(work.statistic, start, until)
            rows = work.running.rows(amounts, existing, states)
            work.written += len(rows)
            self._recorder.write(work.statistic, rows)

    def _join(self, history: History, work: Work, first: Row) -> None:
        """Raise the own sums of Home Assistant so that they continue ours."""
        if work.key is None or (not work.running.hours and work.own.marked is None):
            return
        values = history.last_readings(work.address, first.start) if work.running.hours else None
        shown = None if values is None else reading(work.key, values)
        per_unit = UNITS[work.statistic.unit]
        counted = int(work.running.total)
        work.joined_wh = gap(counted, shown, first, per_unit, work.first_wh)
        self._recorder.raise_sums(work.statistic, first, work.joined_wh)

    def undo(self) -> Iterator[tuple[Statistic, int | None]]:
        """Remove all that was brought; yield each statistic and how many hours of it were emptied, None: all is gone.

        Raises:
            StatisticsError: Home Assistant cannot do it.
        """
        for one in self._recorder.statistics(self._recorder.external()).values():
            self._recorder.clear(one)
            yield one, None
        entities = [entity.id for entity in self._recorder.entities().values()]
        for statistic in self._recorder.statistics(entities).values():
            if statistic.unit in UNITS and (hours := self._undo(statistic)):
                yield statistic, hours

    def _undo(self, statistic: Statistic) -> int:
        own = self._look(statistic)
        if own.first is None or own.marked is None:
            return 0
        for start, end in self._years:
            if start < own.first.start:
                rows = self._recorder.rows(statistic, start, min(end, own.first.start))
                self._recorder.write(statistic, [replace(row, sum=0.0) for row in rows.values() if row.sum])
        back = own_wh(own.marked) - own.first.sum * UNITS[statistic.unit]
        self._recorder.raise_sums(statistic, own.first, back if abs(back) >= 1 else 0.0)
        return own.filled


def cost_statistic(address: str, key: str) -> str:
    """Return the id of the statistic of what a register of a meter cost."""
    return f"{SOURCE}:{_object(address)}_{key}_cost"


def _object(address: str) -> str:
    """Return an address as the name of a statistic has it."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in address.lower()).strip("_")
