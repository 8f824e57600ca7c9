"""The meter's own times: legal time with a letter for the season, to UTC."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.tic.timestamp import parse_stamp


# The first two are the examples of 54E, 6.2.1.1.
@pytest.mark.parametrize(
    ("text", "instant", "degraded"),
    [
        ("H081225223518", "2008-12-25T21:35:18", False),
        ("E090714074553", "2009-07-14T05:45:53", False),
        ("h081225223518", "2008-12-25T21:35:18", True),
        ("e090714074553", "2009-07-14T05:45:53", True),
        ("H240229120000", "2024-02-29T11:00:00", False),
        ("H000101000000", "1999-12-31T23:00:00", False),
        ("H991231235959", "2099-12-31T22:59:59", False),
        # The hour that comes twice, on 25 October 2026: only the letter tells which one it is.
        ("E261025023000", "2026-10-25T00:30:00", False),
        ("H261025023000", "2026-10-25T01:30:00", False),
        # The letter is believed, not the calendar: the meter may be late to change.
        ("E261224120000", "2026-12-24T10:00:00", False),
        # No letter, with the mobile peaks: the calendar of Paris.
        (" 240108060000", "2024-01-08T05:00:00", False),
        (" 240708060000", "2024-07-08T04:00:00", False),
        (" 260329015959", "2026-03-29T00:59:59", False),
        (" 260329030000", "2026-03-29T01:00:00", False),
        (" 261025015959", "2026-10-24T23:59:59", False),
        (" 261025030000", "2026-10-25T02:00:00", False),
        (" 240331030000", "2024-03-31T01:00:00", False),  # the last day of March
        (" 241027030000", "2024-10-27T02:00:00", False),
    ],
)
def test_parses_a_stamp_to_an_instant(text: str, instant: str, degraded: bool) -> None:
    assert parse_stamp(text) == (datetime.fromisoformat(instant).replace(tzinfo=UTC), degraded)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H",
        "230301091834",
        "H23030109183",
        "H2303010918340",
        "X230301091834",
        "0230301091834",
        "\t230301091834",
        "H23030109183 ",
        "H 30301091834",
        "H+30301091834",
        "H23_301091834",
        "H230229091834",  # no leap year
        "H230001091834",
        "H231301091834",
        "H230300091834",
        "H230431091834",
        "H230301241834",
        "H230301096034",
        "H230301091860",
        "H٢٣٠٣٠١٠٩١٨٣٤",  # digits to Python, not to a meter
        "             ",
    ],
)
def test_refuses_what_is_not_a_stamp(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_stamp(text)


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)), st.sampled_from("HhEe"))  # noqa: DTZ001
def test_parses_any_second(local: datetime, season: str) -> None:
    local = local.replace(microsecond=0)
    instant, degraded = parse_stamp(f"{season}{local:%y%m%d%H%M%S}")
    assert instant.utcoffset() == timedelta(0)
    assert instant.replace(tzinfo=None) + timedelta(hours=1 if season in "Hh" else 2) == local
    assert degraded is (season in "he")


@given(st.text(max_size=14))
def test_any_other_text_raises_only_value_error(text: str) -> None:
    try:
        instant, _ = parse_stamp(text)
    except ValueError:
        return
    assert instant.tzinfo is UTC
