"""The file of a backup: gzip with a checksum over all bytes, so that no damage goes unnoticed.

The seal is a second, empty member of the gzip file. Its header holds the SHA-256 of all bytes before it, in a fixed
form. So a file is complete exactly if it ends with the seal of the bytes before; and `zcat` ignores the seal.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from common.errors import BackupError
from common.settings.file_errors import reason

_GZIP = 31  # zlib's `wbits` for a gzip header and trailer
_LEVEL = 6
_PIECE = 1 << 18  # bytes
_LONGEST_LINE = 1 << 26  # bytes; the longest possible is a label set of 16 MB, encoded as JSON once more
_SEAL_HEAD = bytes.fromhex("1f8b0804 00000000 00ff 2400") + b"TI" + bytes.fromhex("2000")  # an extra field of 32 bytes
_SEAL_TAIL = bytes.fromhex("0300 00000000 00000000")  # empty content, its CRC-32, its length
SEAL_SIZE = len(_SEAL_HEAD) + hashlib.sha256().digest_size + len(_SEAL_TAIL)


def seal(digest: bytes) -> bytes:
    """Return the seal for the SHA-256 of all bytes before it."""
    return _SEAL_HEAD + digest + _SEAL_TAIL


class Writer:
    """Writes lines to a file, compressed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)

    def write(self, lines: bytes) -> None:
        """Write whole lines."""
        self._put(self._compressor.compress(lines))

    def finish(self) -> None:
        """Write the seal, which completes the file."""
        self._put(self._compressor.flush())
        self._file.write(seal(self._digest.digest()))

    def _put(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._file.write(piece)


def read_blocks(path: Path) -> Iterator[list[bytes]]:
    """Yield the lines of a file in blocks, without line ends. It is known to be complete only after the last block.

    Raises:
        BackupError: the file cannot be read, or is damaged.
    """
    try:
        with path.open("rb") as file:
            yield from _lines(_pieces(file, path.stat().st_size))
    except OSError as error:
        raise BackupError(f"cannot be read: {reason(error)}") from error


def parse(lines: Sequence[bytes]) -> list[Any]:
    """Parse lines of JSON.

    Raises:
        BackupError: a line is not JSON.
    """
    try:
        documents = list(json.loads(b"[" + b",".join(lines) + b"]"))
    except (ValueError, RecursionError) as error:
        raise BackupError("damaged: a line cannot be read") from error
    if len(documents) != len(lines):
        raise BackupError("damaged: a line cannot be read")
    return documents


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the uncompressed content, and verify the checksum at the end."""
    digest = hashlib.sha256()
    decompressor = zlib.decompressobj(_GZIP)
    remaining = size - SEAL_SIZE
    file.seek(max(remaining, 0))
    end = file.read()
    if remaining <= 0 or not end.startswith(_SEAL_HEAD) or not end.endswith(_SEAL_TAIL):
        raise BackupError("not a backup of teleinfo-storer, or incomplete: its end is missing")
    file.seek(0)
    while remaining > 0 and (piece := file.read(min(_PIECE, remaining))):
        remaining -= len(piece)
        digest.update(piece)
        while piece:  # in limited steps: a few kilobytes may expand to a gigabyte
            try:
                text = decompressor.decompress(piece, _PIECE)
            except zlib.error as error:
                raise BackupError("damaged: it cannot be uncompressed") from error
            if decompressor.eof and (decompressor.unused_data or remaining):
                raise BackupError("damaged: there is data after its end")
            piece = decompressor.unconsumed_tail
            yield text
    if not decompressor.eof or end != seal(digest.digest()):
        raise BackupError("damaged: the checksum does not match the content")


def _lines(pieces: Iterator[bytes]) -> Iterator[list[bytes]]:
    pending: list[bytes] = []  # parts of a line whose end has not come yet
    for piece in pieces:
        first, *lines = piece.split(b"\n")
        pending.append(first)
        if lines:
            complete = [b"".join(pending), *lines[:-1]]
            pending = lines[-1:]
            yield complete
        elif sum(map(len, pending)) > _LONGEST_LINE:
            raise BackupError("damaged: a line has no end")
    if any(pending):
        raise BackupError("damaged: its last line has no end")
