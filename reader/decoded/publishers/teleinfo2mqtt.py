"""teleinfo2mqtt (fmartinou): an object a frame, with raw text, number and stamp of each label. Pure.

Its numbers have lost their zeros, so the raw text is read. Its stamps are the meter's local time, written as if it were
UTC; the season is beside it. PREF and PCOUP are in VA since version 9.0.6: `reader/decoded/conversion.py` knows both.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from common.contract.frame import parse_time
from common.contract.labels import ADDRESS
from common.errors import MessageError
from reader.decoded.conversion import MODE_OF, mode_of
from reader.decoded.publisher import Found, Memory, Message, Publisher, Refusal

_AHEAD = {"winter": timedelta(hours=1), "summer": timedelta(hours=2)}
_ADDRESS = re.compile(r"\d{12}", re.ASCII)


def _entries(message: Message) -> Mapping[str, dict[str, object]]:
    return {
        label: entry
        for label, entry in message.keys.items()
        if label in MODE_OF and isinstance(entry, dict) and "raw" in entry
    }


def _recognises(message: Message) -> bool:
    return bool(_entries(message))


def _find(message: Message, memory: Memory) -> Found | Refusal:
    entries = _entries(message)
    sent = {label: entry["raw"] for label, entry in entries.items()}
    stamps = {label: stamp for label, entry in entries.items() if (stamp := _stamp(entry.get("timestamp"))) is not None}
    mode = mode_of(sent)
    if mode is not None and _ADDRESS.fullmatch(message.name):
        sent.setdefault(ADDRESS[mode], message.name)  # missing if the line was refused
    return Found(sent, mode, stamps=stamps)


def _stamp(timestamp: object) -> datetime | None:
    if not isinstance(timestamp, dict):
        return None
    local, ahead = timestamp.get("date"), _AHEAD.get(str(timestamp.get("dst")))
    try:
        return parse_time(local) - ahead if isinstance(local, str) and ahead is not None else None
    except (MessageError, OverflowError):
        return None


PUBLISHER = Publisher(name="teleinfo2mqtt", recognises=_recognises, find=_find)
