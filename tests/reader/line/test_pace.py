"""When a frame will end: lines that send at their own pace, in chunks of any size, and what is no meter's line."""

import random
import statistics
from collections.abc import Callable

import pytest

from reader.line.pace import ETX, FramePace, arrivals

Send = Callable[..., bytes]

FAST, SLOW = 960, 120  # bytes/s of a line at 9600 and 1200 bit/s


class Line:
    """A line that sends one byte after the other, and a reader that follows `FramePace`."""

    def __init__(self, pace: float) -> None:
        self.frame_pace = FramePace()
        self.now = 100.0
        self.wake_ups = 0
        self._due = self.now
        self._pace = pace

    def send(self, *lengths: int, gap: float | Callable[[], float] = 0.02, chunk: int = 16) -> list[float]:
        """Send frames of these lengths; return how late the end of each was read, in seconds."""
        chunks: list[tuple[float, bytes]] = []
        ends = []
        for length in lengths:
            self._due += gap if isinstance(gap, float) else gap()
            frame = b"x" * (length - 1) + ETX
            for start in range(0, length, chunk):
                part = frame[start : start + chunk]
                chunks.append((self._due + (start + len(part)) / self._pace, part))
            self._due += length / self._pace
            ends.append(self._due)
        late = []
        while chunks:
            self.now += self.frame_pace.pause(self.now) or 0.0
            since, self.now = self.now, max(self.now, chunks[0][0])
            data = b""
            while chunks and chunks[0][0] <= self.now + 1e-9:
                data += chunks.pop(0)[1]
            self.wake_ups += 1
            late += [self.now - ends.pop(0) for _ in range(data.count(ETX))]
            self.frame_pace.feed(data, since, self.now)
            if ETX not in data and self.frame_pace.pause(self.now) is None:
                self.now += 0.02
        return late


@pytest.mark.parametrize(("pace", "length"), [(FAST, 1025), (FAST, 600), (SLOW, 170), (SLOW, 260)])
def test_wakes_up_a_few_times_a_frame_and_reads_its_end_at_once(pace: int, length: int) -> None:
    line = Line(pace)
    line.send(*[length] * 10)
    line.wake_ups = 0
    late = line.send(*[length] * 20)
    assert max(late) < 1e-6
    assert line.wake_ups <= 3 * 20


@pytest.mark.parametrize("gap", [0.0167, 0.1, 0.9])
def test_sleeps_from_the_end_of_a_frame_to_that_of_the_next(gap: float) -> None:
    line = Line(FAST)
    line.send(*[864] * 10, gap=gap)
    line.wake_ups = 0
    assert max(line.send(*[864] * 20, gap=gap)) < 1e-6
    assert line.wake_ups == 2 * 20


@pytest.mark.parametrize("pace", [FAST, SLOW])
def test_the_gap_between_frames_may_vary(pace: float) -> None:
    """Enedis allows 16.7 to 33.4 ms."""
    line = Line(pace)
    rng = random.Random(3)
    late = line.send(*[865] * 200, gap=lambda: rng.uniform(0.0167, 0.0334))
    assert statistics.median(late) < 1e-6
    assert max(late) < 0.0167
    assert line.wake_ups <= 5 * 200


def test_without_regular_frames_the_first_bytes_tell_when_one_ends() -> None:
    line = Line(FAST)
    rng = random.Random(4)
    late = line.send(*[864] * 200, gap=lambda: rng.uniform(0.02, 0.4))
    assert max(late[2:]) < 1e-6
    assert line.wake_ups <= 4 * 200


def test_a_frame_that_comes_early_is_read_late_once() -> None:
    line = Line(FAST)
    line.send(*[864] * 10, gap=0.4)
    assert line.send(*[864] * 5, gap=0.1) == pytest.approx([0.298, 0, 0, 0, 0], abs=1e-6)


