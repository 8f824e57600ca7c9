"""A batch of messages: decoding them, and the confirmations and rejection reports that follow. No I/O."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.errors import MessageError
from common.frame import Frame, format_time, peek_id, write_stamp
from common.mqtt.events import Message
from common.tally import Tally

MAX_AHEAD = timedelta(days=1)
_OVERHEAD, _PER_FRAME = 400, 40  # bytes of a confirmation
_LONGEST_EXCERPT = 2000  # characters of a rejected message on `teleinfo/rejected`


@dataclass(slots=True)
class Envelope:
    """A message with its decoded content: a frame, a tally, or the reason why it is neither."""

    message: Message
    frame: Frame | None
    reason: str | None = None  # why it is rejected
    identity: tuple[str, str] | None = None  # meter and timestamp, if the message has them
    tally: Tally | None = None


def decode_batch(messages: Iterable[Message], now: datetime | None) -> list[Envelope]:
    """Decode each message; an invalid one does not affect the others.

    A timestamp more than MAX_AHEAD after `now` is rejected; None: the clock is not reliable, so none is.
    """
    latest = None if now is None else now + MAX_AHEAD
    envelopes = []
    for message in messages:
        try:
            if message.topic.endswith("/tally"):
                tally = Tally.from_json(message.payload)
                reason = _too_far_ahead(tally.hour, latest)
                # A rejected tally has an hour too, which its reader waits to see confirmed.
                envelopes.append(Envelope(message, None, reason, tally=tally))
                continue
            frame = Frame.from_json(message.payload)
        except MessageError as error:
            # Not a frame, but maybe it has an identity, and a reader that waits for its confirmation.
            envelopes.append(Envelope(message, None, str(error), peek_id(message.payload)))
        else:
            identity = _identity(message.payload, frame)
            reason = _too_far_ahead(frame.timestamp, latest)
            envelopes.append(Envelope(message, None if reason else frame, reason, identity))
    return envelopes


def _too_far_ahead(instant: datetime, latest: datetime | None) -> str | None:
    if latest is None or instant <= latest:
        return None
    clock = write_stamp((latest - MAX_AHEAD).replace(microsecond=0))
    return f"timestamp {write_stamp(instant)} is more than a day ahead of the storer's clock ({clock})"


def _identity(payload: bytes, frame: Frame) -> tuple[str, str] | None:
    """Return meter and timestamp as they were published: the sender compares the confirmation with that text."""
    timestamp = format_time(frame.timestamp)
    return (frame.meter, timestamp) if timestamp.encode() in payload else peek_id(payload)


def chunks(envelopes: Sequence[Envelope], max_packet: float) -> Iterator[Sequence[Envelope]]:
    """Split a batch so that the confirmation of each chunk fits into a packet of `max_packet` bytes."""
    size = len(envelopes) if max_packet == math.inf else max(1, int(max_packet - _OVERHEAD) // _PER_FRAME)
    for start in range(0, len(envelopes), size or 1):
        yield envelopes[start : start + size]


def confirmations(storer: str, envelopes: Sequence[Envelope]) -> Iterator[tuple[str, str]]:
    """Yield meter and JSON of each message for `teleinfo/<meter>/stored`."""
    meters: dict[str, tuple[list[str], list[str]]] = {}
    tallies: dict[str, list[str]] = {}
    for envelope in envelopes:
        if envelope.tally is not None:
            # Stored or rejected: both are final.
            tallies.setdefault(envelope.tally.meter, []).append(write_stamp(envelope.tally.hour))
        if envelope.identity is not None:
            meter, timestamp = envelope.identity
            stored, rejected = meters.setdefault(meter, ([], []))
            (stored if envelope.reason is None else rejected).append(timestamp)
    for meter in dict.fromkeys((*meters, *tallies)):
        stored, rejected = meters.get(meter, ([], []))
        confirmation: dict[str, str | list[str]] = {"storer": storer, "timestamps": stored, "rejected": rejected}
        if meter in tallies:
            confirmation["tallies"] = tallies[meter]
        yield meter, json.dumps(confirmation)


def rejection_payload(storer: str, envelope: Envelope) -> str:
    """Return the JSON for `teleinfo/rejected`."""
    excerpt = envelope.message.payload[: 4 * _LONGEST_EXCERPT].decode("utf-8", "replace")[:_LONGEST_EXCERPT]
    return json.dumps(
        {"storer": storer, "topic": envelope.message.topic, "reason": envelope.reason, "payload": excerpt},
        ensure_ascii=False,
    )
