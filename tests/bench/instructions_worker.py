"""Does the work of some frames, and nothing else that depends on how many: `instructions` counts it.

`python -m tests.bench.instructions_worker WORK FRAMES FILE [DATABASE]`: FILE is a pickle of what comes in, in an order;
DATABASE is JSON, the settings of the connection.
"""

import json
import pickle
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from common.database.mariadb import Database, DatabaseConfig
from common.mqtt.events import Message
from common.runtime.logs import RateLimiter
from reader.tic.decoder import Decoder
from storer.batch.decode import decode_batch
from storer.batch_writer import BatchWriter
from storer.database.frame_store import FrameStore
from storer.health import Counters
from tests.bench.path import reader_parts


def main() -> None:
    work, count, file, *settings = sys.argv[1:]
    WORKS[work](pickle.loads(Path(file).read_bytes())[: int(count)], *map(json.loads, settings))


def decode(frames: Sequence[bytes]) -> None:
    decoder = Decoder()
    for frame in frames:
        decoder.feed(frame)


def read(frames: Sequence[bytes]) -> None:
    """Do what the reader does, without paho: from the bytes of a frame until it is confirmed."""
    decoder = Decoder()
    (first,) = Decoder().feed(frames[0])
    assert first.address is not None
    with reader_parts(first.address) as parts:
        for second, frame in enumerate(frames):
            (reading,) = decoder.feed(frame)
            parts.clock.advance(second - parts.clock.up)
            parts.work(reading)


def store(batches: Sequence[Sequence[tuple[str, bytes]]], database: dict[str, Any]) -> None:
    """Do what the storer does, without paho: from the payloads of a batch until it is committed."""
    store = FrameStore(Database(DatabaseConfig(**database)))
    writer = BatchWriter(store, counters := Counters(), RateLimiter())
    for batch in batches:
        messages = [Message(topic, payload, False, 0, 1, 1) for topic, payload in batch]
        envelopes = decode_batch(messages, None)
        for step in writer.steps(envelopes):
            step()
    store.close()
    assert counters.stored >= len(batches), counters


WORKS: dict[str, Callable[..., None]] = {"decode": decode, "read": read, "store": store}

if __name__ == "__main__":
    main()
