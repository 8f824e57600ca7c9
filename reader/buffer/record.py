"""Records of append-only files: each intact one can be read, whatever happened to its neighbours. Pure.

record = magic length CRC body
length = u32: bytes of the body, as it stands in the file
CRC    = CRC-32, u32, of length and body
All numbers are little-endian. A zero is inserted after each magic[:3] in a body, so no body contains the magic and
nothing inside a record can be mistaken for one.
"""

import struct
from pathlib import Path
from zlib import crc32

from common.errors import NotReady

MAGIC = b"\xffTM\x01"  # 0xFF is no part of any UTF-8 text
_HEADER = struct.Struct("<4sII")
HEADER_SIZE = _HEADER.size  # bytes
_LENGTH = slice(4, 8)
_PREFIX, _ESCAPED = MAGIC[:3], MAGIC[:3] + b"\0"


def write_record(body: bytes) -> bytes:
    """Return the bytes of one record.

    >>> write_record(b"frame").hex(" ", 4)
    'ff 544d0105 00000031 9a44df66 72616d65'
    """
    body = body.replace(_PREFIX, _ESCAPED)
    length = len(body)
    return _HEADER.pack(MAGIC, length, crc32(body, crc32(length.to_bytes(4, "little")))) + body


def read_records(data: bytes) -> tuple[list[tuple[int, bytes]], list[tuple[int, int]]]:
    """Return the offset and body of each intact record, and the ranges (start, end) of all other bytes."""
    records: list[tuple[int, bytes]] = []
    damaged: list[tuple[int, int]] = []
    consumed = 0
    start = data.find(MAGIC)
    while start >= 0:
        end = _end_of(data, start)
        if end is None:
            start = data.find(MAGIC, start + 1)
            continue
        if start > consumed:
            damaged.append((consumed, start))
        records.append((start, data[start + _HEADER.size : end].replace(_ESCAPED, _PREFIX)))
        consumed = end
        start = data.find(MAGIC, end)
    if consumed < len(data):
        damaged.append((consumed, len(data)))
    return records, damaged


def newer(path: Path) -> NotReady:
    """Return the error of a file whose records are intact, and of a version that this program does not know."""
    return NotReady(f"{path} was written by a newer version of teleinfo-reader: update this one")


def record_size(data: bytes, offset: int) -> int:
    """Return the size in bytes of the intact record at this offset."""
    return _HEADER.size + int(_HEADER.unpack_from(data, offset)[1])


def _end_of(data: bytes, start: int) -> int | None:
    body = start + _HEADER.size
    if body > len(data):
        return None
    _, length, checksum = _HEADER.unpack_from(data, start)
    end = body + int(length)
    # Searching the magic first keeps this linear: a wrong length cannot make the same bytes be summed many times.
    if end > len(data) or data.find(MAGIC, body, end) >= 0:
        return None
    view = memoryview(data)[start:end]
    return end if crc32(view[_HEADER.size :], crc32(view[_LENGTH])) == checksum else None
