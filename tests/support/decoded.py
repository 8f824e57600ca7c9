"""Messages of devices that decode a meter by themselves."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from common.contract.frame import Frame
from common.contract.topic_port import read_topic_port
from reader.decoded.message import Decoder
from reader.decoded.meters import BelievedReading, DecodedMeters
from reader.decoded.publisher import Refusal
from reader.decoded.reading import Reading


def decoder(port: Any) -> Decoder:
    return Decoder(read_topic_port(port))


def payload(content: Mapping[str, Any] | str) -> bytes:
    return content.encode() if isinstance(content, str) else json.dumps(content).encode()


def read(topic: str, content: Mapping[str, Any] | str, *, using: Decoder | None = None) -> Reading:
    """Read a message that is to be read, as the first one or with a decoder that has read others."""
    reading = (using or decoder(f"mqtt:{topic}")).read(topic, payload(content))
    assert isinstance(reading, Reading), reading
    return reading


def refusal(topic: str, content: Mapping[str, Any] | str, *, using: Decoder | None = None) -> Refusal:
    """Return why a message is not read."""
    reading = (using or decoder(f"mqtt:{topic}")).read(topic, payload(content))
    assert isinstance(reading, Refusal), reading
    return reading


class Published(NamedTuple):
    """A message of a device, when it came."""

    at: datetime
    topic: str
    content: Mapping[str, Any] | str


def frames_of(port: Any, messages: Sequence[Published]) -> list[Frame]:
    """Return the frames that a reader makes of the messages of a port, which come in order of time."""
    meters, start = DecodedMeters(read_topic_port(port)), messages[0].at
    found: list[BelievedReading] = []
    for message in messages:
        at = (message.at - start).total_seconds()
        found += meters.take(at)
        meters.read(message.topic, payload(message.content), at)
    found += meters.take(at + 3600)
    return [one.to_frame(one.address, start + timedelta(seconds=one.at)) for one in found if one.due]
