"""The line of a simulated meter: pace, parity, noise, addresses, and a real pseudo-terminal."""

import os
import threading
from datetime import UTC, datetime, timedelta
from queue import Queue

import pytest

from reader.line.pseudo_terminal import serve_pty
from reader.simulator.line import Noise, SimulatedLine
from reader.simulator.meter import SimulatedMeter
from reader.tic.parity import with_parity

START = datetime(2026, 7, 14, 10, 0, tzinfo=UTC)  # no overload at noon


class Clock(threading.Event):
    """Time that passes while somebody waits for this event, and at no other moment."""

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


def test_each_character_has_an_even_number_of_ones() -> None:
    assert all(byte.bit_count() % 2 == 0 for byte in with_parity(bytes(range(128))))
    assert seven_bits(with_parity(bytes(range(128)))) == bytes(range(128))


# Pace: seconds of a frame at 10 bits a character, and of the gap behind it.
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


def test_a_frame_comes_in_small_bursts_and_says_what_the_meter_says_at_its_first_byte() -> None:
    clock = Clock()
    bursts = clock.read_until(clock.line("standard-single-phase-base"), 2)
    assert max(map(len, bursts)) < 130
    data = seven_bits(b"".join(bursts))
    first, second = data.split(b"\x02")[1:3]
    meter = SimulatedMeter("standard-single-phase-base")
    assert b"\x02" + first == meter.frame(START + timedelta(seconds=0.02))
    assert b"\x02" + second == meter.frame(START + timedelta(seconds=0.02 + 865 / 960 + 0.02))


def test_nothing_comes_before_its_time_and_the_wait_ends_with_the_timeout() -> None:
    clock = Clock()
    line = clock.line("historic-single-phase-base")
    assert line.read(0) == b""
    assert line.read(0.01) == b""
    assert clock.seconds == pytest.approx(1000.01)


def test_a_late_reader_gets_what_came_meanwhile_and_an_absent_one_goes_on_from_now() -> None:
    clock = Clock()
    line = clock.line("standard-single-phase-base", speed=10)
    clock.seconds += 0.9
    assert 8 * 865 < len(line.read(0)) < 10 * 865
    clock.seconds += 3600
    assert len(line.read(0)) < 130


def test_a_slow_line_is_not_a_late_reader() -> None:
    clock = Clock()
    line = clock.line("historic-single-phase-base", speed=0.001)
    data = b"".join(clock.read_until(line, 152 / 0.12 + 25))
    assert seven_bits(data)[:153].startswith(b"\x02\nADCO ")
    assert seven_bits(data).count(b"\x03") == 1


def test_a_closed_or_stopped_line_has_nothing_more() -> None:
    line = SimulatedLine("standard-single-phase-base")
    line.close()
    assert line.closed
    assert line.read(1000) == b""
    stop = threading.Event()
    stopped = SimulatedLine("standard-single-phase-base", stop=stop)
    stop.set()
    assert stopped.closed
    assert stopped.read(1000) == b""


def test_closing_a_line_leaves_the_stop_of_its_owner_alone() -> None:
    stop = threading.Event()
    line = SimulatedLine("standard-single-phase-base", stop=stop)
    line.close()
    assert line.closed
    assert not stop.is_set()


# Noise.


@pytest.mark.parametrize("rate", [1e-3, 0.01, 0.3])
def test_noise_flips_bits_at_its_rate_whatever_the_size_of_the_pieces(rate: float) -> None:
    noise, bits = Noise(rate, seed=1), 0
    for i in range(1000):
        sent = bytes(100 + i % 51)
        bits += sum(byte.bit_count() for byte in noise.disturb(sent))
    sent_bits = 8 * sum(100 + i % 51 for i in range(1000))
    assert sent_bits > 900_000
    assert bits == pytest.approx(rate * sent_bits, rel=0.1)


def test_noise_reaches_all_eight_bits() -> None:
    noise = Noise(0.05, seed=2)
    flipped = [0] * 8
    for byte in noise.disturb(bytes(10_000)):
        for bit in range(8):
            flipped[bit] += byte >> bit & 1
    assert all(400 < count < 600 for count in flipped)


def test_no_noise_changes_nothing_and_full_noise_everything() -> None:
    data = bytes(range(256))
    assert Noise(0).disturb(data) == data
    assert Noise(1).disturb(data) == bytes(255 - byte for byte in data)
    assert Noise(1e-300).disturb(data) == data


def test_noise_of_one_seed_is_the_same_noise() -> None:
    first, second = (Noise(0.01, seed=3) for _ in range(2))
    whole = first.disturb(bytes(5000))
    assert second.disturb(bytes(1234)) + second.disturb(bytes(5000 - 1234)) == whole


def test_a_noisy_line_damages_its_frames() -> None:
    clock = Clock()
    data = b"".join(clock.read_until(clock.line("standard-single-phase-base", noise=0.01), 10))
    assert data != with_parity(seven_bits(data))


