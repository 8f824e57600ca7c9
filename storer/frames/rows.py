"""Encodes frames as rows and decodes rows to the same frames, value for value.

Labels that change from frame to frame go into small integer columns. All others, and any value that does not fit its
column, form the frame's *label set*: JSON that many frames share, with the layout of docs/storage.md. Most frames of a
meter have the label set of the frame before, which `RowEncoder` makes only once.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from common.contract import tariff
from common.contract.frame import Frame, Value, parse_time, write_stamp
from common.contract.labels import LABELS, Mode
from common.contract.power import VA_PER_AMPERE, is_three_phase
from common.contract.registers import DISTRIBUTOR_LABELS, REACTIVE_LABELS, SUPPLIER_LABELS
from storer.frames.cache import BoundedCache
from storer.frames.relative_registers import idle_totals, is_wide, number_of, value_of

_INT, _MEDIUMINT, _SMALLINT, _TINYINT = 2**32 - 1, 2**24 - 1, 2**16 - 1, 2**8 - 1

#: The columns of `frames` after the three that every row has, and the largest number each one holds.
COLUMN_MAX: Mapping[str, int] = {
    "dropped": _TINYINT,
    "clock_offset": 2**31 - 1,  # 68 years: a clock that was never set fits, too
    **dict.fromkeys(("index_total", "index_supplier", "index_distributor", "index_injected"), _INT),
    **dict.fromkeys(("reactive_1", "reactive_2", "reactive_3", "reactive_4"), _INT),
    **dict.fromkeys(("power", "power_1", "power_2", "power_3", "power_injected"), _MEDIUMINT),
    **dict.fromkeys(("current", "current_1", "current_2", "current_3"), _SMALLINT),
    **dict.fromkeys(("voltage_1", "voltage_2", "voltage_3"), _SMALLINT),
    **dict.fromkeys(("overload", "overload_1", "overload_2", "overload_3"), _SMALLINT),
}
COLUMNS = tuple(COLUMN_MAX)
_PLACE = {column: place for place, column in enumerate(COLUMNS)}

_COLUMN_OF: Mapping[Mode, Mapping[str, str]] = {
    Mode.HISTORIC: {
        "BASE": "index_total",
        "PAPP": "power",
        "IINST": "current",
        "ADPS": "overload",
        **{f"IINST{phase}": f"current_{phase}" for phase in (1, 2, 3)},
        **{f"ADIR{phase}": f"overload_{phase}" for phase in (1, 2, 3)},
    },
    Mode.STANDARD: {
        "EAST": "index_total",
        "EAIT": "index_injected",
        **{label: f"reactive_{quadrant}" for quadrant, label in enumerate(REACTIVE_LABELS, 1)},
        "SINSTS": "power",
        "SINSTI": "power_injected",
        **{f"SINSTS{phase}": f"power_{phase}" for phase in (1, 2, 3)},
        **{f"IRMS{phase}": f"current_{phase}" for phase in (1, 2, 3)},
        **{f"URMS{phase}": f"voltage_{phase}" for phase in (1, 2, 3)},
    },
}

# Historic mode: registers by tariff period (PTEC), of contracts with more than one. BASE has a column of its own.
_MULTI_RATE_REGISTERS = [registers for name, registers in tariff.HISTORIC_REGISTERS.items() if name != "BASE"]
_RUNNING = {period: register for registers in _MULTI_RATE_REGISTERS for period, register in registers.items()}
BOTH = "both"  # of `relative`: see relative_registers.py
_LONGEST_TEXT = 16
_DIGEST_SIZE = 10  # bytes; they do not compress, and are much of what a difference between label sets takes


Columns = Sequence[int | None]  # in the order of COLUMNS
_ORDER: Mapping[Mode, list[str]] = {mode: list(LABELS[mode]) for mode in Mode}
_DEFAULT_LABELS: Mapping[Mode, dict[str, str]] = {
    mode: {column: label for label, column in columns.items()} for mode, columns in _COLUMN_OF.items()
}
_OVERHEAD = 1500  # of a meter in the cache, besides the text of its label set


@dataclass(frozen=True, slots=True)
class LabelSet:
    """What many frames have in common, with the columns that the view `teleinfoframes` reads."""

    digest: bytes  # the key of the set, the same whichever storer writes it
    content: str  # JSON
    subscription_type: str | None
    subscribed_current: int | None
    pricing_period: str | None
    current_max: int | None
    schedule: str | None
    state_code: str | None
    idle_registers_total: int | None
    index_total: int | None
    idle: Mapping[str, int]  # the sum of the registers that do not run, by column that is relative
    both: bool  # of `relative`


@dataclass(frozen=True, slots=True)
class Row:
    """One frame as a row of `frames`."""

    timestamp: datetime
    meter: str
    label_set: LabelSet
    columns: tuple[int | None, ...]  # in the order of COLUMNS


def content_text(content: Mapping[str, Any]) -> str:
    """Write the content of a label set; the digest is that of this text."""
    return json.dumps(content, separators=(",", ":"))


def digest_of(content: str) -> bytes:
    """Return the digest of a label set's content: 80 bits, padded to 16 bytes."""
    whole = hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()
    return whole[:_DIGEST_SIZE].ljust(16, b"\0")


