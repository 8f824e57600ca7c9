"""At which speed the meter sends, and when to doubt it. The clock is a number."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from common.labels import Mode
from reader.line.mode_detector import LOST_AFTER, PROBE_FOR, SPEEDS, Detector
from reader.tic.decoder import Decoder, Reading

Sign = Callable[[bytes], bytes]
Send = Callable[..., bytes]

GROUP = b"\nPAPP 00750 -\r"
NOISE = bytes(range(256)) * 2


def test_a_line_is_tried_for_some_seconds() -> None:
    assert 3 <= PROBE_FOR <= 5  # the longest frame takes 3.7 s, gaps included
    assert PROBE_FOR < LOST_AFTER <= 10  # when the link is lost, the other mode is tried


def test_each_mode_has_its_speed() -> None:
    assert {mode.value: speed for mode, speed in SPEEDS.items()} == {"historic": 1200, "standard": 9600}


@pytest.mark.parametrize("heard", [b"", NOISE], ids=["silence", "noise"])
def test_silence_and_noise_are_listened_to_in_both_modes_in_turn(heard: bytes) -> None:
    detector = Detector("auto", 100.0)
    modes, now = [detector.mode], 100.0
    while len(modes) < 5:
        now += 0.5
        detector.feed(heard, now)
        if detector.poll(now):
            modes.append(detector.mode)
            assert now == 100.0 + (len(modes) - 1) * PROBE_FOR
    assert set(modes[:2]) == set(Mode)
    assert all(mode is not following for mode, following in pairwise(modes))


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("carried", [False, True], ids=["bare", "parity"])
def test_a_good_group_holds_the_mode_and_a_meter_of_either_is_found(parity: Sign, mode: Mode, carried: bool) -> None:
    groups = {Mode.HISTORIC: GROUP, Mode.STANDARD: b"\nVTIC\t02\tJ\r"}
    detector = Detector("auto", 0.0)
    for tenth in range(600):
        now = tenth / 10
        heard = groups[mode] if detector.mode is mode else NOISE
        detector.feed(parity(heard) if carried and detector.mode is mode else heard, now)
        detector.poll(now)
        if detector.locked:
            break
    assert detector.mode is mode
    assert now <= PROBE_FOR + 0.1
    for tenth in range(1000):
        detector.feed(groups[mode], now + tenth / 10)
        assert not detector.poll(now + tenth / 10)


@pytest.mark.parametrize("mode", Mode)
def test_a_mode_that_was_asked_for_never_changes(mode: Mode) -> None:
    detector = Detector(mode.value, 0.0)
    for second in range(1000):
        detector.feed(NOISE, float(second))
        assert not detector.poll(float(second))
    assert detector.mode is mode


def reading_of(wire: bytes) -> Reading:
    (reading,) = Decoder().feed(wire)
    return reading


def test_a_proved_line_is_doubted_later_than_an_unproved_one(send: Send) -> None:
    detector = Detector("auto", 0.0)
    first = detector.mode
    detector.on_frame(reading_of(send(b"PAPP 00750")), 1.0)
    assert detector.locked
    assert not detector.poll(1.0 + LOST_AFTER - 0.1)
    assert detector.poll(1.0 + LOST_AFTER)
    second, proved = detector.mode, detector.locked
    assert (second is first, proved) == (False, False)
    assert not detector.poll(1.0 + LOST_AFTER + PROBE_FOR - 0.1)
    assert detector.poll(1.0 + LOST_AFTER + PROBE_FOR)
    assert detector.mode is first


def test_the_groups_of_one_long_historic_frame_are_enough(send: Send) -> None:
    """The longest takes 3.7 s at 1200 bit/s, and listening may begin anywhere in it."""
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


def test_a_group_may_come_in_pieces() -> None:
    detector = Detector("auto", 0.0)
    for byte in GROUP:
        assert not detector.locked
        detector.feed(bytes([byte]), 1.0)
    assert detector.locked


def test_an_unknown_label_proves_nothing(sign: Sign) -> None:
    detector = Detector("auto", 0.0)
    detector.feed(b"\n" + sign(b"XYZ 1") + b"\r", 1.0)
    assert not detector.locked


def test_a_frame_of_unknown_labels_alone_proves_nothing_and_does_not_hold_the_speed(send: Send) -> None:
    """A checksum has six bits: noise makes a group that verifies now and then, and calls that a frame."""
    lucky = reading_of(send(b"x{ 7"))
    assert lucky.values == {"x{": "7"}
    detector = Detector("auto", 0.0)
    detector.on_frame(lucky, PROBE_FOR - 0.1)
    assert not detector.locked
    assert detector.poll(PROBE_FOR)


def test_one_known_label_among_unknown_ones_proves_the_speed(send: Send) -> None:
    detector = Detector("auto", 0.0)
    detector.on_frame(reading_of(send(b"x{ 7", b"PAPP 00750")), 1.0)
    assert detector.locked


def test_noise_without_an_end_is_not_kept() -> None:
    detector = Detector("auto", 0.0)
    for second in range(100):
        detector.feed(b"U" * 10_000, float(second))
    assert len(detector._rest) <= 128
    detector.feed(GROUP, 100.0)
    assert detector.locked


def test_a_group_does_not_begin_at_one_speed_and_end_at_the_other() -> None:
    detector = Detector("auto", 0.0)
    detector.feed(GROUP[:7], 0.0)
    assert detector.poll(PROBE_FOR)
    detector.feed(GROUP[7:], PROBE_FOR)
    assert not detector.locked
