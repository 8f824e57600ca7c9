"""Random bit errors."""

import pytest

from reader.simulator.noise import Noise


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
