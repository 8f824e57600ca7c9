"""Detection of the mode, and when to try the other one. The clock is a number."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from common.contract.labels import Mode
from reader.line.mode import LOST_AFTER, PROBE_FOR, Detector
from reader.tic.decoder import Decoder, Reading

Sign = Callable[[bytes], bytes]
Send = Callable[..., bytes]

GROUP = b"\nPAPP 00750 -\r"
NOISE = bytes(range(256)) * 2


@pytest.mark.parametrize("received", [b"", NOISE], ids=["silence", "noise"])
def test_tries_both_modes_in_turn_on_silence_and_noise(received: bytes) -> None:
    detector = Detector("auto", 100.0)
    modes, now = [detector.mode], 100.0
    while len(modes) < 5:
        now += 0.5
        detector.feed(received, now)
        if detector.poll(now):
            modes.append(detector.mode)
            assert now == 100.0 + (len(modes) - 1) * PROBE_FOR
    assert set(modes[:2]) == set(Mode)
    assert all(mode is not following for mode, following in pairwise(modes))


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("carried", [False, True], ids=["bare", "parity"])
def test_finds_a_meter_of_either_mode_and_keeps_the_mode_while_groups_arrive(
    parity: Sign, mode: Mode, carried: bool
) -> None:
    groups = {Mode.HISTORIC: GROUP, Mode.STANDARD: b"\nVTIC\t02\tJ\r"}
    detector = Detector("auto", 0.0)
    for tenth in range(600):
        now = tenth / 10
        received = groups[mode] if detector.mode is mode else NOISE
        detector.feed(parity(received) if carried and detector.mode is mode else received, now)
        detector.poll(now)
        if detector.locked:
            break
    assert detector.mode is mode
    assert now <= PROBE_FOR + 0.1
    for tenth in range(1000):
        detector.feed(groups[mode], now + tenth / 10)
        assert not detector.poll(now + tenth / 10)


@pytest.mark.parametrize("mode", Mode)
def test_a_configured_mode_never_changes(mode: Mode) -> None:
    detector = Detector(mode.value, 0.0)
    for second in range(1000):
        detector.feed(NOISE, float(second))
        assert not detector.poll(float(second))
    assert detector.mode is mode


def reading_of(wire: bytes) -> Reading:
    (reading,) = Decoder().feed(wire)
    return reading


def test_gives_up_a_locked_speed_later_than_an_unconfirmed_one(send: Send) -> None:
    detector = Detector("auto", 0.0)
    first = detector.mode
    detector.on_frame(reading_of(send(b"PAPP 00750")), 1.0)
    assert detector.locked
    assert not detector.poll(1.0 + LOST_AFTER - 0.1)
    assert detector.poll(1.0 + LOST_AFTER)
    second, locked = detector.mode, detector.locked
    assert (second is first, locked) == (False, False)
    assert not detector.poll(1.0 + LOST_AFTER + PROBE_FOR - 0.1)
    assert detector.poll(1.0 + LOST_AFTER + PROBE_FOR)
    assert detector.mode is first


def test_probes_long_enough_for_the_longest_historic_frame(send: Send) -> None:
    """The longest takes 3.7 s at 1200 bit/s, and the port may be opened anywhere in it."""
    indexes = [b"BBRH%s 000123456" % some for some in (b"CJB", b"PJB", b"CJW", b"PJW", b"CJR", b"PJR")]
    frame = send(b"ADCO 031976123456", b"OPTARIF BBR(", b"ISOUSC 30", *indexes, b"PTEC HPJB", b"DEMAIN ----",
                 b"IINST1 001", b"IINST2 002", b"IINST3 003", b"IMAX1 060", b"IMAX2 060", b"IMAX3 060", b"PMAX 01234",
                 b"PAPP 00750", b"HHPHC A", b"MOTDETAT 000000", b"PPOT 00")  # fmt: skip
    assert len(frame) == 356
    for start in range(0, len(frame), 7):
        stream = frame[start:] + frame + frame
        detector = Detector("historic", 0.0)
        detector._fixed = False
        for place in range(0, int(PROBE_FOR * 120), 10):
            now = place / 120
            assert not detector.poll(now)
            detector.feed(stream[place : place + 10], now)
        assert detector.locked


def test_recognises_a_group_that_arrives_in_pieces() -> None:
    detector = Detector("auto", 0.0)
    for byte in GROUP:
        assert not detector.locked
        detector.feed(bytes([byte]), 1.0)
    assert detector.locked


def test_an_unknown_label_does_not_lock_the_speed(sign: Sign) -> None:
    detector = Detector("auto", 0.0)
    detector.feed(b"\n" + sign(b"XYZ 1") + b"\r", 1.0)
    assert not detector.locked


def test_a_frame_of_unknown_labels_does_not_lock_the_speed(send: Send) -> None:
    """A checksum has six bits, so noise contains a valid group now and then."""
    lucky = reading_of(send(b"x{ 7"))
    assert lucky.values == {"x{": "7"}
    detector = Detector("auto", 0.0)
    detector.on_frame(lucky, PROBE_FOR - 0.1)
    assert not detector.locked
    assert detector.poll(PROBE_FOR)


def test_one_known_label_among_unknown_ones_locks_the_speed(send: Send) -> None:
    detector = Detector("auto", 0.0)
    detector.on_frame(reading_of(send(b"x{ 7", b"PAPP 00750")), 1.0)
    assert detector.locked


def test_keeps_a_bounded_number_of_bytes_of_noise() -> None:
    detector = Detector("auto", 0.0)
    for second in range(100):
        detector.feed(b"U" * 10_000, float(second))
    assert len(detector._partial) <= 128
    detector.feed(GROUP, 100.0)
    assert detector.locked


def test_does_not_join_bytes_of_two_speeds() -> None:
    detector = Detector("auto", 0.0)
    detector.feed(GROUP[:7], 0.0)
    assert detector.poll(PROBE_FOR)
    detector.feed(GROUP[7:], PROBE_FOR)
    assert not detector.locked
