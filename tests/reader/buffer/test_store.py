"""Journal and spool: folders, files and disks that cannot be used."""

import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from reader.buffer.item import HOUR, Item, ItemKind
from reader.buffer.store import InUse, earlier_frames, refusal
from tests.reader.buffer.buffers import (
    FILE,
    KINDS,
    PAGE,
    Buffer,
    files_no_longer_than,
    found_in,
    frame,
    frames,
    program,
)

SOMEBODY = 12345
both = pytest.mark.parametrize("kind", KINDS)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- folders ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("private", "mode", "owner", "link", "reason"),
    [
        (True, 0o700, None, None, ""),
        (True, 0o755, None, None, ""),
        (False, 0o1777, None, None, ""),
        (True, 0o770, None, None, "others may write into it"),
        (True, 0o1777, None, None, "others may write into it"),
        (True, 0o700, None, os.geteuid(), "it is a symbolic link"),
        (False, 0o700, None, os.geteuid(), ""),  # the administrator's, to another disk
        (True, 0o700, SOMEBODY, None, "it belongs to user 12345"),
        (False, 0o700, SOMEBODY, None, "it belongs to user 12345"),
        (False, 0o700, None, SOMEBODY, "it is a link of user 12345"),
    ],
)
def test_a_folder_that_another_user_may_have_prepared_is_refused_with_the_reason(
    tmp_path: Path, private: bool, mode: int, owner: int | None, link: int | None, reason: str
) -> None:
    if SOMEBODY in (owner, link) and os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(mode)
    os.chown(folder, -1 if owner is None else owner, -1)
    if link is not None:
        folder = tmp_path / "link"
        folder.symlink_to("folder")
        os.lchown(folder, link, -1)
    assert refusal(folder, os.geteuid(), private=private) == reason
    kind = "journal" if private else "spool"
    # With fs.protected_symlinks, which distributions set, the kernel refuses a link first.
    with pytest.raises(PermissionError, match=f"{reason}|Permission denied") if reason else nullcontext():
        Buffer(kind, folder).store.close()
    assert names_in(tmp_path / "folder") == ([FILE[kind]] if private and not reason else [])


@both
def test_what_is_no_folder_is_an_os_error_and_nothing_is_made_behind_a_link(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "new")
    for name in ("file", "file/folder", "link"):
        with pytest.raises(OSError, match=r"File exists|Not a directory"):
            Buffer(kind, tmp_path / name)
    assert names_in(tmp_path) == ["file", "link"]


@both
def test_a_folder_is_for_one_process_and_its_files_for_one_user(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with Buffer(kind, folder) as buffer:
        buffer.append(frames(5))
        with pytest.raises(InUse):
            Buffer(kind, folder)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert found_in(kind, folder) == frames(5)


def test_frames_of_the_earlier_format_are_counted_and_left_alone(tmp_path: Path) -> None:
    # A record: 0xFF "TM" 0x01, length, CRC; in a spool version, kind, generation, unused, length of the name, count;
    # in a journal the kind, or 0xFE: all before it are released.
    record = b"\xffTM\x01" + bytes(8)
    (tmp_path / "00000001.spool").write_bytes(
        record + bytes((1, 0, 0, 0, 12, 0, 60, 0)) + b"..." + record + bytes((1, 1, 0, 0, 12, 0, 5, 0))
    )
    (tmp_path / "00000002.journal").write_bytes(
        b"".join(record + kind for kind in (b"\xffpi", b"\0", b"\0", b"\xfe", b"\0", b"\1", b"\0"))
    )
    assert earlier_frames(tmp_path) == 62
    with Buffer("spool", tmp_path) as buffer:
        buffer.append(frames(5))
    assert names_in(tmp_path) == ["00000001.spool", "00000002.journal", FILE["spool"]]


# --- files -----------------------------------------------------------------------------------------------------------


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def foreign(path: Path) -> None:
    path.unlink()
    execute(path, "CREATE TABLE items (id INTEGER)")


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@both
@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda path: execute(path, "PRAGMA user_version = 99"), "a newer version"),
        (foreign, "another program"),
        (linked, "a symbolic link"),
        (directory, "cannot be read"),
        (lambda path: path.write_bytes(b"SQLite format 3\0"), "damaged"),
        (lambda path: path.write_bytes(bytes(9000)), "damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_set_aside_as_it_is_and_never_a_reason_not_to_start(
    kind: str, spoil: Callable[[Path], None], problem: str, tmp_path: Path
) -> None:
    path = tmp_path / FILE[kind]
    for number in range(1, 6):
        with Buffer(kind, tmp_path) as buffer:
            buffer.append(frames(1))
        spoil(path)
        before = path.read_bytes() if path.is_file() else None
        with Buffer(kind, tmp_path) as buffer:
            aside = tmp_path / f"{path.name}.unusable.{number}"
            assert buffer.store.set_aside is not None
            assert buffer.store.set_aside.path == aside
            assert problem in buffer.store.set_aside.problem
            assert before == (aside.read_bytes() if before else None)
            assert buffer.items == []
    assert {f"{path.name}.unusable.{n}" for n in (3, 4, 5)} <= {*names_in(tmp_path)}
    if spoil is not directory:
        assert not {f"{path.name}.unusable.{n}" for n in (1, 2)} & {*names_in(tmp_path)}


