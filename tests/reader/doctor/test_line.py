"""Lines of all sorts: a simulated meter, with noise and without, a silent pseudo-terminal, and bytes from a list."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count

import pytest

from common.doctor.findings import Finding, Status
from reader.doctor.line import LineFacts, diagnose_line, listen
from reader.line.port import Port, open_port
from reader.simulator.line import Noise
from reader.simulator.meter import SimulatedMeter
from reader.tic.parity import with_parity

OK, NOTICE, PROBLEM = Status
Send = Callable[..., bytes]


class Bytes:
    """A port that gives the same again and again, and notes at which speed it was asked."""

    def __init__(
        self,
        data: bytes,
        driver: dict[str, int] | None = None,
        only_at: int | None = None,
        noise: Noise | None = None,
    ) -> None:
        self.speeds: list[int] = []
        self._data = data
        self._counted = iter([dict.fromkeys(driver, 0), driver]) if driver else None
        self._only_at = only_at
        self._noise = noise or Noise(0)

    def open(self, _url: str, speed: int, _stop: threading.Event) -> Port:
        self.speeds.append(speed)
        return self

    def read(self, timeout: float) -> bytes:
        return self._noise.apply(self._data) if self._only_at in (None, self.speeds[-1]) else b""

    def close(self) -> None:
        self.speeds.append(0)

    def set_speed(self, speed: int) -> None:
        self.speeds.append(speed)

    def driver_errors(self) -> dict[str, int]:
        return next(self._counted) if self._counted else {}


def listen_fast(port: Bytes, wanted: str = "auto", seconds: float = 12.0) -> LineFacts:
    """Listen without waiting: each look at this clock takes a quarter of a second."""
    ticks = count()
    return listen("/dev/ttyS9", wanted, seconds, port.open, monotonic=lambda: next(ticks) / 4)


def frame_of_a_meter() -> bytes:
    meter = SimulatedMeter("standard-single-phase-tempo")
    return with_parity(meter.frame(datetime(2026, 11, 24, 12, tzinfo=UTC)))


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


@pytest.fixture
def terminal() -> Iterator[str]:
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_a_good_line_shows_its_meter() -> None:
    line, meter = diagnose_line(listen_fast(Bytes(frame_of_a_meter())))
    assert (line.status, meter.status) == (OK, OK)
    assert "0 of them damaged, 0 parity errors" in line.what
    for word in ("Linky single-phase", "by Itron", "standard mode"):
        assert word in meter.what


def test_noise_is_measured_and_compared_with_what_is_normal() -> None:
    line = diagnose_line(listen_fast(Bytes(frame_of_a_meter(), noise=Noise(1e-3))))[0]
    assert line.status is PROBLEM
    assert line.what.startswith("noisy: ")
    assert ", 0 parity errors" not in line.what


def test_a_silent_line_is_a_problem(terminal: str) -> None:
    finding = only(diagnose_line(listen(terminal, "auto", 0.3, open_port)))
    assert finding.status is PROBLEM
    assert "is silent" in finding.what
    assert "I1 and I2" in finding.fix


@pytest.mark.parametrize(
    ("data", "what", "fix"),
    [
        (b"\x00" * 100, "always low", "wiring"),
        (bytes(range(0x80, 0xF0)) * 3, "no line of a meter", "polarity"),
        (b"\nPAPP 00750 -\r", "single lines of a meter", "--seconds 30"),
    ],
)
def test_kinds_of_garbage_are_distinguished(data: bytes, what: str, fix: str) -> None:
    finding = only(diagnose_line(listen_fast(Bytes(data))))
    assert finding.status is PROBLEM
    assert what in finding.what
    assert fix in finding.fix


def test_stray_characters_are_no_noise() -> None:
    facts = listen_fast(Bytes(b"\xff"))
    assert facts.characters < 60
    assert "stray" in only(diagnose_line(facts)).what


def test_characters_lost_on_the_port_are_no_noise_of_the_line(send: Send) -> None:
    data = send(b"ADCO 031961123456", b"PAPP 00750", b"BASE 010151175")
    line = diagnose_line(listen_fast(Bytes(data, driver={"overrun": 3})))[0]
    assert line.status is PROBLEM
    assert "lost characters" in line.what
    assert "disable-bt" in line.fix


def test_the_other_speed_is_tried_whatever_the_configuration(send: Send) -> None:
    port = Bytes(send(b"ADCO 031961123456", b"PAPP 00750", b"BASE 010151175"), only_at=1200)
    facts = listen_fast(port, "standard")
    assert port.speeds[:2] == [9600, 1200]
    assert port.speeds[-1] == 0  # closed
    wrong = diagnose_line(facts)[0]
    assert wrong.status is PROBLEM
    assert "mode: standard" in wrong.what
    assert "mode: auto" in wrong.fix


def test_characters_at_the_wrong_speed_are_no_noise(send: Send) -> None:
    class Line(Bytes):
        def read(self, timeout: float) -> bytes:
            return b"\x80\x03\xf0" * 40 if self.speeds[-1] == 9600 else super().read(timeout)

    facts = listen_fast(Line(send(b"ADCO 031961123456", b"PAPP 00750", b"BASE 010151175")))
    assert facts.broken == 0
    assert diagnose_line(facts)[0].status is OK


def test_a_frame_whose_beginning_was_missed_is_no_noise(send: Send) -> None:
    class Line(Bytes):
        def read(self, timeout: float) -> bytes:
            data, self._data = self._data, self._data[self._data.index(b"\x03") + 1 :] or self._data
            return data

    whole = send(b"ADCO 031961123456", b"PAPP 00750", b"BASE 010151175")
    facts = listen_fast(Line(whole[9:] + whole))
    assert facts.broken == 0


@pytest.mark.parametrize(
    ("groups", "what"),
    [
        ((b"ADCO 020422123456",), "standby"),
        ((b"PAPP 00750", b"BASE 010151175"), "none with the meter's address"),
        ((b"TRAME TM", b"ADS 041030000000", b"EA_s 1234Wh", b"PTCOUR1 HPH", b"TARIFDYN INACTIF"), "PME-PMI"),
    ],
)
def test_meters_that_send_too_little_are_known(send: Send, groups: tuple[bytes, ...], what: str) -> None:
    finding = diagnose_line(listen_fast(Bytes(send(*groups))))[-1]
    assert finding.status is PROBLEM
    assert what in finding.what


def test_two_addresses_are_a_bad_line(send: Send) -> None:
    frames = [send(b"ADCO " + address, b"BASE 010151175") for address in (b"031961123456", b"031961123457")]
    assert "2 different" in diagnose_line(listen_fast(Bytes(b"".join(frames))))[-1].what
