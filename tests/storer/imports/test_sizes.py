"""Files that are small, and become huge when they are read: refused, in little memory."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from common.errors import FileRefused
from storer.imports.enedis import parse_enedis
from tests.support.imports import PARIS, workbook
from tests.support.programs import ENVIRONMENT

# Reads a file as `import` does, with 400 MB of address space; a file of ten years by half-hours needs far less.
PROGRAM = """
import resource, sys
from common.errors import FileRefused
from storer.imports.local_clock import LocalClock
from storer.imports.kinds import Request, read_content
asked = Request(meter="031961123456", clock=LocalClock("Europe/Paris"), series={})
resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))
try:
    print(len(read_content(sys.argv[1], sys.argv[2], asked).parsed.periods), "periods")
except FileRefused as error:
    print("refused:", error)
print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
"""
HOURS = ["Début", "Fin", "Valeur (en Kw)"]
SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def read(tmp_path: Path, kind: str, data: bytes) -> tuple[str, int]:
    """Return what was said, and the largest memory in use, in MB."""
    file = tmp_path / "file"
    file.write_bytes(data)
    command = [sys.executable, "-c", PROGRAM, kind, str(file)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300)
    assert done.stderr == ""
    said, peak = done.stdout.splitlines()
    return said, int(peak) // 1000


def archive(name: str, parts: dict[str, bytes]) -> bytes:
    """Return a zip of these parts, and of a small one that is not read."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(name, b"<Types/>")
        for part, content in parts.items():
            opened.writestr(part, content)
    return made.getvalue()


def sheet(rows: bytes) -> bytes:
    return b"<worksheet " + NAMESPACE + b"><sheetData>" + rows + b"</sheetData></worksheet>"


def workbook_of(rows: bytes) -> bytes:
    return archive("[Content_Types].xml", {SHEET: sheet(rows)})


def half_sheets() -> bytes:
    """Three sheets, each of a size that is allowed."""
    rows = sheet(b"<row><c><v>1</v></c></row>" * 600_000)
    return archive("[Content_Types].xml", {f"xl/worksheets/sheet{number}.xml": rows for number in (1, 2, 3)})


def shared_text() -> bytes:
    return shared(b"<si>" + b"<t/>" * 9_900_000 + b"</si>")


def shared(texts: bytes) -> bytes:
    content = b"<sst " + NAMESPACE + b">" + texts + b"</sst>"
    return archive("[Content_Types].xml", {"xl/sharedStrings.xml": content, SHEET: sheet(b"")})


BOMBS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a column beyond the last": (
        "enedis",
        lambda: workbook_of(b'<row><c r="ZZZZZZZ1"><v>1</v></c></row>'),
        "columns",
    ),
    "many rows with one cell at the last column": (
        "enedis",
        lambda: workbook_of(b'<row><c r="XFD1"><v>1</v></c></row>' * 10_000),
        "too large",
    ),
    "156 MB of rows": ("enedis", lambda: workbook_of(b"<row><c><v>1</v></c></row>" * 6_000_000), "unpacked"),
    "ten million cells of a row": ("enedis", lambda: workbook_of(b"<row>" + b"<c/>" * 9_900_000 + b"</row>"), "parts"),
    "ten million parts of one text": ("enedis", shared_text, "parts"),
    "parts that are large together": ("enedis", half_sheets, "unpacked"),
    "a text of 180 MB": ("edf", lambda: archive("a.txt", {"a.csv": b"1;1\n" * 45_000_000}), "unpacked"),
    "texts that are large together": (
        "edf",
        lambda: archive("a.txt", {f"{n}.csv": b"1;1\n" * 4_000_000 for n in range(3)}),
        "unpacked",
    ),
    "very many short lines": ("edf", lambda: archive("a.txt", {"a.csv": b"1\n" * 15_000_000}), "cells"),
    "very many empty cells": ("csv", lambda: b"1" + b";" * 30_000_000, "cells"),
    "a file of 100 MB": ("csv", lambda: bytes(100_000_000), "MB"),
}


@pytest.mark.parametrize(("kind", "make", "why"), BOMBS.values(), ids=BOMBS)
def test_a_file_that_would_take_all_memory_is_refused(
    tmp_path: Path, kind: str, make: Callable[[], bytes], why: str
) -> None:
    said, _ = read(tmp_path, kind, make())
    assert said.startswith("refused: ")
    assert why in said


WORKBOOKS = {
    "one and a half million rows": lambda: workbook_of(b"<row><c><v>1</v></c></row>" * 1_500_000),
    "one text of 39 MB": lambda: shared(b"<si><t>" + b"a" * 39_000_000 + b"</t></si>"),
    "two million texts": lambda: shared(b"<si><t>ab</t></si>" * 2_000_000),
    "a cell of 39 MB": lambda: workbook_of(
        b'<row><c t="inlineStr"><is><t>' + "é".encode() * 19_500_000 + b"</t></is></c></row>"
    ),
    "rows of long texts": lambda: workbook_of(
        (b'<row><c t="inlineStr"><is><t>' + "é".encode() * 500 + "€".encode() + b"</t></is></c></row>") * 37_000
    ),
}


@pytest.mark.parametrize("make", WORKBOOKS.values(), ids=WORKBOOKS)
def test_a_workbook_takes_little_memory_however_it_uses_the_size_allowed(
    tmp_path: Path, make: Callable[[], bytes]
) -> None:
    said, peak = read(tmp_path, "enedis", make())
    assert said.startswith("refused: ")
    assert peak < 150


def test_ten_years_by_half_hours_are_read_in_that_memory(tmp_path: Path) -> None:
    days = "".join(
        f"{day:02}/{month:02}/{year};;\n" + "".join(f"{n // 2:02}:{n % 2 * 30:02}:00;500;\n" for n in range(47, 0, -1))
        for year in range(2016, 2026)
        for month in range(1, 13)
        for day in range(1, 29)
    )
    text = f"Date et heure de relève;Puissance atteinte (W);Nature\n{days}"
    said, _ = read(tmp_path, "edf", archive("a.txt", {"a.csv": text.encode()}))
    assert said.endswith(" periods")
    assert int(said.split()[0]) > 70_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_workbook_that_declares_a_document_type_is_refused_in_any_encoding(encoding: str) -> None:
    data = workbook([[*HOURS], ["07/12/2025 00:00", "07/12/2025 01:00", 0.5]])
    made = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "c">]>{old.read(name).decode()}'
            new.writestr(name, text.encode(encoding))
    with pytest.raises(FileRefused, match="document type"):
        parse_enedis(made.getvalue(), PARIS)
