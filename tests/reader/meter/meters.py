"""Made-up frames, and states of meters that have sent them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from common.contract.frame import Frame, Value
from common.contract.labels import Mode
from reader.meter.state import MeterState
from tests.support import frames

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
METER = "031961123456"
SIX_AM = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # in Paris: Tempo days begin


def simulated(kind: str, count: int, *, start: datetime = NOON, seconds: float = 2.0) -> Iterator[Frame]:
    return frames.simulated(kind, count, start=start, every=timedelta(seconds=seconds))


def first(kind: str, start: datetime = NOON) -> Frame:
    (frame,) = simulated(kind, 1, start=start)
    return frame


def frame_of(mode: Mode, values: Mapping[str, Value], **more: Any) -> Frame:
    return Frame(meter=METER, timestamp=NOON, mode=mode, values={"ADSC": METER, **values}, **more)


def standard(dropped: int = 0, **values: Value) -> Frame:
    return frame_of(Mode.STANDARD, values, dropped=dropped or None)


def historic(dropped: int = 0, **values: Value) -> Frame:
    values = {"ADCO": METER, **values}
    return Frame(meter=METER, timestamp=NOON, mode=Mode.HISTORIC, values=values, dropped=dropped or None)


def current(state: MeterState) -> dict[str, Any]:
    """Return the state as it is published after a birth message: nothing while it is not complete."""
    if not state.complete:
        return {}
    state.mark_published()
    return dict(state.snapshot())


def state_of(*frames: Frame, seconds: float = 2.0) -> dict[str, Any]:
    """Return what is known after these frames, the first of them seen twice."""
    state = MeterState()
    for number, frame in enumerate((frames[0], *frames)):
        state.update(frame, number * seconds)
    return current(state)


def changed(frame: Frame, **values: Value) -> Frame:
    return replace(frame, values={**frame.values, **values})


def without(frame: Frame, *labels: str, dropped: int | None = None) -> Frame:
    return replace(
        frame,
        values={label: value for label, value in frame.values.items() if label not in labels},
        stamps={label: stamp for label, stamp in (frame.stamps or {}).items() if label not in labels},
        dropped=dropped,
    )


def whole(**values: Value) -> Frame:
    said: dict[str, Value] = {"NGTF": "H PLEINE/CREUSE ", "STGE": "003A0401", "NTARF": 2, "SINSTS": 1000}
    return frame_of(Mode.STANDARD, said | values)