def test_a_late_start_of_the_reader_does_not_add_up() -> None:
    line = Line(FAST)
    line.send(*[864] * 10)
    line.now += 0.5  # it did not get the processor
    late = line.send(*[864] * 10)
    assert late[0] == pytest.approx(0)
    line.now += 1.5
    late = line.send(*[864] * 10)
    assert late[0] > 0.5
    assert late[2:] == pytest.approx([0] * 8)


@pytest.mark.parametrize(
    ("before", "lengths", "latest"),
    [
        ([170, 170], [187, 400], [0.02, 0.02]),  # longer: at its end, or a moment later
        ([187, 187], [170, 170, 170], [17 / SLOW + 1e-6, 1e-6, 1e-6]),  # shorter: late once
        ([400, 400, *[60] * 6], [60, 60], [1e-6, 1e-6]),  # several within one pause
    ],
)
def test_frames_of_another_length_than_the_last_one(before: list[int], lengths: list[int], latest: list[float]) -> None:
    line = Line(SLOW)
    line.send(*before)
    assert all(late <= most for late, most in zip(line.send(*lengths), latest, strict=True))


def test_without_a_frame_there_is_nothing_to_wait_for() -> None:
    pace = FramePace()
    assert pace.pause(0.0) is None
    pace.feed(b"noise", 0.0, 1.0)
    assert pace.pause(1.0) is None


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.5])
def test_frames_faster_than_a_meter_sends_are_not_slept_through(seconds: float) -> None:
    pace = FramePace()
    for start in range(3):
        pace.feed(b"x" * 16, start - 0.02, start)
        pace.feed(b"x" * 983 + ETX, start, start + seconds)
    pace.feed(b"x" * 16, 3.9, 4.0)
    assert pace.pause(4.0) is None


def test_several_frames_in_one_read_are_not_slept_through() -> None:
    pace = FramePace()
    pace.feed(b"x" * 16, 0.9, 1.0)
    pace.feed((b"x" * 500 + ETX) * 3, 2.0, 2.6)
    pace.feed(b"x" * 16, 2.6, 2.7)
    assert pace.pause(2.7) is None


def test_noise_without_an_end_is_not_waited_for_for_ever() -> None:
    line = Line(FAST)
    line.send(1000, 1000)
    line.frame_pace.feed(b"x", line.now - 0.1, line.now)
    assert line.frame_pace.pause(line.now) == pytest.approx(999 / FAST, abs=0.03)
    assert line.frame_pace.pause(line.now + 1.05) == 0
    assert line.frame_pace.pause(line.now + 1.2) is None


def test_random_lengths_and_gaps_never_sleep_longer_than_the_frame_before() -> None:
    rng = random.Random(1)
    for pace in (SLOW, FAST):
        line = Line(pace)
        longest = 0
        for _ in range(50):
            length = rng.randrange(20, 1200)
            (late,) = line.send(length, gap=rng.uniform(0, 2), chunk=rng.choice((1, 8, 16, 62)))
            assert late <= max((longest - length) / pace, 0.02) + 1e-6
            longest = max(longest, length)


# The times of arrival.


def test_the_bytes_after_an_end_tell_when_it_arrived() -> None:
    data = b"old" + ETX + b"x" * 95 + ETX + b"y" * 96
    parts = arrivals(data, 10.0, 9600, 9.0)
    assert b"".join(part for part, _ in parts) == data
    assert [part[-1:] for part, _ in parts] == [ETX, ETX, b"y"]
    assert [at for _, at in parts] == pytest.approx([9.8, 9.9, 10.0])


def test_nothing_arrived_before_the_read_before() -> None:
    parts = arrivals(b"x" * 9 + ETX + b"y" * 1200, 10.0, 1200, 9.5)
    assert [at for _, at in parts] == [9.5, 10.0]


def test_bytes_without_an_end_stay_one_part() -> None:
    assert arrivals(b"xyz", 10.0, 9600, 9.0) == [(b"xyz", 10.0)]
    assert arrivals(b"xyz" + ETX, 10.0, 9600, 9.0) == [(b"xyz" + ETX, 10.0)]
