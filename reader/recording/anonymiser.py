"""Takes out of a line's bytes what tells whose meter it is, and leaves everything else as it came. Pure.

Only what is understood passes: a group that verifies and whose label the catalogue knows. The meter's address and the
delivery point are replaced in it, and its checksum and parity are made right again. Of all the rest nobody can say that
it is no part of an address: letters and digits of it are replaced one by one. What is wrong with it stays wrong in
the same way, as that is what a report is about: lengths, control characters, wrong parity bits, and by how much a
checksum is off.
"""

import re
from collections import deque
from collections.abc import Iterator

from common.labels import ADDRESS, LABELS, Kind, Mode
from reader.recording.format import Chunk
from reader.tic.decoder import Group, checksum_of, decode_group
from reader.tic.parity import with_parity

_BREAK = re.compile(rb"([\x02\x03\x04\n\r\x82\x83\x84\x8a\x8d])")  # with a parity bit or without, be it wrong
_LONGEST_PIECE = 256  # bytes; the longest group has 111
_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))

_TEXTS = frozenset({"MSG1", "MSG2"})  # a supplier may write a name there
_DELIVERY_POINT = "PRM"
_MANY_DIGITS = re.compile(rb"[0-9]{6}")
_MODEL = re.compile(r"[0-9]{6}")  # maker, year and type: the same for very many meters
_SERIAL = 6  # characters at the end of an address
_LABEL_AHEAD = re.compile(
    rb"(.??)(?:%s)[ \t]" % b"|".join(re.escape(name.encode()) for labels in LABELS.values() for name in labels),
    re.DOTALL,
)

_UNPRINTABLE = 0x1A


def _stand_in(character: int) -> int:
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
_STAND_IN = bytes(_stand_in(byte & 0x7F) for byte in range(256))


class Anonymiser:
    """Replaces what identifies, chunk by chunk; each address gets the same other one for as long as this lives.

    The new one is a number in order of appearance, not made from the old one: from a digest of a number of six digits
    anybody finds it by trying.
    """

    def __init__(self) -> None:
        self._held: deque[Chunk] = deque()
        self._serials: dict[str, int] = {}
        self._points: dict[str, int] = {}
        self._parity: bool | None = None  # the bytes carry it; not known before the first group that tells

    def feed(self, chunk: Chunk) -> list[Chunk]:
        """Take a chunk; return all that is complete now, as long as it was and at the same times."""
        self._held.append(chunk)
        held = b"".join(chunk.data for chunk in self._held)
        ends = [match.end() for match in _BREAK.finditer(held)]
        end = ends[-1] if ends else 0
        if len(held) - end > _LONGEST_PIECE:
            end = len(held)
        return list(self._let_go(held[:end]))

    def finish(self) -> list[Chunk]:
        """Return what was held back: the beginning of a group that never ended."""
        return list(self._let_go(b"".join(chunk.data for chunk in self._held)))

    def _let_go(self, data: bytes) -> Iterator[Chunk]:
        pieces = _BREAK.split(data)
        new = b"".join(piece if place % 2 else self._piece(piece) for place, piece in enumerate(pieces))
        while new:
            chunk = self._held.popleft()
            yield Chunk(chunk.seconds, new[: len(chunk.data)])
            if len(new) < len(chunk.data):
                self._held.appendleft(Chunk(chunk.seconds, chunk.data[len(new) :]))
            new = new[len(chunk.data) :]

    def _piece(self, piece: bytes) -> bytes:
        """Replace what stands between two control characters; one that is damaged may be at either end of it."""
        found = [(start, end, group) for start, end, inner in _candidates(piece) if (group := _verify(inner))]
        if not found:
            return _scrub(piece, _looks_even(piece) if self._parity is None else self._parity)
        start, end, group = min(found, key=lambda candidate: not candidate[2].known)
        self._parity = not piece[start:end].isascii()
        return piece[:start] + self._group(piece[start:end], group) + piece[end:]

    def _group(self, raw: bytes, group: Group) -> bytes:
        """Replace the data of a group that verifies, where it must be."""
        view = raw.translate(_SEVEN_BITS)
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
        elif group.label in _TEXTS or (row.kind is Kind.TEXT and _MANY_DIGITS.search(data)):
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
        group = decode_group(raw.translate(_SEVEN_BITS))
    else:
        return None
    return group if isinstance(group, Group) else None


def _scrub(piece: bytes, parity: bool) -> bytes:
    """Replace each letter and digit of what is damaged; its first word stays where that is a known label."""
    view = piece.translate(_SEVEN_BITS)
    new = view.translate(_STAND_IN)
    if label := _LABEL_AHEAD.match(view):
        new = new[: label.end(1)] + view[label.end(1) : label.end()] + new[label.end() :]
    scrubbed = _like(piece, _with_checksum(view, new), parity)
    if any(_verify(inner) for _, _, inner in _candidates(scrubbed)):
        # By chance it is right now: that would be a value that nobody sent.
        scrubbed = _like(piece, new[:-1] + b"~", parity)
        if any(_verify(inner) for _, _, inner in _candidates(scrubbed)):
            scrubbed = _like(piece, b"?" * len(piece), parity)
    return scrubbed


def _with_checksum(old: bytes, new: bytes) -> bytes:
    """Give the new bytes a checksum that is off by as much as the old one was."""
    if len(old) < 4 or old[-2:-1] not in (b" ", b"\t") or not 0x20 <= old[-1] < 0x60:
        return new
    end = -2 if old[-2:-1] == b" " else -1
    off = old[-1] - checksum_of(old[:end])
    return new[:-1] + bytes([((checksum_of(new[:end]) - 0x20 + off) & 0x3F) + 0x20])


def _like(old: bytes, new: bytes, parity: bool) -> bytes:
    """Give new characters of seven bits what the old bytes have in bit 7: right parity, wrong parity, or none."""
    if parity:
        return bytes(
            right ^ (0x80 if was.bit_count() % 2 else 0) for was, right in zip(old, with_parity(new), strict=True)
        )
    return bytes(was & 0x80 | character for was, character in zip(old, new, strict=True))


def _looks_even(data: bytes) -> bool:
    return sum(byte.bit_count() % 2 for byte in data) < sum(byte > 0x7F for byte in data)
