from common.mqtt.backoff import (
    CONTESTED_FASTEST,
    CONTESTED_SLOWEST,
    FASTEST,
    LASTING,
    SLOWEST,
    UNCONTESTED,
    Backoff,
)


def test_tries_without_success_are_ever_further_apart() -> None:
    backoff = Backoff()
    assert [backoff.failed() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_connection_that_broke_early_does_not_begin_anew_and_one_that_lasted_does() -> None:
    backoff = Backoff()
    assert [backoff.lost(0, good=False, taken_over=False) for _ in range(6)][-1] == SLOWEST
    backoff.good()
    assert backoff.lost(0, good=True, taken_over=False) == FASTEST


def test_the_first_connections_are_news_and_those_that_keep_breaking_are_not() -> None:
    backoff = Backoff()
    news = []
    for _ in range(4):
        news.append(not backoff.quiet(0))
        backoff.lost(0, good=False, taken_over=False)
    assert news == [True, True, False, False]
    backoff.good()
    assert not backoff.quiet(0)


def test_one_take_over_is_a_restart_that_overlaps_and_two_are_a_contest() -> None:
    backoff = Backoff()
    assert backoff.lost(100, good=True, taken_over=True) == FASTEST
    assert not backoff.contested(100)
    assert backoff.lost(101, good=False, taken_over=True) == CONTESTED_FASTEST
    assert backoff.contested(101)
    waits = [backoff.lost(102, good=False, taken_over=True) for _ in range(50)]
    assert waits[0] == 2 * CONTESTED_FASTEST
    assert waits[-1] == CONTESTED_SLOWEST


def test_a_contest_ends_when_nobody_has_taken_over_for_longer_than_a_rival_waits() -> None:
    backoff = Backoff()
    for _ in range(9):
        backoff.lost(1000, good=False, taken_over=True)
    assert backoff.good_after(1000 + CONTESTED_SLOWEST) == UNCONTESTED > CONTESTED_SLOWEST
    assert backoff.contested(1000 + CONTESTED_SLOWEST)
    assert backoff.taken_over(1000 + UNCONTESTED) == 0
    assert backoff.good_after(1000 + UNCONTESTED) == LASTING
    backoff.good()
    assert backoff.lost(1000 + UNCONTESTED, good=True, taken_over=True) < CONTESTED_FASTEST


def test_a_rival_that_comes_back_slowly_is_one_all_the_same() -> None:
    """Each take-over comes after a connection that lasted: other programs may wait a minute."""
    backoff = Backoff()
    backoff.lost(0, good=True, taken_over=True)
    backoff.good()
    backoff.lost(60, good=True, taken_over=True)
    assert backoff.contested(60)
