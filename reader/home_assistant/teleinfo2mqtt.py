"""Writes a frame as teleinfo2mqtt does, for templates, Jeedom and Node-RED flows that were written for it. Pure.

    teleinfo/<meter>  {LABEL: {"raw": text of the wire, "value": number or text, "timestamp": {"date", "dst"}}, ...}

Its bugs are not copied: addresses and PRM stay text (a number loses their zeros), and so does what only begins with
digits (a day profile became 8002); times are UTC (its are local times marked as UTC); MOTDETAT and PPOT of three-phase
meters are included. What people may rely on is the same: PREF and PCOUP in VA, `HC` for `HC..`, text padded as on the
wire.

teleinfo2mqtt spells labels as Enedis does in its messages, and escapes them only in its discovery topics: `SMAXSN-1` is
`smaxsn_minus_1` there. Here such a label is included under both names.
"""

import json
from datetime import UTC, datetime
from typing import Any

from common.contract.frame import Frame, Value
from common.contract.labels import LABELS, LabelKind, Mode
from common.contract.topics import Topics
from reader.tic.timestamp import is_summer

_TEXT = frozenset(["ADCO", "ADSC", "PRM", "STGE", "MOTDETAT"])  # digits, but not numbers
_KILO = frozenset(["PREF", "PCOUP"])  # kVA on the wire


def topic(topics: Topics, meter: str) -> str:
    """Return the topic on which teleinfo2mqtt publishes a meter's frames; not retained."""
    return f"{topics.base}/{meter}"


def message(frame: Frame) -> bytes:
    """Return a frame as teleinfo2mqtt writes it."""
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
    """Return a label as teleinfo2mqtt writes it in topics.

    >>> topic_safe("NJOURF+1")
    'njourf_plus_1'
    """
    return label.replace("-", "_minus_").replace("+", "_plus_").lower()


def _field(mode: Mode, label: str, value: Value) -> dict[str, Any]:
    known = LABELS[mode].get(label)
    if isinstance(value, int):
        width = 0 if known is None else known.width
        raw = f"{value:0{width}}"
        return {"raw": f"{raw}000", "value": value * 1000} if label in _KILO else {"raw": raw, "value": value}
    text = value.replace("..", "")
    number = label not in _TEXT and text.isascii() and text.isdigit()
    if known is not None and known.kind is LabelKind.PROFILE:
        number = False
    return {"raw": value, "value": int(text) if number else text}


def _timestamp(stamp: datetime) -> dict[str, str]:
    date = stamp.astimezone(UTC)
    text = date.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return {"date": text, "dst": "summer" if is_summer(date) else "winter"}
