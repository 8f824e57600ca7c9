"""How far the history of the demo is, as its process tells it."""

import pytest

from demo.past import progress_of


@pytest.mark.parametrize(
    ("log", "text"),
    [
        ("", "history …"),
        ("0 400\n17 400\n", "history 17/400 days"),
        ("0 400\n17 400\n18 4", "history 17/400 days"),  # a line that is being written
        ("17", "history …"),
        ("something else\n", "history …"),
    ],
)
def test_the_last_whole_line_counts(log: str, text: str) -> None:
    assert progress_of(log) == text
