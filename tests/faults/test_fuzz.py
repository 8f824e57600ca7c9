"""A million damaged bytes for the decoder, and an oracle that knows what was sent.

The checksum has six bits, parity sees every odd number of flipped bits in a character, and known labels have a width.
So a damaged group can come out as one that was never sent, seldom; how seldom is derived here, counted, and printed.
"""

import math
import random
import re
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from common.contract.frame import Value
from common.contract.labels import Mode
from reader.simulator.meter import SimulatedMeter
from reader.tic.decoder import CACHE_SIZE, LONGEST_FRAME, Decoder, with_parity
from tests.support.frames import DAY

BYTES = 75_000  # in each of the cells of the table; there are sixteen
EVERY = 150  # bytes between two damages, on average
KINDS = {Mode.HISTORIC: "historic-three-phase-tempo", Mode.STANDARD: "standard-three-phase-producer"}

_GROUP = re.compile(rb"\n([^\r\n]*)\r")
_Sent = set[tuple[str, Value]]


@dataclass
class Sent:
    """A stream, its groups, and what they say: read by the definition, without the decoder."""

    stream: bytearray
    said: _Sent = field(default_factory=set)
    groups: list[tuple[int, int]] = field(default_factory=list)


def send(mode: Mode, seed: int) -> Sent:
    meter, sent = SimulatedMeter(KINDS[mode], seed=seed), Sent(bytearray())
    second = 0
    while len(sent.stream) < BYTES:
        frame = meter.frame(DAY + timedelta(seconds=97 * second))
        second += 1
        for found in _GROUP.finditer(frame):
            sent.groups.append((len(sent.stream) + found.start(), len(sent.stream) + found.end()))
            sent.said |= _meanings(mode, found[1].decode())
        sent.stream += frame
    return sent


def _meanings(mode: Mode, body: str) -> _Sent:
    label, _, rest = body[:-2].partition("\t" if mode is Mode.STANDARD else " ")
    text = rest.rpartition("\t")[2] if mode is Mode.STANDARD else rest
    return {(label, text)} | ({(label, int(text))} if text.isdigit() else set())


# -- damage ------------------------------------------------------------------------------------------------------------

_Damage = Callable[[random.Random, bytes, list[int]], bytes]


def flips(chance: random.Random, data: bytes, places: list[int]) -> bytes:
    damaged = bytearray(data)
    for place in places:
        damaged[place] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def drops(_: random.Random, data: bytes, places: list[int]) -> bytes:
    gone = set(places)
    return bytes(byte for place, byte in enumerate(data) if place not in gone)


def repeats(chance: random.Random, data: bytes, places: list[int]) -> bytes:
    times = Counter({place: chance.randint(1, 3) for place in places})
    return b"".join(data[place : place + 1] * (1 + times[place]) for place in range(len(data)))


def splices(chance: random.Random, data: bytes, places: list[int]) -> bytes:
    """Go on somewhere else: in this stream, a little later or earlier."""
    pieces, start = [], 0
    for place in sorted(set(places)):
        pieces.append(data[start:place])
        start = max(0, min(len(data), place + chance.randint(-400, 400)))
    return b"".join([*pieces, data[start:]])


def bound(kind: str, parity: bool, damages: int) -> float:
    """How many groups that were never sent may come out, of so many damages.

    - Parity and flips: no character is hit twice here, so parity sees each. None.
    - Bare and flips: bit 6 of a character is not in the sum: one flip in eight is not seen by it. Of the others all
      are, but a flipped CR or LF joins two groups, of which the checksum lets one in 64 through.
    - Drops and repeats: 1/64, and what has become longer or shorter must not be the value of a known label, whose width
      is fixed: labels and separators are less than half of a group.
    - Splices: 1/64.

    To that come four standard deviations.
    """
    if kind == "flips" and parity:
        return 0
    share = {"flips": 1 / 8 + 1 / 64, "drops": 1 / 128, "repeats": 1 / 128}.get(kind, 1 / 64)
    expected = damages * share
    return expected + 4 * math.sqrt(expected)


# -- the tests ---------------------------------------------------------------------------------------------------------


def _feed(decoder: Decoder, chance: random.Random, data: bytes, wrong: Counter[str], said: _Sent) -> int:
    """Feed it in chunks of any size; count what was never sent, by label, and return how many values came out."""
    came_out = start = 0
    while start < len(data):
        size = chance.choice([1, 16, 64, 256, 4096])
        for reading in decoder.feed(data[start : start + size]):
            came_out += len(reading.values)
            wrong.update(label for label, value in reading.values.items() if (label, value) not in said)
        start += size
        assert len(decoder._open) <= LONGEST_FRAME
        assert len(decoder._known) <= CACHE_SIZE
    return came_out


def test_what_comes_out_was_sent(capsys: pytest.CaptureFixture[str]) -> None:
    lines, mutated = [], 0
    damages: tuple[_Damage, ...] = (flips, drops, repeats, splices)
    for number, (mode, parity, damage) in enumerate(
        (mode, parity, damage) for mode in (*Mode, None) for parity in (True, False) for damage in damages
    ):
        chance = random.Random(number)
        parts = [send(one, number) for one in ([mode] if mode else list(Mode))]
        if mode is None:  # both modes, in turn, a piece each
            if damage is not splices:
                continue
            streams = [bytes(part.stream) for part in parts]
            cut = [sorted(chance.sample(range(len(stream)), len(stream) // 600)) for stream in streams]
            pieces = [
                [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]
                for stream, places in zip(streams, cut, strict=True)
            ]
            data = b"".join(one + other for one, other in zip(*pieces, strict=False))
            hits = 2 * min(map(len, pieces))
        else:
            data, hits = bytes(parts[0].stream), len(parts[0].stream) // EVERY
        data = with_parity(data) if parity else data
        said = set().union(*(part.said for part in parts))
        if mode is not None:
            data = damage(chance, data, chance.sample(range(len(data)), hits))
        wrong: Counter[str] = Counter()
        came_out = _feed(Decoder(), chance, data, wrong, said)
        mutated += len(data)
        name = mode.value if mode else "both"
        most = bound(damage.__name__, parity, hits)
        lines.append(
            f"{name:9} {'parity' if parity else 'bare':7} {damage.__name__:8} {len(data):7} {hits:6} {came_out:6}"
            f" {wrong.total():6} {wrong.total() / came_out:9.5%} {most:7.1f}  {dict(wrong.most_common(4))}"
        )
        assert came_out > 1000, lines[-1]
        assert wrong.total() <= most, lines[-1]
    assert mutated > 1_000_000
    with capsys.disabled():
        print("\nmode      bytes   damage     bytes   hits values  wrong      rate   bound  the most frequent labels")
        print("\n".join(lines))


def test_nothing_is_raised_and_memory_is_bounded_whatever_comes() -> None:
    """Half noise without an end, half control characters at random places: the worst for buffers and caches."""
    chance, decoder = random.Random(5), Decoder()
    said: _Sent = set()
    alphabet = bytes(range(256)) + b"\x02\x03\x04\n\r\t " * 12
    tracemalloc.start()
    try:
        for _ in range(40):
            _feed(decoder, chance, chance.randbytes(8_000).replace(b"\x03", b"") * 2, Counter(), said)
            _feed(decoder, chance, bytes(chance.choices(alphabet, k=10_000)), Counter(), said)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now < 8_000_000  # bytes; 4096 groups of the longest kind are known then
    assert peak < 12_000_000
