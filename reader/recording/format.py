r"""The format of recordings: the bytes of a line and their times, as readable text that can be sent by mail.

::

    teleinfo-recording 2
    # comments
    0.000 speed 9600
    0.874 e \x82\nADSC\t031961123456\t9\r

A line has the seconds since the start, the parity of its characters (`e`: even, in bit 7; `n`: none) and the bytes,
escaped as in C. docs/recordings.md specifies the format. Pure: no I/O except reading the given file.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from common.errors import ConfigError
from reader.tic.decoder import with_parity

HEADER = "teleinfo-recording 2"

_BOM = b"\xef\xbb\xbf"
_READ_SIZE = 65_536  # bytes
_MAX_LINE = 16_384  # characters; lines are written with at most 150
_MAX_BYTES = 36  # bytes on a line, as mail programs break lines of more than 78 characters

_EVEN = with_parity(bytes(range(256)))
_ESCAPES = {"\\": "\\\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_UNESCAPED = {escape: ord(character) for character, escape in _ESCAPES.items()}
_TOKEN = re.compile(r"\\[nrt\\]|\\x[0-9A-Fa-f]{2}|[ -\[\]-~]")
_TEXT = re.compile(f"(?:{_TOKEN.pattern})+")
_LINE = re.compile(r"(\d{1,9}\.\d{3}) (?:(speed) (\d{1,7})|([en]) (\S.*))")


class Chunk(NamedTuple):
    """Bytes that arrived together."""

    seconds: float  # since the start of the recording
    data: bytes


def write_chunk(chunk: Chunk) -> str:
    r"""Format a chunk as lines, each with its newline.

    >>> write_chunk(Chunk(1.5, b"\nPTEC HP..  \r"))
    '1.500 n \\nPTEC HP.. \\x20\\r\n'
    """
    return "".join(f"{chunk.seconds:.3f} {_write(piece)}\n" for piece in _pieces(chunk.data))


def write_speed(seconds: float, speed: int) -> str:
    """Format the line for a change of the port's speed, in bit/s."""
    return f"{seconds:.3f} speed {speed}\n"


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yield the bytes of each line: a group, unless that is too long."""
    start = 0
    for position, byte in enumerate(data, 1):
        if byte & 0x7F == 0x0D or position - start == _MAX_BYTES or position == len(data):
            yield data[start:position]
            start = position


def _write(data: bytes) -> str:
    odd, high = sum(byte.bit_count() % 2 for byte in data), sum(byte > 0x7F for byte in data)
    even = odd < high
    text = ""
    for place, byte in enumerate(data):
        character = chr(byte & 0x7F)
        expected_parity = byte == (_EVEN[byte] if even else byte & 0x7F)
        # Some mail programs change spaces at the ends of a line, and consecutive ones.
        safe = character != " " or (text and text[-1] != " " and place + 1 < len(data))
        if expected_parity and character in _ESCAPES:
            text += _ESCAPES[character]
        elif expected_parity and safe and character.isprintable():
            text += character
        else:
            text += f"\\x{byte:02X}"
    return f"{'e' if even else 'n'} {text}"


def read_bytes(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the bytes of a recording, or of a file of raw bytes; the first line of a recording tells them apart.

    Raises:
        ConfigError: the recording is damaged.
    """
    head = file.read(_READ_SIZE)
    if _is_recording(head):
        yield from _read_lines(_lines(head, file), name)
        return
    while head:
        yield head
        head = file.read(_READ_SIZE)


def _is_recording(head: bytes) -> bool:
    return head.removeprefix(_BOM).startswith(HEADER.encode())


def _lines(head: bytes, file: BinaryIO) -> Iterator[str]:
    rest = head.removeprefix(_BOM)
    while True:
        *lines, rest = rest.split(b"\n")
        yield from (line.decode("ascii", "replace").strip() for line in lines)
        more = file.read(_READ_SIZE) if len(rest) < _MAX_LINE else b""
        if not more:
            break
        rest += more
    last = rest.decode("ascii", "replace").strip()
    if last.startswith(HEADER) or len(rest) >= _MAX_LINE or _parse(last):
        yield last  # else it was cut off by a full disk or a power cut


def _read_lines(lines: Iterable[str], name: str) -> Iterator[bytes]:
    for number, line in enumerate(lines, 1):
        if not line or number == 1 or line.startswith("#"):
            continue
        match = _parse(line)
        if match is None:
            expected = "SECONDS e|n TEXT or SECONDS speed N is expected"
            raise ConfigError(f"{name}, line {number}: damaged: {expected}, not {line[:40]!r}")
        if not match[2]:  # of speed
            yield _read_text(match[5], even=match[4] == "e")


def _parse(line: str) -> re.Match[str] | None:
    match = _LINE.fullmatch(line) if len(line) < _MAX_LINE else None
    return match if match is not None and (match[2] or _read_text(match[5], even=match[4] == "e")) else None


@lru_cache(maxsize=1024)  # most groups are the same as in the previous frame
def _read_text(text: str, *, even: bool) -> bytes:
    """Return the bytes of a TEXT; nothing if it is invalid."""
    if not _TEXT.fullmatch(text):
        return b""
    return bytes(_byte(token, even=even) for token in _TOKEN.findall(text))


def _byte(token: str, *, even: bool) -> int:
    if token.startswith(r"\x"):
        return bytes.fromhex(token[2:])[0]
    character = _UNESCAPED.get(token) or ord(token)
    return _EVEN[character] if even else character
