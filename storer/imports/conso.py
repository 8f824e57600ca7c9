"""What Conso API answers, as the monitor collects it: load curves and daily energy of Enedis, JSON.

A file has the answers of one run: `{"conso": 1, "answers": [{"type": "consumption_load_curve", "interval_reading":
[{"value": "752", "date": "2026-11-20 00:30:00", "interval_length": "PT30M"}]}]}`. A load curve has the mean power of
the step that ends at each local time; a day has its energy in Wh. A day whose curve has holes is kept as its daily
value, if there is one.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from common.contract.registers import INJECTED, TOTAL
from storer.imports.local_clock import DOUBLED, LocalClock
from storer.imports.model import HOUR, MAX_POWER, Parsed, Period, refused
from storer.imports.periods import EMPTY, Interval, to_hours
from storer.imports.text import decode, local_day, local_time, number

DAYS = {"daily_consumption": TOTAL, "daily_production": INJECTED}
CURVES = {"consumption_load_curve": TOTAL, "production_load_curve": INJECTED}
OFF_GRID = "times that are not those of a step"
UNCLEAR_VALUES = "times that have several values"
IMPOSSIBLE = "values that no such meter counts"
AS_DAYS = "days whose load curve has holes, kept as their daily value"
DIFFERENT_DAYS = "days whose daily value differs from their load curve, which is kept"
_DAY = timedelta(days=1)
_STEPS = {f"PT{minutes}M": timedelta(minutes=minutes) for minutes in (5, 10, 15, 20, 30, 60)} | {"PT1H": HOUR}
_Reading = tuple[datetime, tuple[Fraction | None, timedelta]]  # local end of the step; W, and the step


def parse_conso(data: bytes, clock: LocalClock) -> Parsed:
    """Return the hours, and the days that have no whole load curve."""
    answers = _answers(data)
    parsed = Parsed()
    for curve, daily, register in zip(CURVES, DAYS, (TOTAL, INJECTED), strict=True):
        hours = _hours([answer for answer in answers if answer["type"] == curve], register, clock, parsed.left_out)
        days = _days([answer for answer in answers if answer["type"] == daily], parsed.left_out)
        parsed.periods += _merge(hours, days, register, clock, parsed.left_out)
    return parsed


def read_prm(data: bytes) -> str | None:
    """Return the delivery point that a file names, if it is one of Conso API."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    prm = document.get("prm") if isinstance(document, dict) and "conso" in document else None
    return prm if isinstance(prm, str) and re.fullmatch("[0-9]{14}", prm) else None


def _answers(data: bytes) -> list[dict[str, Any]]:
    text = decode(data)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise refused("this is no collection of answers of Conso API: JSON is expected") from error
    if not isinstance(document, dict) or document.get("conso") != 1:
        raise refused("this is no collection of answers of Conso API")
    answers = document.get("answers")
    if not isinstance(answers, list):
        raise refused("the answers of Conso API are missing")
    for place, answer in enumerate(answers, 1):
        known = isinstance(answer, dict) and answer.get("type") in [*DAYS, *CURVES]
        readings = answer.get("interval_reading") if known else None
        if not isinstance(readings, list) or not all(isinstance(reading, dict) for reading in readings):
            raise refused(f"answer {place} of Conso API is of no known type, or has no readings")
    return answers


