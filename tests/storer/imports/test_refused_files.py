"""Whatever is in a file, it is imported or refused in a line."""

import contextlib
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.errors import ConfigError, FileRefused
from storer.imports.kinds import PARSERS
from storer.imports.temperatures import read_temperatures
from tests.support.imports import FILES, PARIS, workbook
from tests.support.wording import says

WORKBOOK = workbook(
    [["Début", "Fin", "Valeur (en Kw)"], ["07/12/2025 00:00", "07/12/2025 01:00", 0.5], [45998.5, 45998.54, "x"]]
)
TEMPERATURES = b"day;celsius\n2025-01-01;4,8\n2025-01-02;-0.6\n"
SAMPLES = [(file.name, file.read_bytes()[:1500]) for file in sorted(FILES.iterdir())] + [("enedis.xlsx", WORKBOOK)]


PIECES = st.sampled_from(
    [b"", b";", b"\n", b"-", b"9" * 40, b"1e99", b"0001-01-01", b"99/99/9999", b"\xff", b"\0", b'"']
)


def damage(data: bytes, read: Callable[[bytes], None]) -> None:
    """Read files like this one that are damaged in many ways."""

    @given(st.lists(st.tuples(st.integers(0, len(data)), st.integers(0, 30), PIECES), min_size=1, max_size=4))
    @example([(0, 0, b"")])
    def damaged(changes: list[tuple[int, int, bytes]]) -> None:
        changed = data
        for at, length, piece in changes:
            changed = changed[:at] + piece + changed[at + length :]
        with contextlib.suppress(FileRefused, ConfigError):
            read(changed)

    damaged()


@pytest.mark.parametrize(("name", "data"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_a_damaged_file_never_ends_in_a_traceback(name: str, data: bytes) -> None:
    parse = PARSERS[max((kind for kind in PARSERS if name.startswith(kind)), key=len)]

    def read(changed: bytes) -> None:
        parsed = parse(changed, PARIS)
        assert all(period.wh >= 0 and period.hours >= 1 for period in parsed.periods)

    damage(data, read)


def test_a_damaged_file_of_temperatures_never_ends_in_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "days.csv"

    def read(changed: bytes) -> None:
        file.write_bytes(changed)
        read_temperatures(file)

    damage(TEMPERATURES, read)


BROKEN = [
    ("enedis", WORKBOOK[:-200]),
    ("enedis", workbook([["Début", "Fin", "Valeur"]]).replace(b"xl/sharedStrings.xml", b"xl/sharedStrings.old")),
    ("edf", b"PK\x03\x04 cut"),
    ("csv", b'start,register,wh\n"' + b"a" * 200_000),
]


@pytest.mark.parametrize(("kind", "data"), BROKEN)
def test_a_refusal_says_nothing_in_the_words_of_a_library(kind: str, data: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        PARSERS[kind](data, PARIS)
    assert str(refused.value.__cause__)
    assert str(refused.value.__cause__) not in str(refused.value)


HEAD = b"Horodate;Valeur\n"
PLAIN = b"start,register,wh\n"
REFUSED = [
    ("enedis", b"", ""),
    ("enedis", b"a;b\n1;2\n", ""),
    ("enedis", bytes(range(256)), ""),
    ("enedis", b"PK\x03\x04xl/ and no more", ""),
    ("enedis", HEAD + b"2024-06-01T01:00:00+02:00;-5", "line 2: -5 Wh"),
    ("enedis", HEAD + b"2024-06-01T01:00:00+02:00;123456", "line 2: 123456 Wh in 1 h"),
    ("enedis", HEAD + b"2024-06-01T01:00:00+02:00;many", "line 2: ...'many'"),
    ("enedis", HEAD + b"yesterday;5", "line 2: ...'yesterday'"),
    ("enedis", HEAD + b"2024-06-01T01:00:00+02:00;5\n2024-06-01T01:00:00+02:00;6", "2024-06-01T01:00:00+02:00"),
    ("enedis-index", b"Horodate;Valeur\n2024-01-01T00:00:00+01:00;7\n", "EAS F1"),
    ("enedis-index", b"Horodate;EAS T\n2024-01-01T00:00:00+01:00;-7\n", "line 2: ...EAS T ...-7"),
    ("enedis-index", b"Horodate;EAS T\n2024-01-01T00:00:00+01:00;7\n2024-01-01T00:00:00+01:00;8\n", "line 3: "),
    ("edf", b"a;b\n", ""),
    ("edf", b"PK\x03\x04 cut", ""),
    ("edf", b"\xe9\xff;\n", ""),
    ("edf", (FILES / "edf-30min.csv").read_bytes().replace(b"12:00:00;1000", b"12:00:00;1007", 1), "2025-01-18 12:00"),
    ("csv", b"when,register,wh\n", "start,register,wh"),
    ("csv", PLAIN + b"2024-06-01T00:00Z,total\n", "line 2: 3 cells"),
    ("csv", PLAIN + b"2024-06-01T00:00Z,total,-1\n", "line 2: -1 Wh"),
    ("csv", PLAIN + b"2024-06-01T00:00Z,total,1\n2024-06-01T02:00+02:00,total,2\n", "2024-06-01T02:00:00+02:00"),
    ("csv", PLAIN + b"2024-06-01,total,1000000\n", "line 2: 1e+06 Wh in 24 h"),
    ("csv", PLAIN + b"2024-06-01T00:00Z,PAPP,7\n", "line 2: 'PAPP' "),
    ("csv", PLAIN + b"2024-06-01T00:00Z,total,7\n2024-06-01T01:00Z,EASF01,8\n", "same energy"),
    *((kind, gzip.compress(HEAD, mtime=0), "compressed") for kind in PARSERS),
]


@pytest.mark.parametrize(("kind", "data", "facts"), REFUSED)
def test_what_is_another_file_or_cannot_be_true_is_refused_in_a_line(kind: str, data: bytes, facts: str) -> None:
    with pytest.raises(FileRefused) as refused:
        PARSERS[kind](data, PARIS)
    assert says(str(refused.value), f"...{facts}...")
