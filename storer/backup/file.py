"""The file of a backup: gzip, and sealed, so that no byte of it can change unnoticed.

The seal is a second, empty member of the gzip file. Its header carries the SHA-256 of all bytes before it, and there is
only one way to write it. So a file is whole exactly if it ends with the seal of what is before; and `zcat` reads it as
if the seal were not there.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from common.errors import BackupError
from common.file_errors import reason

_GZIP = 31  # zlib's `wbits` for a gzip header and trailer
_LEVEL = 6
_PIECE = 1 << 18  # bytes
_LONGEST_LINE = 1 << 26  # bytes; a label set of 16 MB, in JSON once more, is the longest that a table can hold
_SEAL_HEAD = bytes.fromhex("1f8b0804 00000000 00ff 2400") + b"TI" + bytes.fromhex("2000")  # an extra field, 32 bytes
_SEAL_TAIL = bytes.fromhex("0300 00000000 00000000")  # nothing, compressed; its CRC-32; its length
SEAL_SIZE = len(_SEAL_HEAD) + hashlib.sha256().digest_size + len(_SEAL_TAIL)


def seal(digest: bytes) -> bytes:
    """Make the end of a file from the SHA-256 of all before it."""
    return _SEAL_HEAD + digest + _SEAL_TAIL


class Writer:
    """Writes lines into a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)

    def write(self, lines: bytes) -> None:
        """Write whole lines."""
        self._put(self._packer.compress(lines))

    def finish(self) -> None:
        """Write the seal; the file is complete then."""
        self._put(self._packer.flush())
        self._file.write(seal(self._digest.digest()))

    def _put(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._file.write(piece)


def read_blocks(path: Path) -> Iterator[list[bytes]]:
    """Yield the lines of a file, without their ends, some at a time. It is known to be whole only when this ends.

    Raises:
        BackupError: the file cannot be read, or is not what was written.
    """
    try:
        with path.open("rb") as file:
            yield from _lines(_pieces(file, path.stat().st_size))
    except OSError as error:
        raise BackupError(f"cannot be read: {reason(error)}") from error


def parse(lines: Sequence[bytes]) -> list[Any]:
    """Read lines of JSON.

    Raises:
        BackupError: one is none.
    """
    try:
        documents = list(json.loads(b"[" + b",".join(lines) + b"]"))
    except (ValueError, RecursionError) as error:
        raise BackupError("damaged: a line cannot be read") from error
    if len(documents) != len(lines):
        raise BackupError("damaged: a line cannot be read")
    return documents


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield what was compressed."""
    digest = hashlib.sha256()
    unpacker = zlib.decompressobj(_GZIP)
    left = size - SEAL_SIZE
    file.seek(max(left, 0))
    end = file.read()
    if left <= 0 or not end.startswith(_SEAL_HEAD) or not end.endswith(_SEAL_TAIL):
        raise BackupError("not a backup of teleinfo-storer, or only a part of one: it has no end")
    file.seek(0)
    while left > 0 and (piece := file.read(min(_PIECE, left))):
        left -= len(piece)
        digest.update(piece)
        while piece:  # not all at once: some kilobytes may be a gigabyte
            try:
                text = unpacker.decompress(piece, _PIECE)
            except zlib.error as error:
                raise BackupError("damaged: it cannot be uncompressed") from error
            if unpacker.eof and (unpacker.unused_data or left):
                raise BackupError("damaged: it has something after its end")
            piece = unpacker.unconsumed_tail
            yield text
    if not unpacker.eof or end != seal(digest.digest()):
        raise BackupError("damaged: its checksum is not that of its content")


def _lines(pieces: Iterator[bytes]) -> Iterator[list[bytes]]:
    begun: list[bytes] = []  # of a line whose end is still to come
    for piece in pieces:
        first, *lines = piece.split(b"\n")
        begun.append(first)
        if lines:
            complete = [b"".join(begun), *lines[:-1]]
            begun = lines[-1:]
            yield complete
        elif sum(map(len, begun)) > _LONGEST_LINE:
            raise BackupError("damaged: a line has no end")
    if any(begun):
        raise BackupError("damaged: its last line has no end")
