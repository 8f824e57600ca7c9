import pytest

from common.check.formatting import format_bytes, format_days
from common.settings.language import speak


@pytest.mark.parametrize(
    ("size", "english", "french"),
    [(0, "0 B", "0 o"), (6.4e7, "64 MB", "64 Mo"), (9.1e9, "9.1 GB", "9,1 Go"), (2.5e15, "2500 TB", "2500 To")],
)
def test_a_size_has_a_unit(size: float, english: str, french: str) -> None:
    assert format_bytes(size) == english
    speak("fr")
    assert format_bytes(size) == french


@pytest.mark.parametrize(
    ("days", "english", "french"),
    [
        (0.01, "14 minutes", "14 minutes"),
        (1.5, "36 hours", "36 heures"),
        (22, "22 days", "22 jours"),
        (300, "10 months", "10 mois"),
        (5113, "14 years", "14 ans"),
        (40_000, "more than 100 years", "plus de 100 ans"),
    ],
)
def test_a_duration_has_the_largest_unit_that_fits(days: float, english: str, french: str) -> None:
    assert format_days(days) == english
    speak("fr")
    assert format_days(days) == french
