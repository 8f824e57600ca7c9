"""Whatever is in a file, it is imported or refused in a line."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.errors import ConfigError, FileRefused
from storer.imports.edf import parse_edf
from storer.imports.enedis import parse_enedis
from storer.imports.enedis_index import parse_index
from storer.imports.jeedom import parse_jeedom
from storer.imports.model import Parsed
from storer.imports.plain import parse_plain
from tests.support.imports import FILES, PARIS, workbook

PARSERS: dict[str, Callable[[bytes], Parsed]] = {
    "enedis-index": lambda data: parse_index(data, PARIS),
    "enedis": lambda data: parse_enedis(data, PARIS),
    "edf": lambda data: parse_edf(data, PARIS),
    "jeedom": lambda data: parse_jeedom(data, PARIS, 0, 1),
    "plain": lambda data: parse_plain(data, PARIS),
}
WORKBOOK = workbook(
    [["Début", "Fin", "Valeur (en Kw)"], ["07/12/2025 00:00", "07/12/2025 01:00", 0.5], [45998.5, 45998.54, "x"]]
)
SAMPLES = [(file.name, file.read_bytes()[:1500]) for file in sorted(FILES.iterdir())] + [("enedis.xlsx", WORKBOOK)]


@pytest.mark.parametrize(("name", "data"), SAMPLES, ids=[name for name, _ in SAMPLES])
def test_a_damaged_file_never_ends_in_a_traceback(name: str, data: bytes) -> None:
    parse = next(parse for kind, parse in PARSERS.items() if name.startswith(kind))
    pieces = st.sampled_from(
        [b"", b";", b"\n", b"-", b"9" * 40, b"1e99", b"0001-01-01", b"99/99/9999", b"\xff", b"\0", b'"']
    )
    place = st.integers(0, len(data))

    @given(st.lists(st.tuples(place, st.integers(0, 30), pieces), min_size=1, max_size=4))
    @example([(0, 0, b"")])
    def damaged(changes: list[tuple[int, int, bytes]]) -> None:
        changed = data
        for at, length, piece in changes:
            changed = changed[:at] + piece + changed[at + length :]
        with contextlib.suppress(FileRefused, ConfigError):
            parsed = parse(changed)
            assert all(period.wh >= 0 and period.hours >= 1 for period in parsed.periods)

    damaged()
