"""Writes rows as a Parquet file, in groups, with pyarrow."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from storer.export.columns import Column, ColumnKind

_GROUP = 50_000  # rows; so many are in memory


class _Out:
    """A stream that may be a pipe: it is only written to, and knows how far it is."""

    closed = False

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._written = 0

    def write(self, block: Any) -> int:
        self._out.write(block)
        self._written += len(block)
        return len(block)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        self._out.flush()

    def close(self) -> None:
        """Leave the stream open: it is the caller's."""
        self.flush()


def write_parquet(columns: Sequence[Column], rows: Iterable[Sequence[Any]], zone: tzinfo, out: BinaryIO) -> None:
    """Write a whole file; times are instants, shown in `zone`.

    Raises:
        OSError: the output cannot be written.
    """
    schema = pa.schema([pa.field(column.name, _type(column.kind, zone)) for column in columns])
    times = [place for place, column in enumerate(columns) if column.kind is ColumnKind.TIME]
    source = iter(rows)
    with pa.PythonFile(_Out(out), mode="w") as sink, pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        while group := list(itertools.islice(source, _GROUP)):
            values: list[Sequence[Any]] = list(zip(*group, strict=True))
            for place in times:
                values[place] = [None if time is None else time.replace(tzinfo=UTC) for time in values[place]]
            arrays = [pa.array(column, field.type) for column, field in zip(values, schema, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _type(kind: ColumnKind, zone: tzinfo) -> Any:
    if kind is ColumnKind.TIME:
        return pa.timestamp("us", tz=str(zone))
    return pa.string() if kind is ColumnKind.TEXT else pa.int64()