def _hours(
    answers: Sequence[Mapping[str, Any]], register: int, clock: LocalClock, left_out: Counter[str]
) -> list[Period]:
    """Return the whole hours of all load curves; of two answers for one time, the later one in the file counts."""
    intervals: dict[datetime, Interval] = {}
    for answer in answers:
        by_day: defaultdict[date, list[_Reading]] = defaultdict(list)
        for reading in answer["interval_reading"]:
            if (found := _curve_reading(reading, left_out)) is not None:
                by_day[(found[0] - timedelta(microseconds=1)).date()].append(found)
        for day, readings in by_day.items():
            for end, (watts, step) in _instants(day, readings, clock, left_out):
                wh = None if watts is None else watts * Fraction(step // timedelta(seconds=1), 3600)
                intervals[end] = Interval(end, step, wh)
    return to_hours((intervals[end] for end in sorted(intervals)), register, clock, left_out)


def _curve_reading(reading: Mapping[str, Any], left_out: Counter[str]) -> _Reading | None:
    end = local_time(_text(reading, "date")).replace(tzinfo=None)
    step = _STEPS.get(_text(reading, "interval_length"))
    if step is None:
        raise refused(f"{end:%Y-%m-%d %H:%M}: a step such as PT30M is expected, not {reading['interval_length']!r}")
    watts = _value(reading, 1, left_out)
    if (end - datetime.combine(end.date(), time())) % step:
        left_out[OFF_GRID] += 1
        return None
    return end, (watts, step)


def _instants(
    day: date, readings: Sequence[_Reading], clock: LocalClock, left_out: Counter[str]
) -> Iterable[tuple[datetime, tuple[Fraction | None, timedelta]]]:
    """Return the readings of one day with the instants of their ends.

    On the days when the clock changes, whole curves are told apart by order: the end of a step has two names there.
    """
    length = clock.midnight(day + _DAY) - clock.midnight(day)
    if length != _DAY:
        step = readings[0][1][1]
        ends = [clock.midnight(day) + place * step for place in range(1, len(readings) + 1)]
        whole = len(readings) * step == length and all(
            value[1] == step and stamp in (clock.local(end), clock.local(end - step) + step)
            for end, (stamp, value) in zip(ends, readings, strict=True)
        )
        if whole:
            return [(end, value) for end, (_, value) in zip(ends, readings, strict=True)]
    return clock.resolve(list(_without_unclear(readings, clock, left_out)), left_out)


def _without_unclear(readings: Sequence[_Reading], clock: LocalClock, left_out: Counter[str]) -> Iterable[_Reading]:
    """Leave out the times that have several values, but for those of the repeated hour."""
    values: defaultdict[datetime, set[tuple[Fraction | None, timedelta]]] = defaultdict(set)
    for stamp, value in readings:
        values[stamp].add(value)
    unclear = {stamp for stamp, found in values.items() if len(found) > 1 and not clock.is_twice(stamp)}
    left_out[UNCLEAR_VALUES] += len(unclear)
    return (reading for reading in readings if reading[0] not in unclear)


def _days(answers: Sequence[Mapping[str, Any]], left_out: Counter[str]) -> dict[date, int]:
    """Return the energy of days; of two answers for one day, the later one in the file counts."""
    days: dict[date, int] = {}
    for answer in answers:
        found: dict[date, Fraction] = {}
        unclear: set[date] = set()
        for reading in answer["interval_reading"]:
            day, wh = local_day(_text(reading, "date")), _value(reading, 24, left_out)
            if wh is None:
                left_out[EMPTY] += 1
                continue
            if day in found:
                left_out[DOUBLED] += found[day] == wh
                unclear |= {day} if found[day] != wh else set()
            found[day] = wh
        left_out[UNCLEAR_VALUES] += len(unclear)
        days |= {day: round(wh) for day, wh in found.items() if day not in unclear}
    return days


def _merge(
    hours: Sequence[Period], days: Mapping[date, int], register: int, clock: LocalClock, left_out: Counter[str]
) -> list[Period]:
    """Return the hours of days that are whole, or that have no daily value; the other days as one period each."""
    by_day: defaultdict[date, list[Period]] = defaultdict(list)
    for hour in hours:
        by_day[clock.local(hour.start).date()].append(hour)
    merged: list[Period] = []
    for day in sorted(by_day.keys() | days.keys()):
        found, length = by_day.get(day, []), clock.hours_of(day, day + _DAY)
        if day not in days:
            merged += found
        elif len(found) == length:
            # A curve has whole W, a daily value is a difference of indexes.
            left_out[DIFFERENT_DAYS] += abs(sum(hour.wh for hour in found) - days[day]) > length
            merged += found
        else:
            left_out[AS_DAYS] += bool(found)
            merged.append(Period(clock.midnight(day + _DAY), length, register, days[day]))
    left_out += Counter()  # without zeros
    return merged


def _text(reading: Mapping[str, Any], key: str) -> str:
    found = reading.get(key)
    if not isinstance(found, str):
        raise refused(f"a reading of Conso API has no {key!r}")
    return found


def _value(reading: Mapping[str, Any], hours: float, left_out: Counter[str]) -> Fraction | None:
    """Return a value, None if there is none; one bad value of years is counted, it does not refuse the others."""
    value = reading.get("value")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise refused("a value of Conso API is no number")
    found = number(str(value))
    if found is not None and not 0 <= found <= MAX_POWER * hours:
        left_out[IMPOSSIBLE] += 1
        return None
    return found
