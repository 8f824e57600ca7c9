"""Writes rows as CSV, for programs or for a French spreadsheet, or as JSON, an object a line. No I/O."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from enum import Enum
from typing import Any

from common.spreadsheet import no_formula
from storer.export.columns import Column, ColumnKind

BYTE_ORDER_MARK = "\ufeff"  # without it, Excel takes UTF-8 for an encoding of the system


class Locale(Enum):
    """How CSV is written."""

    C = "c"  # for programs: comma, ISO 8601, Wh
    FR = "fr"  # for a French spreadsheet: semicolon, decimal comma, local date and time, kWh


def format_time(time: datetime, zone: tzinfo) -> str:
    """Write a time of the database in ISO 8601, with its offset; UTC is `Z`.

    >>> format_time(datetime.fromisoformat("2026-11-24 22:20"), UTC)
    '2026-11-24T22:20:00Z'
    """
    return time.replace(tzinfo=UTC).astimezone(zone).isoformat().replace("+00:00", "Z")


def format_french_time(time: datetime, zone: tzinfo) -> str:
    """Write a time of the database as a French spreadsheet reads it: local, to the millisecond.

    >>> format_french_time(datetime.fromisoformat("2026-11-24 22:20:20.123456"), UTC)
    '24/11/2026 22:20:20,123'
    """
    local = time.replace(tzinfo=UTC).astimezone(zone)
    whole = f"{local.day:02}/{local.month:02}/{local.year:04} {local:%H:%M:%S}"
    return f"{whole},{local.microsecond // 1000:03}" if local.microsecond else whole


def format_kwh(wh: int) -> str:
    """Write Wh as kWh with a decimal comma, exactly.

    >>> format_kwh(12), format_kwh(1204), format_kwh(-1204)
    ('0,012', '1,204', '-1,204')
    """
    return f"{'-' if wh < 0 else ''}{abs(wh) // 1000},{abs(wh) % 1000:03}"


def csv_lines(
    columns: Sequence[Column], rows: Iterable[Sequence[Any]], locale: Locale, zone: tzinfo
) -> Iterator[bytes]:
    """Yield CSV (RFC 4180), encoded, a line at a time; the first has the names. None is an empty field."""
    french = locale is Locale.FR
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if french else ",", lineterminator="\r\n")

    def line(values: Iterable[Any]) -> bytes:
        writer.writerow(values)
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text.encode()

    if french:
        yield BYTE_ORDER_MARK.encode()
    yield line(_name(column, french) for column in columns)
    formats = [
        no_formula if column.kind is ColumnKind.TEXT else _format(column.kind, french, zone) for column in columns
    ]
    for row in rows:
        yield line(_formatted(row, formats))


def json_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any]], zone: tzinfo) -> Iterator[bytes]:
    """Yield an object a line; None is null."""
    names = [column.name for column in columns]
    formats = [_format(column.kind, False, zone) for column in columns]
    for row in rows:
        yield json.dumps(dict(zip(names, _formatted(row, formats), strict=True))).encode() + b"\n"


def _formatted(row: Sequence[Any], formats: Sequence[Callable[[Any], Any] | None]) -> list[Any]:
    return [
        value if value is None or write is None else write(value) for write, value in zip(formats, row, strict=True)
    ]


def _name(column: Column, french: bool) -> str:
    return column.name.replace("_wh", "_kwh") if french and column.kind is ColumnKind.ENERGY else column.name


def _format(kind: ColumnKind, french: bool, zone: tzinfo) -> Callable[[Any], Any] | None:
    if kind is ColumnKind.TIME:
        return lambda time: (format_french_time if french else format_time)(time, zone)
    return format_kwh if french and kind is ColumnKind.ENERGY else None
