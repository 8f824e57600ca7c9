"""The spool: what was appended and not confirmed is there, in order, after a restart and a kill."""

import itertools
import random
import sqlite3
from pathlib import Path

import pytest

from reader.buffer.item import Item, ItemKind
from reader.buffer.spool import FILE, Spool, SpoolBusy
from reader.buffer.sqlite_file import earlier_frames
from tests.reader.buffer.failing_disks import files_no_longer_than
from tests.reader.buffer.kills import run_until_killed
from tests.reader.buffer.spools import (
    LARGE,
    METER,
    NOON,
    SECOND,
    confirm,
    everything,
    frame,
    frames,
    spool_in,
    tally,
)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_appended_and_not_confirmed_comes_back_in_order(tmp_path: Path) -> None:
    items = [*frames(70), tally(0), frame(70), frame(0, meter="other"), tally(1)]
    with spool_in(tmp_path / "a" / "spool") as spool:
        assert (spool.pending, spool.size, spool.oldest) == (0, 0, None)
        for start in range(0, len(items), 10):
            spool.append(items[start : start + 10])
        assert sorted(map(repr, everything(spool))) == sorted(map(repr, items))
    with spool_in(tmp_path / "a" / "spool") as spool:
        assert [item for item in everything(spool) if item.kind is ItemKind.FRAME and item.meter == METER] == frames(71)
        assert [item for item in everything(spool) if item.kind is ItemKind.TALLY] == [tally(0), tally(1)]
        assert (spool.pending, spool.oldest, spool.decimated) == (72, NOON, 0)
        assert spool.meters == {METER, "other"}
        assert 8192 < spool.size <= sum(path.stat().st_size for path in (tmp_path / "a" / "spool").iterdir())


@pytest.mark.parametrize("payloads", [[b""], [b"", b""], [bytes(range(256)).replace(b"\n", b""), b"{}"]])
def test_a_payload_may_be_anything_in_one_line(tmp_path: Path, payloads: list[bytes]) -> None:
    items = [Item(ItemKind.FRAME, "é", number, payload) for number, payload in enumerate(payloads)]
    with spool_in(tmp_path) as spool:
        spool.append(items)
    with spool_in(tmp_path) as spool:
        assert everything(spool) == items


def test_times_may_jump_either_way(tmp_path: Path) -> None:
    hour = 3600 * SECOND
    keys = [NOON, NOON + 1, NOON + hour, NOON + 5 * hour, NOON - hour, NOON - hour + 2**32 - 1, -(2**63), 2**63 - 1, 0]
    items = [Item(ItemKind.FRAME, METER, key, b"%d" % key) for key in keys]
    for _ in range(2):
        with spool_in(tmp_path) as spool:
            spool.append(items)
            assert everything(spool) == items
    with spool_in(tmp_path) as spool:
        assert everything(spool) == items
        assert [confirm(spool, item) for item in items] == [True] * len(items)
        assert spool.pending == 0


