"""What happens to the spool's disk, and what the programs do to it: damage, no room, no right to write, and wear."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.machine.disk import memory_backed
from reader.buffer.spool import Spool
from tests.faults.rig import Processes
from tests.support.programs import Program, wait_until

WITHIN = 120.0  # seconds, for what should take a few
PAGE = 8192  # bytes, of the spool


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A rig whose storer runs; each test gives its reader a spool."""
    with Processes(tmp_path_factory.mktemp("disk"), frames_a_second=240.0) as rig:
        yield rig


class Reader(Program):
    """The reader, with a journal and a spool of its own; its log is in memory, too."""

    def __init__(self, rig: Processes, name: str, spool: Path) -> None:
        self._rig = rig
        self._journal = rig.memory / name
        self.spool = spool
        config = rig.folder / f"{name}.yaml"
        text = rig.reader_config.read_text().replace(str(rig.spool), str(spool))
        config.write_text(text.replace("/journal,", f"/{name},"))
        super().__init__(name, "reader", "run", "--config", str(config), folder=rig.memory)

    def read_more(self, frames: int) -> None:
        """Wait until it has read so many more of those that are sent: the last one is in its journal."""
        assert self._rig.meter is not None
        sent = self._rig.meter.sent
        last = len(sent) + frames
        wait_until(lambda: len(sent) > last, WITHIN, "frames are sent", [self])
        wait_until(lambda: self._has(sent[last][0]), WITHIN, "frames are read", [self])

    def _has(self, number: int) -> bool:
        return any(b'"SINSTS": %d,' % number in file.read_bytes() for file in self._journal.glob("journal.sqlite*"))


@contextlib.contextmanager
def reading(rig: Processes, name: str, spool: Path) -> Iterator[Reader]:
    """Run a reader; whatever happens, it does not outlive the test."""
    # No module that it needs late is compiled onto the disk.
    with Reader(rig, name, spool).start(PYTHONDONTWRITEBYTECODE="1") as reader:
        yield reader


def grown(rig: Processes, by: int, *programs: Program) -> None:
    """Wait until there are more rows."""
    rows = len(rig.rows())
    wait_until(lambda: len(rig.rows()) >= rows + by, WITHIN, f"{by} rows more", programs)


def sent(rig: Processes) -> int:
    assert rig.meter is not None
    return len(rig.meter.sent)


def running_storer(rig: Processes) -> Program:
    storer = rig.storer or rig.start_storer()
    if not storer.running:
        storer.start()
    wait_until(lambda: "Connected to the broker" in storer.log.read_text(), WITHIN, "the storer is connected", [storer])
    return storer


# -- damage ------------------------------------------------------------------------------------------------------------


def numbers_in(spool: Path) -> set[int]:
    """Return the numbers of the frames that a start of the reader would find."""
    copy = spool.with_name("copy")
    shutil.copytree(spool, copy)
    found = Spool(copy, max_size=64_000_000)
    found.open()
    items = [item for block in found.undelivered() for item in found.read(block)]
    found.close()
    shutil.rmtree(copy)
    return {int(item.payload.partition(b'"SINSTS": ')[2].partition(b",")[0]) for item in items}


def test_every_readable_block_of_a_damaged_spool_arrives(rig: Processes, tmp_path: Path) -> None:
    """A page in the middle of the file is overwritten."""
    spool = tmp_path / "spool"
    storer = running_storer(rig)
    with reading(rig, "damaged", spool) as reader:
        grown(rig, 10, storer, reader)  # the reader knows the storer now
        assert storer.stop() == 0
        stored = rig.rows().keys()  # the reader may miss some of the last confirmations
        rig.broker.stop()
        for last in (False, False, False, True):
            reader.read_more(480)
            assert reader.stop() == 0  # it writes what nobody has confirmed to the disk
            if not last:
                reader.start()
        whole = numbers_in(spool)
        with (spool / "spool.sqlite").open("r+b") as file:
            file.seek(4 * PAGE)
            file.write(b"\0" * PAGE)
        safe = numbers_in(spool)
        assert len(whole) > len(safe) > len(whole) // 2
        assert safe <= whole

        rig.broker.start()
        storer.start()
        reader.start()
        wait_until(lambda: safe <= rig.rows().keys(), WITHIN, "all that is readable arrives", [storer, reader])
        wait_until(lambda: not (spool / "spool.sqlite").exists(), WITHIN, "what is confirmed is deleted", [reader])
        assert reader.count("is set aside as") == 1
        assert reader.stop() == 0
    rows = rig.rows()
    assert (whole - safe - stored).isdisjoint(rows)
    assert set(rows.values()) == {1}
    assert (spool / "spool.sqlite.unusable.1").exists()
    print(f"{len(safe)} frames of readable blocks arrived, {len(whole - safe)} were in damaged ones")


# -- wear --------------------------------------------------------------------------------------------------------------


def written(process: int) -> int:
    """Return how many bytes the process has had written to any disk."""
    lines = Path(f"/proc/{process}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def counter_works(folder: Path) -> bool:
    """Tell whether a file written here is seen in the counter."""
    before = written(os.getpid())
    (folder / "written").write_bytes(b"x" * 65_536)
    return written(os.getpid()) - before >= 65_536


def test_confirmed_frames_cost_the_disk_nothing(rig: Processes, tmp_path: Path) -> None:
    assert not memory_backed(tmp_path), "the spool must be on a disk for this"
    assert memory_backed(rig.memory)
    assert counter_works(tmp_path)
    storer = running_storer(rig)
    with reading(rig, "frugal", tmp_path / "spool") as reader:
        grown(rig, 30, storer, reader)
        reader.wait_for_log("Storer rig is online")  # its name is on the disk then
        assert (tmp_path / "spool" / "storers" / "rig").exists()
        before = written(reader.pid)
        grown(rig, 250, storer, reader)
        assert written(reader.pid) == before
        assert reader.stop() == 0
