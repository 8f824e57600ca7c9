from datetime import date

import pytest

from common.errors import ConfigError
from monitor.money.dated_files import read_colours


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-15;rouge\n2026-01-16;blanc\n2026-01-17;BLEU\n",
        "date;couleur\n15/01/2026;red\n16/01/2026;white\n17/01/2026;blue\n",
        '\ufeff"2026-01-15","3"\r\n"2026-01-16","2"\r\n\r\n"2026-01-17","1"\r\n',
        "2026-01-15\tTEMPO_ROUGE\n2026-01-16\tTEMPO_BLANC\n2026-01-17\tTEMPO_BLEU\n2026-01-15\trouge",
    ],
)
def test_days_and_colours_are_read_as_people_write_them(text: str) -> None:
    assert read_colours(text.encode(), "tempo.csv") == {
        date(2026, 1, 15): "red",
        date(2026, 1, 16): "white",
        date(2026, 1, 17): "blue",
    }


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("2026-01-15;vert\n", "line 1"),
        ("date;colour\n2026-02-30;rouge\n", "line 2"),
        ("2026-01-15\n", "line 1"),
        ("2026-01-15;rouge\n2026-01-15;bleu\n", "line 2: an earlier line"),
    ],
)
def test_a_wrong_line_is_named(text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        read_colours(text.encode(), "tempo.csv")
