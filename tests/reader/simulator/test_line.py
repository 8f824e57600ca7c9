"""The line of a simulated meter: speed, parity, noise and URLs."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from reader.simulator.line import Noise, SimulatedLine
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import with_parity

START = datetime(2026, 7, 14, 10, 0, tzinfo=UTC)  # no overload at noon


class Clock(threading.Event):
    """A stop event that is also the clock: time passes only during waits."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 1000.0

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.seconds += timeout
        return self.is_set()

    def line(self, kind: str, *, speed: float = 1.0, noise: float = 0.0) -> SimulatedLine:
        return SimulatedLine(
            kind,
            speed=speed,
            noise=noise,
            stop=self,
            monotonic=lambda: self.seconds,
            clock=lambda: START + timedelta(seconds=self.seconds - 1000),
        )

    def read_until(self, line: SimulatedLine, seconds: float) -> list[bytes]:
        bursts = []
        while self.seconds < 1000 + seconds:
            bursts.append(line.read(min(1.0, 1000 + seconds - self.seconds)))
        return bursts


def seven_bits(data: bytes) -> bytes:
    return bytes(byte & 0x7F for byte in data)


# Speed: seconds of a frame at 10 bits a character, and of the gap after it.
@pytest.mark.parametrize(
    ("kind", "speed", "frame_time"),
    [
        ("historic-single-phase-base", 1, 152 / 120 + 0.02),
        ("historic-three-phase-tempo", 1, 356 / 120 + 0.02),
        ("standard-single-phase-base", 1, 865 / 960 + 0.02),
        ("standard-single-phase-base", 10, (865 / 960 + 0.02) / 10),
        ("standard-single-phase-base", 200, (865 / 960 + 0.02) / 200),
        ("historic-single-phase-base", 0.1, (152 / 120 + 0.02) * 10),
    ],
)
def test_sends_as_many_frames_as_the_line_can_carry(kind: str, speed: float, frame_time: float) -> None:
    clock = Clock()
    seconds = 60 * frame_time
    data = b"".join(clock.read_until(clock.line(kind, speed=speed), seconds))
    assert 59 <= data.count(with_parity(b"\x03")) <= 60
    assert data == with_parity(seven_bits(data))


def test_a_frame_arrives_in_small_bursts_and_has_the_values_at_its_first_byte() -> None:
    clock = Clock()
    bursts = clock.read_until(clock.line("standard-single-phase-base"), 2)
    assert max(map(len, bursts)) < 130
    data = seven_bits(b"".join(bursts))
    first, second = data.split(b"\x02")[1:3]
    meter = SimulatedMeter("standard-single-phase-base")
    assert b"\x02" + first == meter.frame(START + timedelta(seconds=0.02))
    assert b"\x02" + second == meter.frame(START + timedelta(seconds=0.02 + 865 / 960 + 0.02))


def test_bytes_do_not_arrive_early_and_a_read_ends_with_its_timeout() -> None:
    clock = Clock()
    line = clock.line("historic-single-phase-base")
    assert line.read(0) == b""
    assert line.read(0.01) == b""
    assert clock.seconds == pytest.approx(1000.01)


def test_a_late_reader_loses_nothing_and_an_absent_one_continues_from_now() -> None:
    clock = Clock()
    line = clock.line("standard-single-phase-base", speed=10)
    clock.seconds += 0.9
    assert 8 * 865 < len(line.read(0)) < 10 * 865
    clock.seconds += 3600
    assert len(line.read(0)) < 130


def test_a_slow_line_does_not_count_as_a_late_reader() -> None:
    clock = Clock()
    line = clock.line("historic-single-phase-base", speed=0.001)
    data = b"".join(clock.read_until(line, 152 / 0.12 + 25))
    assert seven_bits(data)[:153].startswith(b"\x02\nADCO ")
    assert seven_bits(data).count(b"\x03") == 1


def test_a_closed_line_gives_no_more_bytes() -> None:
    line = SimulatedLine("standard-single-phase-base")
    line.close()
    assert line.closed
    assert line.read(1000) == b""


# Noise.


@pytest.mark.parametrize("rate", [1e-3, 0.01, 0.3])
def test_flips_bits_at_its_rate_whatever_the_size_of_the_chunks(rate: float) -> None:
    noise, bits = Noise(rate, seed=1), 0
    for i in range(1000):
        sent = bytes(100 + i % 51)
        bits += sum(byte.bit_count() for byte in noise.apply(sent))
    sent_bits = 8 * sum(100 + i % 51 for i in range(1000))
    assert sent_bits > 900_000
    assert bits == pytest.approx(rate * sent_bits, rel=0.1)


def test_flips_each_of_the_eight_bits() -> None:
    noise = Noise(0.05, seed=2)
    flipped = [0] * 8
    for byte in noise.apply(bytes(10_000)):
        for bit in range(8):
            flipped[bit] += byte >> bit & 1
    assert all(400 < count < 600 for count in flipped)


def test_a_rate_of_0_changes_no_bit_and_a_rate_of_1_changes_all() -> None:
    data = bytes(range(256))
    assert Noise(0).apply(data) == data
    assert Noise(1).apply(data) == bytes(255 - byte for byte in data)
    assert Noise(1e-300).apply(data) == data


def test_the_same_seed_gives_the_same_errors() -> None:
    first, second = (Noise(0.01, seed=3) for _ in range(2))
    whole = first.apply(bytes(5000))
    assert second.apply(bytes(1234)) + second.apply(bytes(5000 - 1234)) == whole


# URLs.


def test_a_url_sets_kind_speed_noise_and_seed() -> None:
    line = SimulatedLine.from_url("simulate://standard-single-phase-tempo?speed=10&noise=1e-4&seed=3")
    assert line.meter.address == SimulatedMeter("standard-single-phase-tempo", seed=3).address
    plain = SimulatedLine.from_url("simulate://standard-single-phase-tempo")
    assert plain.meter.address == SimulatedMeter("standard-single-phase-tempo").address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("simulate://standard-two-phase-base", r"'standard-two-phase-base'.*historic-"),
        ("simulate://", r"''"),
        ("simulate://standard-single-phase-base?sped=2", r"'sped'.*speed.*noise.*seed"),
        ("simulate://standard-single-phase-base?speed=fast", r"speed .*, not 'fast'"),
        ("simulate://standard-single-phase-base?speed", r"speed .*, not ''"),
        ("simulate://standard-single-phase-base?speed=0", r"speed .*above 0, not 0"),
        ("simulate://standard-single-phase-base?speed=nan", r"speed .*above 0, not nan"),
        ("simulate://standard-single-phase-base?speed=inf", r"speed .*above 0, not inf"),
        ("simulate://standard-single-phase-base?noise=2", r"from 0 to 1, not 2"),
        ("simulate://standard-single-phase-base?noise=-1", r"from 0 to 1, not -1"),
        ("simulate://standard-single-phase-base?seed=1.5", r"seed .*whole number, not '1.5'"),
        ("simulate://standard-single-phase-base?seed=nan", r"seed .*whole number, not 'nan'"),
        ("simulate://standard-single-phase-base?speed=1&speed=2", r"speed is given twice"),
        ("simulate://standard-single-phase-base/cellar", r"not simulate://KIND"),
        ("socket://standard-single-phase-base", r"not simulate://KIND"),
    ],
)
def test_an_invalid_url_is_refused_in_one_line(url: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected) as caught:
        SimulatedLine.from_url(url)
    assert "\n" not in str(caught.value)
