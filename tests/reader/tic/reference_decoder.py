"""A plain decoder: it remembers nothing from frame to frame, and decodes each group from the start.

What the product's decoder does faster must have the same results. Slow, and simple enough to read against the
specification; it shares the catalogue of labels and the types of the results, and no code, with `reader/tic`.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from common.contract.frame import Value
from common.contract.labels import ADDRESS, BITS, INTEGER, LABELS, Label, Mode
from reader.tic.decoder import LONGEST_FRAME, DropReason, Group, Reading
from reader.tic.timestamp import WIDTH, clock_changes

_STX, _ETX, _EOT = b"\x02", b"\x03", b"\x04"
_SP, _HT = 0x20, 0x09
_HISTORIC, _STANDARD = Mode.HISTORIC, Mode.STANDARD
_ROWS_HISTORIC, _ROWS_STANDARD = LABELS[_HISTORIC], LABELS[_STANDARD]  # enumerations are slow keys
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


def checksum_of(zone: bytes) -> int:
    return (sum(zone) & 0x3F) + 0x20


def decode_group(body: bytes) -> Group | DropReason:
    if not body.isascii():
        return DropReason.PARITY
    if len(body) < 4:
        return DropReason.SEPARATOR
    separator = body[-2]
    if separator == _SP:
        mode, rows, zone = _HISTORIC, _ROWS_HISTORIC, body[:-2]
    elif separator == _HT:
        mode, rows, zone = _STANDARD, _ROWS_STANDARD, body[:-1]
    else:
        return DropReason.SEPARATOR
    if checksum_of(zone) != body[-1]:
        return DropReason.CHECKSUM
    end = body.find(separator, 0, len(body) - 2)
    if end < 0:
        return DropReason.SEPARATOR
    label = body[:end].decode()
    row = rows.get(label)
    if row is None and not _WELL_FORMED.fullmatch(label):
        return DropReason.LABEL
    return _decode_payload(mode, label, row, body[end + 1 : -2].decode())


def _decode_payload(mode: Mode, label: str, row: Label | None, payload: str) -> Group | DropReason:
    stamp_text, tab, data = payload.partition("\t") if mode is _STANDARD else ("", "", payload)
    if not tab:
        data = payload
    value, narrow = _value(row, data)
    if value is None:
        return DropReason.VALUE
    if row is not None and row.stamped != bool(tab):
        return DropReason.STAMP
    if not tab:
        return Group(mode, label, value, known=row is not None, eight_digits=narrow)
    try:
        stamp, degraded = _read_stamp(stamp_text)
    except ValueError:
        return DropReason.STAMP
    return Group(mode, label, value, stamp, degraded, known=row is not None)


def _value(row: Label | None, data: str) -> tuple[Value | None, bool]:
    """Return the value, None if it cannot be one, and whether it is only as wide as a concentrator's index."""
    if row is None:
        return (data if _PRINTABLE.fullmatch(data) else None), False
    narrow = False
    if row.width != len(data):
        narrow = row.cumulative and len(data) == _CONCENTRATOR_WIDTH and row.name not in _CONCENTRATOR
        if not narrow:
            return None, False
    if row.kind is INTEGER:
        return (int(data) if data.isdigit() else None), narrow
    if not _PRINTABLE.fullmatch(data) or (row.kind is BITS and not _HEXADECIMAL.fullmatch(data)):
        return None, False
    if row.name in _ADDRESSES and not _ADDRESS.fullmatch(data):
        return None, False
    return data, False