# Addresses.


def test_an_address_sets_kind_speed_noise_and_seed() -> None:
    line = SimulatedLine.from_url("simulate://standard-three-phase-tempo?speed=10&noise=1e-4&seed=3")
    assert line.meter.address == SimulatedMeter("standard-three-phase-tempo", seed=3).address
    plain = SimulatedLine.from_url("simulate://standard-three-phase-tempo")
    assert plain.meter.address == SimulatedMeter("standard-three-phase-tempo").address


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("simulate://standard-two-phase-base", r"no simulated meter 'standard-two-phase-base'; there are: historic-"),
        ("simulate://", r"no simulated meter ''"),
        ("simulate://standard-single-phase-base?sped=2", r"unknown option 'sped'; there are speed, noise and seed"),
        ("simulate://standard-single-phase-base?speed=fast", r"speed must be a number, not 'fast'"),
        ("simulate://standard-single-phase-base?speed", r"speed must be a number, not ''"),
        ("simulate://standard-single-phase-base?speed=0", r"speed must be a number above 0, not 0"),
        ("simulate://standard-single-phase-base?speed=nan", r"speed must be a number above 0, not nan"),
        ("simulate://standard-single-phase-base?speed=inf", r"speed must be a number above 0, not inf"),
        ("simulate://standard-single-phase-base?noise=2", r"from 0 to 1, not 2"),
        ("simulate://standard-single-phase-base?noise=-1", r"from 0 to 1, not -1"),
        ("simulate://standard-single-phase-base?seed=1.5", r"seed must be a whole number, not '1.5'"),
        ("simulate://standard-single-phase-base?seed=nan", r"seed must be a whole number, not 'nan'"),
        ("simulate://standard-single-phase-base?speed=1&speed=2", r"speed is given twice"),
        ("simulate://standard-single-phase-base/cellar", r"not simulate://KIND"),
        ("socket://standard-single-phase-base", r"not simulate://KIND"),
    ],
)
def test_a_wrong_address_is_refused_in_one_line(url: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        SimulatedLine.from_url(url)
    assert "\n" not in str(caught.value)


# A real pseudo-terminal.


def test_a_pty_gives_the_bytes_as_they_are() -> None:
    class Recording:
        """All 256 bytes, CR, ETX and EOT among them, then nothing until it is closed."""

        def __init__(self) -> None:
            self.bursts = [bytes(range(256)), b"\r\n\x03\x04\x11\x13\x1a\x7f\xff\r\r"]
            self.ended = threading.Event()

        @property
        def closed(self) -> bool:
            return self.ended.is_set()

        def read(self, timeout: float) -> bytes:
            if self.bursts:
                return self.bursts.pop(0)
            self.ended.wait(timeout)
            return b""

    line, names = Recording(), Queue[str]()
    server = threading.Thread(target=serve_pty, args=(line,), kwargs={"announce": names.put}, daemon=True)
    server.start()
    expected = bytes(range(256)) + b"\r\n\x03\x04\x11\x13\x1a\x7f\xff\r\r"
    terminal = os.open(names.get(timeout=30), os.O_RDONLY | os.O_NOCTTY)
    received = b""
    while len(received) < len(expected):
        received += os.read(terminal, 4096)
    os.close(terminal)
    line.ended.set()
    server.join(30)
    assert not server.is_alive()
    assert received == expected


def test_a_pty_carries_the_frames_of_a_meter() -> None:
    line, names = SimulatedLine("historic-single-phase-hchp", speed=50), Queue[str]()
    server = threading.Thread(target=serve_pty, args=(line,), kwargs={"announce": names.put}, daemon=True)
    server.start()
    terminal = os.open(names.get(timeout=30), os.O_RDONLY | os.O_NOCTTY)
    received = b""
    while seven_bits(received).count(b"\r\x03") < 3:
        received += os.read(terminal, 4096)
    os.close(terminal)
    line.close()
    server.join(30)
    assert not server.is_alive()
    assert received == with_parity(seven_bits(received))
    assert b"\x03\x02\nADCO " + line.meter.address.encode() + b" " in seven_bits(received)


def test_a_pty_that_nobody_reads_does_not_hold_the_meter_up() -> None:
    line = SimulatedLine("standard-single-phase-base", speed=5000)  # far more than a terminal keeps
    frames, meter_frame = 0, line.meter.frame

    def closing_frame(now: datetime) -> bytes:
        nonlocal frames
        frames += 1
        if frames == 500:
            line.close()
        return meter_frame(now)

    line.meter.frame = closing_frame  # type: ignore[method-assign]
    server = threading.Thread(target=serve_pty, args=(line,), kwargs={"announce": lambda _: None}, daemon=True)
    server.start()
    server.join(60)
    assert not server.is_alive()
