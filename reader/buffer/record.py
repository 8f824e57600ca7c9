"""Records in append-only files: each that is whole is found again, whatever happened around it. Pure.

record = magic length CRC body
length = u32: bytes of the body, as it stands in the file
CRC    = CRC-32, u32, of length and body
All numbers are little-endian. In the file, a zero follows each magic[:3] of the body: so no body contains a magic,
and nothing within a record can be mistaken for one.
"""

import struct
from zlib import crc32

MAGIC = b"\xffTM\x01"  # 0xFF is no part of any UTF-8 text
_HEADER = struct.Struct("<4sII")
HEADER_SIZE = _HEADER.size  # bytes
_LENGTH = slice(4, 8)
_TELLING, _ESCAPED = MAGIC[:3], MAGIC[:3] + b"\0"


def write_record(body: bytes) -> bytes:
    """Make the bytes of one record.

    >>> write_record(b"frame").hex(" ", 4)
    'ff 544d0105 00000031 9a44df66 72616d65'
    """
    if _TELLING in body:
        body = body.replace(_TELLING, _ESCAPED)
    length = len(body)
    return _HEADER.pack(MAGIC, length, crc32(body, crc32(length.to_bytes(4, "little")))) + body


def read_records(data: bytes) -> tuple[list[tuple[int, bytes]], list[tuple[int, int]]]:
    """Return offset and body of each record that is whole, and the ranges (start, end) of what is none."""
    records: list[tuple[int, bytes]] = []
    damaged: list[tuple[int, int]] = []
    told = 0
    start = data.find(MAGIC)
    while start >= 0:
        end = _end_of(data, start)
        if end is None:
            start = data.find(MAGIC, start + 1)
            continue
        if start > told:
            damaged.append((told, start))
        records.append((start, data[start + _HEADER.size : end].replace(_ESCAPED, _TELLING)))
        told = end
        start = data.find(MAGIC, end)
    if told < len(data):
        damaged.append((told, len(data)))
    return records, damaged


def record_size(data: bytes, offset: int) -> int:
    """Return the size, in the file, of the whole record at this offset."""
    return _HEADER.size + int(_HEADER.unpack_from(data, offset)[1])


def _end_of(data: bytes, start: int) -> int | None:
    body = start + _HEADER.size
    if body > len(data):
        return None
    _, length, checksum = _HEADER.unpack_from(data, start)
    end = body + int(length)
    # Looking for the magic first keeps this linear: no length that lies makes us sum up the same bytes again and again.
    if end > len(data) or data.find(MAGIC, body, end) >= 0:
        return None
    view = memoryview(data)[start:end]
    return end if crc32(view[_HEADER.size :], crc32(view[_LENGTH])) == checksum else None
