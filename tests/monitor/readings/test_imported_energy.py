from datetime import UTC, datetime, timedelta

from monitor.readings.imported import Whole, named

JUNE, JULY, AUGUST = (datetime(2024, month, 1, tzinfo=UTC) for month in (6, 7, 8))


def test_an_imported_month_is_divided_by_time_and_stays_the_same_in_sum() -> None:
    month = Whole(JUNE, JULY, "EASF01", 3000)
    tenth, last = JUNE + timedelta(days=9), JULY - timedelta(hours=1)
    moved = month.moved([tenth])
    assert [(piece.start, piece.wh["EASF01"]) for piece in moved] == [(JUNE, 900), (tenth, 2100), (last, -3000)]
    assert all(piece.start == piece.end for piece in moved)  # a subscription is not owed twice
    assert month.moved([]) == []


def test_imported_registers_get_the_names_of_the_offer() -> None:
    *_, piece = Whole(JUNE, AUGUST, "EASF02", 5).moved([JULY])
    assert named(piece, "hchp").wh == {"HCHP": -5}
    assert named(piece, None).wh == {"EASF02": -5}
