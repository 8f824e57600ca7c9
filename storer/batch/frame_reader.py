"""Reads the messages of frames, faster than one by one: a meter's frame is much like its last one. No I/O.

The result is that of `Frame.from_message(read_json(...))`, which reads the first frame of a meter and each one that has
other labels. Of all others only the members whose text differs are read. That is right because the text of the frame
before was exactly what `Frame.to_json` writes: members with a comma and a space between them. Where a member is
replaced by one with the same name and another number, text or stamp, it is JSON again, and nothing else has changed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from operator import ne
from typing import NamedTuple

from common.block import LONGEST_BLOCK, MOST_FRAMES
from common.errors import MessageError
from common.frame import Frame, Value, check_size, parse_stamp, parse_time, read_json

_MOST_METERS = 2000  # whose last message is remembered, with some 8 kB each
_MOST_LAYOUTS = 1000
_LONGEST_NUMBER = 18  # digits; of a longer one it matters how Python reads it
_METER, _TIME = '"meter": "', '"timestamp": "'
_SEPARATOR = ", "


class Published(NamedTuple):
    """A frame, and its timestamp as it was published."""

    frame: Frame
    timestamp: str


class _Member(NamedTuple):
    """A value or stamp, and what surrounds its JSON in the message."""

    label: str
    is_stamp: bool
    prefix: str
    suffix: str


_Layout = tuple[_Member | None, ...]  # for each member of the message; None: if it differs, all is read


@dataclass(slots=True)
class _Latest:
    """The last message of a meter."""

    members: list[str]
    frame: Frame
    layout: _Layout


class FrameReader:
    """Reads frames; remembers the last message of each meter."""

    def __init__(self) -> None:
        self._latest: dict[str, _Latest] = {}
        self._layouts: dict[object, _Layout] = {}

    def read(self, payload: bytes) -> Published:
        """Read a message with one frame.

        Raises:
            MessageError: it is not a frame.
        """
        check_size(payload)
        if payload.startswith(b'{"meter": "') and payload.endswith(b"}"):
            try:
                return self._read(payload[1:-1].decode())
            except ValueError:  # not UTF-8
                pass
        content = read_json(payload)
        return Published(Frame.from_message(content), content["timestamp"])

    def read_block(self, payload: bytes) -> list[Published] | None:
        """Read a block, if each of its elements is a frame as a reader writes it, and all is valid; otherwise None."""
        if len(payload) > LONGEST_BLOCK or not (payload.startswith(b'[{"meter": "') and payload.endswith(b"}]")):
            return None
        try:
            # A text could contain this, too. But then the parts are no JSON, or the message is none.
            parts = payload[2:-2].decode().split("},{")
            return [self._read(part) for part in parts] if len(parts) <= MOST_FRAMES else None
        except (ValueError, MessageError):
            return None

    def _read(self, text: str) -> Published:
        """Read a message without its outer braces."""
        latest = self._latest.get(text[len(_METER) : text.find('"', len(_METER))])
        if latest is not None:
            members = text.split(_SEPARATOR)
            frame = _changed(latest, members)
            if frame is not None:
                latest.members, latest.frame = members, frame
                return Published(frame, members[1][len(_TIME) : -1])
        content = read_json(f"{{{text}}}".encode())
        frame = Frame.from_message(content)
        self._remember(text, frame)
        return Published(frame, content["timestamp"])

    def _remember(self, text: str, frame: Frame) -> None:
        layout = self._layout_of(frame)
        members = text.split(_SEPARATOR)  # more of them if a text contains it
        if len(members) != len(layout) or frame.to_json().decode() != f"{{{text}}}":
            return
        if frame.meter not in self._latest and len(self._latest) >= _MOST_METERS:
            self._latest.popitem()
        self._latest[frame.meter] = _Latest(members, frame, layout)

    def _layout_of(self, frame: Frame) -> _Layout:
        stamps = None if frame.stamps is None else tuple(frame.stamps)
        rest = (frame.clock, frame.host_clock, frame.dropped)
        others = sum(one is not None for one in rest)
        key = tuple(frame.values), stamps, others
        layout = self._layouts.get(key)
        if layout is None:
            if len(self._layouts) >= _MOST_LAYOUTS:
                self._layouts.clear()
            layout = (None, None, None, *_members("frame", key[0]))  # after meter, timestamp and mode
            if stamps is not None:
                layout += tuple(_members("stamps", stamps)) or (None,)
            self._layouts[key] = layout = layout + (None,) * others
        return layout


def _members(name: str, labels: Sequence[str]) -> list[_Member]:
    last = len(labels) - 1
    return [
        _Member(
            label,
            name == "stamps",
            f"{'' if place else f'{json.dumps(name)}: {{'}{json.dumps(label)}: ",
            "}" if place == last else "",
        )
        for place, label in enumerate(labels)
    ]


def _changed(latest: _Latest, members: list[str]) -> Frame | None:
    """Return the frame of a message with these members; None if more than values, stamps and time have changed."""
    before, layout = latest.frame, latest.layout
    if len(members) != len(layout):
        return None
    values, stamps, timestamp = before.values, before.stamps, before.timestamp
    new_values: dict[str, Value] | None = None
    new_stamps = None
    for place in compress(range(len(layout)), map(ne, members, latest.members)):
        text, member = members[place], layout[place]
        try:
            if member is None:
                if place != 1 or not (text.startswith(_TIME) and text.endswith('"')):
                    return None
                timestamp = parse_time(text[len(_TIME) : -1])
                continue
            label, is_stamp, prefix, suffix = member
            if not (text.startswith(prefix) and text.endswith(suffix)):
                return None
            text = text[len(prefix) : len(text) - len(suffix)]
            if is_stamp:
                if not (text.startswith('"') and text.endswith('"')):
                    return None
                if new_stamps is None:
                    new_stamps = dict(stamps or {})
                new_stamps[label] = parse_stamp(text[1:-1])
                continue
        except MessageError:
            return None
        if text.isdigit():
            if not text.isascii() or len(text) > _LONGEST_NUMBER or (text[0] == "0" and text != "0"):
                return None
            value: Value = int(text)
        else:
            value = text[1:-1]
            if f'"{value}"' != text or not value.isprintable() or '"' in value or "\\" in value:
                return None
        if new_values is None:
            new_values = dict(values)
        new_values[label] = value
    return Frame(
        meter=before.meter,
        timestamp=timestamp,
        mode=before.mode,
        values=values if new_values is None else new_values,
        stamps=stamps if new_stamps is None else new_stamps,
        clock=before.clock,
        host_clock=before.host_clock,
        dropped=before.dropped,
    )
