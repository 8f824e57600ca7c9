"""Reads the cells of an XLSX file, as text, with what the standard library has."""

import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import TypeVar
from xml.etree import ElementTree

from storer.imports.model import refused
from storer.imports.text import MAX_SIZE, MOST_CELLS, Table

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - serial 0 of Excel, in local time
_FIRST_SERIAL, _LAST_SERIAL = 32874, 50406  # 1990 to 2037
#: What reading a damaged archive, or one with a password, raises.
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError)
_LAST_COLUMN = 16_384  # XFD
_AT_ONCE = 1 << 16  # bytes
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
            texts = [name for name in names if name == "xl/sharedStrings.xml"]
            parts = sorted(name for name in names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name))
            check_size(archive, texts + parts)
            shared = _Texts()
            for name in texts:
                _parse(archive, name, shared)
            cells = _Cells()
            return [_parse(archive, name, _Rows(shared.found, cells)).found for name in parts]
    except (*DAMAGED, ElementTree.ParseError, LookupError, ValueError) as error:
        raise refused(f"this is no workbook that can be read: {error}") from error


def check_size(archive: zipfile.ZipFile, names: Sequence[str]) -> None:
    """Refuse an archive whose parts are too large together; of none more is unpacked than it says.

    Raises:
        FileRefused: they are.
    """
    if sum(archive.getinfo(name).file_size for name in names) > MAX_SIZE:
        raise refused(f"this file has more than {MAX_SIZE // 1_000_000} MB when it is unpacked")


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


class _Part:
    """What is taken from a part of a workbook while it is read; `XMLParser` calls these."""

    def __init__(self) -> None:
        self._text: list[str] = []

    def doctype(self, *_: object) -> None:
        # Entities could make a small file huge; no program that writes workbooks declares any.
        raise refused("this workbook declares a document type, which none needs")

    def data(self, text: str) -> None:
        self._text.append(text)

    def close(self) -> None:
        pass


class _Texts(_Part):
    """The texts that cells share."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._pieces: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == f"{_MAIN}si":
            self._pieces = []
        elif tag == f"{_MAIN}t":
            self._text = []

    def end(self, tag: str) -> None:
        if tag == f"{_MAIN}t":
            self._pieces.append("".join(self._text))
        elif tag == f"{_MAIN}si":
            self.found.append("".join(self._pieces).strip())
        self._text = []


class _Cells:
    """Counts the cells of all sheets."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, count: int) -> None:
        self._count += count
        if self._count > MOST_CELLS:
            raise refused(f"this workbook has more than {MOST_CELLS:,} cells")


class _Rows(_Part):
    """The rows of a sheet."""

    def __init__(self, shared: Sequence[str], cells: _Cells) -> None:
        super().__init__()
        self.found: Table = []
        self._shared = shared
        self._cells = cells
        self._rows = 0
        self._number = 0
        self._row: dict[int, str] = {}
        self._place = 0
        self._type: str | None = None
        self._value = ""
        self._inline = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == f"{_MAIN}row":
            self._rows += 1
            self._number = int(attributes.get("r", self._rows))
            self._row = {}
        elif tag == f"{_MAIN}c":
            reference = attributes.get("r")
            self._place = _column(reference) if reference else len(self._row)
            self._type = attributes.get("t")
            self._value = self._inline = ""
        elif tag in (f"{_MAIN}v", f"{_MAIN}t"):
            self._text = []

    def end(self, tag: str) -> None:
        if tag == f"{_MAIN}v":
            self._value = "".join(self._text)
        elif tag == f"{_MAIN}t":
            self._inline += "".join(self._text)
        elif tag == f"{_MAIN}c":
            self._row[self._place] = self._cell()
        elif tag == f"{_MAIN}row" and any(self._row.values()):
            cells = max(self._row) + 1
            self._cells.add(1 + cells)
            self.found.append((self._number, [self._row.get(place, "") for place in range(cells)]))
        self._text = []

    def _cell(self) -> str:
        if self._type == "s":
            return self._shared[int(self._value)]
        return (self._inline if self._type == "inlineStr" else self._value).strip()


_P = TypeVar("_P", bound=_Part)


def _parse(archive: zipfile.ZipFile, name: str, part: _P) -> _P:
    parser = ElementTree.XMLParser(target=part)  # noqa: S314 - document types are refused
    with archive.open(name) as opened:
        while data := opened.read(_AT_ONCE):
            parser.feed(data)
    parser.close()
    return part


def _column(reference: str) -> int:
    place = 0
    for letter in reference.rstrip("0123456789")[:4]:
        place = place * 26 + ord(letter) - ord("A") + 1
    if place > _LAST_COLUMN:
        raise refused(f"the cell {reference[:20]} is beyond the columns of a workbook")
    return place - 1
