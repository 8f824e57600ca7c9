"""What leaves the house with an anonymous recording, and what does not."""

import io
import itertools
import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.contract.labels import LABELS, Mode
from reader.recording.anonymiser import Anonymiser
from reader.recording.commands import Summary, decode_file
from reader.recording.format import Chunk
from reader.simulator.meter import KINDS, SimulatedMeter
from reader.tic.decoder import with_parity

Sign = Callable[[bytes], bytes]
Send = Callable[..., bytes]

METER, POINT = b"031976482917", b"09876543210987"
NEW_METER, NEW_POINT = b"031976000001", b"00000000000001"
HIDDEN = {"ADCO", "ADSC", "PRM", "MSG1", "MSG2"}
NAME = b"M. HENRI MARTINEZ DERNIER AVIS  "


def anonymous(data: bytes, cuts: list[int] | None = None) -> bytes:
    anonymiser = Anonymiser()
    edges = [0, *sorted(cuts or []), len(data)]
    chunks = [Chunk(float(i), data[a:b]) for i, (a, b) in enumerate(itertools.pairwise(edges)) if b > a]
    out = [new for chunk in chunks for new in anonymiser.feed(chunk)] + anonymiser.finish()
    # As long as it was, at the same times.
    assert [(chunk.seconds, len(chunk.data)) for chunk in merged(out)] == [(c.seconds, len(c.data)) for c in chunks]
    return b"".join(chunk.data for chunk in out)


def merged(chunks: list[Chunk]) -> list[Chunk]:
    seconds = dict.fromkeys(chunk.seconds for chunk in chunks)
    return [Chunk(s, b"".join(chunk.data for chunk in chunks if chunk.seconds == s)) for s in seconds]


def decoded(data: bytes) -> tuple[list[str], str]:
    summary = Summary()
    return list(decode_file(io.BytesIO(data), summary)), summary.text()


def leaks(data: bytes, secret: bytes) -> bool:
    """Tell whether a secret is there, with parity or without, in whatever direction the bits of it were bent alike."""
    seven = bytes(byte & 0x7F for byte in data)
    return any(bytes(byte ^ mask for byte in secret) in seven for mask in range(128))


def standard(send: Send, power: int = 1230) -> bytes:
    return send(b"ADSC\t" + METER + b"\t", b"VTIC\t02\t", b"DATE\tH261125040333\t\t", b"EAST\t065031192\t",
                b"SINSTS\t%05d\t" % power, b"MSG1\t" + NAME + b"\t", b"PRM\t" + POINT + b"\t", b"NTARF\t02\t",
                b"NEWLABEL\t" + METER + b"\t")  # fmt: skip


def historic(send: Send, power: int = 750) -> bytes:
    return send(
        b"ADCO " + METER, b"OPTARIF HC..", b"HCHC 022887473", b"PTEC HP..", b"PAPP %05d" % power, b"ADS " + METER
    )


@pytest.mark.parametrize("line", [lambda data: data, with_parity], ids=["parity-taken-off", "parity"])
def test_replaces_address_delivery_point_messages_and_unknown_labels_only(
    send: Send, sign: Sign, line: Callable[[bytes], bytes]
) -> None:
    expected = (
        standard(send)
        .replace(sign(b"ADSC\t" + METER + b"\t"), sign(b"ADSC\t" + NEW_METER + b"\t"))
        .replace(sign(b"PRM\t" + POINT + b"\t"), sign(b"PRM\t" + NEW_POINT + b"\t"))
        .replace(sign(b"MSG1\t" + NAME + b"\t"), sign(b"MSG1\tX. XXXXX XXXXXXXX XXXXXXX XXXX  \t"))
        .replace(sign(b"NEWLABEL\t" + METER + b"\t"), sign(b"NEWLABEL\t000000000000\t"))
    )
    assert anonymous(line(standard(send))) == line(expected)
    expected = historic(send).replace(sign(b"ADCO " + METER), sign(b"ADCO " + NEW_METER))
    expected = expected.replace(sign(b"ADS " + METER), sign(b"ADS 000000000000"))
    assert anonymous(line(historic(send))) == line(expected)


def test_each_address_has_one_pseudonym(send: Send) -> None:
    other = b"041067218788"
    data = historic(send) + send(b"ADCO " + other) * 2 + historic(send) + send(b"ADCO ABCDEFGHIJKL")
    meters = [meter(line) for line in decoded(anonymous(data + send(b"ADCO ABCDEFGHIJKL")))[0]]
    assert meters == [NEW_METER.decode(), "041067000002", "041067000002", "000000000003", "000000000003"]


