"""Messages of devices that decode a meter by themselves."""

import json
from collections.abc import Mapping
from typing import Any

from common.contract.topic_port import read_topic_port
from reader.decoded.message import Decoder
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
