"""The kind of a file that the command line does not name."""

from pathlib import Path

import pytest

from common.errors import ConfigError, FileRefused
from storer.imports.kinds import Request, read_content
from storer.imports.kinds import recognise as recognise_by
from tests.support.imports import FILES, PARIS, content

REQUEST = Request(meter="031961123456", clock=PARIS, series={})


def recognise(file: str) -> str:
    kind, read = recognise_by(file, lambda kind: read_content(kind, file, REQUEST))
    assert read.name == Path(file).name
    return kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("csv.csv", "csv"),
        ("edf-30min.csv", "edf"),
        ("edf-days.csv", "edf"),
        ("edf-indexes.csv", "edf"),
        ("edf-months.csv", "edf"),
        ("enedis-bookmarklet.csv", "enedis"),
        ("enedis-hours.csv", "enedis"),
        ("enedis-index.csv", "enedis-index"),
    ],
)
def test_a_file_is_recognised_by_its_columns(name: str, kind: str) -> None:
    assert recognise(str(FILES / name)) == kind


def test_what_is_wrong_in_a_file_that_is_recognised_is_said(tmp_path: Path) -> None:
    file = tmp_path / "my.csv"
    file.write_bytes(content("csv.csv") + b"2024-04-01T00:00,total,abc\n")
    with pytest.raises(FileRefused, match="line 6"):
        recognise(str(file))


def test_of_any_other_file_the_line_to_type_is_said(tmp_path: Path) -> None:
    file = tmp_path / "my.csv"
    file.write_text("a;b\n1;2\n")
    with pytest.raises(ConfigError, match=f"import KIND {file}"):
        recognise(str(file))
    with pytest.raises(ConfigError, match="cannot be read"):
        recognise(str(tmp_path / "missing.csv"))