@both
def test_a_file_that_another_program_reads_is_not_set_aside(kind: str, tmp_path: Path) -> None:
    with Buffer(kind, tmp_path) as buffer:
        buffer.append(frames(5))
    with closing(sqlite3.connect(tmp_path / FILE[kind])) as other:
        other.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        with pytest.raises(OSError, match="busy"):
            Buffer(kind, tmp_path)
    assert found_in(kind, tmp_path) == frames(5)


@both
def test_a_name_that_is_no_text_any_more_is_no_reason_not_to_start(kind: str, tmp_path: Path) -> None:
    with Buffer(kind, tmp_path) as buffer:
        for start in (0, 10):
            buffer.append(frames(start, start + 10))
    table = "items" if kind == "journal" else "blocks"
    execute(tmp_path / FILE[kind], f"UPDATE {table} SET meter = CAST(x'30FF' AS TEXT) WHERE id = 1")
    with Buffer(kind, tmp_path) as buffer:
        assert {*frames(10, 20)} <= {*buffer.items}


# --- damage ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def damaged(kind: str, tmp_path: Path) -> Path:
    """A file with a damaged page in the middle, and a log of SQLite with more beside it."""
    for start in (0, 150):
        with Buffer(kind, tmp_path / "work") as buffer:
            for number in range(start, start + 150, 10):
                buffer.append(frames(number, number + 10))
            shutil.copytree(tmp_path / "work", tmp_path / "damaged", dirs_exist_ok=True)
    path = tmp_path / "damaged" / FILE[kind]
    assert path.with_name(f"{path.name}-wal").stat().st_size > 0
    with path.open("r+b") as file:
        file.seek(4 * PAGE[kind])
        file.write(b"\xff" * PAGE[kind])
    return path.parent


