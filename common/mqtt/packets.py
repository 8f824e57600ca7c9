"""Takes the messages out of what a broker sends. Pure."""

from typing import NamedTuple

_PUBLISH, _KIND = 0x30, 0xF0
_LONGEST_LENGTH = 4  # bytes that say how long a packet is


class Publish(NamedTuple):
    """A message, as it stands in a packet of MQTT 5; its properties are left out."""

    topic: str
    payload: bytes
    retained: bool
    mid: int  # 0 with QoS 0
    qos: int


class Incoming:
    """What came from a broker, cut into packets."""

    def __init__(self) -> None:
        self._begun = bytearray()  # a packet that is not complete
        self._needed = 0  # bytes, before it can be

    def feed(self, data: bytes) -> list[Publish | bytes]:
        """Return the packets that are complete now, in their order: messages, and all others as they are.

        Raises:
            ValueError: it is not MQTT 5.
        """
        if self._begun:
            self._begun += data
            if len(self._begun) < self._needed:
                return []
            data = bytes(self._begun)
            self._begun.clear()
        packets: list[Publish | bytes] = []
        begin = 0
        while begin < len(data):
            head = _read_length(data, begin + 1)
            end = begin + 2 if head is None else sum(head)
            if head is None or end > len(data):
                self._begun += data[begin:]
                self._needed = end - begin
                break
            if data[begin] & _KIND == _PUBLISH:
                packets.append(_read_publish(data, begin, head[1], end))
            else:
                packets.append(data[begin:end])
            begin = end
        return packets


def _read_publish(data: bytes, begin: int, place: int, end: int) -> Publish:
    """Read the PUBLISH from `begin` to `end`; `place` is where its header ends."""
    qos = data[begin] >> 1 & 3
    topic = place + 2
    topic_end = topic + int.from_bytes(data[place:topic], "big")
    place = topic_end + (2 if qos else 0)
    properties = _read_length(data, place)
    if properties is None or sum(properties) > end:
        raise ValueError("a PUBLISH is longer than its packet")
    return Publish(
        topic=data[topic:topic_end].decode(),
        payload=data[sum(properties) : end],
        retained=bool(data[begin] & 1),
        mid=int.from_bytes(data[topic_end:place], "big"),
        qos=qos,
    )


def _read_length(data: bytes, place: int) -> tuple[int, int] | None:
    """Read a variable byte integer; return it, and where what it is the length of begins. None if it is cut off."""
    length = shift = 0
    for after, byte in enumerate(data[place : place + _LONGEST_LENGTH], place + 1):
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return length, after
        shift += 7
    if len(data) - place >= _LONGEST_LENGTH:
        raise ValueError("a length has more than four bytes")
    return None
