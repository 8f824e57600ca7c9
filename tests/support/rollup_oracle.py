"""What the tables of the rollups must say of frames, computed in plain Python from all frames at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

from common.contract.frame import Frame
from common.contract.labels import Mode

REGISTERS = [
    "total",
    *[f"supplier_{n}" for n in range(1, 11)],
    *[f"distributor_{n}" for n in range(1, 5)],
    "injected",
    *[f"reactive_{n}" for n in range(1, 5)],
]
HISTORIC = {
    "BASE": "total",
    **dict.fromkeys(["HCHC", "EJPHN", "BBRHCJB"], "supplier_1"),
    **dict.fromkeys(["HCHP", "EJPHPM", "BBRHPJB"], "supplier_2"),
    "BBRHCJW": "supplier_3",
    "BBRHPJW": "supplier_4",
    "BBRHCJR": "supplier_5",
    "BBRHPJR": "supplier_6",
}
STANDARD = {
    "EAST": "total",
    **{f"EASF{n:02}": f"supplier_{n}" for n in range(1, 11)},
    **{f"EASD{n:02}": f"distributor_{n}" for n in range(1, 5)},
    "EAIT": "injected",
    **{f"ERQ{n}": f"reactive_{n}" for n in range(1, 5)},
}
CONTRACTS = [
    ["HCHC", "HCHP"],
    ["EJPHN", "EJPHPM"],
    ["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"],
]
RUNNING = {
    "HC..": "HCHC", "HP..": "HCHP", "HN..": "EJPHN", "PM..": "EJPHPM", "HCJB": "BBRHCJB", "HPJB": "BBRHPJB",
    "HCJW": "BBRHCJW", "HPJW": "BBRHPJW", "HCJR": "BBRHCJR", "HPJR": "BBRHPJR",
}  # fmt: skip
LIMIT = 2**32

Row = dict[str, Any]
Reading = tuple[int, datetime, bool]  # value, when, standard mode


@dataclass
class Expected:
    """The rows of `minutes` and `hours` by meter and start, and the breaks by meter, hour and register."""

    minutes: dict[tuple[str, datetime], Row] = field(default_factory=dict)
    hours: dict[tuple[str, datetime], Row] = field(default_factory=dict)
    breaks: dict[tuple[str, datetime, str], int] = field(default_factory=dict)


def expected(frames: Iterable[Frame]) -> Expected:
    """Compute all rows; a frame that comes twice counts once."""
    result = Expected()
    unique = {(frame.meter, frame.timestamp): frame for frame in frames}
    ordered = [unique[key] for key in sorted(unique)]
    for (meter, minute), group in groupby(ordered, lambda f: (f.meter, f.timestamp.replace(second=0, microsecond=0))):
        result.minutes[meter, minute] = _minute(list(group))
    for meter, of_meter in groupby(ordered, lambda f: f.meter):
        latest: dict[str, tuple[Reading, int]] = {}
        kinds: list[str] = []  # at the end of each hour with readings
        previous: Row | None = None  # the latest hour with readings
        for hour, group in groupby(of_meter, lambda f: f.timestamp.replace(minute=0, second=0, microsecond=0)):
            in_hour = list(group)
            minutes = {
                minute: row
                for (m, minute), row in result.minutes.items()
                if m == meter and hour <= minute < hour + timedelta(hours=1)
            }
            row = result.hours[meter, hour] = _hour(in_hour, minutes)
            _hold(row, minutes, result.hours.get((meter, hour - timedelta(hours=1))))
            if row["first_at"] is None:
                continue
            result.breaks |= {
                (meter, hour, register): step
                for register, step in _judge(row, in_hour, latest, previous, kinds).items()
                if step
            }
            kinds.append(_kind(_ends(in_hour)[-1]))
            previous = row
    return result


def _number(frame: Frame, *labels: str, below: int = LIMIT) -> int | None:
    for label in labels:
        value = frame.values.get(label)
        if type(value) is int and 0 <= value < below:
            return value
    return None


def _status(frame: Frame) -> int:
    return int(str(frame.values.get("STGE", "0")), 16)


def supplier(frame: Frame) -> int | None:
    """The number of the supplier register that runs."""
    if frame.mode is Mode.STANDARD:
        if "NTARF" in frame.values:
            return _number(frame, "NTARF")
        return (_status(frame) >> 10 & 15) + 1 if "STGE" in frame.values else None
    running = RUNNING.get(str(frame.values.get("PTEC")))
    if running is None:
        return 1 if "BASE" in frame.values else None
    return int(HISTORIC[running].rpartition("_")[2])


def total(frame: Frame) -> int | None:
    """The total, as the view teleinfoframes shows it."""
    if frame.mode is Mode.STANDARD or "BASE" in frame.values:
        return _number(frame, "EAST" if frame.mode is Mode.STANDARD else "BASE")
    running = RUNNING.get(str(frame.values.get("PTEC")))
    for contract in CONTRACTS:
        numbers = [_number(frame, name) for name in contract]
        if None not in numbers and (running is None or running in contract):
            return sum(number for number in numbers if number is not None)
    return None


def has_index(frame: Frame) -> bool:
    """A reading of the energy drawn: the total, or the register that runs."""
    if frame.mode is Mode.STANDARD:
        number = supplier(frame)
        return "EAST" in frame.values or (number is not None and f"EASF{number:02}" in frame.values)
    return "BASE" in frame.values or RUNNING.get(str(frame.values.get("PTEC"))) in frame.values


def registers(frame: Frame) -> dict[str, int]:
    """The readings of a frame by register."""
    names = STANDARD if frame.mode is Mode.STANDARD else HISTORIC
    return {names[label]: value for label, value in frame.values.items() if label in names and type(value) is int}


def _present(values: Iterable[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[int], weights: Sequence[int] | None = None) -> int | None:
    weights = weights or [1] * len(values)
    return int(sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights) + 0.5) if values else None


def _minute(frames: list[Frame]) -> Row:
    totals = _present(map(total, frames))
    injected = _present(_number(frame, "EAIT") for frame in frames)
    powers = _present(_number(frame, "PAPP", "SINSTS", "SINST1") for frame in frames)
    injected_powers = _present(_number(frame, "SINSTI") for frame in frames)
    suppliers = _present(map(supplier, frames))
    interval = max(_present(frame.interval for frame in frames), default=None)
    overloads = sum(
        any(label in frame.values for label in ("ADPS", "ADIR1", "ADIR2", "ADIR3")) or bool(_status(frame) & 0x80)
        for frame in frames
    )
    row: Row = {
        "frames": len(frames),
        "seconds": 5 * len({frame.timestamp.second // 5 for frame in frames}) if interval is None else 60,
        "usual_interval": interval,
        "supplier": suppliers[-1] if suppliers else None,
        "total_first": totals[0] if totals else None,
        "total_last": totals[-1] if totals else None,
        "injected_first": injected[0] if injected else None,
        "injected_last": injected[-1] if injected else None,
        "power_min": min(powers, default=None),
        "power_mean": _mean(powers),
        "power_max": max(powers, default=None),
        "power_max_second": next(
            (f.timestamp.second for f in frames if powers and _number(f, "PAPP", "SINSTS", "SINST1") == max(powers)),
            None,
        ),
        "injected_power_mean": _mean(injected_powers),
        "injected_power_max": max(injected_powers, default=None),
        "overload": overloads or None,
    }
    for phase in "123":
        current = [f"IINST{phase}", f"IRMS{phase}", *(["IINST"] if phase == "1" else [])]
        row[f"power_{phase}_max"] = max(_present(_number(f, f"SINSTS{phase}") for f in frames), default=None)
        row[f"current_{phase}_max"] = max(_present(_number(f, *current) for f in frames), default=None)
        volts = _present(_number(f, f"URMS{phase}") for f in frames)
        row[f"voltage_{phase}_min"] = min(volts, default=None)
        row[f"voltage_{phase}_mean"] = _mean(volts)
        row[f"voltage_{phase}_max"] = max(volts, default=None)
    return row


def _hour(frames: list[Frame], minutes: dict[datetime, Row]) -> Row:
    rows = list(minutes.values())

    def of(column: str) -> list[int]:
        return _present(row[column] for row in rows)

    def mean(column: str) -> int | None:
        return _mean(of(column), [row["frames"] for row in rows if row[column] is not None])

    peak = max(of("power_max"), default=None)
    row: Row = {
        "frames": len(frames),
        "seconds": sum(of("seconds")),
        "minutes": sum(1 << minute.minute for minute in minutes),
        "power_min": min(of("power_min"), default=None),
        "power_mean": mean("power_mean"),
        "power_max": peak,
        "power_max_second": next(
            (
                minute.minute * 60 + row["power_max_second"]
                for minute, row in minutes.items()
                if peak is not None and row["power_max"] == peak
            ),
            None,
        ),
        "injected_power_mean": mean("injected_power_mean"),
        "injected_power_max": max(of("injected_power_max"), default=None),
        "overload": sum(of("overload")) or None,
    }
    for phase in "123":
        for column in (f"power_{phase}_max", f"current_{phase}_max", f"voltage_{phase}_max"):
            row[column] = max(of(column), default=None)
        row[f"voltage_{phase}_min"] = min(of(f"voltage_{phase}_min"), default=None)
        row[f"voltage_{phase}_mean"] = mean(f"voltage_{phase}_mean")
    ends = _ends(frames)
    first, last = (ends[0], ends[-1]) if ends else (None, None)
    row |= {
        "first_at": first and first.timestamp.replace(microsecond=0),
        "last_at": last and last.timestamp.replace(microsecond=0),
        "standard": first and last and (first.mode is Mode.STANDARD) + 2 * (last.mode is Mode.STANDARD),
        "supplier": last and supplier(last),
        "usual_interval": last and last.interval,
        "drawn_wh": None,
        "injected_wh": None,
    }
    for name in REGISTERS:
        row[f"{name}_first"] = registers(first).get(name) if first else None
        row[f"{name}_last"] = registers(last).get(name) if last else None
    return row


def _hold(row: Row, minutes: dict[datetime, Row], before: Row | None) -> None:
    """Add the minutes in which a reading of a decoded meter still holds."""
    read = {minute.minute for minute in minutes}
    held = {
        minute.minute + n for minute, of_minute in minutes.items() for n in range(1, _held(of_minute["usual_interval"]))
    }
    if before is not None and before["last_at"] is not None:
        held |= {before["last_at"].minute - 60 + n for n in range(1, _held(before["usual_interval"]))}
    more = {minute for minute in held - read if 0 <= minute < 60}
    row["minutes"] += sum(1 << minute for minute in more)
    row["seconds"] += 60 * len(more)


def _held(interval: int | None) -> int:
    """For how many minutes a reading holds, its own included."""
    return 1 if interval is None else 1 + interval * 11 // 600


def _ends(frames: list[Frame]) -> list[Frame]:
    with_index = [frame for frame in frames if has_index(frame)]
    return [frame for frame in with_index if not frame.dropped] or with_index


def _readings(frame: Frame) -> dict[str, Reading]:
    at, standard = frame.timestamp.replace(microsecond=0), frame.mode is Mode.STANDARD
    return {name: (value, at, standard) for name, value in registers(frame).items()}


def _kind(frame: Frame) -> str:
    """Where this changes, the meter hides registers, or shows some again."""
    if frame.mode is Mode.STANDARD:
        return "standard"
    of_tempo = any(label.startswith("BBR") and label[-1] in "WR" for label in frame.values)
    return "base" if "BASE" in frame.values else "tempo" if of_tempo else "two"


def _energy(name: str, readings: Sequence[Reading]) -> int:
    """The steps of a register that are energy. Where it fell and was there again later, all between is one step."""
    for place, (one, other) in enumerate(pairwise(readings)):
        if other[0] >= one[0]:
            continue
        for later in range(place + 2, len(readings)):
            if readings[later][0] >= one[0] and _plausible(name, one, readings[later]):
                step = readings[later][0] - one[0]
                return _energy(name, readings[: place + 1]) + step + _energy(name, readings[later:])
        return _energy(name, readings[: place + 1]) + _energy(name, readings[place + 1 :])
    return sum(b[0] - a[0] for a, b in pairwise(readings) if _plausible(name, a, b))


def _plausible(name: str, one: Reading, other: Reading) -> bool:
    (value, at, standard), (next_value, next_at, next_standard) = one, other
    mixed = name == "total" and standard != next_standard
    return not mixed and 0 <= next_value - value <= 200 + 15 * (next_at - at).total_seconds()


def _hides(name: str, changes: int) -> bool:
    """Whether others counted meanwhile. A supplier register counts on from one kind to the next, the total does not."""
    return name in REGISTERS[:11] and changes > (0 if name == "total" else 1)


def _within(name: str, points: Sequence[tuple[int, dict[str, Reading]]]) -> int:
    """The energy of a register; each point: how often the kind changed before, readings."""
    seen = [(number, point[name]) for number, point in points if name in point]
    energy = sum(_energy(name, [reading for _, reading in group]) for _, group in groupby(seen, itemgetter(0)))
    for (a, one), (b, other) in pairwise(seen):
        if a != b and not _hides(name, b - a):
            energy += _energy(name, [one, other])
    return energy


def _judge(
    row: Row,
    frames: list[Frame],
    latest: dict[str, tuple[Reading, int]],
    previous: Row | None,
    kinds: list[str],
) -> dict[str, int]:
    """Return the breaks of an hour by register, and set its energy; `latest` then holds its last readings."""
    ends = _ends(frames)
    first, last = _readings(ends[0]), _readings(ends[-1])
    fits = (
        ends[0].mode is ends[-1].mode
        and first.keys() == last.keys()
        and all(_plausible(name, first[name], last[name]) for name in first)
    )
    between = [f for f in frames if has_index(f) and ends[0].timestamp <= f.timestamp <= ends[-1].timestamp]
    numbers: list[int] = []
    kind = kinds[-1] if kinds else _kind(between[0])
    for frame in between:
        numbers.append((numbers[-1] if numbers else 0) + (_kind(frame) != kind))
        kind = _kind(frame)
    points = [(number, _readings(frame)) for number, frame in zip(numbers, between, strict=True)]
    if fits:
        points = [(numbers[0], first), (numbers[0], last)]
    until: dict[str, int] = {}
    within: dict[str, int] = {}
    breaks: dict[str, int] = {}
    for name in REGISTERS:
        seen = [(number, point[name]) for number, point in points if name in point]
        if not seen or (name not in first and name not in last):
            continue
        within[name] = _within(name, points)
        until[name], earlier = 0, []
        if name in latest:
            reading, place = latest[name]
            earlier = [reading]
            away = any(kind != kinds[place] for kind in kinds[place + 1 :]) and name in REGISTERS[:11]
            if not away and not _hides(name, seen[0][0]):
                until[name] = _energy(name, [reading, seen[0][1]])
                fall = reading[0] - seen[0][1][0]
                if 0 < fall <= within[name]:  # made good
                    until[name] = -fall
        if name in last:
            start = first.get(name, last[name])
            breaks[name] = last[name][0] - (*earlier, start)[0][0] - until[name] - within[name]
            latest[name] = seen[-1][1], len(kinds)
    had_total = previous is None or previous["total_last"] is not None
    suppliers = [name for name in REGISTERS[1:11] if name in first]
    counting = ["total"] if "total" in first and (had_total or not suppliers) else suppliers
    drawn = sum(until[name] for name in counting)
    if numbers[0] and previous is not None:
        before = {name: previous[f"{name}_last"] for name in REGISTERS if previous[f"{name}_last"] is not None}
        away = ends[0].timestamp.replace(microsecond=0) - previous["last_at"]
        drawn = max(drawn, over_change(before, registers(ends[0]), away))
    drawn += (
        _drawn(between) if not fits else within["total"] if "total" in first else sum(within[name] for name in counting)
    )
    if _counts(row):
        row["drawn_wh"] = drawn
    if "injected" in last:
        row["injected_wh"] = until["injected"] + within["injected"]
    return breaks


def over_change(before: dict[str, int], after: dict[str, int], away: timedelta) -> int:
    """What the meter's total shows between two kinds, which registers that both show do not tell."""
    one, other = (sum(wh for name, wh in shown.items() if name in REGISTERS[1:11]) for shown in (before, after))
    steps = [other - one]
    if "total" in before and "total" in after:
        steps = [after["total"] - before["total"]]
        if "supplier_1" in before and "supplier_1" not in after:
            steps.append(after["total"] - before["supplier_1"])
        elif "supplier_1" in after and "supplier_1" not in before:
            steps.append(after["supplier_1"] - before["total"])
        elif "supplier_1" in before:
            return 0
    elif "total" in before or "total" in after:
        if "supplier_1" in before and "supplier_1" in after:
            return 0
        steps = [after.get("total", other) - before.get("total", one)]
    return min((step for step in steps if 0 <= step <= 200 + 15 * away.total_seconds()), default=0)


