"""The journal: exactly what was appended and not released is there after a kill, with the count of each hour."""

import random
import shutil
from pathlib import Path

from reader.buffer.item import HOUR, Item, ItemKind
from reader.buffer.journal import HourKey
from tests.reader.buffer.buffers import METER, NOON, Buffer, files_no_longer_than, frame, tally


def test_in_any_order_a_kill_brings_back_exactly_what_is_kept_and_counted(tmp_path: Path) -> None:
    chance, folder = random.Random(3), tmp_path / "journal"
    kept: dict[Item, None] = {}
    counts: dict[HourKey, tuple[str, int]] = {}
    journal = Buffer("journal", folder, reader="pi0")
    for number in range(400):
        payload = bytes(chance.choices(range(256), k=chance.choice([0, 5, 5000])))
        time_us = chance.choice(
            [NOON + number * 60_000_000, NOON + chance.randrange(9) * HOUR, -number, 2**63 - 1 - number]
        )
        item = Item(chance.choice([*ItemKind]), chance.choice([METER, "é", ""]), time_us, payload)
        if item.kind is ItemKind.FRAME and item.identity in {each.identity for each in kept}:
            continue  # which does not happen; a tally is replaced by a higher one
        journal.append([item])
        kept.pop(item, None)
        kept[item] = None
        if item.kind is ItemKind.FRAME:
            key = item.meter, time_us // HOUR * HOUR
            reader, count = counts.get(key, (f"pi{number // 100}", 0))
            counts[key] = reader, count + 1
        while kept and chance.random() < 0.5:
            kept.pop(released := chance.choice([*kept]))
            journal.confirm(released)
        if chance.random() < 0.1:
            before = NOON + chance.randrange(5) * HOUR
            old = [key for key in counts if key[1] < before]
            assert journal.journal.forget_counts(before) is bool(old)
            for key in old:
                del counts[key]
        copy = shutil.copytree(folder, tmp_path / "copies" / str(number))
        with Buffer("journal", copy) as after_kill:
            latest = {each.identity: each for each in kept}  # of a tally
            assert after_kill.items == [each for each in kept if each in {*latest.values()}]
            assert after_kill.journal.counts == journal.journal.counts == counts
        if number % 100 == 99:  # by another name: a count keeps the name of the reader that began it
            journal.store.close()
            journal = Buffer("journal", folder, reader=f"pi{number // 100 + 1}")
            kept = dict.fromkeys(journal.items)
    journal.store.close()


def test_of_a_tally_that_was_written_twice_the_last_one_is_there_and_leaves_with_its_release(tmp_path: Path) -> None:
    with Buffer("journal", tmp_path) as journal:
        journal.append([tally(0, 1), frame(1), tally(0, 2)])
    with Buffer("journal", tmp_path) as journal:
        assert journal.items == [frame(1), tally(0, 2)]
        assert journal.journal.counts == {(METER, NOON): ("pi", 1)}
        journal.confirm(*journal.items)
    with Buffer("journal", tmp_path) as journal:
        assert journal.items == []


def test_it_does_not_grow_while_each_frame_is_confirmed(tmp_path: Path) -> None:
    with Buffer("journal", tmp_path) as journal:
        for number in range(2000):
            journal.append([frame(number, size=500)])
            journal.confirm(frame(number, size=500))
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 500_000
        assert journal.store.size < 50_000


def test_what_cannot_be_released_for_lack_of_room_is_released_with_the_next(tmp_path: Path) -> None:
    with Buffer("journal", tmp_path) as journal:
        journal.append([frame(0), frame(1)])
        with files_no_longer_than(100):
            journal.confirm(frame(0))
            assert not journal.journal.forget_counts(NOON + HOUR)
        journal.confirm(frame(1))
        assert journal.journal.forget_counts(NOON + HOUR)
    with Buffer("journal", tmp_path) as journal:
        assert journal.items == []
        assert journal.journal.counts == {}
