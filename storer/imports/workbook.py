"""Reads the cells of an XLSX file, as text, with what the standard library has."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from xml.etree import ElementTree

from storer.imports.model import refused
from storer.imports.text import Table

MAX_SIZE = 200_000_000  # bytes of a part, unpacked: ten years by half-hours are 20 MB
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - serial 0 of Excel, in local time
_FIRST_SERIAL, _LAST_SERIAL = 32874, 50406  # 1990 to 2037
#: What reading a damaged archive, or one with a password, raises.
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def is_workbook(data: bytes) -> bool:
    """Tell whether a file is a workbook."""
    return data[:4] == b"PK\x03\x04" and b"xl/" in data


def sheets(data: bytes) -> list[Table]:
    """Return the rows of each sheet, with their numbers; a cell that is left out is an empty text.

    Raises:
        FileRefused: the file is damaged.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            shared = _shared(read_part(archive, "xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else []
            parts = sorted(name for name in names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name))
            return [list(_rows(read_part(archive, name), shared)) for name in parts]
    except (*DAMAGED, ElementTree.ParseError, LookupError, ValueError) as error:
        raise refused(f"this is no workbook that can be read: {error}") from error


def read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a part of an archive.

    Raises:
        FileRefused: it is too large.
        zipfile.BadZipFile: it is damaged.
    """
    if archive.getinfo(name).file_size > MAX_SIZE:
        raise refused(f"{name} in this file is too large")
    return archive.read(name)


def serial_time(serial: float) -> datetime:
    """Return the local time that a serial number of Excel is, to the second.

    Raises:
        ValueError: it is no day since 1990.

    >>> serial_time(45998.5)
    datetime.datetime(2025, 12, 7, 12, 0)
    """
    if not _FIRST_SERIAL <= serial < _LAST_SERIAL:
        raise ValueError(f"{serial} is no day of our time")
    return _EPOCH + timedelta(seconds=round(serial * 86400))


def _tree(data: bytes) -> ElementTree.Element:
    # Entities could make a small file huge; no program that writes workbooks declares any.
    if b"<!DOCTYPE" in data:
        raise refused("this workbook declares a document type, which none needs")
    return ElementTree.fromstring(data)  # noqa: S314 - see above


def _shared(data: bytes) -> list[str]:
    return [_text(entry) for entry in _tree(data).iter(f"{_MAIN}si")]


def _text(entry: ElementTree.Element) -> str:
    return "".join(part.text or "" for part in entry.iter(f"{_MAIN}t")).strip()


def _rows(data: bytes, shared: list[str]) -> Iterator[tuple[int, list[str]]]:
    for count, row in enumerate(_tree(data).iter(f"{_MAIN}row"), 1):
        cells: dict[int, str] = {}
        for cell in row.iter(f"{_MAIN}c"):
            place = _column(cell.get("r", "")) if cell.get("r") else len(cells)
            cells[place] = _value(cell, shared)
        if any(cells.values()):
            yield int(row.get("r", count)), [cells.get(place, "") for place in range(max(cells) + 1)]


def _column(reference: str) -> int:
    place = 0
    for letter in reference.rstrip("0123456789"):
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _value(cell: ElementTree.Element, shared: list[str]) -> str:
    value = cell.findtext(f"{_MAIN}v", "")
    match cell.get("t"):
        case "s":
            return shared[int(value)]
        case "inlineStr":
            return _text(cell)
    return value.strip()
