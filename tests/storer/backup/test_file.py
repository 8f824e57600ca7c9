"""The file of a backup: what it holds comes back, and nothing else passes for one."""

import contextlib
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.contract.frame import Frame
from common.errors import BackupError
from storer.backup.choice import require_all
from storer.backup.file import SEAL_SIZE, Writer, read_blocks
from storer.backup.format import Header, Table, Totals, ValueKind, end_line, row_line
from storer.backup.scope import covers
from storer.backup.verify import Contents, check, parts
from storer.database.rows import encode_row
from storer.database.schema import LAST_BEFORE
from tests.support.frames import historic

HEADER = Header(schema=100, taken="2026-11-25T03:00:00Z", database="teleinfodb", program="1", server="11.8")
METERS = Table("meters", {"id": ValueKind.INT, "identifier": ValueKind.TEXT}, ("id",))
SETS = Table("label_sets", {"id": ValueKind.INT, "digest": ValueKind.BINARY, "content": ValueKind.TEXT}, ("id",))
FRAMES = Table(
    "frames",
    {"timestamp": ValueKind.TIMESTAMP, **dict.fromkeys(("meter_id", "label_set_id", "power"), ValueKind.INT)},
    ("timestamp", "meter_id"),
)


def a_set(frame: Frame | None = None) -> list[object]:
    label_set = encode_row(frame or historic(PAPP=1, BASE=1)).label_set
    return [1, label_set.digest.hex(), label_set.content]


METER_ROWS = [[1, "031961123456"], [2, "041361000001"]]
FRAME_ROWS = [
    ["2026-11-24 18:00:00.123456", 1, 1, 390],
    ["2026-11-24 18:00:00.123456", 2, 1, None],
    ["2026-11-24 18:00:01", 1, 1, 0],
]


def lines_of(*tables: tuple[Table, list[list[object]]]) -> list[bytes]:
    lines = [HEADER.line()]
    for table, rows in tables:
        lines += [table.line(), *map(row_line, rows), table.totals(rows).line()]
    return [*lines, end_line(len(tables))]


def write(path: Path, lines: list[bytes]) -> Path:
    with path.open("wb") as stream:
        writer = Writer(stream)
        for line in lines:
            writer.write(line)
        writer.finish()
    return path


WHOLE = lines_of((METERS, METER_ROWS), (SETS, [a_set()]), (FRAMES, FRAME_ROWS))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("whole") / "backup", WHOLE).read_bytes()


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    path = write(tmp_path / "backup", WHOLE)
    contents = check(path)
    assert contents.header == HEADER
    assert {name: totals.rows for name, totals in contents.tables.items()} == {
        "meters": 2,
        "label_sets": 1,
        "frames": 3,
    }
    assert contents.warnings == []
    assert str(contents.first) == "2026-11-24 18:00:00.123456+00:00"
    assert [row for part in parts(path) if isinstance(part, list) for row in part] == [
        *METER_ROWS,
        a_set(),
        *FRAME_ROWS,
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_can_change(whole: bytes, tmp_path: Path, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(1, 255))
    damaged = whole[:place] + bytes([whole[place] ^ other]) + whole[place + 1 :]
    refuse(tmp_path, damaged)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_none_can_be_missing_or_too_many(whole: bytes, tmp_path: Path, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    insert = data.draw(st.binary(max_size=SEAL_SIZE) | st.just(whole[-SEAL_SIZE:]) | st.just(whole))
    changed = whole[:start] + insert + whole[end:]
    if changed != whole:
        refuse(tmp_path, changed)


def refuse(folder: Path, content: bytes) -> None:
    path = folder / "backup"
    path.write_bytes(content)
    with pytest.raises(BackupError) as caught:
        check(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(WHOLE) | st.lists(st.sampled_from(WHOLE)))
def test_other_lines_under_a_good_seal_are_refused_in_a_line(tmp_path: Path, lines: list[bytes]) -> None:
    """Whoever can write a seal can write anything; it must not become a traceback, nor SQL."""
    if lines != WHOLE:
        with pytest.raises(BackupError) as caught:
            check(write(tmp_path / "backup", lines))
        assert "\n" not in str(caught.value)


#: A backup of each kind of line and column: with a month of its own, and tables of all kinds.
TALLIES = Table(
    "tallies", {"hour": ValueKind.TIMESTAMP, "meter_id": ValueKind.INT, "reader": ValueKind.TEXT}, ("hour", "meter_id")
)
FORGED = [
    dataclasses.replace(HEADER, open=((None, "2026-10-01"), ("2026-11-01", None)), months={"2026-10": 7}).line(),
    *lines_of((METERS, METER_ROWS), (SETS, [a_set()]), (FRAMES, FRAME_ROWS))[1:-1],
    *lines_of((TALLIES, [["2026-11-24 18:00:00", 1, "cellar"]]))[1:-1],
    end_line(4),
]
NOTHING_LIKE_IT = [None, True, -1, 1.5, 10**30, "", "id", "x", [], ["id"], [["id"]], {}, {"id": "int"}, {"id": ["int"]}]


def places_in(document: object) -> list[tuple[str | int, ...]]:
    """Where something stands in a document."""
    if isinstance(document, dict):
        inside: list[tuple[str | int, object]] = list(document.items())
    else:
        inside = list(enumerate(document)) if isinstance(document, list) else []
    return [(), *((key, *place) for key, value in inside for place in places_in(value))]


@pytest.mark.parametrize("number", range(len(FORGED)))
def test_a_forged_line_is_refused_in_a_line(tmp_path: Path, number: int) -> None:
    """Each value of each line in turn becomes something else, under a good seal: it is refused, or does no harm."""
    for place in places_in(json.loads(FORGED[number])):
        for value in NOTHING_LIKE_IT:
            document = {"root": json.loads(FORGED[number])}
            target: Any = document
            for key in ("root", *place)[:-1]:
                target = target[key]
            target[("root", *place)[-1]] = value
            forged = json.dumps(document["root"]).encode() + b"\n"
            path = write(tmp_path / "backup", [*FORGED[:number], forged, *FORGED[number + 1 :]])
            with contextlib.suppress(BackupError):
                contents = check(path)
                covers(contents.header, "2026-10")
                require_all({path: contents}, partial=True)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (METERS, [3]),
        (METERS, [3, "a", 1]),
        (METERS, ["3", "a"]),
        (METERS, [True, "a"]),
        (METERS, [3.0, "a"]),
        (METERS, [3, 1]),
        (METERS, [3, ["a"]]),
        (SETS, [2, "0g", "{}"]),
        (FRAMES, ["2026-11-24 18:00:09' OR 1", 1, 1, 1]),
        (FRAMES, ["2026-13-24 18:00:09", 1, 1, 1]),
        (FRAMES, ["2026-11-24T18:00:09", 1, 1, 1]),
        (FRAMES, ["2026-11-24 18:00:09", 1, 1, "1"]),
    ],
)
def test_a_value_of_another_kind_is_refused(table: Table, row: list[object]) -> None:
    with pytest.raises(BackupError, match=f"damaged: a .* of {table.name}"):
        table.totals([row])


