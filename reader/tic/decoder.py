"""Decodes TIC, the serial protocol of French electricity meters: bytes go in, frames come out.

::

    frame    = STX group... ETX            (EOT cuts a frame short)
    group    = LF label SEP [stamp SEP] data SEP checksum CR
    SEP      = SP in historic mode, HT in standard mode; stamps: standard only
    checksum = (sum of the bytes before it & 0x3F) + 0x20
               historic mode leaves the last SEP out of the sum
    byte     = 7 bits and an even parity bit, or 7 bits alone where a gateway has removed the parity

Sources: Enedis-NOI-CPT_54E v3, 5.2 (historic group), 5.3.6 (frame, group, checksum), 6.2.1.1 (stamps);
Enedis-NOI-CPT_02E v6, 1.5.3 (algorithm).

Three things decide the shape of this file:

- The checksum may itself be a separator, and data may hold one: slice by position, never split or strip.
- Six bits of checksum are weak, and blind to bit 6. So parity, width, type and stamp have their say too.
- Most groups of a frame are byte for byte those of the frame before: each distinct group is decoded once and kept.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from common.contract.frame import Frame, Value
from common.contract.labels import ADDRESS, BITS, INTEGER, LABELS, Label, Mode
from reader.tic.fields import parse_stamp

#: Translates bytes to the characters of seven bits that they carry.
SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))

# Even parity: bit 7 of each character makes the number of ones even.
_WITH_PARITY = bytes((i & 0x7F) | ((i & 0x7F).bit_count() % 2) << 7 for i in range(256))

LONGEST_FRAME = 4096  # bytes; every label of the standard together makes 1,727
CACHE_SIZE = 4096  # distinct groups kept; some ten new ones come with each frame

_STX, _ETX, _EOT = b"\x02", b"\x03", b"\x04"
_SP, _HT = 0x20, 0x09
_ADDRESSES = frozenset(ADDRESS.values())

# What a byte with parity is: its seven bits where the parity is even, and marked by the eighth where it is not. A byte
# that is marked equals no control character and no text, so it frames nothing and verifies nowhere.
_CHECK_PARITY = bytes((byte & 0x7F) | (0x80 if byte.bit_count() % 2 else 0) for byte in range(256))

_WELL_FORMED = re.compile(r"[\x21-\x7e]{1,16}")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]*")
_ADDRESS = re.compile(r"[0-9A-Za-z]{12}")
_PIECE = re.compile(rb"([\r\n]*)([^\r\n]+)([\r\n]?)")

# A remote-reading concentrator (02E, 2.2) sends electricity indexes of 8 digits and knows these two labels.
_CONCENTRATOR = frozenset({"GAZ", "AUTRE"})
_CONCENTRATOR_WIDTH = 8


class DropReason(StrEnum):
    """Why a group was dropped."""

    PARITY = "parity"
    SEPARATOR = "separator"
    CHECKSUM = "checksum"
    LABEL = "label"
    VALUE = "value"  # width or type
    STAMP = "stamp"
    MODE = "mode"  # the rest of the frame is in the other one


class Group(NamedTuple):
    """One group that verified."""

    mode: Mode
    label: str
    value: Value
    known: bool  # the catalogue has its label
    stamp: datetime | None = None
    degraded: bool = False  # its stamp says that the meter is unsure of its clock
    eight_digits: bool = False  # an index of a concentrator, if the frame is from one


class Reading(NamedTuple):
    """The groups between one STX and its ETX that verified."""

    mode: Mode
    values: Mapping[str, Value]
    stamps: Mapping[str, datetime]
    degraded: bool
    faults: Mapping[DropReason, int]  # groups dropped, by reason
    parity: bool  # the bytes carried parity
    parity_errors: int  # bytes whose parity was wrong

    @property
    def address(self) -> str | None:
        """The meter's address, if it is among the groups."""
        address = self.values.get(ADDRESS[self.mode])
        return address if isinstance(address, str) else None

    @property
    def dropped(self) -> int:
        """How many groups were dropped."""
        return sum(self.faults.values()) if self.faults else 0

    def to_frame(self, meter: str, timestamp: datetime, *, synchronised: bool = True) -> Frame:
        """Return the frame of `meter` with these groups; `synchronised`: whether the host's clock was."""
        return Frame(
            meter=meter,
            timestamp=timestamp,
            mode=self.mode,
            values=self.values,
            stamps=self.stamps or None,
            clock="degraded" if self.degraded else None,
            host_clock=None if synchronised else "unsynchronised",
            dropped=self.dropped or None,
        )


