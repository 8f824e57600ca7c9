"""Encodes frames as rows, with the last label set of each meter: most of its frames have the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from common.contract.frame import Frame, Value
from storer.frames.remembered import Remembered
from storer.frames.rows import COLUMN_MAX, LabelSet, Row, make_label_set, make_row, split

_OVERHEAD = 1500  # of what is remembered of a meter, besides the text of its label set


class _Latest(NamedTuple):
    """The last label set of a meter, and all that it was made of."""

    made_of: object
    label_set: LabelSet


class RowEncoder:
    """Encodes frames; remembers the last label set of each meter."""

    CACHE_SIZE = 40_000_000  # characters of label sets, with the overhead: of some 20,000 meters

    def __init__(self) -> None:
        self._latest = Remembered[_Latest](self.CACHE_SIZE, _size)  # by meter

    def encode_row(self, frame: Frame) -> Row:
        """Return what `rows.encode_row` returns, which remembers nothing."""
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
    )


def _size(latest: _Latest) -> int:
    return _OVERHEAD + len(latest.label_set.content)
