"""The file of a closed month: its frames, minutes, and minutes of sources, as lines of JSON.

The first line is an object: month, digest, and the columns of each kind of line. Then arrays, whose first value is the
kind: `l` a label set, `f` a frame, `m` a minute, `s` an hour of minutes of a source. Owners are written by name and a
label set by its place among those of the file, so that any database can take them.
"""

import heapq
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from common.database.mariadb import Connection, sql_time
from common.errors import BackupError
from storer.backup.folder import Reader, Writer, new_file, read_whole
from storer.database.forgotten import Forgotten, was_forgotten
from storer.database.literals import literals
from storer.database.meters import add_meters, known_meters
from storer.database.months import next_month
from storer.rollups.state import first_frame, server_now

FORMAT = 2
#: Kind of line, with the table, the column of its time, the column of its owner, and the table of that.
KINDS = {
    "f": ("frames", "timestamp", "meter_id"),
    "m": ("minutes", "minute", "meter_id"),
    "s": ("source_minutes", "hour", "source_id"),
}
_LABEL_COLUMNS = (
    *("subscription_type", "subscribed_current", "pricing_period", "current_max", "schedule", "state_code"),
    *("registers_at_rest", "index_total", "content"),
)
_SLICE = timedelta(hours=1)
_BATCH = 1000  # rows of one INSERT

Row = tuple[str, str, str | None, str]  # time, owner, digest of the label set, the other values as JSON


def write_month(connection: Connection, path: Path, month: datetime, digest: str, *, with_old: bool) -> dict[str, int]:
    """Write the file of a month, read it back and count it; return how many rows of each kind it has.

    `with_old`: keep the rows that only the present file has, which must be intact; not those of a forgotten meter.

    Raises:
        BackupError: it cannot be written.
    """
    columns = {kind: _columns(connection, kind) for kind in KINDS}
    header = {
        "teleinfo-storer": "month",
        "format": FORMAT,
        "month": f"{month:%Y-%m}",
        "digest": digest,
        "taken": server_now(connection).isoformat(),
        "sources": {str(name): str(kind) for name, kind in connection.query("SELECT name, kind FROM sources")},
        "columns": {**columns, "l": ["digest", "base", *_LABEL_COLUMNS]},
    }
    forgotten = was_forgotten(connection)
    with new_file(path) as (writer, part):
        writer.write(_line(header))
        labels = _Labels(connection, writer)
        counts: Counter[str] = Counter()
        for kind in KINDS:
            here = _stored(connection, kind, columns[kind], month, labels)
            there = _saved(path, kind, columns[kind], forgotten, labels) if with_old else iter(())
            order = _by_time if kind == "f" else _by_owner
            for _, same in itertools.groupby(heapq.merge(here, there, key=order), key=order):
                time, owner, label_set, rest = next(same)  # what the database has comes first
                place = [] if kind != "f" else [labels.place(label_set)]
                begin = json.dumps([kind, time, owner, *place], separators=(",", ":"))[:-1]
                writer.write(f"{begin},{rest}]\n".encode())
                counts[kind] += 1
        facts = {kind: counts[kind] for kind in KINDS}
        writer.finish(facts)
        if count_lines(part) != facts:
            raise BackupError(f"{path}: what was read back is not what was written")
    return facts


def count_lines(path: Path) -> dict[str, int]:
    """Read a file whole; return how many rows of each kind it has.

    Raises:
        BackupError: it is damaged, or does not match its last line.
    """
    found: Counter[str] = Counter()
    reader = Reader(path)
    for line in reader:
        found[line[2:3].decode("ascii", "replace")] += line.startswith(b"[")
    counts = {kind: found[kind] for kind in KINDS}
    if counts != reader.facts:
        raise BackupError(f"{path}: damaged: it does not have the rows that its end says")
    return counts


def count_rows(connection: Connection, month: datetime, kinds: Iterable[str] = KINDS) -> int:
    """Return how many rows the database has for the file of a month."""
    total = 0
    for table, column, key in (KINDS[kind] for kind in kinds):
        owners = "meters" if key == "meter_id" else "sources"
        ((count,),) = connection.query(
            f"SELECT COUNT(*) FROM {table} JOIN {owners} AS o ON o.id = {key}"  # noqa: S608 - our own names
            f" WHERE {column} >= %s AND {column} < %s",
            (sql_time(month), sql_time(next_month(month))),
        )
        total += int(count)
    return total


