import pytest

from monitor.places.status.status import _spool_of


def health(**spool: object) -> dict[str, object]:
    return {"delivery": {"spool": spool}}


def test_the_spool_is_what_the_reader_says() -> None:
    assert _spool_of(health(frames=3, bytes=500, limit=9000)) == (3, 500, 9000)
    assert _spool_of(health(frames=3, bytes=500)) == (3, 500, None)


@pytest.mark.parametrize("forged", [-15, 3 * 10**30, 1.5, True, "3", None, [3]])
def test_numbers_that_no_reader_counts_are_not_passed_on(forged: object) -> None:
    assert _spool_of(health(frames=forged, bytes=500, limit=9000)) is None
    assert _spool_of(health(frames=3, bytes=forged, limit=9000)) is None
    assert _spool_of(health(frames=3, bytes=500, limit=forged)) == (3, 500, None)
    assert _spool_of({"delivery": {"spool": forged}}) is None
