"""Lines of all sorts: a simulated meter, with noise and without, a silent pseudo-terminal, and bytes from a list."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count

import pytest

from common.check.findings import Status
from reader.check.line import LineFacts, diagnose_line, listen
from reader.line.port import Port, open_port
from reader.simulator.line import Noise
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import with_parity

OK, _, PROBLEM = Status
Send = Callable[..., bytes]
WRONG_SPEED = b"\x80\x03\xf0" * 40  # what comes then


class Bytes:
    """A port that gives the same again and again, or one after the other, and notes at which speed it was asked."""

    def __init__(
        self, *data: bytes, driver: dict[str, int] | None = None, at: int | None = None, noise: Noise | None = None
    ) -> None:
        self.speeds: list[int] = []
        self._data = list(data)
        self._counted = iter([dict.fromkeys(driver, 0), driver]) if driver else None
        self._at = at
        self._noise = noise or Noise(0)

    def open(self, _url: str, speed: int, _stop: threading.Event) -> Port:
        self.speeds.append(speed)
        return self

    def read(self, timeout: float) -> bytes:
        data = self._data.pop(0) if len(self._data) > 1 else self._data[0]
        return self._noise.apply(data) if self._at in (None, self.speeds[-1]) else WRONG_SPEED

    def close(self) -> None:
        self.speeds.append(0)

    def set_speed(self, speed: int) -> None:
        self.speeds.append(speed)

    def driver_errors(self) -> dict[str, int]:
        return next(self._counted) if self._counted else {}


def heard(port: Bytes, wanted: str = "auto") -> LineFacts:
    """Listen for 12 s without waiting: each look at this clock takes a quarter of a second."""
    ticks = count()
    return listen("/dev/ttyS9", wanted, 12.0, port.open, monotonic=lambda: next(ticks) / 4)


def frame_of_a_meter() -> bytes:
    meter = SimulatedMeter("standard-single-phase-tempo")
    return with_parity(meter.frame(datetime(2026, 11, 24, 12, tzinfo=UTC)))


@pytest.fixture
def frame(send: Send) -> bytes:
    return send(b"ADCO 031961123456", b"PAPP 00750", b"BASE 010151175")


@pytest.fixture
def terminal() -> Iterator[str]:
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_a_good_line_shows_its_meter() -> None:
    line, meter = diagnose_line(heard(Bytes(frame_of_a_meter())))
    assert (line.status, meter.status) == (OK, OK)
    assert "0 of them damaged, 0 parity errors" in line.what
    assert meter.what == "Linky single-phase 60 A G3 by Itron, number 032161115747, standard mode"


def test_the_time_that_opening_takes_is_not_taken_from_listening(frame: bytes) -> None:
    ticks, port = count(), Bytes(frame)

    def open_late(url: str, speed: int, stop: threading.Event) -> Port:
        for _ in range(100):
            next(ticks)
        return port.open(url, speed, stop)

    assert listen("/dev/ttyS9", "auto", 12.0, open_late, monotonic=lambda: next(ticks) / 4).frames > 10


def test_noise_is_measured_and_compared_with_what_is_normal() -> None:
    line = diagnose_line(heard(Bytes(frame_of_a_meter(), noise=Noise(1e-3))))[0]
    assert line.status is PROBLEM
    assert line.what.startswith("noisy: ")
    assert ", 0 parity errors" not in line.what


def test_a_silent_line_is_a_problem(terminal: str) -> None:
    (finding,) = diagnose_line(listen(terminal, "auto", 0.3, open_port))
    assert finding.status is PROBLEM
    assert "is silent" in finding.what


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x00" * 100, "always low"),
        (bytes(range(0x80, 0xF0)) * 3, "no line of a meter"),
        (b"\nPAPP 00750 -\r", "single lines of a meter"),
        (b"\xff", "stray"),
    ],
)
def test_kinds_of_garbage_are_distinguished(data: bytes, what: str) -> None:
    (finding,) = diagnose_line(heard(Bytes(data)))
    assert finding.status is PROBLEM
    assert what in finding.what


def test_characters_lost_on_the_port_are_no_noise_of_the_line(frame: bytes) -> None:
    line = diagnose_line(heard(Bytes(frame, driver={"overrun": 3})))[0]
    assert line.status is PROBLEM
    assert "lost characters" in line.what


def test_the_other_speed_is_tried_whatever_the_configuration_and_what_came_at_the_wrong_one_is_no_noise(
    frame: bytes,
) -> None:
    port = Bytes(frame, at=1200)
    facts = heard(port, "standard")
    assert port.speeds[:2] == [9600, 1200]
    assert port.speeds[-1] == 0  # closed
    assert facts.broken == 0
    wrong, line, _ = diagnose_line(facts)
    assert (wrong.status, line.status) == (PROBLEM, OK)
    assert "mode: standard" in wrong.what


def test_a_frame_whose_beginning_was_missed_is_no_noise(frame: bytes) -> None:
    assert heard(Bytes(frame[9:], frame)).broken == 0


@pytest.mark.parametrize(
    ("groups", "what"),
    [
        ((b"ADCO 020422123456",), "standby"),
        ((b"PAPP 00750", b"BASE 010151175"), "none with the meter's address"),
        ((b"TRAME TM", b"ADS 041030000000", b"EA_s 1234Wh", b"PTCOUR1 HPH", b"TARIFDYN INACTIF"), "PME-PMI"),
    ],
)
def test_meters_that_send_too_little_are_known(send: Send, groups: tuple[bytes, ...], what: str) -> None:
    finding = diagnose_line(heard(Bytes(send(*groups))))[-1]
    assert finding.status is PROBLEM
    assert what in finding.what


def test_two_addresses_are_a_bad_line(send: Send) -> None:
    frames = [send(b"ADCO " + address, b"BASE 010151175") for address in (b"031961123456", b"031961123457")]
    assert "2 different" in diagnose_line(heard(Bytes(b"".join(frames))))[-1].what