def load_month(connection: Connection, path: Path, forgotten: Forgotten) -> int:
    """Insert the rows of a file that the database lacks; return how many the file has.

    Raises:
        BackupError: it is damaged.
    """
    read_whole(path)
    reader = iter(Reader(path))
    header = json.loads(next(reader))
    taken = datetime.fromisoformat(header["taken"])
    owners = {key: _known_owners(connection, key) for _, _, key in KINDS.values()}
    label_sets: list[int] = []
    total = 0
    for kind, lines in itertools.groupby(reader, key=lambda line: line[2:3].decode()):
        if kind == "l":
            for line in lines:
                label_sets.append(_add_label_set(connection, json.loads(line)[1:], header["columns"]["l"], label_sets))
            continue
        table, time, key = KINDS[kind]
        columns = [time, key, *(["label_set_id"] if kind == "f" else []), *header["columns"][kind]]
        for batch in _batched(lines, _BATCH):
            rows = [row[1:] for row in json.loads(b"[" + b",".join(batch) + b"]")]
            rows = [row for row in rows if not forgotten.since(row[1], taken)]
            if missing := {row[1] for row in rows} - owners[key].keys():
                _add_owners(connection, key, missing, header["sources"])
                owners[key] = _known_owners(connection, key)
            for row in rows:
                row[1] = owners[key][row[1]]
                if kind == "f":
                    row[2] = 0 if row[2] is None else label_sets[row[2]]
            if rows:
                _insert(connection, table, columns, rows, kind)
            total += len(rows)
    return total


def _batched(lines: Iterator[bytes], size: int) -> Iterator[tuple[bytes, ...]]:
    while batch := tuple(itertools.islice(lines, size)):
        yield batch


def _insert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Any], kind: str) -> None:
    names = ", ".join(columns)
    same = f" ON DUPLICATE KEY UPDATE {columns[0]} = {columns[0]}"
    if kind == "s":
        placeholders = ", ".join(["%s"] * len(columns))
        connection.execute_many(f"INSERT INTO {table} ({names}) VALUES ({placeholders}){same}", rows)  # noqa: S608
    else:
        connection.execute(f"INSERT INTO {table} ({names}) VALUES {literals(rows)}{same}")  # noqa: S608


def _known_owners(connection: Connection, key: str) -> dict[str, int]:
    """Return the numbers of meters or sources by name."""
    if key == "meter_id":
        return known_meters(connection)
    return {str(name): int(number) for name, number in connection.query("SELECT name, id FROM sources")}


def _add_owners(connection: Connection, key: str, names: set[str], kinds: Mapping[str, str]) -> None:
    if key == "meter_id":
        add_meters(connection, names)
        return
    for name in sorted(names):
        connection.execute(
            "INSERT INTO sources (id, name, kind) SELECT GREATEST(COALESCE(MAX(id), 0), COALESCE((SELECT"
            " MAX(last_forgotten_source) FROM rollup_state), 0)) + 1, %s, %s FROM sources",
            (name, kinds[name]),
        )


def _add_label_set(connection: Connection, row: Sequence[Any], columns: Sequence[str], known: Sequence[int]) -> int:
    """Return the number of a label set, which is added if it is not there."""
    digest, base, *values = row
    names = ", ".join(columns[2:])
    placeholders = ", ".join(["%s"] * len(values))
    connection.execute(
        f"INSERT INTO label_sets (digest, base_id, {names}) VALUES (UNHEX(%s), %s, {placeholders})"  # noqa: S608 - our names
        " ON DUPLICATE KEY UPDATE unused_since = NULL",
        (digest, None if base is None else known[base], *values),
    )
    ((number,),) = connection.query("SELECT id FROM label_sets WHERE digest = UNHEX(%s)", (digest,))
    return int(number)


def _saved(path: Path, wanted: str, columns: Sequence[str], forgotten: Forgotten, labels: "_Labels") -> Iterator[Row]:
    """Yield the rows of a kind in a file, in its order; each label set is added to `labels` before its first row."""
    reader = iter(Reader(path))
    header = json.loads(next(reader))
    taken = datetime.fromisoformat(header["taken"])
    there = header["columns"][wanted]
    places = [there.index(name) if name in there else None for name in columns]
    digests: list[str] = []
    for line in reader:
        kind = line[2:3].decode()
        if kind == "l" and wanted == "f":
            _, digest, base, *values = json.loads(line)
            digests.append(digest)
            labels.learn(digest, None if base is None else digests[base], values)
        elif kind == wanted:
            _, time, owner, *values = json.loads(line)
            label_set = None
            if kind == "f":
                place, *values = values
                label_set = None if place is None else digests[place]
            if not forgotten.since(owner, taken):
                ordered = [None if place is None else values[place] for place in places]
                yield time, owner, label_set, json.dumps(ordered, separators=(",", ":"))[1:-1]