def encode_row(frame: Frame) -> Row:
    """Return the frame's row; `decode_row` turns it into the same frame."""
    columns, rest = split(frame)
    return make_row(frame, columns, make_label_set(frame, columns, rest))


def make_row(frame: Frame, columns: Columns, label_set: LabelSet) -> Row:
    """Return the row; the columns, as `split` returns them, become relative to the label set."""
    if label_set.idle:
        columns = list(columns)
        total = columns[_PLACE["index_total"]]
        for column, idle in label_set.idle.items():
            place = _PLACE[column]
            columns[place] = number_of(column, columns[place], total, idle, both=label_set.both)
    return Row(frame.timestamp, frame.meter, label_set, tuple(columns))


def decode_row(timestamp: datetime, meter: str, columns: Columns, content: Mapping[str, Any]) -> Frame:
    """Return the frame of a row; `content` is that of its label set, parsed."""
    mode = Mode(content["mode"])
    values = row_values(columns, content)
    stamps = {label: parse_time(text) for label, text in content["stamps"].items()} if "stamps" in content else None
    offset = columns[_PLACE["clock_offset"]]
    if offset is not None:
        values["DATE"] = ""
        stamps = (stamps or {}) | {"DATE": timestamp.replace(microsecond=0) + timedelta(seconds=offset)}
    ordered = _in_order(values, content.get("order") or _ORDER[mode])
    dropped = columns[_PLACE["dropped"]]
    return Frame(
        meter=meter,
        timestamp=timestamp,
        mode=mode,
        values=ordered,
        stamps=None if stamps is None else _in_order(stamps, content.get("stamp_order") or list(ordered)),
        clock=content.get("clock"),
        host_clock=content.get("host_clock"),
        dropped=dropped if dropped is not None else content.get("dropped"),
        source=content.get("source"),
        interval=content.get("interval"),
    )


def row_values(columns: Columns, content: Mapping[str, Any]) -> dict[str, Value]:
    """Return the values of a row's frame, in no order, and without a DATE that is in `clock_offset`.

    This is the part of `decode_row` that readings need, at a quarter of the cost.
    """
    values: dict[str, Value] = dict(content["frame"])
    own = content.get("columns", {})
    relative = content.get("relative")
    idle = idle_totals(own, content["frame"]) if relative else {}
    for column, label in labels_by_column(content).items():
        number = columns[_PLACE[column]]
        if column in idle:
            number = value_of(column, number, columns[_PLACE["index_total"]], idle[column], both=relative == BOTH)
        if number is not None:
            values[label] = number
    return values


def labels_by_column(content: Mapping[str, Any]) -> dict[str, str]:
    """Return for each column with a value of the meter under which label the frame has it."""
    own: Mapping[str, str] = content.get("columns", {})
    return {**_DEFAULT_LABELS[Mode(content["mode"])], **own}


def _in_order(things: Mapping[str, Any], order: list[str]) -> dict[str, Any]:
    ordered = {label: things[label] for label in order if label in things}
    return ordered | {label: thing for label, thing in things.items() if label not in ordered}


