"""ESPHome, and whoever else has a topic for each value, whose names its owner chose: the port says what they are. Pure.

A value is a float of 32 bits there, so a register of more than 16,777 kWh moves by 2 Wh, one of more than 33,554 kWh by
4 Wh, and so on; in kWh the decimals that are sent matter, too.
"""

import math
from collections.abc import Mapping
from decimal import Decimal

from common.contract.labels import LABELS
from common.discovery.meters import guess_label
from reader.decoded.conversion import MODE_OF, number
from reader.decoded.publisher import Found, Memory, Message, Publisher, Refusal

_DIGITS = 24  # binary ones, of a float of 32 bits
_SENSOR, _STATE = "sensor", "state"


def publisher(labels: Mapping[str, str], wh: int, topic: str) -> Publisher:
    """Return the publisher of values of such names.

    Args:
        labels: by what stands in a topic in the place of the wildcard.
        wh: how many Wh the unit of the registers is.
        topic: the filter, with one wildcard.
    """
    place = topic.split("/").index("+")

    def find(message: Message, memory: Memory) -> Found | Refusal:
        levels = message.topic.split("/")
        label = labels.get(levels[place]) if place < len(levels) else None
        if label is None:
            return Refusal.NOTHING
        exact = number(message.content)
        if LABELS[MODE_OF[label]][label].unit != "Wh" or exact is None or exact < 0:
            return Found({label: message.content})
        step = step_of(exact, wh)
        return Found({label: round(exact * wh)}, steps={label: step} if step > 1 else {})

    return Publisher("esphome", lambda message: False, find, device=lambda _: topic)


def step_of(sent: Decimal, wh: int) -> int:
    """Return the resolution of a register, in Wh.

    >>> step_of(Decimal("16777216"), 1), step_of(Decimal("40123.45"), 1000), step_of(Decimal("40123.457"), 1000)
    (2, 10, 4)
    """
    exponent = sent.as_tuple().exponent
    decimal = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
    binary = Decimal(2) ** (math.frexp(sent)[1] - _DIGITS)
    return math.ceil(max(decimal, binary) * wh)


def _recognises(message: Message) -> bool:
    *_, kind, name, state = ["", "", *message.topic.split("/")]
    return (kind, state) == (_SENSOR, _STATE) and guess_label(name) is not None and number(message.content) is not None


#: To find one: what its names mean, only its owner knows.
UNLABELLED = Publisher("esphome", _recognises, lambda message, memory: Refusal.NO_LABELS)