@pytest.mark.parametrize("kind", KINDS)
def test_keeps_all_other_values_of_a_meter(kind: str) -> None:
    simulated = SimulatedMeter(kind)
    frames = [simulated.frame(datetime(2026, 11, 25, 3, tzinfo=UTC) + timedelta(seconds=i)) for i in range(3)]
    data = with_parity(b"".join(frames))
    before, after = decoded(data), decoded(anonymous(data))
    assert before[1] == after[1]
    for old, new in zip(before[0], after[0], strict=True):
        original, replaced = json.loads(old)["frame"], json.loads(new)["frame"]
        assert original.keys() == replaced.keys()
        assert {label for label in original if original[label] != replaced[label]} <= HIDDEN
        assert {"ADCO", "ADSC", "PRM"} & original.keys() <= {
            label for label in original if original[label] != replaced[label]
        }


DAMAGE = st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 255)), max_size=40)


@given(
    damage=DAMAGE,
    parity=st.booleans(),
    mode=st.sampled_from([standard, historic]),
    cuts=st.lists(st.integers(0, 700), max_size=8),
    begin=st.integers(0, 120),
)
@example(
    damage=[(1, 1), (6, 131)], parity=True, mode=standard, cuts=[], begin=0
)  # few bytes before the first valid group
def test_damaged_groups_stay_damaged_and_reveal_no_address(
    send: Send, damage: list[tuple[int, int]], parity: bool, mode: Callable[..., bytes], cuts: list[int], begin: int
) -> None:
    data = bytearray(mode(send) + mode(send, 4567) + mode(send))
    if parity:
        data = bytearray(with_parity(bytes(data)))
    for place, flips in damage:
        data[place % len(data)] ^= flips
    data = data[begin:]  # nobody begins to listen at a frame's start
    hidden = anonymous(bytes(data), [cut % len(data) for cut in cuts])
    for secret in (METER[-6:], POINT, b"MARTINEZ"):
        assert not leaks(hidden, secret)
    before, after = decoded(bytes(data)), decoded(hidden)
    assert counts(before[1]) == counts(after[1])
    assert [known(line) for line in before[0]] == [known(line) for line in after[0]]
    pairs = {(meter(old), meter(new)) for old, new in zip(before[0], after[0], strict=True)}
    assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs})


def meter(line: str) -> str:
    return str(json.loads(line)["meter"])


def known(line: str) -> dict[str, Any]:
    """Leave out of a frame what names a household, and the values of labels that nobody knows."""
    message: dict[str, Any] = json.loads(line)
    del message["meter"]
    values = message.pop("frame")
    rows = LABELS[Mode(message["mode"])]
    message["frame"] = [
        (label, value) for label, value in values.items() if label in rows and label not in HIDDEN
    ] + [label in rows for label in values]  # fmt: skip
    return message


def counts(summary: str) -> str:
    """Leave out why groups were dropped: of a group with two faults, the first that is seen may be another."""
    return re.sub(r" \([^)]*\)", "", summary)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05])
def test_a_recording_full_of_noise_reveals_no_address(send: Send, share: float) -> None:
    chance = random.Random(7)
    data = bytes(
        byte ^ (1 << chance.randrange(8) if chance.random() < share * 8 else 0)
        for power in range(300)
        for byte in with_parity(standard(send, power))
    )
    hidden = anonymous(data)
    for secret in (METER[-6:], POINT[:7], POINT[-7:], b"HENRI", b"MARTINEZ"):
        assert not leaks(hidden, secret)
    before, after = decoded(data), decoded(hidden)
    assert counts(before[1]) == counts(after[1])


@pytest.mark.parametrize(
    "bend", [lambda b: b ^ 0x7F, lambda b: b ^ 0x40, lambda b: b ^ 0xFF], ids=["seven", "six", "all"]
)
def test_a_line_of_the_wrong_polarity_reveals_no_address(send: Send, bend: Callable[[int], int]) -> None:
    data = bytes(bend(byte) for byte in with_parity(standard(send) * 3))
    hidden = anonymous(data)
    assert len(hidden) == len(data)
    for secret in (METER[-6:], POINT, b"MARTINEZ"):
        assert not leaks(hidden, secret)


def test_releases_and_anonymises_a_group_that_never_ends(send: Send) -> None:
    anonymiser = Anonymiser()
    out = [new for _ in range(300) for new in anonymiser.feed(Chunk(0.0, METER))]
    assert sum(len(chunk.data) for chunk in out) > 1900
    assert {byte for chunk in out + anonymiser.finish() for byte in chunk.data} == {ord("0")}


def test_captures_of_real_meters_decode_to_the_same_values_without_addresses(captures: Path) -> None:
    for file in sorted(captures.glob("*.bin")):
        data = file.read_bytes()
        before, after = decoded(data), decoded(anonymous(data))
        assert counts(before[1]) == counts(after[1]), file.name
        for old, new in zip(before[0], after[0], strict=True):
            assert list(json.loads(old)["frame"]) == list(json.loads(new)["frame"]), file.name
