import pytest

from common.doctor.formatting import format_bytes, format_days


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (64_000_000, "64 MB"), (9.1e9, "9.1 GB"), (2.5e15, "2500 TB")])
def test_a_size_has_a_unit(size: float, text: str) -> None:
    assert format_bytes(size) == text


@pytest.mark.parametrize(
    ("days", "text"), [(0.01, "14 minutes"), (1.5, "36 hours"), (22, "22 days"), (300, "10 months"), (5113, "14 years")]
)
def test_a_duration_has_the_largest_unit_that_fits(days: float, text: str) -> None:
    assert format_days(days) == text
