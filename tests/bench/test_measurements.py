"""The parts of measurements that could falsify a figure without an error."""

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from common.contract.block import split_block
from common.contract.frame import Frame
from reader.simulator.meter import SimulatedMeter
from storer.database.rows import encode_row
from tests.bench import instructions_worker
from tests.bench.bare_client import TimeCounter
from tests.bench.crowd import Crowd
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


def test_frames_of_a_crowd_are_frames_and_all_different() -> None:
    crowd = Crowd(3)
    live = [Frame.from_json(crowd.frame(START, number)[1]) for number in range(12)]
    assert len({(frame.meter, frame.timestamp) for frame in live}) == 12
    assert {frame.meter for frame in live} == {frame.values["ADSC"] for frame in live}
    assert [frame.timestamp.replace(microsecond=0) for frame in live[::3]] == [
        START + timedelta(seconds=second) for second in range(4)
    ]
    assert (live[0].stamps or {})["DATE"] == START
    assert len({frame.values["PRM"] for frame in live}) == 3


def test_a_message_of_a_crowd_has_the_frames_that_a_meter_has_made_since_the_last() -> None:
    crowd = Crowd(3)
    topics, blocks = zip(*(crowd.block(START, number, 30) for number in range(6)), strict=True)
    assert topics[0] == topics[3] == "teleinfo/031961100000/replay"
    times = [[Frame.from_json(part).timestamp for part in split_block(block)] for block in (blocks[0], blocks[3])]
    assert [(b - a).total_seconds() for a, b in pairwise([*times[0], *times[1]])] == [1.0] * 59
    assert times[0][-1] < START < times[1][-1]


def test_each_confirmed_time_counts_once_wherever_the_stream_is_cut() -> None:
    text = b'{"storer": "main", "timestamps": ["2026-11-24T00:00:00.000007Z", "2026-11-24T00:00:01.000007Z"]}'
    for cut in range(len(text)):
        counter = TimeCounter()
        counter.feed(text[:cut])
        counter.feed(text[cut:])
        assert counter.count == 2


def test_a_meter_s_own_clock_has_whole_seconds() -> None:
    """As a meter sends it: with a fraction it fits into no column, and each frame makes a label set of its own."""
    frames = list(Village(3, 4).frames(START + timedelta(microseconds=123_456)))
    assert all((frame.stamps or {})["DATE"].microsecond == 0 for frame in frames)
    assert len({encode_row(frame).label_set.digest for frame in frames}) < len(frames)


def test_under_a_clear_sky_the_maximum_is_that_of_the_power_and_has_its_time() -> None:
    noon = DAY + timedelta(hours=8)
    frames = list(under_a_clear_sky(decoded("standard-single-phase-producer", noon, 60)))
    highest = 0
    for frame in frames:
        power, most = frame.values["SINSTI"], frame.values["SMAXIN"]
        assert isinstance(power, int)
        if power > highest:
            highest = power
            assert (frame.stamps or {})["SMAXIN"] == frame.timestamp.replace(microsecond=0)
        assert most == highest
    assert len({frame.values["SMAXIN"] for frame in frames}) > 5


def test_the_reader_s_work_ends_when_each_frame_is_confirmed() -> None:
    meter = SimulatedMeter("standard-single-phase-tempo")
    frames = [meter.frame(START + timedelta(seconds=second)) for second in range(70)]
    instructions_worker.read(frames)  # fails if one is not


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
