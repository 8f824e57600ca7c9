"""Messages of other devices become readings. Pure.

A message is parsed within bounds, its publisher is recognised, or known from the port, and what the publisher finds in
it is checked label by label. Of a device with a topic a label, each message is a reading of one label; what identifies
the meter is remembered for the others.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from common.contract.frame import LONGEST_MESSAGE, Value
from common.contract.labels import ADDRESS, LABELS, Mode
from common.contract.offers import OFFERS
from common.contract.topic_port import UNITS, TopicPort, read_topic_port
from reader.decoded.conversion import address_of, mode_of, value_of
from reader.decoded.publisher import Found, Memory, Message, Publisher, Refusal, parent
from reader.decoded.publishers import (
    bernaerts,
    esphome,
    labels,
    lixee_box,
    tasmota,
    teleinfo2mqtt,
    ticmeter,
    zigbee2mqtt,
    zigbee2mqtt_ticmeter,
)
from reader.decoded.reading import Reading

#: The first one that recognises a message reads it: what is specific stands before what is general.
PUBLISHERS: tuple[Publisher, ...] = (
    zigbee2mqtt_ticmeter.PUBLISHER,
    zigbee2mqtt.PUBLISHER,
    tasmota.PUBLISHER,
    bernaerts.PUBLISHER,
    teleinfo2mqtt.PUBLISHER,
    lixee_box.PUBLISHER,
    ticmeter.PUBLISHER,
    labels.TELEINFOKIT,
    labels.TELEINFOKIT_1,
    labels.WTELEINFO,
    labels.LABELS,
    esphome.UNLABELLED,
)

_MOST_DEVICES = 32  # of a port, whose memory is kept
_LONGEST_NUMBER = 20  # digits


class Decoder:
    """Makes readings of the messages of one port; remembers what its devices told."""

    def __init__(self, port: TopicPort) -> None:
        """Find out from the port, as far as it tells, whose messages these are."""
        self.filter = port.topic  # what to subscribe to
        self._known: Publisher | None = None
        self._prefix = ""  # of the topics that belong to the port, where the filter brings others, too
        if port.labels:
            self._known = esphome.publisher(port.labels, UNITS.get(port.unit, 1), port.topic)
        for publisher in PUBLISHERS:
            for written, topics in publisher.filters.items():
                if (match := re.fullmatch(written, port.topic)) is not None and not port.labels:
                    self._known, self._prefix, self.filter = publisher, port.topic, match.expand(topics)
        self._devices: dict[str, tuple[Publisher, Memory]] = {}  # the one that was heard last is the last one

    @property
    def publisher(self) -> str | None:
        """Whose messages these are; None: each message tells."""
        return None if self._known is None else self._known.name

    def read(self, topic: str, payload: bytes) -> Reading | Refusal:
        """Read a message; return why not, if it tells nothing of a meter."""
        message = parse(topic, payload)
        if isinstance(message, Refusal):
            return message
        if not topic.startswith(self._prefix):
            return Refusal.NO_METER
        publisher, memory = self._device(message)
        if publisher is None:
            return Refusal.NO_METER
        found = publisher.find(message, memory)
        return found if isinstance(found, Refusal) else _reading(publisher, found, memory)

    def _device(self, message: Message) -> tuple[Publisher | None, Memory]:
        publisher = self._known or _recognise(message)
        if publisher is None:  # what a device is recognised by need not be in each of its messages
            known = (device for device in (message.topic, parent(message.topic)) if device in self._devices)
            publisher = next((self._devices[device][0] for device in known), None)
        if publisher is None:
            return None, Memory()
        device = publisher.device(message.topic)
        _, memory = self._devices.pop(device, (publisher, Memory()))
        self._devices[device] = publisher, memory
        if len(self._devices) > _MOST_DEVICES:
            del self._devices[next(iter(self._devices))]
        return publisher, memory

    def to_json(self) -> list[list[Any]]:
        """Return what devices told, and do not tell again."""
        return [[device, publisher.name, asdict(memory)] for device, (publisher, memory) in self._devices.items()]

    def resume(self, saved: Sequence[Any]) -> None:
        """Go on with what devices told before.

        Raises:
            LookupError, TypeError, ValueError: it cannot be read.
        """
        for device, name, told in saved[:_MOST_DEVICES]:
            memory = Memory(**told)
            memory.mode = None if memory.mode is None else Mode(memory.mode)
            publisher = self._known or next((known for known in PUBLISHERS if known.name == name), None)
            if publisher is not None and publisher.name == name and _is_told(memory):
                self._devices[str(device)] = publisher, memory


def _is_told(memory: Memory) -> bool:
    """Return whether a memory that was saved is one."""
    address_is_one = memory.meter is None or value_of(ADDRESS[Mode.STANDARD], memory.meter) == memory.meter
    offer_is_one = memory.offer is None or memory.offer in {offer.id for offer in OFFERS}
    return address_is_one and offer_is_one and type(memory.three_phase) is bool and type(memory.decimals) is int


def filter_of(port: str) -> str:
    """Return the topics of a port, as they are subscribed.

    >>> filter_of("mqtt:TICMeter/AB12CD")
    'TICMeter/AB12CD/+'
    """
    return Decoder(read_topic_port(port)).filter


def recognise(topic: str, payload: bytes) -> str | None:
    """Return the name of the publisher of a message, from the message alone; None: it tells nothing of a meter.

    >>> recognise("tele/linky/SENSOR", b'{"TIC": {"PAPP": 310}}'), recognise("tele/plug/SENSOR", b'{"ENERGY": {}}')
    ('tasmota', None)
    """
    message = parse(topic, payload)
    publisher = None if isinstance(message, Refusal) else _recognise(message)
    return None if publisher is None else publisher.name


def _recognise(message: Message) -> Publisher | None:
    return next((publisher for publisher in PUBLISHERS if publisher.recognises(message)), None)


def parse(topic: str, payload: bytes) -> Message | Refusal:
    """Parse a message: an object of JSON, or a text."""
    if len(payload) > LONGEST_MESSAGE:
        return Refusal.TOO_LONG
    try:
        text = payload.decode().strip()
        if not text.startswith("{"):
            return Message(topic, text)
        # Fractions are read exactly, and a number of a million digits is none.
        return Message(topic, json.loads(text, parse_float=_fraction, parse_int=_whole, parse_constant=lambda _: None))
    except (ValueError, RecursionError):
        return Refusal.NOT_TEXT


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= _LONGEST_NUMBER else None


def _fraction(text: str) -> Decimal | None:
    try:
        return Decimal(text) if len(text) <= _LONGEST_NUMBER else None
    except InvalidOperation:  # an exponent of eighteen digits
        return None


def _reading(publisher: Publisher, found: Found, memory: Memory) -> Reading | Refusal:
    mode = found.mode or mode_of(found.sent)
    if mode is None:
        return Refusal.NOTHING
    values, stamps = _checked(found, LABELS[mode])
    if not values:
        return Refusal.NOTHING
    address = address_of(values)
    if address is not None and memory.meter not in (None, address):  # another meter
        memory.offer, memory.three_phase = None, False
    memory.mode, memory.meter = mode, address or memory.meter
    steps = {label: step for label, step in found.steps.items() if label in values}
    return Reading(publisher.name, memory.meter, mode, values, steps, stamps, publisher.partial)


def _checked(found: Found, known: Mapping[str, object]) -> tuple[dict[str, Value], dict[str, datetime]]:
    """Return values and stamps in the order of the line."""
    values: dict[str, Value] = {}
    for label in known:
        value = "" if label == "DATE" and label in found.stamps else value_of(label, found.sent.get(label))
        if value is not None:
            values[label] = value
    return values, {label: found.stamps[label] for label in values if label in found.stamps}
