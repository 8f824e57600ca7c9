"""Writes a frame as teleinfo2mqtt does, for templates, Jeedom and Node-RED flows that were made for it. Pure.

    teleinfo/<meter>  {LABEL: {"raw": text of the wire, "value": number or text, "timestamp": {"date", "dst"}}, ...}

What is wrong in it is not copied: addresses and PRM stay text (a number loses their zeros), and so does whatever merely
begins with digits (a day profile became 8002); times are UTC (its are local ones that claim to be UTC); three-phase
meters' MOTDETAT and PPOT are there. What people may rely on is kept: PREF and PCOUP in VA, `HC` for `HC..`, text padded
as on the wire.

teleinfo2mqtt has labels as Enedis spells them in its messages, and makes them safe only in the topics of its discovery:
`SMAXSN-1` is `smaxsn_minus_1` there. A label that needs it stands under both names here.
"""

import json
from datetime import UTC, datetime
from typing import Any

from common.frame import Frame, Value
from common.labels import LABELS, Kind, Mode
from common.topics import Topics
from reader.tic.timestamp import is_summer

_TEXT = frozenset(["ADCO", "ADSC", "PRM", "STGE", "MOTDETAT"])  # digits, but no numbers
_KILO = frozenset(["PREF", "PCOUP"])  # kVA on the wire


def topic(topics: Topics, meter: str) -> str:
    """Return where teleinfo2mqtt publishes a meter's frames; not retained."""
    return f"{topics.base}/{meter}"


def message(frame: Frame) -> bytes:
    """Write a frame as teleinfo2mqtt does."""
    fields: dict[str, Any] = {}
    for label, value in frame.values.items():
        field = _field(frame.mode, label, value)
        if frame.stamps and label in frame.stamps:
            field["timestamp"] = _timestamp(frame.stamps[label])
        fields[label] = field
        safe = topic_safe(label)
        if safe != label.lower():
            fields[safe] = field
    return json.dumps(fields, ensure_ascii=False).encode()


def topic_safe(label: str) -> str:
    """Return a label as teleinfo2mqtt has it in topics.

    >>> topic_safe("NJOURF+1")
    'njourf_plus_1'
    """
    return label.replace("-", "_minus_").replace("+", "_plus_").lower()


def _field(mode: Mode, label: str, value: Value) -> dict[str, Any]:
    known = LABELS[mode].get(label)
    if isinstance(value, int):
        width = known.width if known is not None and known.width is not None else 0
        raw = f"{value:0{width}}"
        return {"raw": f"{raw}000", "value": value * 1000} if label in _KILO else {"raw": raw, "value": value}
    text = value.replace("..", "")
    number = label not in _TEXT and text.isascii() and text.isdigit()
    if known is not None and known.kind is Kind.PROFILE:
        number = False
    return {"raw": value, "value": int(text) if number else text}


def _timestamp(stamp: datetime) -> dict[str, str]:
    date = stamp.astimezone(UTC)
    text = date.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return {"date": text, "dst": "summer" if is_summer(date) else "winter"}
