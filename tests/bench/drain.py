"""How fast a reader delivers what is in its spool, until the storer has confirmed it, against executemany."""

import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from common.contract.frame import Frame
from reader.buffer.item import Item, ItemKind, to_micros
from reader.config import SpoolConfig
from reader.delivery.storage import Storage
from tests.bench.bare_insert import BATCH, BareInsert
from tests.bench.client import Client
from tests.bench.confirmations import Confirmations
from tests.bench.figures import Row, Target, in_turn
from tests.bench.house import Village
from tests.bench.line import Line
from tests.bench.options import Options
from tests.bench.report import Section
from tests.bench.rig import rig

_HOW = """\
A reader starts with a spool of unconfirmed frames of one meter on disk; broker, storer and database run. From the
first confirmation of the storer to the last. The target is a day of frames in ten seconds. Beside it, `executemany` of
PyMySQL with 500 of the same rows a transaction, into an empty table of the same form in the same database."""
_A_DAY = 86_400 / 10  # frames/s
_MINUTE = 60  # frames that are pending when a reader moves them to its spool


def measure(options: Options) -> Section:
    """Drain a spool several times; the frames are new each time."""
    count, rounds = (1_000, 1) if options.quick else (20_000, 5)
    village = Village(1, count)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(rig())
        database = place.database()
        storer = place.storer(database)
        heard = Confirmations(storer)
        stack.enter_context(Client(place.broker.port, heard.on_message, "teleinfo/+/stored"))
        line = stack.enter_context(Line())
        reader = place.reader(line.name)
        storer.start().wait_for_log("Ready", "Connected to the broker")
        starts = (start + number * timedelta(seconds=count) for number in range(rounds + 1))

        def drain() -> float:
            fill(Path(reader.settings["spool"]["path"]), village.frames(next(starts)))
            heard.expect(count)
            reader.start()
            spent = heard.wait()
            assert reader.stop() == 0, "the reader failed"
            return 1 / spent.elapsed

        drain()  # makes meters and label sets
        bare = BareInsert(database)
        stack.callback(bare.close)
        rates, limits = in_turn(rounds, drain, lambda: bare.rate(bare.rows(count)))
    row = Row(
        what="spool of a reader",
        unit="frames/s",
        ours=rates,
        against=f"executemany({BATCH})",
        theirs=limits,
        target=Target("≥", _A_DAY),
        target_is_absolute=True,
    )
    return Section("drain", _HOW, [row])


def fill(folder: Path, frames: Iterable[Frame]) -> None:
    """Write frames to the spool of a reader that does not run, a minute at a time."""
    spool = Storage(SpoolConfig(path=folder, journal=folder), "bench").open_spool()
    assert spool is not None, f"no spool in {folder}"
    items = (Item(ItemKind.FRAME, frame.meter, to_micros(frame.timestamp), frame.to_json()) for frame in frames)
    while minute := list(islice(items, _MINUTE)):
        spool.append(minute)
    spool.close()
