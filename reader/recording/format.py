r"""The format of recordings: what came over a line and when, as text that survives a mail and that a person can read.

::

    teleinfo-recording 1
    # comments
    0.000 speed 9600
    0.874 e \x02\nADSC\t031961123456\t9\r

A line holds seconds since the start, how its bytes carry parity (`e`: even, as bit 7; `n`: none) and characters of
seven bits. docs/recordings.md has all of it. Pure: no I/O but the reading of the file that is given.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from common.errors import ConfigError
from reader.tic.parity import with_parity

VERSION = 1
HEADER = f"teleinfo-recording {VERSION}"

_MAGIC = b"teleinfo-recording "
_BOM = b"\xef\xbb\xbf"
_READ = 65_536  # bytes
_LONGEST_LINE = 16_384  # bytes; what is written has at most some 150
_MOST = 36  # bytes that a line holds: mail programs break lines of more than 78 characters

_EVEN = with_parity(bytes(range(256)))
_NAMED = {"\\": "\\\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_BY_NAME = {r"\n": 0x0A, r"\r": 0x0D, r"\t": 0x09, r"\s": 0x20, "\\\\": 0x5C}
_TOKEN = re.compile(r"\\[nrts\\]|\\x[0-7][0-9A-Fa-f]|\\=[0-9A-Fa-f]{2}|[ -\[\]-~]")
_TEXT = re.compile(f"(?:{_TOKEN.pattern})+")
_LINE = re.compile(r"(\d{1,9}\.\d{3}) (?:(speed) (\d{1,7})|([en]) (\S.*))")


class Chunk(NamedTuple):
    """Bytes that came in together."""

    seconds: float  # since the start of the recording
    data: bytes


def write_chunk(chunk: Chunk) -> str:
    r"""Write the lines of a chunk, each with its end.

    >>> write_chunk(Chunk(1.5, b"\nPTEC HP..  \r"))
    '1.500 n \\nPTEC HP.. \\s\\r\n'
    """
    return "".join(f"{chunk.seconds:.3f} {_write(piece)}\n" for piece in _pieces(chunk.data))


def write_speed(seconds: float, speed: int) -> str:
    """Write the line that says at how many bit/s the port listens from now on."""
    return f"{seconds:.3f} speed {speed}\n"


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yield what stands on a line each: a group where that is short enough."""
    start = 0
    for position, byte in enumerate(data, 1):
        if byte & 0x7F == 0x0D or position - start == _MOST or position == len(data):
            yield data[start:position]
            start = position


def _write(data: bytes) -> str:
    odd, high = sum(byte.bit_count() % 2 for byte in data), sum(byte > 0x7F for byte in data)
    even = odd < high
    text = ""
    for place, byte in enumerate(data):
        character = chr(byte & 0x7F)
        if byte != (_EVEN[byte] if even else byte & 0x7F):
            text += f"\\={byte:02X}"
        elif character == " ":
            # White space at the ends, or more than one, does not survive all mail programs.
            text += " " if text and text[-1] != " " and place + 1 < len(data) else r"\s"
        elif character in _NAMED:
            text += _NAMED[character]
        elif character.isprintable():
            text += character
        else:
            text += f"\\x{byte & 0x7F:02X}"
    return f"{'e' if even else 'n'} {text}"


def read_bytes(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield the bytes of a recording, or of a file of raw bytes: its beginning tells which it is.

    Raises:
        ConfigError: what begins like a recording is none.
    """
    head = file.read(_READ)
    if _is_recording(head):
        yield from (chunk.data for chunk in _read_lines(_lines(head, file), name))
        return
    while head:
        yield head
        head = file.read(_READ)


def read_chunks(file: BinaryIO, name: str) -> Iterator[Chunk]:
    """Yield the chunks of a recording.

    Raises:
        ConfigError: it is none; with the line, and what is expected there.
    """
    head = file.read(_READ)
    if not _is_recording(head):
        raise ConfigError(f"{name}: not a recording: its first line must be '{HEADER}'")
    yield from _read_lines(_lines(head, file), name)


def _is_recording(head: bytes) -> bool:
    return head.removeprefix(_BOM).startswith(_MAGIC)


def _lines(head: bytes, file: BinaryIO) -> Iterator[str]:
    rest = head.removeprefix(_BOM)
    while True:
        *lines, rest = rest.split(b"\n")
        yield from (line.decode("ascii", "replace").strip() for line in lines)
        more = file.read(_READ) if len(rest) < _LONGEST_LINE else b""
        if not more:
            break
        rest += more
    last = rest.decode("ascii", "replace").strip()
    if last.startswith(_MAGIC.decode()) or len(rest) >= _LONGEST_LINE or _parse(last):
        yield last  # anything else is what a full disk or a power cut has left of a line


def _read_lines(lines: Iterable[str], name: str) -> Iterator[Chunk]:
    for number, line in enumerate(lines, 1):
        if number == 1:
            version = line.split()[1] if len(line.split()) > 1 else ""
            if version != str(VERSION):
                raise ConfigError(f"{name}: a recording of version {version!r}; this program knows version {VERSION}")
        elif line and not line.startswith("#"):
            chunk = _read_line(line, f"{name}, line {number}")
            if chunk is not None:
                yield chunk


def _read_line(line: str, where: str) -> Chunk | None:
    match = _parse(line)
    if match is None:
        raise ConfigError(f"{where}: damaged: SECONDS e|n TEXT or SECONDS speed N is expected, not {line[:40]!r}")
    return None if match[2] else Chunk(float(match[1]), _read_text(match[5], even=match[4] == "e"))


def _parse(line: str) -> re.Match[str] | None:
    match = _LINE.fullmatch(line) if len(line) < _LONGEST_LINE else None
    return match if match is not None and (match[2] or _read_text(match[5], even=match[4] == "e")) else None


@lru_cache(maxsize=1024)  # most groups of a frame are those of the frame before
def _read_text(text: str, *, even: bool) -> bytes:
    """Return the bytes of a TEXT; nothing where it is none."""
    if not _TEXT.fullmatch(text):
        return b""
    return bytes(_byte(token, even=even) for token in _TOKEN.findall(text))


def _byte(token: str, *, even: bool) -> int:
    if token.startswith(r"\="):
        return bytes.fromhex(token[2:])[0]
    character = _BY_NAME.get(token)
    if character is None:
        character = bytes.fromhex(token[2:])[0] if token.startswith(r"\x") else ord(token)
    return _EVEN[character] if even else character
