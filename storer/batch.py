"""The logic of a batch: what its messages are, and what is told about them afterwards. No I/O."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.errors import MessageError
from common.frame import Frame, format_time, peek_id, write_stamp
from common.mqtt.events import Message
from common.tally import Tally

MOST_AHEAD = timedelta(days=1)
_HEAD, _ONE = 400, 40  # bytes of a confirmation: topic and names; each frame
_LONGEST_EXCERPT = 2000  # characters of a rejected message on `teleinfo/rejected`


@dataclass(slots=True)
class Envelope:
    """One message on its way: a frame, a tally, or the reason why it is neither."""

    message: Message
    frame: Frame | None
    reason: str | None = None
    identity: tuple[str, str] | None = None  # meter and timestamp, where the message names them
    tally: Tally | None = None


def decode_batch(messages: Iterable[Message], now: datetime | None) -> list[Envelope]:
    """Decode each message; one that is no frame does not disturb the others.

    What is stamped more than MOST_AHEAD after `now` is rejected; None: there is no clock to judge by.
    """
    latest = None if now is None else now + MOST_AHEAD
    parcels = []
    for message in messages:
        try:
            if message.topic.endswith("/tally"):
                tally = Tally.from_json(message.payload)
                late = _too_far_ahead(tally.hour, latest)
                # Even so it has an hour, and a reader that waits for an answer.
                parcels.append(Envelope(message, None, late, tally=tally))
                continue
            frame = Frame.from_json(message.payload)
        except MessageError as error:
            # It has no frame, but maybe an identity, and a reader that waits for an answer.
            parcels.append(Envelope(message, None, str(error), peek_id(message.payload)))
        else:
            identity = _identity(message.payload, frame)
            reason = _too_far_ahead(frame.timestamp, latest)
            parcels.append(Envelope(message, None if reason else frame, reason, identity))
    return parcels


def _too_far_ahead(instant: datetime, latest: datetime | None) -> str | None:
    if latest is None or instant <= latest:
        return None
    clock = write_stamp((latest - MOST_AHEAD).replace(microsecond=0))
    return f"stamped {write_stamp(instant)}, more than a day ahead of the storer's clock ({clock})"


def _identity(payload: bytes, frame: Frame) -> tuple[str, str] | None:
    """Return meter and timestamp as published: whoever waits for them knows them in that form."""
    timestamp = format_time(frame.timestamp)
    return (frame.meter, timestamp) if timestamp.encode() in payload else peek_id(payload)


def parts(parcels: Sequence[Envelope], largest: float) -> Iterator[Sequence[Envelope]]:
    """Cut a batch so that the confirmation of each part fits into a packet of `largest` bytes."""
    most = len(parcels) if largest == math.inf else max(1, int(largest - _HEAD) // _ONE)
    for start in range(0, len(parcels), most or 1):
        yield parcels[start : start + most]


def confirmations(storer: str, parcels: Sequence[Envelope]) -> Iterator[tuple[str, str]]:
    """Yield, for each meter, what is told on `teleinfo/<meter>/stored`: meter and JSON."""
    meters: dict[str, tuple[list[str], list[str]]] = {}
    tallies: dict[str, list[str]] = {}
    for parcel in parcels:
        if parcel.tally is not None:
            # Rejected or stored: it ends here, too.
            tallies.setdefault(parcel.tally.meter, []).append(write_stamp(parcel.tally.hour))
        if parcel.identity is not None:
            meter, timestamp = parcel.identity
            stored, rejected = meters.setdefault(meter, ([], []))
            (stored if parcel.reason is None else rejected).append(timestamp)
    for meter in dict.fromkeys((*meters, *tallies)):
        stored, rejected = meters.get(meter, ([], []))
        word: dict[str, str | list[str]] = {"storer": storer, "timestamps": stored, "rejected": rejected}
        if meter in tallies:
            word["tallies"] = tallies[meter]
        yield meter, json.dumps(word)


def rejection_payload(storer: str, parcel: Envelope) -> str:
    """Return what is told on `teleinfo/rejected`: JSON."""
    text = parcel.message.payload[: 4 * _LONGEST_EXCERPT].decode("utf-8", "replace")[:_LONGEST_EXCERPT]
    return json.dumps(
        {"storer": storer, "topic": parcel.message.topic, "reason": parcel.reason, "payload": text},
        ensure_ascii=False,
    )
