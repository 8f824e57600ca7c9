"""The tables for backups: their structure, their rows in ranges, and the sums computed by the server."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from common.database.mariadb import Connection, sql_time
from common.errors import BackupError
from storer.backup.format import Table, Totals, ValueKind, Values, row_line
from storer.backup.scope import EVERYTHING, TIME_COLUMNS, Span
from storer.database.literals import literals
from storer.database.months import month_of, next_month

#: All tables with received data, each after those that it refers to; `schema_version` belongs to each database.
TABLES = (
    "meters",
    "label_sets",
    "frames",
    "tallies",
    "minutes",
    "hours",
    "breaks",
    "late_hours",
    "imported_hours",
    "imported_temperatures",
    "rollup_state",
    "sources",
    "source_minutes",
    "source_hours",
    "rejected_messages",
    "imports",
)
#: The same as files have them, in their order, those of earlier versions too.
IN_FILES = (*TABLES[:-1], "adoptions", "imports")

# Label sets that are restored are searched again, and who writes sources is found out again.
_NOT_SAVED = ("unused_since", "writer", "writer_until")
_RANGE = 20_000  # rows
_IDS = 2_000  # in one WHERE
_LINES = 1000  # rows per block of lines

_KINDS = {
    ValueKind.INT: ("tinyint", "smallint", "mediumint", "int", "bigint"),
    ValueKind.TIMESTAMP: ("timestamp",),
    ValueKind.TEXT: ("char", "varchar", "tinytext", "text", "mediumtext", "longtext"),
    ValueKind.BINARY: ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"),
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}

_TOTAL = {
    ValueKind.INT: "SUM(`{}`)",
    ValueKind.TIMESTAMP: "SUM(UNIX_TIMESTAMP(`{}`)) * 1000000",
    ValueKind.TEXT: "SUM(CRC32(`{}`))",
    ValueKind.BINARY: "SUM(CRC32(`{}`))",
}
_VALUE = {
    ValueKind.INT: "`{}`",
    ValueKind.TIMESTAMP: "CAST(`{}` AS CHAR)",
    ValueKind.TEXT: "`{}`",
    ValueKind.BINARY: "LOWER(HEX(`{}`))",
}
# Receiving a row as one text is five times faster than as some thirty values.
_AS_JSON = {
    ValueKind.INT: "COALESCE(`{}`, 'null')",
    ValueKind.TIMESTAMP: "COALESCE(CONCAT('\"', `{}`, '\"'), 'null')",
}

_FIRST = datetime(1970, 1, 1, 0, 0, 1)  # noqa: DTZ001 - in UTC without an offset, as the server answers

Range = tuple[str, Sequence[Any]]  # a WHERE clause, and its arguments


def read_table(connection: Connection, name: str) -> Table | None:
    """Return the structure of a table, None if it does not exist."""
    columns = connection.query(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
        (name,),
    )
    key = connection.query(
        "SELECT column_name FROM information_schema.key_column_usage WHERE table_schema = DATABASE()"
        " AND table_name = %s AND constraint_name = 'PRIMARY' ORDER BY ordinal_position",
        (name,),
    )
    columns = [(column, kind) for column, kind in columns if column not in _NOT_SAVED]
    if not columns:
        return None
    for column, kind in columns:
        if kind not in _KIND_OF:
            raise BackupError(f"the column {name}.{column} has a type that backups do not support: {kind}")
    return Table(name, {column: _KIND_OF[kind] for column, kind in columns}, tuple(column for (column,) in key))


def ranges(connection: Connection, table: Table, spans: Sequence[Span] = EVERYTHING) -> Iterator[Range]:
    """Split a table into ranges of its key, of some 20,000 rows each, in the order of the key.

    `spans`: only rows of these times, in order; tables without a time are split as a whole.
    """
    column = TIME_COLUMNS.get(table.name)
    if column is None:
        yield from _key_ranges(connection, table, EVERYTHING[0])
    elif table.key[0] == column:
        for span in spans:
            yield from _key_ranges(connection, table, span)
    else:
        yield from _month_ranges(connection, table, column, spans)


def id_ranges(ids: Sequence[int]) -> Iterator[Range]:
    """Split a table into ranges of some of its ids, which are sorted."""
    for begin in range(0, len(ids), _IDS):
        part = ids[begin : begin + _IDS]
        yield f"`id` IN ({', '.join(['%s'] * len(part))})", part


def used_label_sets(connection: Connection, spans: Sequence[Span]) -> list[int]:
    """Return the ids of the label sets that frames and hours of these times have, with their bases, sorted."""
    found: set[int] = set()
    for table in ("frames", "hours"):
        column = TIME_COLUMNS[table]
        for span in spans:
            ((first, last),) = connection.query(
                f"SELECT MIN({column}), MAX({column}) FROM {table} WHERE {_within(column, span)[0]}",  # noqa: S608
                _within(column, span)[1],
            )
            while first is not None and first <= last:  # a day at a time: no statement takes long
                day = (first + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
                where, arguments = _within(column, (first, min(day, last + timedelta.resolution)))
                found |= {
                    int(number)
                    for (number,) in connection.query(
                        f"SELECT DISTINCT label_set_id FROM {table} WHERE {where}"  # noqa: S608 - our own names
                        " AND label_set_id IS NOT NULL",
                        arguments,
                    )
                }
                first = day
    bases: set[int] = set()
    for where, arguments in id_ranges(sorted(found)):
        sql = f"SELECT DISTINCT base_id FROM label_sets WHERE {where} AND base_id IS NOT NULL"  # noqa: S608
        bases |= {int(number) for (number,) in connection.query(sql, arguments)}
    return sorted(found | bases)


def _within(column: str, span: Span) -> Range:
    conditions = [(f"`{column}` {sign} %s", limit) for sign, limit in zip((">=", "<"), span, strict=True) if limit]
    return " AND ".join(text for text, _ in conditions) or "1", [_sql(limit) for _, limit in conditions]


def _sql(instant: datetime) -> str:
    return sql_time(max(instant.replace(tzinfo=None), _FIRST))


def _month_ranges(connection: Connection, table: Table, column: str, spans: Sequence[Span]) -> Iterator[Range]:
    """Split a table whose key begins with the meter or source, then the time: one of them and a month each."""
    owner = table.key[0]
    owners = connection.query(f"SELECT DISTINCT `{owner}` FROM `{table.name}` ORDER BY `{owner}`")  # noqa: S608
    for (number,) in owners:
        for span in spans:
            where, arguments = _within(column, span)
            ((first, last),) = connection.query(
                f"SELECT MIN(`{column}`), MAX(`{column}`) FROM `{table.name}` WHERE `{owner}` = %s AND {where}",  # noqa: S608
                (number, *arguments),
            )
            while first is not None and first <= last:
                end = next_month(month_of(first)).replace(tzinfo=None)
                where, arguments = _within(column, (first, min(end, last + timedelta(seconds=1))))
                yield f"`{owner}` = %s AND {where}", (number, *arguments)
                first = end


def _key_ranges(connection: Connection, table: Table, span: Span) -> Iterator[Range]:
    key = f"`{table.key[0]}`"
    within, limits = _within(table.key[0], span)
    ((low, last),) = connection.query(
        f"SELECT MIN({key}), MAX({key}) FROM `{table.name}` WHERE {within}",  # noqa: S608 - our own names
        limits,
    )
    # Rows that share the key's first column stay together. And no query reads beyond the last row: a partition created
    # there since the snapshot cannot be read in it.
    ahead = f"SELECT {key} FROM `{table.name}` WHERE {key} >= %s AND {key} <= %s ORDER BY {key} LIMIT 1 OFFSET {_RANGE}"  # noqa: S608
    after = f"SELECT MIN({key}) FROM `{table.name}` WHERE {key} > %s AND {key} <= %s"  # noqa: S608
    while low is not None:
        found = connection.query(ahead, (low, last))
        high = found[0][0] if found else None
        if high == low:
            ((high,),) = connection.query(after, (low, last))
        yield f"{key} >= %s AND {key} {'<=' if high is None else '<'} %s", (low, last if high is None else high)
        low = high


def totals(connection: Connection, table: Table, part: Range) -> Totals:
    """Let the server compute the totals of a range, independently of the rows that it sends."""
    where, arguments = part
    sums = ", ".join(
        f"COALESCE({_TOTAL[kind].format(name)}, 0) + COUNT(`{name}`)" for name, kind in table.columns.items()
    )
    sql = f"SELECT COUNT(*), {sums} FROM `{table.name}` WHERE {where}"  # noqa: S608 - our own names
    ((rows, *values),) = connection.query(sql, arguments)
    return Totals(int(rows), tuple(map(int, values)))


def lines(connection: Connection, table: Table, part: Range) -> Iterator[bytes]:
    """Yield the rows of a range as lines, in blocks, in the order of the key."""
    where, arguments = part
    order = ", ".join(f"`{name}`" for name in table.key)
    if table.plain:
        parts = ", ',', ".join(_AS_JSON[kind].format(name) for name, kind in table.columns.items())
        what = f"CONCAT('[', {parts}, ']')"
    else:
        what = ", ".join(_VALUE[kind].format(name) for name, kind in table.columns.items())
    sql = f"SELECT {what} FROM `{table.name}` WHERE {where} ORDER BY {order}"  # noqa: S608 - our own names
    # Always closed: otherwise an error would leave unread rows on the connection.
    with contextlib.closing(connection.stream(sql, arguments)) as rows:
        block: list[bytes] = []
        for row in rows:
            block.append(row[0].encode() + b"\n" if table.plain else row_line(row))
            if len(block) >= _LINES:
                yield b"".join(block)
                block = []
        yield b"".join(block)


def insert(connection: Connection, table: Table, rows: Sequence[Values], *, replace: bool = False) -> None:
    """Insert rows of a backup, whose types `Table.totals` has checked.

    `replace`: a row that is there already gets their values; without it that is refused.
    """
    names = ", ".join(f"`{name}`" for name in table.columns)
    values = ", ".join(f"`{name}` = VALUES(`{name}`)" for name in table.columns)
    on_duplicate = f" ON DUPLICATE KEY UPDATE {values}" if replace else ""
    sql = f"INSERT INTO `{table.name}` ({names}) VALUES "  # noqa: S608 - our own names
    if table.plain:
        connection.execute(sql + literals(rows) + on_duplicate)
        return
    kinds = tuple(table.columns.values())
    connection.execute_many(
        f"{sql}({', '.join(['%s'] * len(kinds))}){on_duplicate}",
        [
            [
                bytes.fromhex(value) if kind is ValueKind.BINARY and value is not None else value
                for kind, value in zip(kinds, row, strict=True)
            ]
            for row in rows
        ],
    )
