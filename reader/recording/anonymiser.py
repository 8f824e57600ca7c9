"""Removes from a line's bytes what identifies the meter, and keeps everything else. Pure.

Only valid groups with a known label pass. In them, the meter's address and the delivery point are replaced, and the
checksum and parity are corrected. Anything else could be part of an address, so its letters and digits are replaced
one by one. Its errors stay the same, as a bug report is about them: lengths, control characters, wrong parity bits, and
the difference of a wrong checksum.
"""

import re
from collections import deque
from collections.abc import Iterator

from common.contract.labels import ADDRESS, LABELS, LabelKind, Mode
from reader.recording.format import Chunk
from reader.tic.decoder import SEVEN_BITS, Group, checksum_of, decode_group, with_parity

_BREAK = re.compile(rb"([\x02\x03\x04\n\r\x82\x83\x84\x8a\x8d])")  # with or without a parity bit, even a wrong one
_MAX_PIECE = 256  # bytes; the longest group has 111
_UNDECIDED = 2000  # bytes, more than any frame's, in which a valid group may show whether there is parity

_TEXTS = frozenset({"MSG1", "MSG2"})  # a supplier may send a name in them
_DELIVERY_POINT = "PRM"
_MANY_DIGITS = re.compile(rb"[0-9]{6}")
_MODEL = re.compile(r"[0-9]{6}")  # maker, year and type: the same for very many meters
_SERIAL = 6  # characters at the end of an address
_LABEL_AHEAD = re.compile(
    rb"(.??)(?:%s)[ \t]" % b"|".join(re.escape(name.encode()) for labels in LABELS.values() for name in labels),
    re.DOTALL,
)

_UNPRINTABLE = 0x1A


def _placeholder(character: int) -> int:
    if character in b"\x02\x03\x04\t\n\r ":
        return character
    if chr(character).isdigit():
        return ord("0")
    if chr(character).isalpha():
        return ord("X")
    return ord("?") if chr(character).isprintable() else _UNPRINTABLE


_SHAPE = bytes(
    ord("0") if chr(i).isdigit() else ord("X") if chr(i).isalpha() else i for i in range(128)
) + bytes(range(128, 256))  # fmt: skip
_PLACEHOLDERS = bytes(_placeholder(byte & 0x7F) for byte in range(256))


class Anonymiser:
    """Replaces what identifies a meter, chunk by chunk; the same address always gets the same pseudonym.

    Pseudonyms are numbers in order of appearance: a digest of six digits can be reversed by trying all of them.
    """

    def __init__(self) -> None:
        self._held: deque[Chunk] = deque()
        self._serials: dict[str, int] = {}
        self._points: dict[str, int] = {}
        self._parity: bool | None = None  # whether bytes carry it; None before the first valid group

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """Take a chunk; return the chunks that are complete now, with unchanged lengths and times."""
        self._held.append(chunk)
        held = b"".join(chunk.data for chunk in self._held)
        if self._parity is None and not self._decide(held) and len(held) < _UNDECIDED:
            return []
        ends = [match.end() for match in _BREAK.finditer(held)]
        end = ends[-1] if ends else 0
        if len(held) - end > _MAX_PIECE:
            end = len(held)
        return list(self._release(held[:end]))

    def finish(self) -> list[Chunk]:
        """Return the rest: the start of a group that was not completed."""
        return list(self._release(b"".join(chunk.data for chunk in self._held)))

    def _decide(self, held: bytes) -> bool:
        """Look for a valid group, which shows whether bytes carry parity; return whether there is one."""
        for piece in _BREAK.split(held)[::2]:
            for start, end, inner in _candidates(piece):
                if _verify(inner):
                    self._parity = not piece[start:end].isascii()
                    return True
        return False

    def _release(self, data: bytes) -> Iterator[Chunk]:
        pieces = _BREAK.split(data)
        parity = _looks_even(data) if self._parity is None else self._parity
        new = b"".join(piece if place % 2 else self._piece(piece, parity) for place, piece in enumerate(pieces))
        while new:
            chunk = self._held.popleft()
            yield Chunk(chunk.seconds, new[: len(chunk.data)])
            if len(new) < len(chunk.data):
                self._held.appendleft(Chunk(chunk.seconds, chunk.data[len(new) :]))
            new = new[len(chunk.data) :]

    def _piece(self, piece: bytes, parity: bool) -> bytes:
        """Anonymise the bytes between two control characters, of which the first or last may be a damaged one."""
        groups = [(start, end, group) for start, end, inner in _candidates(piece) if (group := _verify(inner))]
        if not groups:
            return _scrub(piece, parity)
        start, end, group = min(groups, key=lambda candidate: not candidate[2].known)
        self._parity = not piece[start:end].isascii()
        return piece[:start] + self._group(piece[start:end], group) + piece[end:]

    def _group(self, raw: bytes, group: Group) -> bytes:
        """Anonymise a valid group."""
        view = raw.translate(SEVEN_BITS)
        begin = view.rindex(b"\t", 0, -2) + 1 if group.mode is Mode.STANDARD else len(group.label) + 1
        data = view[begin:-2]
        row = LABELS[group.mode].get(group.label)
        head = view[:begin]
        if row is None:
            data = data.translate(_SHAPE)
            if _MANY_DIGITS.search(group.label.encode()):
                head = head[: len(group.label)].translate(_SHAPE) + head[len(group.label) :]
        elif group.label == ADDRESS[group.mode]:
            data = self._address(data.decode()).encode()
        elif group.label == _DELIVERY_POINT:
            data = b"%014d" % self._points.setdefault(data.decode(), len(self._points) + 1)
        elif group.label in _TEXTS or (row.kind is LabelKind.TEXT and _MANY_DIGITS.search(data)):
            data = data.translate(_SHAPE)
        else:
            return raw
        zone = head + data + (view[-2:-1] if group.mode is Mode.STANDARD else b"")
        new = head + data + view[-2:-1] + bytes([checksum_of(zone)])
        return new if raw.isascii() else with_parity(new)

    def _address(self, address: str) -> str:
        number = self._serials.setdefault(address, len(self._serials) + 1)
        model = address[:-_SERIAL]
        return f"{model if _MODEL.fullmatch(model) else '0' * _SERIAL}{number % 10**_SERIAL:0{_SERIAL}}"


