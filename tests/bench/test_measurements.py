"""The parts of measurements that could falsify a figure without an error."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from storer.frames.rows import encode_row
from tests.bench.figures import Disturbed, Figures, Row, Target, check_even
from tests.bench.house import Village, decoded
from tests.bench.latency import Stopwatch
from tests.bench.line import Line
from tests.support.arrivals import under_a_clear_sky
from tests.support.frames import DAY

START = datetime(2026, 11, 24, tzinfo=UTC)


def test_a_confirmation_counts_for_the_frame_that_it_is_of() -> None:
    watch = Stopwatch()
    now = time.monotonic()
    watch.sent(now - 2000.0, 100.0)
    watch.sent(now - 1000.0, 101.0)
    watch.stored(99.0)  # of a frame before both
    assert watch.take() == []
    watch.stored(101.001)  # that of the first was lost: it is not the second's time
    assert watch.take() == [pytest.approx(1_000_000, abs=500_000)]
    watch.stored(101.001)
    assert watch.take() == []


def test_a_meter_s_own_clock_has_whole_seconds() -> None:
    """As a meter sends it: with a fraction it fits into no column, and each frame makes a label set of its own."""
    frames = list(Village(3, 4).frames(START + timedelta(microseconds=123_456)))
    assert all((frame.stamps or {})["DATE"].microsecond == 0 for frame in frames)
    assert len({encode_row(frame).label_set.digest for frame in frames}) < len(frames)


def test_under_a_clear_sky_the_maximum_is_that_of_the_power_and_has_its_time() -> None:
    noon = DAY + timedelta(hours=8)
    frames = list(under_a_clear_sky(decoded("standard-three-phase-producer", noon, 60)))
    highest = 0
    for frame in frames:
        power, most = frame.values["SINSTI"], frame.values["SMAXIN"]
        assert isinstance(power, int)
        if power > highest:
            highest = power
            assert (frame.stamps or {})["SMAXIN"] == frame.timestamp.replace(microsecond=0)
        assert most == highest
    assert len({frame.values["SMAXIN"] for frame in frames}) > 5


def test_a_line_sends_the_frame_at_its_pace() -> None:
    frame = b"\x02" + b"x" * 94 + b"\x03"
    with Line() as line, open(line.name, "rb", buffering=0) as port:
        begun = time.monotonic()
        last, _ = line.send(frame, speed=960)
        assert last - begun >= 0.099  # the last of 96 bytes has not come before
        received = b""
        while len(received) < len(frame):
            received += port.read(len(frame))
    assert received == frame


def test_a_ratio_is_that_of_each_round() -> None:
    row = Row(what="x", ours=[1, 10, 3], theirs=[2, 40, 3])
    assert (row.ratio, row.decisive) == (Figures(0.25, 0.5, 1.0), 0.5)


@pytest.mark.parametrize(
    ("row", "decisive", "verdict"),
    [
        (Row(what="x", ours=[2], theirs=[1], target=Target("≤", 2)), 2, "met"),
        (Row(what="x", ours=[2.01], theirs=[1], target=Target("≤", 2)), 2.01, "missed"),
        (Row(what="x", ours=[0.49], theirs=[1], target=Target("≥", 0.5)), 0.49, "missed"),
        (Row(what="x", ours=[5, 1, 3], target=Target("≤", 2)), 3, "missed"),
        (Row(what="x", ours=[5, 1, 3], target=Target("≤", 2), decides="min"), 1, "met"),
        (Row(what="x", target=Target("≤", 1)), None, ""),
    ],
)
def test_a_row_decides_by_its_figure(row: Row, decisive: float | None, verdict: str) -> None:
    assert (row.decisive, row.verdict) == (decisive, verdict)


def test_a_machine_on_which_the_same_work_takes_a_fifth_longer_twice_is_refused() -> None:
    check_even([1.0] * 8 + [1.19, 3.0])  # one slow calibration of ten is an accident
    with pytest.raises(Disturbed):
        check_even([1.0] * 8 + [1.21, 1.21])
