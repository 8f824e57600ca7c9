"""Counts the recorder rows of meters in Home Assistant, and how many there would be if each frame were published."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from pathlib import Path

from common.contract.frame import Frame
from reader.home_assistant.entities import key_of
from reader.meter.state import MeterState

DATABASE = "home-assistant_v2.db"


def rows_written(folder: Path, entities: Collection[str], since: float, until: float) -> int:
    """Return how many rows of the table `states` are of those entities, between two instants (seconds since 1970)."""
    marks = ", ".join("?" * len(entities))
    with closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as database:
        (count,) = database.execute(
            "SELECT COUNT(*) FROM states JOIN states_meta USING (metadata_id)"
            f" WHERE last_updated_ts >= ? AND last_updated_ts < ? AND states_meta.entity_id IN ({marks})",
            (since, until, *entities),
        ).fetchone()
    return int(count)


def values_changed(frames: Iterable[Frame], keys: Collection[str]) -> int:
    """Return how many values change from frame to frame, of those that have an entity of such a key."""
    state, before, count = MeterState(), dict[str, object](), 0
    for frame in frames:
        state.update(frame, frame.timestamp.timestamp())
        snapshot = state.snapshot() if state.complete else {}
        now = {key_of(label): value for label, value in snapshot.items()}
        if before:
            count += sum(now.get(key) != before.get(key) for key in keys)
        before = now
    return count


def table(measured: Mapping[str, tuple[int, int]], seconds: float) -> str:
    """Write rows and changes of each meter, an hour."""
    lines = [f"recorder rows an hour, from {seconds / 60:.0f} minutes: as it is published; if each frame were"]
    for kind, (rows, changes) in measured.items():
        lines.append(f"  {kind:40} {rows * 3600 / seconds:7,.0f} {changes * 3600 / seconds:9,.0f}")
    return "\n".join(lines)
