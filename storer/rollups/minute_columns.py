"""The columns of `minutes`, one row each: how frames make it, and how `hours` is made from it.

The server groups frames by meter, minute and label set, and computes aggregates of each group. What a label set means
is added here, and the one to three groups of a minute become one value. First and last values are taken by time: the
server compares `microsecond of the minute << 32 | value`, in one pass and whatever the order.

Of a meter that another device decodes a minute with a reading is measured, and so are the minutes up to its usual
interval after it, which have no row here: the hour has them, also those that the hour before reaches into it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from common.contract.registers import LARGEST
from common.contract.usual_interval import held_minutes_sql
from storer.rollups.label_facts import LabelFacts

_PIECE = 5  # seconds: coverage is counted in pieces of this length
_PIECES = (1 << 60 // _PIECE) - 1  # of a minute, as bits
#: Of a row of `minutes` or `hours`: how many minutes are measured after that of its (last) reading.
_AFTER = held_minutes_sql()
_HELD = f"((1 << ({_AFTER} + 1)) - 1)"  # as bits, with that of the reading
_FRAMES = "BIT_OR(1 << MINUTE(minute))"
_ALL_MEASURED = f"(BIT_OR({_HELD} << MINUTE(minute)) & {(1 << 60) - 1} | COALESCE(MAX(carried), 0))"
#: The minutes of an hour that the last reading of the hour before reaches, as bits.
CARRIED = f"(1 << GREATEST(MINUTE(last_at) + {_AFTER} - 59, 0)) - 1"

_SHIFT = 32
_MASK = (1 << _SHIFT) - 1
_MOST_FRAMES = 2**16 - 1  # what the column holds
_PHASES = (1, 2, 3)
_INSTANT = "EXTRACT(SECOND_MICROSECOND FROM f.timestamp)"

Group = tuple[LabelFacts, Sequence[Any]]  # what its label set says, and the values of `AGGREGATES`


def _only(_: LabelFacts, value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A column of `minutes`."""

    name: str
    aggregates: tuple[str, ...]  # of the frames `f` of a group
    of_group: Callable[..., Any] = _only  # from what the label set says, and the aggregates; None: nothing
    together: Callable[[Sequence[Any]], int | None]  # from what the groups of a minute have, if one has something
    of_minutes: str | None = None  # of the rows of `minutes` in an hour, in UTC; None: `hours` has no such column

    def value(self, groups: Iterable[Group], places: Sequence[int]) -> int | None:
        """Return the value of a minute; `places`: where in `AGGREGATES` those of this measure are."""
        found = [self.of_group(facts, *[values[place] for place in places]) for facts, values in groups]
        present = [value for value in found if value is not None]
        return self.together(present) if present else None


def _least(name: str, of: str) -> Measure:
    return Measure(name=name, aggregates=(f"MIN({of})",), together=min, of_minutes=f"MIN({name})")


def _most(name: str, of: str) -> Measure:
    return Measure(name=name, aggregates=(f"MAX({of})",), together=max, of_minutes=f"MAX({name})")


def _mean(name: str, column: str) -> Measure:
    return Measure(
        name=name,
        # Of integers the server makes a sum of decimals, which takes three times as long. These are far below 2**53.
        aggregates=(f"CAST(SUM({column} + 0e0) AS UNSIGNED)", f"COUNT({column})"),
        of_group=lambda _, total, count: (total, count) if count else None,
        together=_rounded_mean,
        of_minutes=f"ROUND(SUM({name} * frames) / SUM(IF({name} IS NULL, 0, frames)))",
    )


def _rounded_mean(parts: Sequence[tuple[int, int]]) -> int:
    """Return the mean of sums, rounded half up as the server rounds."""
    total, count = sum(total for total, _ in parts), sum(count for _, count in parts)
    return (2 * total + count) // (2 * count)


def _packed(column: str) -> str:
    return f"({_INSTANT} << {_SHIFT}) + {column}"


def _first(values: Sequence[int]) -> int:
    return min(values) & _MASK


def _last(values: Sequence[int]) -> int:
    return max(values) & _MASK


def _total(facts: LabelFacts, total: int | None, supplier: int | None, instant: int) -> int | None:
    """Return `instant << 32 | total` as the view `teleinfoframes` computes the total; None if there is none."""
    if total is not None:
        return total
    if supplier is not None and facts.idle_total is not None:
        return supplier + facts.idle_total if (supplier & _MASK) + facts.idle_total <= LARGEST else None
    known = facts.index_total
    return instant << _SHIFT | known if known is not None and known <= LARGEST else None


def _running(facts: LabelFacts, instant: int, total: int | None) -> int | None:
    """Return `instant << 32 | number` of the supplier register that runs."""
    number = facts.supplier
    if number is None and facts.historic and total is not None:
        number = 1  # BASE: there is only one
    return None if number is None else instant << _SHIFT | number


def _overloads(facts: LabelFacts, frames: int, overloads: int) -> int:
    return frames if facts.overload else overloads


