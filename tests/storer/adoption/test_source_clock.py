import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from storer.adoption.source_clock import Piece, SourceClock

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
at = datetime.fromisoformat


def day(text: str) -> tuple[datetime, datetime]:
    return at(text), at(text) + DAY


def test_an_ordinary_day_is_one_piece() -> None:
    begin, end = day("2023-11-20")
    assert list(SourceClock().pieces(begin, end)) == [Piece(begin, end, timedelta(0))]
    assert list(SourceClock(shift=-2).pieces(begin, end)) == [Piece(begin, end, -2 * HOUR)]
    assert list(SourceClock(zone=PARIS).pieces(begin, end)) == [Piece(begin, end, -HOUR)]


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_the_first_hour_of_the_last_sunday_of_october_may_be_doubled(shift: int) -> None:
    """In UTC: from 2:00 to 3:00 in summer time."""
    clock = SourceClock(shift=shift)
    begin = at("2023-10-29") - shift * HOUR
    found = list(clock.pieces(begin - 5 * HOUR, begin + 5 * HOUR))
    assert [(piece.begin, piece.end) for piece in found if piece.doubled] == [(begin, begin + HOUR)]
    assert [piece.next_is_empty for piece in found] == [False, True, False]
    assert {piece.add for piece in found} == {shift * HOUR}


def test_no_other_hour_is_doubled() -> None:
    found = list(SourceClock().pieces(at("2020-01-01"), at("2030-01-01")))
    doubled = [piece.begin for piece in found if piece.doubled]
    assert [f"{begin:%m-%d}" for begin in doubled] == [
        "10-25", "10-31", "10-30", "10-29", "10-27", "10-26", "10-25", "10-31", "10-29", "10-28",
    ]  # fmt: skip


def test_local_times_are_converted_with_the_changes_of_their_zone() -> None:
    begin, end = day("2023-10-29")
    pieces = list(SourceClock(zone=PARIS).pieces(begin, end))
    assert pieces == [
        Piece(begin, begin + 2 * HOUR, -2 * HOUR),
        Piece(begin + 2 * HOUR, begin + 3 * HOUR, -2 * HOUR, doubled=True),
        Piece(begin + 3 * HOUR, end, -HOUR),
    ]
    begin, end = day("2023-03-26")
    first, second = SourceClock(zone=PARIS).pieces(begin, end)
    assert (first.end, first.add, second.add) == (begin + 3 * HOUR, -HOUR, -2 * HOUR)


@pytest.mark.parametrize("clock", [SourceClock(), SourceClock(shift=3), SourceClock(zone=PARIS)])
def test_pieces_have_no_gaps(clock: SourceClock) -> None:
    begin, end = at("2023-03-01 00:12:34"), at("2023-11-03 05:00:01")
    pieces = list(clock.pieces(begin, end))
    assert (pieces[0].begin, pieces[-1].end) == (begin, end)
    assert all(earlier.end == later.begin for earlier, later in itertools.pairwise(pieces))


def test_a_zone_and_a_server_in_the_same_zone_agree() -> None:
    """What a server in Paris stores in UTC is what the local time gives, in each hour that came once."""
    time = at("2023-01-01 00:30")
    while time < at("2024-01-01"):
        utc = time.replace(tzinfo=PARIS).astimezone(UTC)
        if utc.astimezone(PARIS).replace(tzinfo=None) == time:  # not skipped in March
            assert SourceClock(zone=PARIS).to_utc(time) == utc.replace(tzinfo=None)
        time += HOUR
