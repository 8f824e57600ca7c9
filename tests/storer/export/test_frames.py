import pytest

from common.errors import ConfigError
from storer.export.frames import read_limit, read_selection
from tests.support.frames import DAY


def test_a_day_begins_at_midnight_utc() -> None:
    assert read_limit("2026-11-24") == DAY
    assert read_limit("2026-11-24T01:00:00+01:00") == DAY


@pytest.mark.parametrize("limit", ["yesterday", "2026-11", "2026-13-01", "2026-11-24 18:00", "2026-11-24T18:00:00"])
def test_what_is_no_limit_is_refused_with_an_example(limit: str) -> None:
    for start, end in ((limit, None), (None, limit)):
        with pytest.raises(ConfigError, match="2026-11-24"):
            read_selection(start, end)


def test_limits_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"2026-11-01 .*2026-12-01"):
        read_selection("2026-12-01", "2026-11-01")
