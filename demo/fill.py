"""Gives the demo's meter a past, beside the running demo: the newest day first, so the page has something at once.

It can be ended at any moment and goes on the next time: a day is in the tables whole or not at all, and the oldest hour
there says how far it is. What it prints, a line for each day, is how the demo follows it.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from common.contract.frame import parse_time
from common.contract.tally import Tally
from common.database.mariadb import Connection, Database
from common.errors import Conflict, TeleinfoError
from common.settings import config
from demo.history import History, frame_at
from demo.source_history import SourceHistory
from demo.sun import meter_of
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import Decoder
from storer.config import StorerConfig
from storer.database.frame_store import FrameStore
from storer.database.ids import find_meters

DAYS = 400
_NAME = "history"  # as a reader and as a storer
_DAY, _HOUR, _SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
_BATCH = 500  # frames
_NICE = 10  # the live part goes first


def fill(database: Database, until: datetime, days: int = DAYS, *, sun: bool = False) -> Generator[int, None, None]:
    """Write the past of a meter up to the demo's first run; yield how many days are written, when that changes.

    Args:
        database: with the tables of a storer.
        until: when this run began; only where the tables know nothing of the meter does it matter.
        days: how many.
        sun: the house has a roof, a car and a thermometer.
    """
    meter = meter_of(sun=sun)
    # A transaction may be in another's way.
    again = Retrying(retry=retry_if_exception_type(Conflict), stop=stop_after_attempt(5), reraise=True)
    with contextlib.closing(database.connect()) as connection:
        begin, end = _range(connection, meter, until, days)
        sources = SourceHistory(connection, meter.address) if sun else None
        written = _written_from(connection, meter)
        if written is None or written >= end:
            begun = min(until, end + _HOUR)
            _write_frames(database, meter, end, begun)
            if sources:
                again(sources.write, end, begun.replace(second=0, microsecond=0))
            written = end
        history = History(connection, meter)
        yield (end - written) // _DAY
        while written > begin:
            start = max(begin, written - _DAY)
            if sources:  # before the hours of the meter, which say that the day is done
                again(sources.write, start, written)
            again(_write_day, history, start, written, begin)
            written = start
            yield (end - written) // _DAY


def _range(connection: Connection, meter: SimulatedMeter, until: datetime, days: int) -> tuple[datetime, datetime]:
    """Return where the history begins and ends: it ends where the hour of the first frame that is stored begins."""
    number = find_meters(connection, [meter.address]).get(meter.address)
    rows = connection.query("SELECT timestamp FROM frames WHERE meter_id = %s ORDER BY timestamp LIMIT 1", (number,))
    first = min([until, *(timestamp.replace(tzinfo=UTC) for (timestamp,) in rows)])
    end = first.replace(minute=0, second=0, microsecond=0)
    return end - days * _DAY, end


def _written_from(connection: Connection, meter: SimulatedMeter) -> datetime | None:
    number = find_meters(connection, [meter.address]).get(meter.address)
    rows = connection.query("SELECT MIN(hour) FROM hours WHERE meter_id = %s", (number,))
    oldest: datetime | None = rows[0][0]
    return None if oldest is None else oldest.replace(tzinfo=UTC)


def _write_day(history: History, start: datetime, end: datetime, begin: datetime) -> None:
    for _ in history.write(start, end, since=begin):
        pass


def _write_frames(database: Database, meter: SimulatedMeter, start: datetime, end: datetime) -> None:
    """Store the frames of the hour in which the demo was started, up to then: an hour without a gap."""
    decoder = Decoder()
    with contextlib.closing(FrameStore(database, _NAME)) as store:
        moments = [start + number * _SECOND for number in range(int((end - start).total_seconds()))]
        for first in range(0, len(moments), _BATCH):
            store.write([frame_at(meter, decoder, moment) for moment in moments[first : first + _BATCH]])
        store.write_tallies([Tally(meter.address, start, _NAME, len(moments))])


def main() -> int:
    """Fill, as a process of its own; print how far it is after each day."""
    parser = argparse.ArgumentParser(prog="demo.fill", description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--until", type=parse_time, required=True)
    parser.add_argument("--sun", action="store_true")
    arguments = parser.parse_args()
    os.nice(_NICE)
    settings = config.load(StorerConfig, arguments.config)
    try:
        database = Database(settings.database)
        for done in fill(database, arguments.until, sun=arguments.sun):
            print(f"history {done}/{DAYS} days", flush=True)
    except TeleinfoError as error:
        print(f"demo.fill: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