def test_there_is_no_file_while_nothing_is_in_it(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.append([])
        assert names_in(tmp_path) == []
        for start in range(0, 100, 10):
            spool.append(frames(start, start + 10))
        for item in frames(99):
            assert confirm(spool, item)
        assert names_in(tmp_path) == [FILE, f"{FILE}-wal"]
        assert (spool.pending, spool.oldest) == (1, frame(99).time_us)
        assert confirm(spool, frame(99))
        assert not confirm(spool, frame(99))
        assert names_in(tmp_path) == []
        assert (spool.pending, spool.size, spool.oldest) == (0, 0, None)
        spool.append([frame(100)])
        assert everything(spool) == [frame(100)]


def test_what_is_left_of_a_block_is_unconfirmed_again_after_a_restart(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.append(frames(10))
        spool.append(frames(10, 20))
        for item in frames(19):
            confirm(spool, item)
    with spool_in(tmp_path) as spool:
        assert everything(spool) == frames(10, 20)


def test_items_that_come_again_replace_the_earlier_ones(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.append([*frames(20), tally(0)])
        higher = tally(0)._replace(payload=b'{"frames": 3601}')
        spool.append([*frames(5, 10), higher])
        assert sorted(everything(spool)) == sorted([*frames(20), higher])
        spool.append([*frames(20), higher])  # all that is there is replaced
        assert sorted(everything(spool)) == sorted([*frames(20), higher])
    with spool_in(tmp_path) as spool:
        assert sorted(everything(spool)) == sorted([*frames(20), higher])
        assert spool.pending == 20


# --- a full spool ----------------------------------------------------------------------------------------------------


def test_a_full_spool_is_decimated_from_its_oldest_part_and_never_cut(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=400_000) as spool:
        for start in range(0, 4000, 20):
            spool.append(frames(start, start + 20))
            assert (tmp_path / FILE).stat().st_size <= 400_000 + 2 * 8192
            assert spool.pending + spool.decimated == start + 20
        left = [(item.time_us - NOON) // SECOND for item in everything(spool)]
        assert left[0] == 0
        assert left[-300:] == list(range(3700, 4000))
        gaps = [after - before for before, after in itertools.pairwise(left)]
        assert min(gaps) == 1
        assert max(gaps) <= 32
        assert gaps == sorted(gaps, reverse=True) or sum(gaps[:200]) > 3 * sum(gaps[-200:])
        assert spool.decimated == 4000 - len(left)
    with spool_in(tmp_path, max_size=400_000) as spool:
        assert [(item.time_us - NOON) // SECOND for item in everything(spool)] == left


def test_what_is_confirmed_makes_room_before_anything_is_discarded(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=300_000) as spool:
        start = 0
        while spool.pending < 500:
            spool.append(frames(start, start + 20))
            start += 20
        for item in frames(start - 40):
            confirm(spool, item)
        spool.append(frames(start, start + 200))
        assert spool.decimated == 0
        assert everything(spool)[-240:] == frames(start - 40, start + 200)


def test_a_tiny_spool_keeps_at_least_the_last_items(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=1) as spool:
        for start in range(0, 300, 10):
            spool.append([*frames(start, start + 10), tally(start)])
            assert everything(spool)[-11:] == [*frames(start, start + 10), tally(start)]
        assert spool.pending + spool.decimated == 300
        assert sum(item.kind is ItemKind.TALLY for item in everything(spool)) == 30


def test_the_spool_may_change_during_iteration(tmp_path: Path) -> None:
    with spool_in(tmp_path, max_size=300_000) as spool:
        number = 0
        while spool.size < 250_000:
            spool.append(frames(number, number + 2))
            number += 2
        assert spool.decimated == 0
        first, *_ = blocks = list(spool.undelivered())
        for count, block in enumerate(spool.undelivered()):
            items = spool.read(block)
            assert items
            confirm(spool, items[0])
            while count < 2 and not spool.decimated:  # blocks that are still to come are replaced
                spool.append(frames(number, number + 2))
                number += 2
        assert spool.decimated > 0
        assert spool.read(first) == []
        assert len(blocks) > 50


# --- disks and files that cannot be used -----------------------------------------------------------------------------


def test_two_processes_cannot_use_it(tmp_path: Path) -> None:
    with spool_in(tmp_path), pytest.raises(SpoolBusy):
        Spool(tmp_path, max_size=LARGE).open()


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "spool"):
        with pytest.raises(OSError, match="file"):
            Spool(folder, max_size=LARGE).open()


@pytest.mark.parametrize("limit", [100, 20_000, 50_000])
def test_what_has_no_room_is_not_written_at_all(tmp_path: Path, limit: int) -> None:
    with spool_in(tmp_path) as spool:
        for before in ([], frames(5)):
            with files_no_longer_than(limit):
                for _ in range(3):
                    with pytest.raises(OSError, match=r"No space|too large|Input/output"):
                        spool.append(frames(100, 500))
                    assert everything(spool) == before
            spool.append(frames(5))
        assert everything(spool) == frames(5)
    with spool_in(tmp_path) as spool:
        assert everything(spool) == frames(5)
        assert spool.set_aside is None


def test_on_a_full_disk_nothing_that_was_written_is_lost_and_later_appends_work(tiny: Path) -> None:
    with spool_in(tiny) as spool:
        kept: list[Item] = []

        def fill() -> None:
            for start in itertools.count(0, 10):
                spool.append(frames(start, start + 10))
                kept.extend(frames(start, start + 10))

        with pytest.raises(OSError, match="No space"):
            fill()
        assert len(kept) > 200
        assert everything(spool) == kept
        (tiny / "filler").touch()
    with spool_in(tiny) as spool:
        assert everything(spool) == kept
        for item in kept:
            confirm(spool, item)
        spool.append(frames(5000, 5010))
        assert everything(spool) == frames(5000, 5010)


def test_of_a_damaged_file_the_readable_blocks_are_kept_and_the_rest_is_set_aside(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        for start in range(0, 3000, 10):
            spool.append(frames(start, start + 10))
    path = tmp_path / FILE
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 8192 * 8192
    data[middle : middle + 8192] = b"\xff" * 8192
    path.write_bytes(data)
    with spool_in(tmp_path) as spool:
        assert spool.set_aside is not None
        assert spool.set_aside.set_aside == tmp_path / f"{FILE}.unusable.1"
        found = everything(spool)
        assert 2800 < len(found) < 3000
        assert set(found) <= set(frames(3000))
    with spool_in(tmp_path) as spool:
        assert everything(spool) == found
        assert spool.set_aside is None


def test_a_file_of_a_newer_version_is_set_aside(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.append(frames(5))
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with spool_in(tmp_path) as spool:
        assert spool.set_aside is not None
        assert "newer version" in spool.set_aside.problem
        spool.append(frames(5, 10))
        assert everything(spool) == frames(5, 10)


@pytest.mark.parametrize(("column", "lost"), [("payloads", 10), ("offsets", 0)])  # how many is not known then
def test_a_block_that_is_damaged_is_lost_and_the_others_are_read(tmp_path: Path, column: str, lost: int) -> None:
    with spool_in(tmp_path) as spool:
        for start in range(0, 30, 10):
            spool.append(frames(start, start + 10))
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute(f"UPDATE blocks SET {column} = x'00010203' WHERE id = 2")
    connection.commit()
    connection.close()
    with spool_in(tmp_path) as spool:
        assert everything(spool) == [*frames(10), *frames(20, 30)]
        assert spool.lost == lost
        assert spool.pending == 20
        assert not confirm(spool, frame(15))


def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        spool.append(frames(5))
        assert names_in(tmp_path) == [FILE, f"{FILE}-wal"]
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


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
    with spool_in(tmp_path) as spool:
        spool.append(frames(5))
    assert names_in(tmp_path) == ["00000001.spool", "00000002.journal", FILE]


# --- kill -9 ---------------------------------------------------------------------------------------------------------

CHILD = """
import os, random, sys
from pathlib import Path
from reader.buffer.item import Item, ItemKind
from reader.buffer.spool import Spool

folder, seed = Path(sys.argv[1]), int(sys.argv[2])
chance = random.Random(seed)
say = lambda *words: os.write(1, (" ".join(map(str, words)) + "\\n").encode())
spool = Spool(folder, max_size=64_000_000)
spool.open()
waiting = [item for block in spool.undelivered() for item in spool.read(block)]
number = seed * 1_000_000
while True:
    items = []
    for _ in range(chance.randrange(1, 20)):
        number += 1
        items.append(Item(ItemKind.FRAME, chance.choice("AB"), number * 1_000_000, chance.randbytes(30).hex().encode()))
    spool.append(items)
    for item in items:
        say("a", item.meter, item.time_us, item.payload.decode())
    waiting += items
    while len(waiting) > 200:
        item = waiting.pop(chance.randrange(50))
        say("c", item.meter, item.time_us)
        spool.confirm(*item.identity)
"""


def test_kill_dash_9_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)
    waiting: dict[tuple[str, int], bytes] = {}
    for seed in range(1, 9):
        for what, meter, key, *payload in run_until_killed(
            CHILD, tmp_path / "spool", seed, tmp_path / "told", chance.randrange(1, 500)
        ):
            if what == "a":
                waiting[meter, int(key)] = payload[0].encode()
            else:
                waiting.pop((meter, int(key)), None)
        with spool_in(tmp_path / "spool") as spool:
            assert spool.set_aside is None
            found = {(item.meter, item.time_us): item.payload for item in everything(spool)}
            assert waiting.items() <= found.items()