def _candidates(piece: bytes) -> Iterator[tuple[int, int, bytes]]:
    length = len(piece)
    for start, end in ((0, length), (1, length), (0, length - 1), (1, length - 1)):
        if end - start >= 4:
            yield start, end, piece[start:end]


def _verify(raw: bytes) -> Group | None:
    if raw.isascii():
        group = decode_group(raw)
    elif not any(byte.bit_count() % 2 for byte in raw):
        group = decode_group(raw.translate(SEVEN_BITS))
    else:
        return None
    return group if isinstance(group, Group) else None


def _scrub(piece: bytes, parity: bool) -> bytes:
    """Replace each letter and digit of damaged bytes, except for a known label at the start."""
    view = piece.translate(SEVEN_BITS)
    new = view.translate(_PLACEHOLDERS)
    if label := _LABEL_AHEAD.match(view):
        new = new[: label.end(1)] + view[label.end(1) : label.end()] + new[label.end() :]
    scrubbed = _like(piece, _with_checksum(view, new), parity)
    if any(_verify(inner) for _, _, inner in _candidates(scrubbed)):
        # The result happens to be valid, which would be a value that the meter did not send.
        scrubbed = _like(piece, new[:-1] + b"~", parity)
        if any(_verify(inner) for _, _, inner in _candidates(scrubbed)):
            scrubbed = _like(piece, b"?" * len(piece), parity)
    return scrubbed


def _with_checksum(old: bytes, new: bytes) -> bytes:
    """Give the new bytes a checksum with the same error as the old one."""
    if len(old) < 4 or old[-2:-1] not in (b" ", b"\t") or not 0x20 <= old[-1] < 0x60:
        return new
    end = -2 if old[-2:-1] == b" " else -1
    off = old[-1] - checksum_of(old[:end])
    return new[:-1] + bytes([((checksum_of(new[:end]) - 0x20 + off) & 0x3F) + 0x20])


def _like(old: bytes, new: bytes, parity: bool) -> bytes:
    """Give new characters the parity of the old bytes: right, wrong or none."""
    if parity:
        return bytes(
            right ^ (0x80 if was.bit_count() % 2 else 0) for was, right in zip(old, with_parity(new), strict=True)
        )
    return bytes(was & 0x80 | character for was, character in zip(old, new, strict=True))


def _looks_even(data: bytes) -> bool:
    return sum(byte.bit_count() % 2 for byte in data) < sum(byte > 0x7F for byte in data)
