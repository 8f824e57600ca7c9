"""The messages that are taken out of what a broker sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.mqtt.packets import Incoming, Publish

PINGRESP, PUBACK, SUBACK = b"\xd0\x00", b"\x40\x02\x00\x05", b"\x90\x04\x00\x06\x00\x01"


def packet(first: int, body: bytes) -> bytes:
    """Make a packet: its first byte, the length of the rest, the rest."""
    length, left = b"", len(body)
    while left >= 0x80:
        length += bytes([left & 0x7F | 0x80])
        left >>= 7
    return bytes([first]) + length + bytes([left]) + body


def publish(message: Publish, properties: bytes = b"\x00") -> bytes:
    topic = message.topic.encode()
    mid = message.mid.to_bytes(2, "big") if message.qos else b""
    body = len(topic).to_bytes(2, "big") + topic + mid + properties + message.payload
    return packet(0x30 | message.qos << 1 | message.retained, body)


MESSAGES = st.builds(
    Publish,
    topic=st.text(st.characters(codec="utf-8"), max_size=20),
    payload=st.one_of(st.binary(max_size=40), st.sampled_from([b"x" * size for size in (115, 128, 16_384, 70_000)])),
    retained=st.booleans(),
    mid=st.integers(1, 65_535),
    qos=st.just(1),
)


@given(st.lists(st.one_of(MESSAGES, st.sampled_from([PINGRESP, PUBACK, SUBACK])), max_size=8), st.data())
def test_messages_and_other_packets_are_found_however_they_are_cut(
    sent: list[Publish | bytes], data: st.DataObject
) -> None:
    stream = b"".join(publish(each) if isinstance(each, Publish) else each for each in sent)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6).map(sorted))
    incoming, found = Incoming(), list[Publish | bytes]()
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        if begin < end:
            found += incoming.feed(stream[begin:end])
    assert found == sent


def test_a_message_that_comes_byte_by_byte_is_found_with_its_last_byte() -> None:
    message = Publish("teleinfo/1/frame", b"x" * 200, False, 7, 1)
    incoming = Incoming()
    *begin, last = publish(message)
    assert all(incoming.feed(bytes([byte])) == [] for byte in begin)
    assert incoming.feed(bytes([last])) == [message]


def test_a_message_of_qos_0_has_no_id() -> None:
    message = Publish("a/b", b"payload", True, 0, 0)
    assert Incoming().feed(publish(message)) == [message]


@pytest.mark.parametrize("size", [3, 127, 128, 300])
def test_properties_are_left_out(size: int) -> None:
    message = Publish("a/b", b"payload", False, 3, 1)
    length = bytes([size]) if size < 0x80 else bytes([size & 0x7F | 0x80, size >> 7])
    assert Incoming().feed(publish(message, length + b"\x26" * size)) == [message]


@pytest.mark.parametrize(
    "broken",
    [
        b"\x32\xff\xff\xff\xff\x01",  # a length of five bytes
        packet(0x32, b""),
        packet(0x32, b"\x00\x03a/b"),  # no id
        packet(0x32, b"\x00\x03a/b\x00\x01"),  # no properties
        packet(0x32, b"\x00\x30a/b\x00\x01\x00payload"),  # a topic longer than the packet
        packet(0x32, b"\x00\x03a/b\x00\x01\x20payload"),  # properties longer than the packet
        packet(0x32, b"\x00\x03a/b\x00\x01\xff\xff\xff\xff\x01"),
        packet(0x32, b"\x00\x03\xff/b\x00\x01\x00payload"),  # a topic that is not UTF-8
    ],
)
@pytest.mark.parametrize("after", [b"", PUBACK * 20])
def test_what_is_not_mqtt_is_refused(broken: bytes, after: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Incoming().feed(PINGRESP + broken + after)


@given(st.binary(max_size=60))
def test_noise_is_refused_or_waits_for_more(noise: bytes) -> None:
    try:
        found = Incoming().feed(noise)
    except ValueError:
        return
    assert sum(len(each) if isinstance(each, bytes) else len(each.payload) for each in found) <= len(noise)
