"""The section `retention` of the settings."""

from typing import Any

import pytest

from common.contract.retention import RETENTION, Retention, from_file, keeps_less
from common.settings.fields import SectionError


def test_all_is_kept_as_long_as_nobody_says_otherwise() -> None:
    assert RETENTION.read(RETENTION.default) == RETENTION.read({}) == Retention(None, None, "keep")


def test_the_times_of_an_earlier_file_become_months() -> None:
    value = from_file({"frames": "1 month", "minutes": "5 years", "incomplete": "drop"})
    assert RETENTION.read(value) == Retention(1, 60, "drop")


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ({"frames": 0}, "retention.frames"),
        ({"frames": "24 months"}, "retention.frames"),
        ({"frames": True}, "retention.frames"),
        ({"minutes": 60}, "retention.minutes"),
        ({"frames": 61, "minutes": 60}, "retention.minutes"),
        ({"incomplete": 1}, "retention.incomplete"),
        (None, "retention"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(value: Any, at: str) -> None:
    with pytest.raises(SectionError) as error:
        RETENTION.read(value)
    assert [problem.at for problem in error.value.problems] == [at]


@pytest.mark.parametrize(
    ("new", "old", "less"),
    [
        (Retention(12), Retention(), True),
        (Retention(12), Retention(13), True),
        (Retention(12, 12), Retention(12), True),
        (Retention(incomplete="drop"), Retention(), True),
        (Retention(13), Retention(12), False),
        (Retention(), Retention(12, 24, "drop"), False),
        (Retention(12, 24, "drop"), Retention(12, 24, "drop"), False),
    ],
)
def test_a_change_that_deletes_more_is_known(new: Retention, old: Retention, less: bool) -> None:
    assert keeps_less(new, old) == less