def checksum_of(zone: bytes) -> int:
    """Return the checksum of a group's bytes; the zone ends with the last HT, or before the last SP.

    >>> chr(checksum_of(b"PAPP 00750"))
    '-'
    """
    return (sum(zone) & 0x3F) + 0x20


def decode_group(body: bytes) -> Group | DropReason:
    r"""Decode one group, given without its LF and CR; bytes of 7 bits.

    >>> decode_group(b"PAPP 00750 -").value
    750
    >>> decode_group(b"PAPP 00751 -")
    <DropReason.CHECKSUM: 'checksum'>
    """
    if not body.isascii():
        return DropReason.PARITY
    if len(body) < 4:
        return DropReason.SEPARATOR
    separator = body[-2]
    if separator == _SP:
        mode, zone = Mode.HISTORIC, body[:-2]
    elif separator == _HT:
        mode, zone = Mode.STANDARD, body[:-1]
    else:
        return DropReason.SEPARATOR
    if checksum_of(zone) != body[-1]:
        return DropReason.CHECKSUM
    end = body.find(separator, 0, len(body) - 2)
    if end < 0:
        return DropReason.SEPARATOR
    label = body[:end].decode()
    row = LABELS[mode].get(label)
    if row is None and not _WELL_FORMED.fullmatch(label):
        return DropReason.LABEL
    return _decode_payload(mode, label, row, body[end + 1 : -2].decode())


def _decode_payload(mode: Mode, label: str, row: Label | None, payload: str) -> Group | DropReason:
    stamp_text, tab, data = payload.partition("\t") if mode is Mode.STANDARD else ("", "", payload)
    if not tab:
        data = payload
    eight_digits = False
    if row is not None and row.width != len(data):
        eight_digits = row.cumulative and len(data) == _CONCENTRATOR_WIDTH and row.name not in _CONCENTRATOR
        if not eight_digits:
            return DropReason.VALUE
    value = _value(row, data)
    if value is None:
        return DropReason.VALUE
    if row is not None and row.stamped != bool(tab):
        return DropReason.STAMP
    if not tab:
        return Group(mode, label, value, row is not None, eight_digits=eight_digits)
    try:
        stamp, degraded = parse_stamp(stamp_text)
    except ValueError:
        return DropReason.STAMP
    return Group(mode, label, value, row is not None, stamp, degraded)


def _value(row: Label | None, data: str) -> Value | None:
    """Return the value; None if it cannot be one."""
    if row is not None and row.kind is INTEGER:
        return int(data) if data.isdigit() else None
    if not _PRINTABLE.fullmatch(data):
        return None
    if row is not None and row.kind is BITS and not _HEXADECIMAL.fullmatch(data):
        return None
    if row is not None and row.name in _ADDRESSES and not _ADDRESS.fullmatch(data):
        return None
    return data


class _Known(dict[bytes, Group | DropReason]):
    """What each distinct group decodes to; looking up a new one decodes it."""

    def __missing__(self, body: bytes) -> Group | DropReason:
        if len(self) >= CACHE_SIZE:
            self.clear()
        self[body] = group = decode_group(body)
        return group


