"""The decoder against a plain one that remembers nothing: captures, all simulated meters, damage, any chunking."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader.simulator.meter import KINDS, SimulatedMeter
from reader.tic.decoder import Decoder, Reading, with_parity
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


@pytest.mark.parametrize("kind", KINDS)
def test_all_simulated_meters_read_the_same_with_and_without_noise(kind: str) -> None:
    for parity in (False, True):
        sent = frames(kind, 40, parity=parity)
        for number, rate in enumerate(NOISE):
            random_ = random.Random(f"{kind} {parity} {rate}")
            data = damaged(b"".join(sent), rate, random_)
            found = assert_same(list(chunks(data, random_)))
            assert found >= (40 if number == 0 else 0)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_groups_that_are_made_up_read_the_same(data: st.DataObject) -> None:
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