class _Labels:
    """The label sets of a new file, each written before the first frame that has it."""

    def __init__(self, connection: Connection, writer: Writer) -> None:
        self._connection = connection
        self._writer = writer
        self._places: dict[str, int] = {}  # in the file, by digest
        self._rows: dict[str, tuple[str | None, Sequence[Any]]] = {}  # base and values of those not written yet
        self.digests: dict[int, str] = {}  # by number in the database

    def learn(self, digest: str, base: str | None, values: Sequence[Any]) -> None:
        """Add a label set that may be needed."""
        if digest not in self._places:
            self._rows.setdefault(digest, (base, values))

    def read(self, numbers: set[int]) -> None:
        """Add the label sets with these numbers in the database, and their bases."""
        while missing := sorted(numbers - self.digests.keys()):
            found = self._connection.query(
                f"SELECT s.id, LOWER(HEX(s.digest)), s.base_id, LOWER(HEX(b.digest)), s.{', s.'.join(_LABEL_COLUMNS)}"  # noqa: S608
                " FROM label_sets AS s LEFT JOIN label_sets AS b ON b.id = s.base_id WHERE s.id IN %s",
                (missing,),
            )
            self.digests |= dict.fromkeys(missing, "")  # those that are not there
            for number, digest, _, base, *values in found:
                self.digests[int(number)] = str(digest)
                self.learn(str(digest), base, values)
            numbers = {int(row[2]) for row in found if row[2] is not None}

    def place(self, digest: str | None) -> int | None:
        """Return the place of a label set in the file, where it is written if it is not there."""
        if not digest:
            return None
        if digest not in self._places:
            base, values = self._rows.pop(digest)
            row = ["l", digest, self.place(base), *values]
            self._places[digest] = len(self._places)
            self._writer.write(_line(row))
        return self._places[digest]


def _stored(
    connection: Connection, kind: str, columns: Sequence[str], month: datetime, labels: _Labels
) -> Iterator[Row]:
    """Yield the rows of a kind that the database has."""
    table, time, key = KINDS[kind]
    end = next_month(month)
    if kind != "f":
        values = ", ".join(columns) if kind == "s" else _as_json(columns)
        for name, number in sorted(_known_owners(connection, key).items()):
            for instant, *rest in connection.query(
                f"SELECT CAST({time} AS CHAR), {values} FROM {table}"  # noqa: S608 - our own names
                f" WHERE {key} = %s AND {time} >= %s AND {time} < %s ORDER BY {time}",
                (number, sql_time(month), sql_time(end)),
            ):
                text = json.dumps(rest, separators=(",", ":"))[1:-1] if kind == "s" else rest[0]
                yield str(instant), name, None, str(text)
        return
    addresses = {number: name for name, number in known_meters(connection).items()}
    begin = first_frame(connection, month)
    while begin is not None and begin < end:
        rows = connection.query(
            f"SELECT CAST(timestamp AS CHAR), meter_id, label_set_id, {_as_json(columns)}"  # noqa: S608
            " FROM frames WHERE timestamp >= %s AND timestamp < %s ORDER BY timestamp",
            (sql_time(begin), sql_time(begin + _SLICE)),
        )
        labels.read({int(row[2]) for row in rows})
        found: list[Row] = [
            (str(instant), addresses[meter], labels.digests[int(label_set)], str(rest))
            for instant, meter, label_set, rest in rows
            if meter in addresses  # the others are being forgotten
        ]
        yield from sorted(found, key=_by_time)
        begin = first_frame(connection, begin + _SLICE)


def _as_json(columns: Sequence[str]) -> str:
    values = ", ".join(f"COALESCE({column}, 'null')" for column in columns)
    return f"CONCAT_WS(',', {values})"


def _columns(connection: Connection, kind: str) -> list[str]:
    table, time, key = KINDS[kind]
    rows = connection.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s"
        " ORDER BY ordinal_position",
        (table,),
    )
    return [str(name) for (name,) in rows if name not in (time, key, "label_set_id")]


def _by_time(row: Row) -> tuple[str, str]:
    return row[0], row[1]


def _by_owner(row: Row) -> tuple[str, str]:
    return row[1], row[0]


def _line(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"
