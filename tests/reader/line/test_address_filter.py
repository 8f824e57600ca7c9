"""A single misread address must not create a meter."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contract.frame import Frame
from common.contract.labels import Mode
from reader.line.address_filter import MAX_METERS, AddressFilter

START = datetime(2026, 11, 24, 22, 20, 20, tzinfo=UTC)


def frames(addresses: str) -> list[Frame]:
    return [
        Frame(meter=address, timestamp=START + timedelta(seconds=second), mode=Mode.HISTORIC, values={"PAPP": second})
        for second, address in enumerate(addresses)
    ]


# A letter is a frame of that address. `released`: the frames that each one released, a dot for none.
@pytest.mark.parametrize(
    ("sent", "released", "mismatch"),
    [
        ("A", "A", 0),
        ("AAA", "A A A", 0),
        ("ABA", "A . A", 1),  # B came only once
        ("ABBA", "A . BB .", 0),
        ("ABBAA", "A . BB . AA", 0),  # and back again: a person may swap meters twice
        ("ABABAB", "A . A . A .", 2),
        ("ABCA", "A . . A", 2),
        ("ABCC", "A . . CC", 1),
        ("ABCBC", "A . . . .", 3),
        ("BAAA", "B . AA A", 0),  # the first address was the misread one
    ],
)
def test_a_new_address_is_accepted_with_its_second_consecutive_frame(sent: str, released: str, mismatch: int) -> None:
    address_filter = AddressFilter()
    out = [address_filter.feed(frame) for frame in frames(sent)]
    assert [[frame.meter for frame in some] for some in out] == [list(some.strip(".")) for some in released.split()]
    assert address_filter.address_mismatch == mismatch


def test_a_line_has_a_bounded_number_of_meters_and_keeps_those_it_has() -> None:
    many = [chr(0x100 + number) for number in range(MAX_METERS)]
    address_filter = AddressFilter()
    for address in many:
        for frame in frames(address * 2):
            address_filter.feed(frame)
    assert address_filter.meter == many[-1]
    assert [address_filter.feed(frame) for frame in frames("ZZZ")] == [[], [], []]
    assert (address_filter.refused, address_filter.pending) == (2, 1)
    out = [frame.meter for frame in frames(many[0] * 3) for frame in address_filter.feed(frame)]
    assert out == [many[0]] * 3
    assert (address_filter.refused, address_filter.address_mismatch) == (2, 1)


@given(st.text("ABC", min_size=1, max_size=40))
def test_each_frame_is_released_once_in_order_or_counted_or_held(addresses: str) -> None:
    address_filter = AddressFilter()
    sent = frames(addresses)
    out = [frame for one in sent for frame in address_filter.feed(one)]
    assert out[0] is sent[0]
    assert [frame.timestamp for frame in out] == sorted({frame.timestamp for frame in out})
    assert len(out) + address_filter.address_mismatch + address_filter.pending == len(sent)
    assert address_filter.pending == (address_filter.meter != addresses[-1])
