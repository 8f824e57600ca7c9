"""The logic of a batch: what its messages are, and what is told about them afterwards. No I/O."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from common.errors import MessageError
from common.frame import Frame, write_instant
from common.mqtt_events import Message

_LONGEST_EXCERPT = 2000  # characters of a rejected message on `teleinfo/rejected`


@dataclass(slots=True)
class Parcel:
    """One message on its way: a frame, or the reason why it is none."""

    message: Message
    frame: Frame | None
    reason: str | None = None


def unpack(messages: Iterable[Message]) -> list[Parcel]:
    """Decode each message; one that is no frame does not disturb the others."""
    parcels = []
    for message in messages:
        try:
            parcels.append(Parcel(message, Frame.from_json(message.payload)))
        except MessageError as error:
            parcels.append(Parcel(message, None, str(error)))
    return parcels


def confirmations(storer: str, parcels: Sequence[Parcel]) -> Iterator[tuple[str, str]]:
    """Yield, for each meter, what is told on `teleinfo/<meter>/stored`: meter and JSON."""
    meters: dict[str, tuple[list[str], list[str]]] = {}
    for parcel in parcels:
        if parcel.frame is not None:
            stored, rejected = meters.setdefault(parcel.frame.meter, ([], []))
            (stored if parcel.reason is None else rejected).append(write_instant(parcel.frame.timestamp))
    for meter, (stored, rejected) in meters.items():
        yield meter, json.dumps({"storer": storer, "timestamps": stored, "rejected": rejected})


def complaint(storer: str, parcel: Parcel) -> str:
    """Return what is told on `teleinfo/rejected`: JSON."""
    text = parcel.message.payload[: 4 * _LONGEST_EXCERPT].decode("utf-8", "replace")[:_LONGEST_EXCERPT]
    return json.dumps(
        {"storer": storer, "topic": parcel.message.topic, "reason": parcel.reason, "payload": text},
        ensure_ascii=False,
    )
