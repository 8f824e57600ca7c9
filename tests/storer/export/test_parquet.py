import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

pytest.importorskip("pyarrow", reason="there is no pyarrow for this machine")

import pyarrow.parquet as pq

from storer.export.columns import Column, ColumnKind
from storer.export.parquet import write_parquet

COLUMNS = [
    Column("timestamp", ColumnKind.TIME, ""),
    Column("meter", ColumnKind.TEXT, ""),
    Column("power", ColumnKind.NUMBER, ""),
]
START = datetime.fromisoformat("2026-11-24 22:20:20.123456")


class Pipe(io.RawIOBase):
    """What can only be written to."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, block: Any) -> int:
        self.written += block
        return len(block)


def written(rows: Any, zone: Any = UTC) -> Any:
    pipe = Pipe()
    write_parquet(COLUMNS, rows, zone, pipe)  # type: ignore[arg-type]
    assert not pipe.closed
    return pq.ParquetFile(io.BytesIO(bytes(pipe.written)))


def test_values_and_types_come_back() -> None:
    table = written([[START, "031961123456", 390], [START, None, None], [None, "x", 2**32]]).read()
    assert [str(field.type) for field in table.schema] == ["timestamp[us, tz=UTC]", "string", "int64"]
    assert table.to_pylist() == [
        {"timestamp": START.replace(tzinfo=UTC), "meter": "031961123456", "power": 390},
        {"timestamp": START.replace(tzinfo=UTC), "meter": None, "power": None},
        {"timestamp": None, "meter": "x", "power": 2**32},
    ]


def test_times_are_the_same_instants_in_another_zone() -> None:
    table = written([[START, "x", 1]], ZoneInfo("Europe/Paris")).read()
    assert str(table.schema[0].type) == "timestamp[us, tz=Europe/Paris]"
    assert table.to_pylist()[0]["timestamp"] == START.replace(tzinfo=UTC)


def test_rows_are_written_in_groups() -> None:
    def rows() -> Iterator[list[Any]]:
        for number in range(120_000):
            yield [START + timedelta(seconds=number), "x", number]

    file = written(rows())
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [50_000, 50_000, 20_000]
    assert file.read()["power"].to_pylist() == list(range(120_000))


def test_no_rows_are_a_file_with_columns() -> None:
    assert written([]).read().schema.names == ["timestamp", "meter", "power"]
