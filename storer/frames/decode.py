"""A batch of messages: decoding them, and the reports on what is rejected. No I/O."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from common.contract.block import is_block, read_block, split_block
from common.contract.frame import Frame, check_size, peek_id, read_json, write_stamp
from common.contract.tally import Tally
from common.errors import MessageError
from common.mqtt.events import Message

MAX_AHEAD = timedelta(days=1)
_LONGEST_EXCERPT = 2000  # characters of a rejected message on `teleinfo/rejected`


@dataclass(slots=True)
class Envelope:
    """A frame or a tally of a message, or the reason why it is neither. A block has an envelope for each frame."""

    message: Message
    frame: Frame | None
    reason: str | None = None  # why it is rejected
    identity: tuple[str, str] | None = None  # meter and timestamp as they were published, if the message has them
    tally: Tally | None = None
    place: int | None = None  # of the frame in its block; None if the message is no block

    @property
    def payload(self) -> bytes:
        """What is recorded if it is rejected: the message, or the frame's part of the block."""
        return self.message.payload if self.place is None else _elements(self.message.payload)[self.place]


def decode_batch(messages: Iterable[Message], now: datetime | None) -> list[Envelope]:
    """Decode each message; an invalid one, or an invalid frame of a block, does not affect the others.

    A timestamp more than MAX_AHEAD after `now` is rejected; None: the clock is not reliable, so none is.
    """
    latest = None if now is None else now + MAX_AHEAD
    envelopes = []
    for message in messages:
        if message.topic.endswith("/tally"):
            envelopes.append(_decode_tally(message, latest))
        elif is_block(message.payload):
            envelopes += _decode_block(message, latest)
        else:
            envelopes.append(_decode_frame(message, latest))
    return envelopes


def _decode_tally(message: Message, latest: datetime | None) -> Envelope:
    try:
        tally = Tally.from_json(message.payload)
    except MessageError as error:
        return Envelope(message, None, str(error), peek_id(message.payload))
    # A rejected tally has an hour too, which its reader waits to see confirmed.
    return Envelope(message, None, _too_far_ahead(tally.hour, latest), tally=tally)


def _decode_block(message: Message, latest: datetime | None) -> list[Envelope]:
    try:
        # All frames at once, which takes half the time. If any of them is invalid, each is read by itself.
        frames = [_published(content) for content in read_block(message.payload)]
    except MessageError:
        return _decode_elements(message, latest)
    return [_envelope(message, published, latest, place) for place, published in enumerate(frames)]


def _decode_elements(message: Message, latest: datetime | None) -> list[Envelope]:
    try:
        elements = _elements(message.payload)
    except MessageError as error:
        return [Envelope(message, None, str(error))]
    return [_decode_element(message, element, latest, place) for place, element in enumerate(elements)]


def _decode_element(message: Message, element: bytes, latest: datetime | None, place: int) -> Envelope:
    try:
        published = _published(read_json(element))
    except MessageError as error:
        return Envelope(message, None, str(error), peek_id(element), place=place)
    return _envelope(message, published, latest, place)


def _decode_frame(message: Message, latest: datetime | None) -> Envelope:
    try:
        check_size(message.payload)
        published = _published(read_json(message.payload))
    except MessageError as error:
        # Not a frame, but maybe it has an identity, and a reader that waits for its confirmation.
        return Envelope(message, None, str(error), peek_id(message.payload))
    return _envelope(message, published, latest, None)


def _published(content: Any) -> tuple[Frame, str]:
    """Return the frame, and its timestamp as it was published."""
    return Frame.from_message(content), content["timestamp"]


def _envelope(message: Message, published: tuple[Frame, str], latest: datetime | None, place: int | None) -> Envelope:
    frame, timestamp = published
    reason = _too_far_ahead(frame.timestamp, latest)
    # The sender compares the confirmation with the text that it published.
    return Envelope(message, None if reason else frame, reason, (frame.meter, timestamp), place=place)


@lru_cache(maxsize=1)
def _elements(payload: bytes) -> list[bytes]:
    return split_block(payload)


def _too_far_ahead(instant: datetime, latest: datetime | None) -> str | None:
    if latest is None or instant <= latest:
        return None
    clock = write_stamp((latest - MAX_AHEAD).replace(microsecond=0))
    return f"timestamp {write_stamp(instant)} is more than a day ahead of the storer's clock ({clock})"


def rejection_payload(storer: str, envelope: Envelope) -> str:
    """Return the JSON for `teleinfo/rejected`."""
    excerpt = envelope.payload[: 4 * _LONGEST_EXCERPT].decode("utf-8", "replace")[:_LONGEST_EXCERPT]
    return json.dumps(
        {"storer": storer, "topic": envelope.message.topic, "reason": envelope.reason, "payload": excerpt},
        ensure_ascii=False,
    )
