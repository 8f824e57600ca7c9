"""Label sets in a real database: whole or as differences, of this program or of an older one."""

import contextlib
import dataclasses
import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from common.database import Database, sql_time
from common.frame import Frame
from demo.servers import Database as Server
from storer.backup.create import backup
from storer.backup.restore import restore
from storer.backup.verify import check
from storer.database.frame_store import FrameStore
from storer.database.frame_writer import WriteResult
from storer.database.rows import COLUMNS, LabelSet, content_text, encode_row
from storer.database.schema import migrate
from storer.export import Selection, export
from tests.support.arrivals import arriving
from tests.support.frames import DAY, simulated
from tests.support.storing import NOW, client, exported, make_tables, partition, query, store

DOCUMENTATION = Path(__file__).resolve().parent.parent.parent / "docs" / "storage.md"


@pytest.fixture
def tables(fresh_database: Server) -> Database:
    return make_tables(fresh_database)


def some_frames(count: int = 200) -> list[Frame]:
    """Frames of a morning on which maxima rise."""
    start = DAY + timedelta(hours=5)
    return list(arriving(simulated("standard-three-phase-producer", count, every=timedelta(seconds=20), start=start)))


def most_used_base(database: Database) -> int:
    rows = query(
        database, "SELECT base_id FROM label_sets WHERE base_id IS NOT NULL GROUP BY 1 ORDER BY COUNT(*) DESC LIMIT 1"
    )
    return int(rows[0][0])


def test_most_label_sets_are_differences_and_all_frames_come_back(tables: Database) -> None:
    frames = some_frames()
    store(tables, frames)
    assert exported(tables) == [frame.to_json() for frame in frames]
    ((whole, differences),) = query(tables, "SELECT SUM(base_id IS NULL), SUM(base_id IS NOT NULL) FROM label_sets")
    assert differences > 2 * whole > 0
    bases = query(tables, "SELECT DISTINCT b.base_id FROM label_sets AS s JOIN label_sets AS b ON b.id = s.base_id")
    assert bases == [(None,)]  # a base is whole


def test_the_view_shows_each_label_set_whole(tables: Database) -> None:
    frames = some_frames(60)
    store(tables, frames)
    expected = {encode_row(frame).label_set.digest: json.loads(encode_row(frame).label_set.content) for frame in frames}
    rows = query(tables, "SELECT s.digest, w.content FROM label_sets AS s JOIN whole_label_sets AS w ON w.id = s.id")
    assert {digest: json.loads(content) for digest, content in rows} == expected
    columns = ", ".join(("id", "subscription_type", "subscribed_current", "pricing_period", "index_total"))
    both = [query(tables, f"SELECT {columns} FROM {name} ORDER BY id") for name in ("label_sets", "whole_label_sets")]
    assert both[0] == both[1]


def test_a_base_that_is_missing_is_named(tables: Database, fresh_database: Server) -> None:
    frames = some_frames(60)
    store(tables, frames)
    base = most_used_base(tables)
    joined = "frames AS f JOIN label_sets AS s ON s.id = f.label_set_id"
    of_it = query(tables, f"SELECT COUNT(*) FROM {joined} WHERE {base} IN (s.id, s.base_id)")
    fresh_database.sql(f"DELETE FROM {fresh_database.name}.label_sets WHERE id = {base}")
    reports: list[str] = []
    left = list(export(tables, Selection(), reports.append))
    assert len(left) == 60 - of_it[0][0]
    (report,) = reports
    assert report.startswith(f"label set {base} is not in the database")


def test_a_base_that_goes_under_a_running_storer_is_replaced(tables: Database, fresh_database: Server) -> None:
    frames = some_frames(60)
    with contextlib.closing(FrameStore(tables)) as running:
        running.write(frames[:30])
        fresh_database.sql(f"USE {fresh_database.name}; DELETE FROM frames; DELETE FROM label_sets")
        assert running.write(frames[30:]) == WriteResult(30, [None] * 30)
    assert exported(tables) == [frame.to_json() for frame in frames[30:]]