def split(frame: Frame) -> tuple[Columns, dict[str, Value]]:
    """Return the values that have a column, and the labels of the label set with theirs."""
    columns: list[int | None] = [None] * len(COLUMNS)
    rest = dict(frame.values)
    for label, column in _columns_by_label(frame.mode, *_frame_dependent_columns(frame.mode, frame.values).items()):
        value = rest.get(label)
        if type(value) is int and 0 <= value <= COLUMN_MAX[column]:
            columns[_PLACE[column]] = value
            del rest[label]
    offset = clock_offset(frame)
    if offset is not None:
        columns[_PLACE["clock_offset"]] = offset
        del rest["DATE"]
    if frame.dropped is not None and frame.dropped <= COLUMN_MAX["dropped"]:
        columns[_PLACE["dropped"]] = frame.dropped
    return columns, rest


@lru_cache
def _columns_by_label(mode: Mode, *own: tuple[str, str]) -> Collection[tuple[str, str]]:
    return {**_COLUMN_OF[mode], **{label: column for column, label in own}}.items()


def make_label_set(frame: Frame, columns: Columns, rest: dict[str, Value]) -> LabelSet:
    """Return the label set of a frame that `split` has divided."""
    mode, values = frame.mode, frame.values
    own = _frame_dependent_columns(mode, values)
    idle = idle_totals(own, rest)
    both = bool(idle) and is_wide(values)
    content: dict[str, Any] = {"mode": mode.value, "frame": rest}
    if own:
        content["columns"] = own
    if idle:
        content["relative"] = BOTH if both else True
    if is_three_phase(values):
        content["phases"] = 3
    if frame.stamps is not None:
        stamps = dict(frame.stamps)
        if columns[_PLACE["clock_offset"]] is not None:
            del stamps["DATE"]
        content["stamps"] = {label: write_stamp(stamp) for label, stamp in stamps.items()}
        if list(frame.stamps) != list(_in_order(frame.stamps, list(values))):
            content["stamp_order"] = list(frame.stamps)
    if list(values) != list(_in_order(values, _ORDER[mode])) or not LABELS[mode].keys() >= values.keys():
        content["order"] = list(values)
    content |= {
        key: text for key, text in (("clock", frame.clock), ("host_clock", frame.host_clock)) if text is not None
    }
    if frame.dropped is not None and columns[_PLACE["dropped"]] is None:
        content["dropped"] = frame.dropped
    if frame.source is not None:
        content["source"] = frame.source
    if frame.interval is not None:
        content["interval"] = frame.interval
    return _label_set(content, idle, both=both)


def _frame_dependent_columns(mode: Mode, values: Mapping[str, Value]) -> dict[str, str]:
    """Return the columns whose label depends on the frame: the running registers, and a pilot meter's power."""
    if mode is Mode.HISTORIC:
        register = _RUNNING.get(str(values.get("PTEC")))
        return {"index_supplier": register} if register is not None else {}
    own = {}
    number = tariff.supplier_register(values)
    if number is not None:
        own["index_supplier"] = SUPPLIER_LABELS[number - 1]
    number = tariff.distributor_register(values)
    if number is not None:
        own["index_distributor"] = DISTRIBUTOR_LABELS[number - 1]
    if "SINST1" in values and "SINSTS" not in values:
        own["power"] = "SINST1"
    return own


def clock_offset(frame: Frame) -> int | None:
    """Return the seconds from the frame's timestamp to its DATE; None if they are not stored in a column."""
    stamp = frame.stamps.get("DATE") if frame.stamps else None
    if stamp is None or stamp.microsecond or frame.values.get("DATE") != "":
        return None
    difference = stamp - frame.timestamp.replace(microsecond=0)
    offset = difference.days * 86_400 + difference.seconds
    return offset if abs(offset) <= COLUMN_MAX["clock_offset"] else None


