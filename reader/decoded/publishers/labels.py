"""Publishers of a topic a label, whose message is the value as the meter sends it. Pure.

TeleInfoKit (version 1 had names of its own), WTeleInfo, and whatever else publishes `teleinfo/PAPP` and the like.
"""

import re
from collections.abc import Callable, Mapping

from reader.decoded.conversion import MODE_OF, value_of
from reader.decoded.publisher import Found, Memory, Message, Publisher, Refusal, parent

#: Words that name other things as well.
_AMBIGUOUS = frozenset(["AUTRE", "BASE", "DATE", "GAZ", "RELAIS"])
_TELEINFOKIT_1 = {
    "adc0": "ADCO",
    "isousc": "ISOUSC",
    "iinst": "IINST",
    "papp": "PAPP",
    "imax": "IMAX",
    "hp": "HCHP",
    "hc": "HCHC",
    "base": "BASE",
    "ptec": "PTEC",
}


def label_of(level: str, names: Mapping[str, str] = {}) -> str | None:
    """Return the label that the last level of a topic stands for; some write `_` for a `+`.

    >>> label_of("PAPP"), label_of("NJOURF_1"), label_of("uptime")
    ('PAPP', 'NJOURF+1', None)
    """
    label = names.get(level, level if level in MODE_OF else level.replace("_", "+"))
    return label if label in MODE_OF else None


def publisher(name: str, topic: str, filters: Mapping[str, str] = {}, names: Mapping[str, str] = {}) -> Publisher:
    """Return a publisher of a topic a label.

    Args:
        name: of the publisher.
        topic: its topics without the last level, as a regular expression.
        filters: what owners write for it.
        names: what it calls labels.
    """

    def find(message: Message, memory: Memory) -> Found | Refusal:
        label = label_of(message.name, names)
        return Refusal.NOTHING if label is None else Found({label: message.content})

    return Publisher(name, _recognises(re.compile(topic), names), find, device=parent, filters=filters)


def _recognises(topic: re.Pattern[str], names: Mapping[str, str]) -> Callable[[Message], bool]:
    def recognises(message: Message) -> bool:
        label = label_of(message.name, names)
        if label is None or message.name in _AMBIGUOUS or not topic.fullmatch(parent(message.topic)):
            return False
        return value_of(label, message.content) is not None

    return recognises


TELEINFOKIT = publisher(
    "teleinfokit", r"(.*/)?teleinfokit-\w+/data", filters={r"(?P<device>(.*/)?teleinfokit-\w+)": r"\g<device>/data/+"}
)
TELEINFOKIT_1 = publisher(
    "teleinfokit",
    r"(.*/)?teleinfokit",
    filters={r"(?P<device>(.*/)?teleinfokit)": r"\g<device>/+"},
    names=_TELEINFOKIT_1,
)
WTELEINFO = publisher(
    "wteleinfo", r"(.*/)?WTeleInfo/[^/]+", filters={r"(?P<device>(.*/)?WTeleInfo/[^/+]+)": r"\g<device>/+"}
)
LABELS = publisher("labels", r".*")