def test_the_documented_clean_up_leaves_what_frames_need(tables: Database, fresh_database: Server) -> None:
    store(tables, some_frames(60))
    base = most_used_base(tables)
    ((last,),) = query(tables, f"SELECT MAX(id) FROM label_sets WHERE base_id = {base}")
    fresh_database.sql(f"USE {fresh_database.name}; DELETE FROM frames WHERE label_set_id <> {last}")
    left = exported(tables)
    text = DOCUMENTATION.read_text(encoding="utf-8")
    (statement,) = re.findall(r"```sql\n(DELETE s FROM .*?;)\n```", text, re.DOTALL)
    for _ in range(2):
        fresh_database.sql(f"USE {fresh_database.name}; {statement}")
    assert {number for (number,) in query(tables, "SELECT id FROM label_sets")} == {base, last}
    assert exported(tables) == left != []


def before(frame: Frame) -> tuple[tuple[int | None, ...], LabelSet, str]:
    """Return columns and content as version 3 wrote them: running registers as they are."""
    row = encode_row(frame)
    content = json.loads(row.label_set.content)
    if content.pop("relative", False):
        columns = dict(zip(COLUMNS, row.columns, strict=True))
        for column in ("index_supplier", "index_distributor"):
            value = frame.values.get(content["columns"][column])
            assert value is None or isinstance(value, int)
            columns[column] = value
        return tuple(columns.values()), row.label_set, content_text(content)
    return row.columns, row.label_set, row.label_set.content


def store_as_before(database: Database, frames: list[Frame]) -> None:
    names = ", ".join(COLUMNS)
    marks = ", ".join(["%s"] * len(COLUMNS))
    with contextlib.closing(database.connect()) as connection:
        connection.execute("INSERT INTO meters (id, identifier) VALUES (1, %s)", (frames[0].meter,))
        for frame in frames:
            columns, shown, content = before(frame)
            digest = hashlib.sha256(content.encode()).digest()[:16]
            connection.execute(
                "INSERT INTO label_sets (digest, content, subscribed_current) VALUES (%s, %s, %s)"
                " ON DUPLICATE KEY UPDATE digest = digest",
                (digest, content, shown.subscribed_current),
            )
            connection.execute(
                f"INSERT INTO frames (timestamp, meter_id, label_set_id, {names})"
                f" SELECT %s, 1, id, {marks} FROM label_sets WHERE digest = %s",
                (sql_time(frame.timestamp), *columns, digest),
            )


@pytest.fixture
def old_tables(fresh_database: Server) -> Database:
    """Tables of version 3, with frames, migrated."""
    database = client(fresh_database)
    migrate(database, up_to=3)
    partition(database, NOW)
    store_as_before(database, some_frames(40))
    migrate(database)
    return database


def test_rows_of_an_older_program_stay_readable(old_tables: Database) -> None:
    old = some_frames(40)
    assert exported(old_tables) == [frame.to_json() for frame in old]
    new = some_frames(80)[40:]
    assert store(old_tables, new) == 40
    assert exported(old_tables) == [frame.to_json() for frame in old + new]


def test_a_frame_that_an_older_program_stored_is_there_already(old_tables: Database) -> None:
    """It was not confirmed, and is delivered again after the update: it must not be rejected as another one."""
    frames = some_frames(40)
    frames[7] = dataclasses.replace(frames[7], dropped=2)  # this one is another
    with contextlib.closing(FrameStore(old_tables)) as running:
        written = running.write(frames)
    assert written.stored == 0
    assert [place for place, reason in enumerate(written.reasons) if reason] == [7]


def test_a_backup_has_both_forms(old_tables: Database, fresh_database: Server, tmp_path: Path) -> None:
    store(old_tables, some_frames(120)[40:])
    path, _ = backup(old_tables, tmp_path, NOW)
    assert check(path).warnings == []
    saved = [query(old_tables, f"SELECT * FROM {name} ORDER BY 1, 2") for name in ("label_sets", "frames")]
    assert {row[-1] is None for row in saved[0]} == {True, False}
    fresh_database.create_database()
    restored = client(fresh_database)
    restore(restored, path, NOW)
    after = [query(restored, f"SELECT * FROM {name} ORDER BY 1, 2") for name in ("label_sets", "frames")]
    assert after == saved


def test_a_damaged_base_is_one_warning(old_tables: Database, tmp_path: Path) -> None:
    store(old_tables, some_frames(120)[40:])
    base = most_used_base(old_tables)
    query(old_tables, f"UPDATE label_sets SET content = '[]' WHERE id = {base}", "SELECT 1")
    _, contents = backup(old_tables, tmp_path, NOW)
    assert contents.warnings == [
        f"the label set {base} does not match its digest",
        f"the label set {base} cannot be read: its frames are incomplete",
    ]