class ReferenceDecoder:
    """Turns bytes into readings as `Decoder` does."""

    def __init__(self) -> None:
        self._open = b""  # what came since the last ETX, its last LONGEST_FRAME bytes
        self._parity = False  # how the frame before was delivered: where to look first
        self.broken = 0  # frames with an end, but without a start or a single good group

    def feed(self, data: bytes) -> list[Reading]:
        """Take bytes as they come, in chunks of any size, and return the readings that they complete."""
        if _ETX not in data:
            self._open = (self._open + data)[-LONGEST_FRAME:]
            return []
        first, *others = data.split(_ETX)
        *whole, self._open = [self._open + first, *others]
        self._open = self._open[-LONGEST_FRAME:]
        readings = []
        for frame in whole:
            # ETX has even parity without a parity bit: it looks the same either way, so it can end a frame before it is
            # known which one this is.
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
        return body, self._split(body) or self._split_damaged(body)

    def _split(self, body: bytes) -> list[Group | DropReason] | None:
        """Return the groups of a frame without damage that is new, as most are; None of any other."""
        if body[:1] != b"\n" or body[-1:] != b"\r":
            return None
        groups = [decode_group(piece) for piece in body[1:-1].split(b"\r\n")]
        return groups if _all_good(groups) else None  # one may be two, and what stood between them damaged

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
        group = decode_group(piece)
        if isinstance(group, Group) and group.known:
            return group
        inner = []
        if not started:
            inner.append(piece[1:])
        if not ended:
            inner.append(piece[:-1])
        if not started and not ended:
            inner.append(piece[1:-1])
        candidates = [found for part in inner if part and isinstance(found := decode_group(part), Group)]
        candidates.sort(key=lambda found: not found.known)
        if candidates and (isinstance(group, DropReason) or candidates[0].known):
            return candidates[0]
        return group

    def _assemble(self, body: bytes, groups: list[Group | DropReason]) -> Reading:
        mode, good, faults = _sort_out(groups)
        values: dict[str, Value] = {}
        stamps: dict[str, datetime] = {}
        degraded = False
        for _, label, value, stamp, unsure, _, _ in good:
            values[label] = value
            if stamp is not None:
                stamps[label] = stamp
                degraded = degraded or unsure
        if len(values) != len(good):
            return self._assemble(body, [*{group.label: group for group in good}.values(), *Counter(faults).elements()])
        return Reading(
            mode=mode,
            values=values,
            stamps=stamps,
            degraded=degraded,
            faults=faults,
            parity=self._parity,
            parity_errors=0 if body.isascii() or not self._parity else sum(byte > 0x7F for byte in body),
        )


def _sort_out(groups: list[Group | DropReason]) -> tuple[Mode, list[Group], Mapping[DropReason, int]]:
    """Return the mode of a frame with a good group, the groups that belong to it, and why the others do not."""
    good = [group for group in groups if isinstance(group, Group)]
    mode = good[0].mode
    if len(good) == len(groups) and not [group for group in good if group.mode is not mode or group.eight_digits]:
        return mode, good, {}
    mode = Counter(group.mode for group in good).most_common(1)[0][0]
    concentrator = mode is _HISTORIC and any(group.label in _CONCENTRATOR for group in good)
    faults = Counter(group for group in groups if isinstance(group, DropReason))
    faults[DropReason.MODE] += sum(group.mode is not mode for group in good)
    faults[DropReason.VALUE] += sum(group.eight_digits and group.mode is mode and not concentrator for group in good)
    return mode, [group for group in good if group.mode is mode and (concentrator or not group.eight_digits)], +faults


def _all_good(groups: list[Group | DropReason]) -> bool:
    return set(map(type, groups)) == {Group}


def _good(found: tuple[bytes, list[Group | DropReason]]) -> int:
    return sum(isinstance(group, Group) for group in found[1])


def _read_stamp(text: str) -> tuple[datetime, bool]:
    if len(text) != WIDTH or not re.fullmatch(r"[HhEe ][0-9]{12}", text):
        raise ValueError(text)
    year, month, day, hour, minute, second = (int(text[i : i + 2]) for i in range(1, 13, 2))
    local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    winter, summer = timedelta(hours=1), timedelta(hours=2)
    if text[0] == " ":
        starts, ends = clock_changes(local.year)
        return local - (summer if starts + winter <= local < ends + summer else winter), False
    return local - (winter if text[0] in "Hh" else summer), text[0].islower()
