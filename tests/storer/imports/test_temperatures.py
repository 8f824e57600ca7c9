"""Outside temperatures of a plain file: which day, which value."""

from datetime import date
from pathlib import Path

import pytest

from common.errors import ConfigError, FileRefused
from storer.imports.temperatures import plan_days, read_temperatures

DAYS = {date(2025, 1, 1): 48, date(2025, 1, 2): -6, date(2025, 1, 3): -10, date(2025, 1, 6): 62}


def written(folder: Path, text: str) -> Path:
    file = folder / "days.csv"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-01,4.8\n2025-01-02,-0.6\n2025-01-03,-1\n2025-01-04,\n2025-01-06,6.2\n",
        "day;celsius\n01/01/2025;4,8\n02/01/2025;-0,6\n03/01/2025;-1\n06/01/2025;6,2\n",
    ],
)
def test_a_line_is_a_day_and_its_mean_as_people_write_them(tmp_path: Path, text: str) -> None:
    assert read_temperatures(written(tmp_path, text)) == DAYS


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("start,register,wh\n", "no temperatures"),
        ("", "no temperatures"),
        ("2025-02-30,4.8\n", "line 1"),
        ("2025-01-01,480\n", "480"),
        ("2025-01-01,warm\n", "line 1"),
        ("2025-01-01,4,8\n", "2 cells"),
        ("2025-01-01,4.8\n2025-01-01,5.8\n", "several"),
    ],
)
def test_a_file_that_is_not_to_be_believed_is_refused(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(FileRefused, match=key):
        read_temperatures(written(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_temperatures(tmp_path / "none.csv")


def test_what_is_there_is_kept() -> None:
    stored = {date(2025, 1, 1): (48, 3), date(2025, 1, 2): (-5, 4)}
    plan = plan_days(DAYS, stored, date(2025, 1, 6))
    assert plan.new == {date(2025, 1, 3): -10, date(2025, 1, 6): 62}
    assert (plan.same, plan.different) == (1, {4: 1})
    with pytest.raises(FileRefused, match="2025-01-06"):
        plan_days(DAYS, stored, date(2025, 1, 5))
