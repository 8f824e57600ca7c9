"""Reads the cells of an XLSX file, as text, with what the standard library has."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from storer.imports.model import refused
from storer.imports.text import MAX_SIZE, Row, Table

# Serial 0 of Excel, in local time; Excel for Mac used to count from 1904.
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_FIRST_SERIAL, _LAST_SERIAL = 32874, 50406  # 1990 to 2037, since EPOCH
#: What reading a damaged archive, or one with a password, raises.
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError)
_LAST_COLUMN = 16_384  # XFD
_MOST_PARTS = 200_000  # of a row, or of a text: a row may have 16,384 cells
_MOST_CHARACTERS = 1_000_000  # of a row, or of a text: a cell may have 32,767
_MOST_UNITS = 1_500_000  # of a workbook, of some 64 bytes each: three years by half-hours have 600,000
_ROW, _CHARACTERS = 3, 16  # a row itself takes three units, 16 characters beyond ASCII take one
_AT_ONCE = 1 << 16  # bytes
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def is_workbook(data: bytes) -> bool:
    """Return whether a file is a workbook."""
    return data[:4] == b"PK\x03\x04" and b"xl/" in data


def sheets(data: bytes) -> tuple[list[Table], datetime]:
    """Return the rows of each sheet, with their numbers, and the epoch of serial dates; a missing cell is empty."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            texts = [name for name in names if name == "xl/sharedStrings.xml"]
            parts = sorted(name for name in names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name))
            books = [name for name in names if name == "xl/workbook.xml"]
            check_size(archive, books + texts + parts)
            properties = [item for name in books for item in _elements(archive, name, f"{_MAIN}workbookPr")]
            is_1904 = any(item.get("date1904") in ("1", "true") for item in properties)
            size = _Size()
            shared: list[str] = []
            for name in texts:
                for item in _elements(archive, name, f"{_MAIN}si"):
                    shared.append(_text(item))
                    size.add(shared[-1:])
            found: list[Table] = []
            for name in parts:
                found.append([])
                for row in _rows(_elements(archive, name, f"{_MAIN}row"), shared):
                    size.add(row[1], _ROW)
                    found[-1].append(row)
            return found, _EPOCH_1904 if is_1904 else EPOCH
    except (*DAMAGED, ParseError, LookupError, ValueError) as error:
        raise refused(
            "this workbook cannot be read: it is damaged or has a password; open it in a spreadsheet, and save it again"
        ) from error


class _Size:
    """Refuses a workbook whose texts would take too much memory."""

    def __init__(self) -> None:
        self._units = 0

    def add(self, texts: Sequence[str], more: int = 0) -> None:
        self._units += more + sum(1 + len(text) // _CHARACTERS for text in texts)
        if self._units > _MOST_UNITS:
            raise refused("this workbook is too large to be read: export fewer years at once")


def check_size(archive: zipfile.ZipFile, names: Sequence[str]) -> None:
    """Refuse an archive whose parts are too large together; no part unpacks to more than its stated size."""
    if sum(archive.getinfo(name).file_size for name in names) > MAX_SIZE:
        raise refused(f"this file has more than {MAX_SIZE // 1_000_000} MB when it is unpacked")


def serial_time(serial: float, epoch: datetime = EPOCH) -> datetime:
    """Return the local time that a serial number of Excel is, to the second.

    Raises:
        ValueError: it is no day since 1990.

    >>> serial_time(45998.5)
    datetime.datetime(2025, 12, 7, 12, 0)
    """
    if not _FIRST_SERIAL <= serial + (epoch - EPOCH).days < _LAST_SERIAL:
        raise ValueError(f"{serial} is not a date of our time")
    return epoch + timedelta(seconds=round(serial * 86400))


class _Target:
    """Collects the elements of one kind, each with what is in it, and keeps nothing else; `XMLParser` calls it."""

    def __init__(self, tag: str) -> None:
        self.found: list[Element] = []
        self._tag = tag
        self._builder = TreeBuilder()
        self._depth = 0  # in such an element
        self._parts = self._characters = 0  # of it

    def doctype(self, *_: object) -> None:
        # Entities could make a small file huge; no program that writes workbooks declares any.
        raise refused("this workbook declares a document type, which none needs")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._depth or tag == self._tag:
            self._builder.start(tag, attributes)
            self._depth += 1
            self._parts += 1
            if self._parts > _MOST_PARTS:
                raise refused(f"a row or a text of this workbook has more than {_MOST_PARTS:,} parts")

    def data(self, text: str) -> None:
        if self._depth:
            self._characters += len(text)
            if self._characters > _MOST_CHARACTERS:
                raise refused(f"a row or a text of this workbook has more than {_MOST_CHARACTERS:,} characters")
            self._builder.data(text)

    def end(self, tag: str) -> None:
        if self._depth:
            self._builder.end(tag)
            self._depth -= 1
            if not self._depth:
                self.found.append(self._builder.close())
                self._builder = TreeBuilder()
                self._parts = self._characters = 0

    def close(self) -> None:
        pass


def _elements(archive: zipfile.ZipFile, name: str, tag: str) -> Iterator[Element]:
    target = _Target(tag)
    parser = XMLParser(target=target)  # noqa: S314 - document types are refused
    with archive.open(name) as opened:
        while data := opened.read(_AT_ONCE):
            parser.feed(data)
            yield from target.found
            target.found.clear()
    parser.close()


def _rows(rows: Iterator[Element], shared: Sequence[str]) -> Iterator[Row]:
    for place, row in enumerate(rows, 1):
        cells: dict[int, str] = {}
        for cell in row.iter(f"{_MAIN}c"):
            reference = cell.get("r")
            cells[_column(reference) if reference else len(cells)] = _cell(cell, shared)
        if any(cells.values()):
            yield int(row.get("r", place)), [cells.get(column, "") for column in range(max(cells) + 1)]


def _cell(cell: Element, shared: Sequence[str]) -> str:
    value = cell.findtext(f"{_MAIN}v", "").strip()
    match cell.get("t"):
        case "s":
            return shared[int(value)]
        case "inlineStr":
            return _text(cell)
        case _:
            return value


def _text(element: Element) -> str:
    return "".join(part.text or "" for part in element.iter(f"{_MAIN}t")).strip()


def _column(reference: str) -> int:
    place = 0
    for letter in reference.rstrip("0123456789")[:4]:
        place = place * 26 + ord(letter) - ord("A") + 1
    if place > _LAST_COLUMN:
        raise refused(f"the cell {reference[:20]} is beyond the columns of a workbook")
    return place - 1
