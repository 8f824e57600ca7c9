"""What the spool costs: bytes on disk, bytes written, and memory."""

import random
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.machine.disk import memory_backed
from reader.buffer.item import HOUR, Item, ItemKind, to_micros
from reader.buffer.spool import FILE
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder
from tests.reader.buffer.spools import LARGE, METER, NOON, SECOND, everything, spool_in


def test_two_weeks_fit_into_64_megabytes_and_little_is_written(tmp_path: Path) -> None:
    meter, decoder, chance = SimulatedMeter("standard-single-phase-tempo"), Decoder(), random.Random(1)
    now = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
    items = []
    for _ in range(1800):
        now += timedelta(seconds=0.917 + chance.uniform(-0.02, 0.02))
        for reading in decoder.feed(meter.frame(now)):
            assert reading.address
            decoded = reading.to_frame(reading.address, now)
            items.append(Item(ItemKind.FRAME, decoded.meter, to_micros(now), decoded.to_json()))
    assert len(items) == 1800

    def written() -> int:
        lines = Path("/proc/self/io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))

    with spool_in(tmp_path) as spool:
        before = written()
        for hours in range(0, 20, 2):
            for start in range(0, len(items), 60):
                later = [item._replace(time_us=item.time_us + hours * HOUR) for item in items[start : start + 60]]
                spool.append(later)
        each_written = (written() - before) / spool.pending
        count = spool.pending
        assert everything(spool)[: len(items)] == items
    each = (tmp_path / FILE).stat().st_size / count
    assert each <= 48
    assert LARGE / each / (1.09 * 86_400) >= 14  # days
    if not memory_backed(tmp_path):
        assert each_written <= 450


def test_a_long_outage_costs_about_ten_bytes_of_memory_a_frame(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        for start in range(0, 18_000, 60):  # as the program writes: once a minute
            spool.append(
                [Item(ItemKind.FRAME, METER, NOON + number * SECOND, b"{}") for number in range(start, start + 60)]
            )
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        with spool_in(tmp_path) as spool:
            after, _ = tracemalloc.get_traced_memory()
            assert spool.pending == 18_000
            each = (after - before) / spool.pending
    finally:
        tracemalloc.stop()
    assert each < 12