class Decoder:
    """Turns bytes into readings; never raises, whatever the bytes, and keeps a bounded number of them."""

    def __init__(self) -> None:
        self._open = b""  # what came since the last ETX, its last LONGEST_FRAME bytes
        self._parity = False  # how the frame before was delivered: where to look first
        self._known = _Known()
        self.broken = 0  # frames with an end, but without a start or a single good group

    def feed(self, data: bytes) -> list[Reading]:
        """Take bytes as they come, in chunks of any size, and return the readings that they complete."""
        if self._open:
            data = self._open + data
        # ETX has even parity without a parity bit: it looks the same either way, so it can end a frame before it is
        # known which one this is.
        *complete, rest = data.split(_ETX)
        self._open = rest[-LONGEST_FRAME:]
        readings = []
        for frame in complete:
            reading = self._read(frame[-LONGEST_FRAME:])
            if reading is None:
                self.broken += 1
            else:
                readings.append(reading)
        return readings

    def _read(self, raw: bytes) -> Reading | None:
        likely = self._groups(raw, self._parity)
        if likely is None or not _all_good(likely[1]):
            # Something is wrong with it. Is it the parity? The groups that verify tell.
            other = self._groups(raw, not self._parity)
            if other is not None and _good(other) > (0 if likely is None else _good(likely)):
                likely, self._parity = other, not self._parity
            if likely is None or not _good(likely):
                return None
        return self._assemble(*likely)

    def _groups(self, raw: bytes, parity: bool) -> tuple[bytes, list[Group | DropReason]] | None:
        """Return what follows the last STX and its groups; None if no frame is open at the end of `raw`."""
        view = raw.translate(_CHECK_PARITY) if parity else raw
        start = view.rfind(_STX)
        if start < 0 or start < view.rfind(_EOT):
            return None
        body = view[start + 1 :]
        return body, self._split(body)

    def _split(self, body: bytes) -> list[Group | DropReason]:
        known = self._known
        groups = [known[piece] for piece in body[1:-1].split(b"\r\n")]
        if body[:1] == b"\n" and body[-1:] == b"\r" and _all_good(groups):
            return groups
        return self._split_damaged(body)

    def _split_damaged(self, body: bytes) -> list[Group | DropReason]:
        groups = []
        position, after = 0, b""
        while piece := _PIECE.match(body, position):
            before = after + piece[1]
            after = piece[3]
            position = piece.end()
            groups.append(self._decode(piece[2], started=b"\n" in before, ended=b"\r" in after))
        return groups

    def _decode(self, piece: bytes, *, started: bool, ended: bool) -> Group | DropReason:
        """Decode a piece between control characters; one that was not one may stand where LF or CR were damaged."""
        group = self._known[piece]
        if isinstance(group, Group) and group.known:
            return group
        inner = []
        if not started:
            inner.append(piece[1:])
        if not ended:
            inner.append(piece[:-1])
        if not started and not ended:
            inner.append(piece[1:-1])
        candidates = [group for part in inner if part and isinstance(group := self._known[part], Group)]
        candidates.sort(key=lambda group: not group.known)
        if candidates and (isinstance(group, DropReason) or candidates[0].known):
            return candidates[0]
        return group

    def _assemble(self, body: bytes, groups: list[Group | DropReason]) -> Reading:
        mode, good, faults = _sort_out(groups)
        values: dict[str, Value] = {}
        stamps: dict[str, datetime] = {}
        degraded = False
        for group in good:
            values[group.label] = group.value
            if group.stamp is not None:
                stamps[group.label] = group.stamp
                degraded = degraded or group.degraded
        if len(values) != len(good):
            return self._assemble(body, [*{group.label: group for group in good}.values(), *Counter(faults).elements()])
        errors = 0 if body.isascii() or not self._parity else sum(byte > 0x7F for byte in body)
        return Reading(mode, values, stamps, degraded, faults, self._parity, errors)


def _sort_out(groups: list[Group | DropReason]) -> tuple[Mode, list[Group], Mapping[DropReason, int]]:
    """Return the mode of a frame with a good group, the groups that belong to it, and why the others do not."""
    good = [group for group in groups if isinstance(group, Group)]
    mode = good[0].mode
    if len(good) == len(groups) and not [group for group in good if group.mode is not mode or group.eight_digits]:
        return mode, good, {}
    mode = Counter(group.mode for group in good).most_common(1)[0][0]
    concentrator = mode is Mode.HISTORIC and any(group.label in _CONCENTRATOR for group in good)
    faults = Counter(group for group in groups if isinstance(group, DropReason))
    faults[DropReason.MODE] += sum(group.mode is not mode for group in good)
    faults[DropReason.VALUE] += sum(group.eight_digits and group.mode is mode and not concentrator for group in good)
    return mode, [group for group in good if group.mode is mode and (concentrator or not group.eight_digits)], +faults


def _all_good(groups: list[Group | DropReason]) -> bool:
    return set(map(type, groups)) == {Group}


def _good(candidate: tuple[bytes, list[Group | DropReason]]) -> int:
    return sum(isinstance(group, Group) for group in candidate[1])


def with_parity(data: bytes) -> bytes:
    """Return the characters of seven bits with their parity in bit 7.

    >>> with_parity(b"AC").hex()
    '41c3'
    """
    return data.translate(_WITH_PARITY)
