"""Which meter speaks: one misread address must not make a meter of its own."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.frame import Frame
from common.labels import Mode
from reader.line.address_filter import MAX_METERS, AddressFilter

START = datetime(2026, 11, 24, 22, 20, 20, tzinfo=UTC)


def frames(addresses: str) -> list[Frame]:
    return [
        Frame(meter=address, timestamp=START + timedelta(seconds=second), mode=Mode.HISTORIC, values={"PAPP": second})
        for second, address in enumerate(addresses)
    ]


# A letter is an address; what comes out is written as the frames that each one released.
@pytest.mark.parametrize(
    ("heard", "released", "misread"),
    [
        ("A", "A", 0),
        ("AAA", "A A A", 0),
        ("ABA", "A . A", 1),  # B stood alone
        ("ABBA", "A . BB .", 0),
        ("ABBAA", "A . BB . AA", 0),  # and back again: a person may swap meters twice
        ("ABABAB", "A . A . A .", 2),
        ("ABCA", "A . . A", 2),
        ("ABCC", "A . . CC", 1),
        ("ABCBC", "A . . . .", 3),
        ("BAAA", "B . AA A", 0),  # the first address was the misread one
    ],
)
def test_a_new_address_counts_once_two_frames_running_carry_it(heard: str, released: str, misread: int) -> None:
    identity = AddressFilter()
    out = [identity.feed(frame) for frame in frames(heard)]
    assert [[frame.meter for frame in some] for some in out] == [list(some.strip(".")) for some in released.split()]
    assert identity.address_mismatch == misread


def test_a_line_has_a_bounded_number_of_meters_and_those_that_it_has_stay() -> None:
    many = [chr(0x100 + number) for number in range(MAX_METERS)]
    identity = AddressFilter()
    for address in many:
        for frame in frames(address * 2):
            identity.feed(frame)
    assert identity.meter == many[-1]
    assert [identity.feed(frame) for frame in frames("ZZZ")] == [[], [], []]
    assert (identity.refused, identity.unsure) == (2, 1)
    out = [frame.meter for frame in frames(many[0] * 3) for frame in identity.feed(frame)]
    assert out == [many[0]] * 3
    assert (identity.refused, identity.address_mismatch) == (2, 1)


@given(st.text("ABC", min_size=1, max_size=40))
def test_each_frame_is_published_once_in_order_or_was_misread_or_waits(heard: str) -> None:
    identity = AddressFilter()
    sent = frames(heard)
    out = [frame for one in sent for frame in identity.feed(one)]
    assert out[0] is sent[0]
    assert [frame.timestamp for frame in out] == sorted({frame.timestamp for frame in out})
    assert len(out) + identity.address_mismatch + identity.unsure == len(sent)
    assert identity.unsure == (identity.meter != heard[-1])