NOT_OURS = [
    Table("schema_version", {"version": ValueKind.INT}, ("version",)),
    Table("frames", {"meter_id": ValueKind.INT}, ("meter_id",)),
    METERS,
    Table("label_sets", {**SETS.columns, "digest": ValueKind.TEXT}, ("id",)),
]
REFUSED = [
    # Newer tables, and those from before the first release, with the commit that reads them.
    ([dataclasses.replace(HEADER, schema=9999).line(), end_line(0)], "9999"),
    ([dataclasses.replace(HEADER, schema=15).line(), end_line(0)], LAST_BEFORE),
    ([HEADER.line().replace(b'"format":1', b'"format":2'), end_line(0)], "format 2.*update"),
    *((lines_of((METERS, []), (table, [])), table.name) for table in NOT_OURS),
    *(
        ([HEADER.line(), METERS.line(), line, METERS.nothing.line(), end_line(1)], "damaged")
        for line in (b"[1],[2]\n", b"[1],2\n", b"[[3]\n", b"1\n", b"\n", b"null\n", b'"x"\n', b"[]\n")
    ),
    # Out of order, or twice.
    *(
        (lines_of((FRAMES, rows)), "frames")
        for rows in (FRAME_ROWS[::-1], [FRAME_ROWS[0], FRAME_ROWS[0]], FRAME_ROWS[1::-1])
    ),
]


@pytest.mark.parametrize(("lines", "fact"), REFUSED)
def test_lines_that_are_no_backup_of_ours_are_refused(tmp_path: Path, lines: list[bytes], fact: str) -> None:
    with pytest.raises(BackupError, match=fact):
        check(write(tmp_path / "backup", lines))


@pytest.mark.parametrize("name", ["frames; DROP TABLE frames", "a`b", "", "Frames", "1"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    good = json.loads(METERS.line())
    for document in (
        good | {"table": name},
        good | {"columns": {"id": "int", name: "text"}},
        good | {"key": [name]},
        good | {"columns": {"id": "float"}},
        good | {"key": []},
    ):
        with pytest.raises(BackupError, match="the head of a table"):
            Table.read(document)


def test_sums_tell_values_and_nulls_apart() -> None:
    def power(value: int | None) -> Totals:
        return FRAMES.totals([["2026-11-24 18:00:00", 1, 1, value]])

    assert len({power(None), power(0), power(1)}) == 3
    assert power(7).sums == (1_795_543_200_000_001, 2, 2, 8)


def warnings(tmp_path: Path, *tables: tuple[Table, list[list[object]]]) -> list[str]:
    contents: Contents = check(write(tmp_path / "backup", lines_of(*tables)))
    return contents.warnings


def test_a_dangling_reference_is_a_warning(tmp_path: Path) -> None:
    tables = ((METERS, METER_ROWS[:1]), (SETS, [a_set()]), (FRAMES, FRAME_ROWS))
    assert warnings(tmp_path, *tables) == ["frames: 1 row of a meter or a label set that does not exist"]


def test_a_label_set_that_cannot_be_decoded_is_a_warning(tmp_path: Path) -> None:
    number, digest, content = a_set()
    assert warnings(tmp_path, (SETS, [[number, digest, str(content) + " "]])) == [
        "the label set 1 does not match its digest"
    ]
    for bad in ("[]", "{}", "nonsense", '{"mode":"nothing","frame":{}}'):
        found = warnings(tmp_path, (SETS, [[number, digest, bad]]))
        assert "the label set 1 cannot be read: its frames are incomplete" in found


def test_a_decompression_bomb_is_read_in_pieces(tmp_path: Path) -> None:
    """It is refused before it fills the memory."""
    path = write(tmp_path / "bomb", [b"[" + b" " * (1 << 27)])
    assert path.stat().st_size < 1 << 18
    with pytest.raises(BackupError, match="a line has no end"):
        list(read_blocks(path))