def _counts(row: Row) -> bool:
    return any(row[f"{name}_last"] is not None for name in REGISTERS[:11])


def _drawn(frames: list[Frame]) -> int:
    """What frames add: the total as long as mode and contract stay, else what both have."""
    kinds = [list(group) for _, group in groupby(frames, _kind)]
    drawn = 0
    counted: dict[str, list[tuple[int, Reading]]] = {name: [] for name in REGISTERS[1:11]}
    for number, of_kind in enumerate(kinds):
        points = [_readings(frame) for frame in of_kind]
        totals = [place for place, point in enumerate(points) if "total" in point]
        drawn += _energy("total", [points[place]["total"] for place in totals])
        for untold in [points[: totals[0] + 1], points[totals[-1] :]] if totals else [points]:
            for name in REGISTERS[1:11]:
                drawn += _energy(name, [point[name] for point in untold if name in point])
        for name in REGISTERS[1:11]:
            counted[name] += [(number, point[name]) for point in points if name in point]
    for one_kind, next_kind in pairwise(kinds):
        one, other = one_kind[-1], next_kind[0]
        away = other.timestamp.replace(microsecond=0) - one.timestamp.replace(microsecond=0)
        drawn += max(over_change(registers(one), registers(other), away) - _shared(one, other), 0)
    for name, readings in counted.items():
        drawn += sum(_energy(name, [one, other]) for (a, one), (b, other) in pairwise(readings) if b == a + 1)
    return drawn


def _shared(one: Frame, other: Frame) -> int:
    """What the supplier's registers went on by that both frames show."""
    before, after = _readings(one), _readings(other)
    return sum(
        _energy(name, [before[name], after[name]]) for name in REGISTERS[1:11] if name in before and name in after
    )
