"""The decoder against a plain one that remembers nothing: captures, all simulated meters, damage, any chunking."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader.simulator.meter import KINDS, SimulatedMeter
from reader.tic.decoder import Decoder, Reading
from reader.tic.parity import with_parity
from tests.reader.tic.reference_decoder import ReferenceDecoder

START = datetime(2026, 10, 25, 0, 58, tzinfo=UTC)  # the clocks go back meanwhile
NOISE = (0.0, 1e-5, 1e-4, 1e-3, 1e-2)  # errors a bit


def frames(kind: str, count: int, *, parity: bool) -> list[bytes]:
    meter = SimulatedMeter(kind)
    sent = [meter.frame(START + timedelta(seconds=second)) for second in range(count)]
    return [with_parity(frame) for frame in sent] if parity else sent


def damaged(data: bytes, rate: float, random_: random.Random) -> bytes:
    noisy = bytearray(data)
    for _ in range(round(len(data) * 8 * rate)):
        noisy[random_.randrange(len(data))] ^= 1 << random_.randrange(8)
    return bytes(noisy)


def chunks(data: bytes, random_: random.Random) -> Iterator[bytes]:
    position = 0
    while position < len(data):
        size = random_.choice((1, 7, 16, 200, 2000))
        yield data[position : position + size]
        position += size


def told(reading: Reading) -> tuple[object, ...]:
    """All of a reading, the order of its values and stamps too."""
    return (*reading[:1], *reading.values.items(), *reading.stamps.items(), *reading[3:])


def assert_same(parts: list[bytes]) -> int:
    decoder, reference = Decoder(), ReferenceDecoder()
    found = 0
    for part in parts:
        ours, theirs = decoder.feed(part), reference.feed(part)
        assert [told(reading) for reading in ours] == [told(reading) for reading in theirs]
        found += len(ours)
    assert decoder.broken == reference.broken
    return found


@pytest.mark.parametrize("parity", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_all_simulated_meters_read_the_same_with_and_without_noise(kind: str, parity: bool) -> None:
    sent = frames(kind, 40, parity=parity)
    for number, rate in enumerate(NOISE):
        random_ = random.Random(f"{kind} {parity} {rate}")
        data = damaged(b"".join(sent), rate, random_)
        found = assert_same(list(chunks(data, random_)))
        assert found >= (40 if number == 0 else 0)


@pytest.mark.parametrize("parity", [False, True])
def test_only_the_first_frame_of_a_regular_line_is_decoded_whole(parity: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = frames("standard-single-phase-base", 20, parity=parity)
    decoder = Decoder()
    decoder.feed(first)
    monkeypatch.setattr(Decoder, "_read_whole", lambda *_: pytest.fail("decoded whole"))
    assert all(len(decoder.feed(frame)) == 1 for frame in others)


def test_frames_that_differ_in_more_than_values_read_the_same() -> None:
    """Another meter, another mode, groups that come, go, change places, come twice, or lose their stamp."""
    random_ = random.Random(7)
    sent = [frame for kind in KINDS for frame in frames(kind, 3, parity=False)]
    odd = []
    for frame in sent:
        groups = frame[1:-1].split(b"\r\n")
        action = random_.randrange(5)
        place, other = random_.randrange(1, len(groups)), random_.randrange(1, len(groups))
        if action == 0:
            del groups[place]
        elif action == 1:
            groups.insert(place, groups[other])
        elif action == 2:
            groups[place], groups[other] = groups[other], groups[place]
        odd += [frame, frame[:1] + b"\r\n".join(groups) + frame[-1:]]
    random_.shuffle(odd)
    assert assert_same(odd) > len(sent)


@pytest.mark.parametrize("parity", [False, True])
def test_each_field_that_changes_alone_and_changes_back_reads_the_same(parity: bool) -> None:
    """Between frames that repeat all else: each group, and which stamps say that the clock is not sure."""
    stamps = [b"H260101000000", b"h260101000000", b"E260701120000", b"e260701120000"]
    choices = [
        [b"ADSC\t031961123456\t", b"ADSC\t031961123457\t"],
        [b"DATE\t" + stamp + b"\t\t" for stamp in stamps],
        [b"EAST\t000000001\t", b"EAST\t000000002\t"],
        [b"SMAXSN\t" + stamp + b"\t00100\t" for stamp in stamps] + [b"SMAXSN\tH260101000000\t00200\t"],
        [b"PRM\t12345678901234\t", b"PRM\t12345678901235\t"],
        [b"XX\t1\t", b"XX\th260101000000\t1\t", b"XX\tH260101000000\t1\t"],
    ]
    first = [options[0] for options in choices]
    series = [first]
    for place, options in enumerate(choices):
        for option in options[1:]:
            changed = [*first[:place], option, *first[place + 1 :]]
            series += [changed, first, changed, changed, first]
    for one in stamps:
        for other in stamps:
            series.append(
                [first[0], b"DATE\t" + one + b"\t\t", first[2], b"SMAXSN\t" + other + b"\t00100\t", *first[4:]]
            )
    sent = [
        b"\x02\n" + b"\r\n".join(zone + bytes([(sum(zone) & 0x3F) + 0x20]) for zone in zones) + b"\r\x03"
        for zones in series
    ]
    assert assert_same([with_parity(frame) for frame in sent] if parity else sent) == len(series)


def test_the_captures_read_the_same(captures: Path) -> None:
    for file in sorted(captures.glob("*.bin")):
        data = file.read_bytes()
        random_ = random.Random(file.name)
        for rate in NOISE:
            # Twice: what the first round left must not change the second.
            assert_same(list(chunks(damaged(data + data, rate, random_), random_)))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_groups_that_are_made_up_read_the_same(data: st.DataObject) -> None:
    """Two frames in a row: the second starts from the first."""
    body = st.text("\t \r\n\x02\x03\x04E0123ABCDSTHhe", max_size=24).map(str.encode)

    def group(payload: bytes) -> bytes:
        return payload + bytes([(sum(payload) & 0x3F) + 0x20])

    known = st.sampled_from(
        [
            b"EAST\t000000001\t",
            b"SINSTS\t00230\t",
            b"DATE\tH260101000000\t\t",
            b"DATE\th260101000001\t\t",
            b"XX\tH260101000000\t1\t",
            b"XX\t1\t",
            b"SMAXSN\tH260101000000\t00100\t",
        ]
    ).map(group)
    groups = st.lists(known | body.map(group), max_size=5)
    assert_same([b"\x02\n" + b"\r\n".join(data.draw(groups)) + b"\r\x03" for _ in range(4)])
