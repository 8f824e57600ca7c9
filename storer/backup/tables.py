"""The tables for backups: their structure, their rows in ranges, and the sums computed by the server."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from common.database import Connection
from common.errors import BackupError
from storer.backup.format import Kind, Table, Totals, Values, row_line

#: All tables with received data, each after those that it refers to; `schema_version` belongs to each database.
TABLES = ("meters", "label_sets", "frames", "tallies", "rejected_messages", "adoptions")

_RANGE = 20_000  # rows
_LINES = 1000  # rows per block of lines

_KINDS = {
    Kind.INT: ("tinyint", "smallint", "mediumint", "int", "bigint"),
    Kind.TIMESTAMP: ("timestamp",),
    Kind.TEXT: ("char", "varchar", "tinytext", "text", "mediumtext", "longtext"),
    Kind.BINARY: ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"),
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}

_TOTAL = {
    Kind.INT: "SUM(`{}`)",
    Kind.TIMESTAMP: "SUM(UNIX_TIMESTAMP(`{}`)) * 1000000",
    Kind.TEXT: "SUM(CRC32(`{}`))",
    Kind.BINARY: "SUM(CRC32(`{}`))",
}
_VALUE = {
    Kind.INT: "`{}`",
    Kind.TIMESTAMP: "CAST(`{}` AS CHAR)",
    Kind.TEXT: "`{}`",
    Kind.BINARY: "LOWER(HEX(`{}`))",
}
# Receiving a row as one text is five times faster than as some thirty values.
_AS_JSON = {
    Kind.INT: "COALESCE(`{}`, 'null')",
    Kind.TIMESTAMP: "COALESCE(CONCAT('\"', `{}`, '\"'), 'null')",
}

Range = tuple[str, Sequence[Any]]  # a WHERE clause, and its arguments


def schema_version(connection: Connection) -> int | None:
    """Return the version of the tables, None if there are no tables.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    exists = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'schema_version'"
    if not connection.query(exists):
        return None
    ((version,),) = connection.query("SELECT MAX(version) FROM schema_version")
    return version or None


def read_table(connection: Connection, name: str) -> Table | None:
    """Return the structure of a table, None if it does not exist.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
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
    if not columns:
        return None
    for column, kind in columns:
        if kind not in _KIND_OF:
            raise BackupError(f"the column {name}.{column} has a type that backups do not support: {kind}")
    return Table(name, {column: _KIND_OF[kind] for column, kind in columns}, tuple(column for (column,) in key))


def ranges(connection: Connection, table: Table) -> Iterator[Range]:
    """Split a table into ranges of its key, of some 20,000 rows each.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    key = f"`{table.key[0]}`"
    ((low, last),) = connection.query(f"SELECT MIN({key}), MAX({key}) FROM `{table.name}`")  # noqa: S608 - our own names
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
    """Let the server compute the totals of a range, independently of the rows that it sends.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
    where, arguments = part
    sums = ", ".join(
        f"COALESCE({_TOTAL[kind].format(name)}, 0) + COUNT(`{name}`)" for name, kind in table.columns.items()
    )
    sql = f"SELECT COUNT(*), {sums} FROM `{table.name}` WHERE {where}"  # noqa: S608 - our own names
    ((rows, *values),) = connection.query(sql, arguments)
    return Totals(int(rows), tuple(map(int, values)))


def lines(connection: Connection, table: Table, part: Range) -> Iterator[bytes]:
    """Yield the rows of a range as lines, in blocks, in the order of the key.

    Raises:
        DatabaseError: the database is unavailable, or refuses a statement.
    """
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


def insert(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows of a backup, whose types `Table.totals` has checked.

    Raises:
        DatabaseError: the database is unavailable, refuses the statement, or has a row already.
    """
    names = ", ".join(f"`{name}`" for name in table.columns)
    sql = f"INSERT INTO `{table.name}` ({names}) VALUES "  # noqa: S608 - our own names
    if table.plain:
        # Numbers, times and None: `repr` writes them as SQL does, much faster than with arguments.
        connection.execute(sql + ",".join(map(repr, map(tuple, rows))).replace("None", "NULL"))
        return
    kinds = tuple(table.columns.values())
    connection.execute_many(
        f"{sql}({', '.join(['%s'] * len(kinds))})",
        [
            [
                bytes.fromhex(value) if kind is Kind.BINARY and value is not None else value
                for kind, value in zip(kinds, row, strict=True)
            ]
            for row in rows
        ],
    )
