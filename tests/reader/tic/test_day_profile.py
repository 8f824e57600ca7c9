from typing import Any

import pytest

from reader.tic.day_profile import Block, read_profile

HOURS = ("00008002", "0256C001", "07568002", "1156C001", "14568002")


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        # captures, TIC.md 4.3
        (
            " ".join((*HOURS, *["NONUTILE"] * 6)),
            [
                ("00:00", 2, "open", ()),
                ("02:56", 1, "closed", ()),
                ("07:56", 2, "open", ()),
                ("11:56", 1, "closed", ()),
                ("14:56", 2, "open", ()),
            ],
        ),
        (
            "00004001 06004002 22004001" + " NONUTILE" * 8,
            [("00:00", 1, "tempo", ()), ("06:00", 2, "tempo", ()), ("22:00", 1, "tempo", ())],
        ),
        (
            "00004005 06004006 22004005",
            [("00:00", 5, "tempo", ()), ("06:00", 6, "tempo", ()), ("22:00", 5, "tempo", ())],
        ),
        ("00000000", [("00:00", None, None, ())]),
        ("2359000B", [("23:59", None, None, ())]),
        ("0000000a", [("00:00", 10, None, ())]),
        ("000007F1", [("00:00", 1, None, (1, 2, 3, 4, 5, 6, 7))]),
        ("00000411", [("00:00", 1, None, (1, 7))]),
        ("00003801", [("00:00", 1, None, ())]),  # bits 13 to 11 mean nothing
        ("NONUTILE NONUTILE", []),
    ],
)
def test_reads_a_day(text: str, blocks: list[tuple[Any, ...]]) -> None:
    assert read_profile(text) == [Block(*block) for block in blocks]


@pytest.mark.parametrize(
    "text", [None, 5, "", "   ", "24004001", "00604001", "0000400", "0000400G", "00004001 nonsense"]
)
def test_what_is_no_profile_says_nothing(text: Any) -> None:
    assert read_profile(text) is None