@both
def test_of_a_damaged_file_the_readable_rows_are_kept_and_the_file_is_set_aside(kind: str, damaged: Path) -> None:
    with Buffer(kind, damaged) as buffer:
        found = buffer.items
        assert buffer.store.set_aside is not None
        assert buffer.store.set_aside[:2] == (damaged / f"{FILE[kind]}.unusable.1", "it is damaged")
        assert buffer.store.set_aside.rows == (len(found) if kind == "journal" else len(found) // 10)
        assert 200 < len(found) < 300
        assert found == [item for item in frames(300) if item in {*found}]
        buffer.append([frame(300)])
    with Buffer(kind, damaged) as buffer:
        assert buffer.items == [*found, frame(300)]
        assert buffer.store.set_aside is None


#: The first two times that each line is reached, from the first change to the folder on.
KILLS = """
import collections, itertools, os, shutil, signal, sys
from pathlib import Path
from tests.reader.buffer.buffers import found_in

kind, damaged, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])

def kill_at(step):
    times, steps, begun = collections.Counter(), itertools.count(1), set()
    def trace(frame, event, arg):
        if not frame.f_code.co_filename.endswith("reader/buffer/store.py"):
            return None
        begun.add(frame.f_code.co_name)
        if event == "line" and "_salvage" in begun:
            times[frame.f_lineno] += 1
            if times[frame.f_lineno] <= 2 and next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace
    return trace

for step in itertools.count(1):
    shutil.copytree(damaged, folder)
    if not (child := os.fork()):
        sys.settrace(kill_at(step))
        found_in(kind, folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(len(found_in(kind, folder)))
    shutil.rmtree(folder)
    if status == 0:
        break
"""


@both
def test_a_kill_at_any_line_while_a_damaged_file_is_replaced_loses_nothing(
    kind: str, damaged: Path, tmp_path: Path
) -> None:
    shutil.copytree(damaged, tmp_path / "once")
    readable = len(found_in(kind, tmp_path / "once"))
    with program(KILLS, kind, damaged, tmp_path / "killed") as process:
        found, _ = process.communicate()
    assert process.returncode == 0
    assert len(found.split()) > 80
    assert {int(count) for count in found.split()} == {readable}


@both
@pytest.mark.parametrize("limit", [100, 20_000, 50_000])
def test_without_room_a_damaged_file_waits_until_there_is_some(kind: str, limit: int, damaged: Path) -> None:
    shutil.copytree(damaged, damaged.with_name("once"))
    readable = found_in(kind, damaged.with_name("once"))
    with files_no_longer_than(limit):
        for _ in range(2):
            with pytest.raises(OSError, match=r"No space|too large|Input/output"):
                Buffer(kind, damaged)
    assert found_in(kind, damaged) == readable


# --- full disks ------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("limit", [100, 20_000, 50_000])
def test_what_has_no_room_is_not_written_and_later_there_may_be_room(kind: str, limit: int, tmp_path: Path) -> None:
    large = frame(100, size=50_000)
    with Buffer(kind, tmp_path) as buffer:
        for before in ([], frames(5)):
            with files_no_longer_than(limit):
                for _ in range(3):
                    with pytest.raises(OSError, match=r"No space|too large|Input/output"):
                        buffer.append([large])
                    assert buffer.items == before
            if not before:
                buffer.append(frames(5))
        assert [count for _, count in buffer.journal.counts.values()] == [5] if kind == "journal" else True
    with Buffer(kind, tmp_path) as buffer:
        assert buffer.items == frames(5)
        assert buffer.store.set_aside is None
        buffer.append([large])
    assert found_in(kind, tmp_path) == [*frames(5), large]


# --- kill -9 ---------------------------------------------------------------------------------------------------------

CHILD = """
import os, random, sys
from pathlib import Path
from reader.buffer.item import Item, ItemKind
from tests.reader.buffer.buffers import Buffer

kind, folder, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
say = lambda *words: os.write(1, (" ".join(map(str, words)) + "\\n").encode())
buffer = Buffer(kind, folder)
waiting, most, number = buffer.items, chance.choice([1, 3, 50, 200]), seed * 1_000_000
while True:
    items = []
    for _ in range(1 if kind == "journal" else chance.randrange(1, 20)):
        number += 1
        of = ItemKind.TALLY if chance.random() < 0.1 else ItemKind.FRAME
        payload = chance.randbytes(chance.choice([1, 60])).hex()
        items.append(Item(of, chance.choice("AB"), number * 200_000_000, payload.encode()))
    buffer.append(items)
    for item in items:
        say("+", int(item.kind), item.meter, item.time_us, item.payload.decode())
    waiting += items
    while len(waiting) > most:
        item = waiting.pop(chance.randrange(len(waiting)))
        say("-", int(item.kind), item.meter, item.time_us, item.payload.decode())
        buffer.confirm(item)
"""


@both
def test_kill_dash_9_loses_neither_an_item_nor_a_count(kind: str, tmp_path: Path) -> None:
    chance = random.Random(20)
    waiting: set[Item] = set()
    appended: set[Item] = set()
    for seed in range(1, 13):
        with program(CHILD, kind, tmp_path, seed) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(chance.randrange(1, 600))]
            process.kill()
            lines += process.stdout
        assert all(lines), "it ended by itself"
        for line in lines:
            what, of, meter, time_us, payload = line.split()
            item = Item(ItemKind(int(of)), meter, int(time_us), payload.encode())
            if what == "+":
                waiting.add(item)
                appended.add(item)
            else:
                waiting.discard(item)
        with Buffer(kind, tmp_path) as buffer:
            assert buffer.store.set_aside is None
            found = {*buffer.items}
            assert waiting <= found
            if kind == "journal":
                # At each kill, one item may be written and not told of, and one told of and not released.
                assert len(found - waiting) <= 2 * seed
                told = Counter((item.meter, item.time_us // HOUR * HOUR) for item in appended if not item.kind)
                counts = Counter({hour: frames for hour, (_, frames) in buffer.journal.counts.items()})
                assert told <= counts
                assert counts.total() - told.total() <= seed
