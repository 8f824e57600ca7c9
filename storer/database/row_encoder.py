"""Encodes the frames of many meters as rows, faster than one by one: a meter's frame is much like its last one.

The result is that of `encode_row`, which encodes the first frame of a meter and each one that has another label set.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

from common.contract.frame import Frame
from storer.database.relative_registers import idle_totals, is_wide
from storer.database.rows import COLUMN_MAX, COLUMNS, LabelSet, Row, clock_offset, column_of, encode_row, make_relative
from storer.runtime.remembered import Remembered

_PLACE = {column: place for place, column in enumerate(COLUMNS)}
_DROPPED, _CLOCK_OFFSET = _PLACE["dropped"], _PLACE["clock_offset"]
_MOST_SHAPES = 1000
_MOST_LABELS = 200  # of a shape; meters have up to 70
_OVERHEAD = 300  # of what is remembered of a meter, besides its label set

_Columns = tuple[int | None, ...]


class _Shape:
    """Frames with the same labels in the same order, and with the same columns for them."""

    def __init__(self, frame: Frame, columns: Mapping[str, str]) -> None:
        """`columns` is that of `column_of`."""
        self._mode = frame.mode
        self._columns = columns
        self._labels = tuple(frame.values)
        self._is_wide = is_wide(frame.values)
        self._stamp_labels = None if frame.stamps is None else tuple(frame.stamps)
        self._has_offset = clock_offset(frame) is not None
        moving = [label for label in self._labels if label in columns]
        self._places = [(_PLACE[columns[label]], COLUMN_MAX[columns[label]]) for label in moving]
        self._moving = _picker(moving)
        apart = {"DATE"} if self._has_offset else set()
        self._rest = _picker([label for label in self._labels if label not in columns and label not in apart])
        self._stamps = _picker([label for label in self._stamp_labels or () if label not in apart])

    def matches(self, frame: Frame) -> bool:
        stamps = frame.stamps
        return (
            tuple(frame.values) == self._labels
            and frame.mode is self._mode
            and (None if stamps is None else tuple(stamps)) == self._stamp_labels
        )

    def columns(self, frame: Frame, idle: Mapping[str, int]) -> _Columns | None:
        """Return the columns of a frame that matches; None if one of its values does not fit into its column.

        `idle` is that of `idle_totals`, which depends on the label set.
        """
        columns: list[int | None] = [None] * len(COLUMNS)
        for value, (place, largest) in zip(self._moving(frame.values), self._places, strict=True):
            if type(value) is not int or not 0 <= value <= largest:
                return None
            columns[place] = value
        if idle:
            make_relative(columns, idle, both=self._is_wide)
        offset = clock_offset(frame)
        if (offset is not None) != self._has_offset:
            return None
        columns[_CLOCK_OFFSET] = offset
        if frame.dropped is not None:
            if frame.dropped > COLUMN_MAX["dropped"]:
                return None
            columns[_DROPPED] = frame.dropped
        return tuple(columns)

    def rest(self, frame: Frame) -> tuple[Any, ...]:
        """Return what the label set of a frame that matches is made of. `column_of` depends on nothing else either."""
        return self._rest(frame.values), self._stamps(frame.stamps or {}), frame.clock, frame.host_clock

    def idle(self, frame: Frame) -> dict[str, int]:
        """Return the `idle_totals` of a frame that matches."""
        running = {column: label for label, column in self._columns.items()}
        return idle_totals(running, frame.values)


class _Latest:
    """The last label set of a meter, and what its frames must have to share it."""

    __slots__ = ("_idle", "_rest", "_shape", "label_set")

    def __init__(self, shape: _Shape, frame: Frame, label_set: LabelSet) -> None:
        self._shape = shape
        self._rest = shape.rest(frame)
        self._idle = shape.idle(frame)
        self.label_set = label_set

    def columns(self, frame: Frame) -> _Columns | None:
        """Return the columns of a frame that has this label set; None if it may have another."""
        shape = self._shape
        return shape.columns(frame, self._idle) if shape.matches(frame) and shape.rest(frame) == self._rest else None


class RowEncoder:
    """Encodes frames; remembers the last label set of each meter."""

    CACHE_SIZE = 20_000_000  # characters of label sets, with the overhead: of some 20,000 meters

    def __init__(self) -> None:
        self._latest = Remembered(self.CACHE_SIZE, _size)  # by meter
        self._shapes: dict[object, _Shape] = {}

    def encode_row(self, frame: Frame) -> Row:
        """Return what `rows.encode_row` returns."""
        latest = self._latest.get(frame.meter)
        if latest is not None and (columns := latest.columns(frame)) is not None:
            return Row(frame.timestamp, frame.meter, latest.label_set, columns)
        row = encode_row(frame)
        if len(frame.values) + len(frame.stamps or ()) > _MOST_LABELS:
            return row
        shape = self._shape_of(frame)
        # None if something is in the label set that could be in a column, and perhaps is in the next frame.
        if shape.columns(frame, {}) is not None:
            self._latest.put(frame.meter, _Latest(shape, frame, row.label_set))
        return row

    def _shape_of(self, frame: Frame) -> _Shape:
        columns = column_of(frame.mode, frame.values)
        key = (
            frame.mode,
            tuple((label, columns.get(label)) for label in frame.values),
            None if frame.stamps is None else tuple(frame.stamps),
            clock_offset(frame) is not None,
        )
        shape = self._shapes.get(key)
        if shape is None:
            if len(self._shapes) >= _MOST_SHAPES:
                self._shapes.clear()
            shape = self._shapes[key] = _Shape(frame, columns)
        return shape


def _size(latest: _Latest) -> int:
    return _OVERHEAD + len(latest.label_set.content)


def _picker(labels: Iterable[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return a function from a mapping to a tuple of the values of these labels."""
    wanted = tuple(labels)
    if len(wanted) > 1:
        return itemgetter(*wanted)
    return lambda values: tuple(values[label] for label in wanted)  # itemgetter returns no tuple for one