def _label_set(content: Mapping[str, Any], idle: Mapping[str, int], *, both: bool) -> LabelSet:
    text = content_text(content)
    values: Mapping[str, Value] = content["frame"]
    historic = content["mode"] == Mode.HISTORIC
    idle_total, total = _registers(content) if historic else (None, _number(values, "EAST"))
    return LabelSet(
        digest=digest_of(text),
        content=text,
        subscription_type=_short_text(values.get("OPTARIF") if historic else tariff.contract(values)),
        subscribed_current=_subscribed_current(content),
        pricing_period=_short_text(values.get("PTEC") if historic else tariff.period(values)),
        current_max=_current_max(values),
        schedule=_short_text(values.get("HHPHC")),
        state_code=_short_text(values.get("MOTDETAT")),
        idle_registers_total=idle_total,
        index_total=total,
        idle=idle,
        both=both,
    )


def _registers(content: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the sum of the idle registers if one runs, or else the total; None if a register is missing."""
    values: Mapping[str, Value] = content["frame"]
    running = content.get("columns", {}).get("index_supplier")
    for registers in _MULTI_RATE_REGISTERS:
        names = set(registers.values())
        numbers = [_number(values, name) for name in sorted(names - {running})]
        if None not in numbers and (running in names or "BASE" not in values):
            # A running register too large for its column is in the set, and its column is NULL: no total.
            total = sum(number for number in numbers if number is not None)
            return (total, None) if running in names else (None, total)
    return None, _number(values, "BASE")


def _number(values: Mapping[str, Value], label: str) -> int | None:
    value = values.get(label)
    return value if isinstance(value, int) and 0 <= value <= _INT else None


def _short_text(value: Value | None) -> str | None:
    return value if isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isascii() else None


def _subscribed_current(content: Mapping[str, Any]) -> int | None:
    """Return amperes per phase: ISOUSC, or PREF (kVA) converted."""
    current = _number(content["frame"], "ISOUSC")
    if current is None:
        power = _number(content["frame"], "PREF")
        if power is None:
            return None
        current = power * 1000 // VA_PER_AMPERE // content.get("phases", 1)
    return current if current <= _SMALLINT else None


def _current_max(values: Mapping[str, Value]) -> int | None:
    """Return IMAX, or the sum of three phases; None if one of them is missing."""
    labels = ("IMAX",) if "IMAX" in values else ("IMAX1", "IMAX2", "IMAX3")
    currents = [number for label in labels if (number := _number(values, label)) is not None]
    return sum(currents) if len(currents) == len(labels) and sum(currents) <= _MEDIUMINT else None


class _Latest(NamedTuple):
    """The last label set of a meter, and all that it was made of."""

    made_of: object
    label_set: LabelSet


class RowEncoder:
    """Encodes frames, with a cache of the last label set of each meter."""

    CACHE_SIZE = 40_000_000  # characters of label sets, with the overhead: of some 20,000 meters

    def __init__(self) -> None:
        self._latest = BoundedCache[_Latest](self.CACHE_SIZE, _size)  # by meter

    def encode_row(self, frame: Frame) -> Row:
        """Return the row of `encode_row`, from the cache where possible."""
        columns, rest = split(frame)
        made_of = _made_of(frame, rest)
        latest = self._latest.get(frame.meter)
        if latest is None or latest.made_of != made_of:
            latest = _Latest(made_of, make_label_set(frame, columns, rest))
            self._latest.put(frame.meter, latest)
        return make_row(frame, columns, latest.label_set)


def _made_of(frame: Frame, rest: dict[str, Value]) -> object:
    """Return all that the label set of a frame depends on."""
    stamps: Mapping[str, datetime | None] | None = frame.stamps
    if stamps is not None and "DATE" in frame.values and "DATE" not in rest:
        stamps = {**stamps, "DATE": None}  # it has a column
    return (
        frame.mode,
        tuple(frame.values),
        rest,  # its order is that of all labels
        None if stamps is None else (*stamps, *stamps.values()),
        frame.clock,
        frame.host_clock,
        None if (frame.dropped or 0) <= COLUMN_MAX["dropped"] else frame.dropped,
        frame.source,
        frame.interval,
    )


def _size(latest: _Latest) -> int:
    return _OVERHEAD + len(latest.label_set.content)
