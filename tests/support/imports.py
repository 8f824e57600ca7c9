"""Helpers for tests of imports: test files, workbooks, and what is expected of a file."""

import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from common.contract.registers import REGISTERS
from storer.imports.local_clock import LocalClock
from storer.imports.model import Parsed, Period

FILES = Path(__file__).resolve().parent.parent / "storer" / "imports" / "files"
PARIS = LocalClock("Europe/Paris")
HOUR = timedelta(hours=1)
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def content(name: str) -> bytes:
    return (FILES / name).read_bytes()


def energy(parsed: Parsed, register: str = "total") -> dict[str, int]:
    """Return the energy of the periods of a register, by the UTC time of their end, without those of other lengths."""
    return {f"{period.end:%Y-%m-%d %H:%M}": period.wh for period in of(parsed, register)}


def of(parsed: Parsed, register: str = "total") -> list[Period]:
    return sorted(period for period in parsed.periods if REGISTERS[period.register] == register)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def workbook(*sheets: Sequence[Sequence[str | float | None]], date1904: str | None = None) -> bytes:
    """Make a workbook as spreadsheets save it: texts are shared, None is no cell at all."""
    texts: dict[str, int] = {}
    parts = [_sheet(rows, texts) for rows in sheets]
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        properties = "" if date1904 is None else f'<workbookPr date1904="{date1904}"/>'
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{_NAMESPACE}">{properties}</workbook>')
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_NAMESPACE}">{shared}</sst>')
        for number, part in enumerate(parts, 1):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", part)
    return made.getvalue()


def _sheet(rows: Iterable[Sequence[str | float | None]], texts: dict[str, int]) -> str:
    lines = []
    for number, row in enumerate(rows, 1):
        cells = "".join(
            _cell(f"{chr(ord('A') + place)}{number}", value, texts)
            for place, value in enumerate(row)
            if value is not None
        )
        lines.append(f'<row r="{number}">{cells}</row>')
    return f'<worksheet xmlns="{_NAMESPACE}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(place: str, value: str | float | None, texts: dict[str, int]) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="s"><v>{texts.setdefault(value, len(texts))}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'
