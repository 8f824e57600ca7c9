"""`series`: a curve on a regular grid, and what happened in its time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from common.contract.frame import write_stamp
from monitor.answers.found_events import Overload
from monitor.answers.grid import HOLD, Grid, aligned, without_end
from monitor.answers.power_curve import Curve, Happened
from monitor.api.call import Call, Parameter, Refused, Route
from monitor.api.parameters import FROM, METER, TO, check_range, meter_of, time_of
from monitor.api.spans import choice_of, choices_of, number_of, one_day
from monitor.readings.grid_curves import CHANNELS, FRAMES, HOURS, MINUTES

_SOURCES = ("auto", FRAMES, MINUTES, HOURS)
_DEFAULT = ("power", "injected", "phases")
_POINTS, _MOST = 1500, 10_000
_LONGEST = timedelta(days=400)
_BEHIND = timedelta(minutes=5)
PARAMETERS = (
    METER,
    FROM,
    TO,
    Parameter(
        "points",
        "Nombre de valeurs au plus ; le pas est choisi pour ne pas le dépasser.",
        {"type": "integer", "minimum": 1, "maximum": _MOST, "default": _POINTS},
    ),
    Parameter(
        "source",
        "auto : trames jusqu'à deux heures, puis minutes, puis heures.",
        {"type": "string", "enum": list(_SOURCES), "default": "auto"},
    ),
    Parameter(
        "channels",
        f"Grandeurs, séparées par des virgules : {', '.join(CHANNELS)}.",
        {"type": "string", "default": ",".join(_DEFAULT)},
    ),
    Parameter(
        "align",
        "Un jour (2026-11-25) : pose la courbe sur ce jour, heure locale sur heure locale, pour les comparer.",
        {"type": "string", "format": "date"},
    ),
)


def answer(call: Call) -> dict[str, Any]:
    """Return a curve; without `from` that of the present local day."""
    meter = meter_of(call)
    points = number_of(call, "points", 1, _MOST) or _POINTS
    source = choice_of(call, "source", _SOURCES)
    channels = choices_of(call, "channels", tuple(CHANNELS), _DEFAULT)
    today = one_day(call, call.now)
    start = time_of(call, "from") or today[0]
    end = time_of(call, "to") or one_day(call, start)[1]
    over = time_of(call, "align")
    check_range(start, end, _LONGEST)
    try:
        curve = call.answers.series.curve(
            meter, start, end, points, None if source == "auto" else source, channels, call.now
        )
    except ValueError as error:
        raise Refused(400, _REFUSALS[str(error)]) from None
    if curve is None:
        raise Refused(404, "Aucune donnée pour cette période.")
    return {
        "meter": meter.identifier,
        **(_own(curve, start, end, call.now) if over is None else _laid_over(call, curve, over)),
    }


_REFUSALS = {
    "frames": "Les trames ne sont données que pour deux heures au plus : choisissez une période plus courte.",
    "range": f"La période est trop longue : {_LONGEST.days} jours au plus.",
    "points": "La période est trop longue pour si peu de points : augmentez points, ou choisissez une autre source.",
}


def _own(curve: Curve, start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    grid, columns = curve.grid, curve.columns
    if end > now:
        # What is to come is no hole.
        count = without_end(columns.values(), grid.step, (now - grid.start).total_seconds())
        columns = {name: column[:count] for name, column in columns.items()}
    over, until = min(end, now), curve.happened.until if curve.happened else None
    if until is not None and now - _BEHIND < until < over:
        over = until  # minutes are made a minute after they are over
    expected = max((over - start).total_seconds(), 0)
    return {
        **_head(grid),
        **columns,
        "offsets": [[_ms(moment), seconds // 60] for moment, seconds in curve.offsets],
        **({} if curve.happened is None else _happened(curve.happened, expected)),
    }


def _laid_over(call: Call, curve: Curve, over: datetime) -> dict[str, Any]:
    if over != one_day(call, over)[0]:
        raise Refused(400, "align est un jour, tel que 2026-11-25.")
    grid, places = aligned(curve.grid, over, call.config.time_zone)
    columns = {
        name: [None if place is None else column[place] for place in places] for name, column in curve.columns.items()
    }
    return {**_head(grid), **columns, "aligned_from": _ms(curve.grid.start)}


def _head(grid: Grid) -> dict[str, Any]:
    return {"t0": _ms(grid.start), "step": grid.step * 1000, "source": grid.source, "unit": "VA"}


def _happened(happened: Happened, expected: float) -> dict[str, Any]:
    volts, peak = happened.volts, happened.peak
    return {
        "registers": [[_ms(low), _ms(high), name] for low, high, name in happened.registers],
        "gaps": [[_ms(gap.start), _ms(gap.end), why, gap.wh] for gap, why in happened.gaps],
        "overloads": [overload_object(one) for one in happened.overloads],
        "volts": None if volts is None else {"min": volts[0], "max": volts[1]},
        "peak": None if peak is None else {"at": write_stamp(peak.at), "power": peak.power},
        "coverage": round(min(happened.covered / expected, 1), 4) if expected else None,
    }


def overload_object(one: Overload) -> dict[str, Any]:
    """Return an overload as JSON has it."""
    return {"at": write_stamp(one.at), "seconds": one.seconds, "power": one.power}


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _column(text: str) -> dict[str, Any]:
    return {"type": "array", "description": text, "items": {"type": ["integer", "null"]}}


def _rows(text: str, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "type": "array",
        "description": text,
        "items": {"type": "array", "prefixItems": list(items), "minItems": len(items), "maxItems": len(items)},
    }


_MS = {"type": "integer", "description": "ms since 1970"}
_INSTANT = {"type": "string", "format": "date-time"}
_VA = {"type": ["integer", "null"], "description": "VA"}
OVERLOAD = {
    "type": "object",
    "required": ["at", "seconds", "power"],
    "properties": {"at": _INSTANT, "seconds": {"type": "integer"}, "power": _VA},
}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["meter", "t0", "step", "source", "unit"],
    "properties": {
        "meter": {"type": "string"},
        "t0": {"type": "integer", "description": "ms since 1970: where the first value begins"},
        "step": {"type": "integer", "description": "ms between values"},
        "source": {
            "type": "string",
            "enum": [FRAMES, MINUTES, HOURS],
            "description": f"frames: a value holds until the next one, {HOLD} s or a step at most",
        },
        "unit": {"type": "string", "description": "of power, drawn and injected"},
        "mean": _column("VA; null where nothing is known: never interpolated"),
        "min": _column("VA"),
        "max": _column("VA"),
        "injected": _column("mean power injected, VA; only of a producer"),
        **{f"p{phase}_max": _column(f"VA of phase {phase}; only of three phases") for phase in (1, 2, 3)},
        **{f"i{phase}_max": _column(f"A of phase {phase}") for phase in (1, 2, 3)},
        **{
            f"v{phase}_{name}": _column(f"V of phase {phase}") for phase in (1, 2, 3) for name in ("mean", "min", "max")
        },
        "offsets": _rows(
            "by how many minutes the local time is ahead of UTC, from when on: two of them on a day of 23 or 25 hours",
            (_MS, {"type": "integer"}),
        ),
        "aligned_from": {
            "type": "integer",
            "description": "with align: t0 is that of the day that is shown, value n belongs to the same local time as"
            " value n of that day's curve, and this is where the curve itself begins; ms since 1970",
        },
        "registers": _rows("from, to, register that ran; up to two days", (_MS, _MS, {"type": "string"})),
        "gaps": _rows(
            "from, to, why (outage: the house had no current; meter: its reader heard other meters; unknown) and the Wh"
            " that the reading after it shows, null if there is none yet; up to two days",
            (_MS, _MS, {"type": "string", "enum": ["outage", "meter", "unknown"]}, {"type": ["integer", "null"]}),
        ),
        "overloads": {"type": "array", "items": OVERLOAD},
        "volts": {
            "type": ["object", "null"],
            "description": "the lowest and the highest voltage on any phase; null: the meter does not tell",
            "required": ["min", "max"],
            "properties": {"min": {"type": "integer"}, "max": {"type": "integer"}},
        },
        "peak": {
            "type": ["object", "null"],
            "required": ["at", "power"],
            "properties": {"at": _INSTANT, "power": {"type": "integer"}},
        },
        "coverage": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "description": "of the time that is over"},
    },
}
ROUTE = Route("series", "La courbe de puissance, et ce qui s'est passé.", PARAMETERS, answer, SCHEMA)