_TOTAL = _packed("f.index_total")
# Counts only where no frame of the group has the total.
_SUPPLIER = f"IF(f.index_total IS NULL, {_packed('f.index_supplier')}, NULL)"
_INJECTED = _packed("f.index_injected")
_PEAK = "MAX((f.power << 6) + 63 - SECOND(f.timestamp))"
_HOUR_PEAK = "MAX((power_max << 12) + 4095 - MINUTE(minute) * 60 - power_max_second)"

#: `frames` is the last: an assignment in `upsert` reads what is stored.
MEASURES: tuple[Measure, ...] = (
    Measure(
        name="seconds",
        aggregates=(f"BIT_OR(1 << (SECOND(f.timestamp) DIV {_PIECE}))",),
        of_group=lambda facts, pieces: pieces if facts.interval is None else _PIECES,
        together=lambda pieces: reduce(or_, pieces).bit_count() * _PIECE,
        of_minutes=f"SUM(seconds) + 60 * (BIT_COUNT({_ALL_MEASURED}) - BIT_COUNT({_FRAMES}))",
    ),
    Measure(name="usual_interval", aggregates=(), of_group=lambda facts: facts.interval, together=max),
    Measure(
        name="supplier",
        aggregates=(f"MAX({_INSTANT})", f"MIN({_TOTAL})"),
        of_group=_running,
        together=_last,
    ),
    Measure(
        name="total_first",
        aggregates=(f"MIN({_TOTAL})", f"MIN({_SUPPLIER})", f"MIN({_INSTANT})"),
        of_group=_total,
        together=_first,
    ),
    Measure(
        name="total_last",
        aggregates=(f"MAX({_TOTAL})", f"MAX({_SUPPLIER})", f"MAX({_INSTANT})"),
        of_group=_total,
        together=_last,
    ),
    Measure(name="injected_first", aggregates=(f"MIN({_INJECTED})",), together=_first),
    Measure(name="injected_last", aggregates=(f"MAX({_INJECTED})",), together=_last),
    _least("power_min", "f.power"),
    _mean("power_mean", "f.power"),
    Measure(
        name="power_max",
        aggregates=(_PEAK,),
        together=lambda peaks: max(peaks) >> 6,
        of_minutes="MAX(power_max)",
    ),
    Measure(
        name="power_max_second",
        aggregates=(_PEAK,),
        together=lambda peaks: 63 - (max(peaks) & 63),
        of_minutes=f"4095 - ({_HOUR_PEAK} & 4095)",
    ),
    *(_most(f"power_{phase}_max", f"f.power_{phase}") for phase in _PHASES),
    _mean("injected_power_mean", "f.power_injected"),
    _most("injected_power_max", "f.power_injected"),
    _most("current_1_max", "COALESCE(f.current_1, f.current)"),  # IINST of historic mode: of the only phase
    _most("current_2_max", "f.current_2"),
    _most("current_3_max", "f.current_3"),
    *(
        measure
        for phase in _PHASES
        for measure in (
            _least(f"voltage_{phase}_min", f"f.voltage_{phase}"),
            _mean(f"voltage_{phase}_mean", f"f.voltage_{phase}"),
            _most(f"voltage_{phase}_max", f"f.voltage_{phase}"),
        )
    ),
    Measure(
        name="overload",
        aggregates=("COUNT(*)", "COUNT(COALESCE(f.overload, f.overload_1, f.overload_2, f.overload_3))"),
        of_group=_overloads,
        together=lambda overloads: sum(overloads) or None,
        of_minutes="SUM(overload)",
    ),
    Measure(
        name="frames",
        aggregates=("COUNT(*)",),
        together=lambda frames: min(sum(frames), _MOST_FRAMES),
        of_minutes="SUM(frames)",
    ),
)
COLUMNS = tuple(measure.name for measure in MEASURES)
AGGREGATES = tuple(dict.fromkeys(sql for measure in MEASURES for sql in measure.aggregates))
#: The columns of `hours` that are made from rows of `minutes`, with their `CARRIED`, in a session in UTC; `frames` is
#: the last.
HOUR_COLUMNS = {"minutes": _ALL_MEASURED} | {
    measure.name: measure.of_minutes for measure in MEASURES if measure.of_minutes is not None
}
_PLACES = [(measure, [AGGREGATES.index(sql) for sql in measure.aggregates]) for measure in MEASURES]


def minute_values(groups: Sequence[Group]) -> tuple[int | None, ...]:
    """Return the values of `COLUMNS` of one minute."""
    return tuple(measure.value(groups, places) for measure, places in _PLACES)


def upsert(table: str, key: Sequence[str], columns: Sequence[str]) -> tuple[str, str]:
    """Return the two parts of an INSERT, before and after the rows; `columns` ends with `frames`.

    A row is replaced only by one that was made of at least as many frames: after old frames were dropped, or if two
    storers roll up the same bucket, what is made of fewer frames changes nothing.
    """
    # Assignments are made in this order, and each reads what is stored: frames comes last.
    updates = ", ".join(
        f"{column} = IF(VALUES(frames) >= {table}.frames, VALUES({column}), {table}.{column})" for column in columns
    )
    return f"INSERT INTO {table} ({', '.join((*key, *columns))})", f" ON DUPLICATE KEY UPDATE {updates}"
