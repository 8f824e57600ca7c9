from common.mqtt.backoff import (
    CONFLICT_OVER_AFTER,
    MAX_BACKOFF,
    MAX_CONFLICT_BACKOFF,
    MIN_BACKOFF,
    MIN_CONFLICT_BACKOFF,
    STABLE_AFTER,
    Backoff,
)


def test_the_backoff_doubles_up_to_a_maximum() -> None:
    backoff = Backoff()
    assert [backoff.failed() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_only_a_stable_connection_resets_the_backoff() -> None:
    backoff = Backoff()
    assert [backoff.lost(0, stable=False, taken_over=False) for _ in range(6)][-1] == MAX_BACKOFF
    backoff.reset()
    assert backoff.lost(0, stable=True, taken_over=False) == MIN_BACKOFF


def test_the_first_connections_are_logged_and_further_unstable_ones_are_not() -> None:
    backoff = Backoff()
    logged = []
    for _ in range(4):
        logged.append(not backoff.quiet(0))
        backoff.lost(0, stable=False, taken_over=False)
    assert logged == [True, True, False, False]
    backoff.reset()
    assert not backoff.quiet(0)


def test_one_take_over_is_a_restart_and_two_are_a_conflict() -> None:
    backoff = Backoff()
    assert backoff.lost(100, stable=True, taken_over=True) == MIN_BACKOFF
    assert not backoff.in_conflict(100)
    assert backoff.lost(101, stable=False, taken_over=True) == MIN_CONFLICT_BACKOFF
    assert backoff.in_conflict(101)
    waits = [backoff.lost(102, stable=False, taken_over=True) for _ in range(50)]
    assert waits[0] == 2 * MIN_CONFLICT_BACKOFF
    assert waits[-1] == MAX_CONFLICT_BACKOFF


def test_a_conflict_is_over_after_longer_than_the_other_program_waits() -> None:
    backoff = Backoff()
    for _ in range(9):
        backoff.lost(1000, stable=False, taken_over=True)
    assert backoff.stable_after(1000 + MAX_CONFLICT_BACKOFF) == CONFLICT_OVER_AFTER > MAX_CONFLICT_BACKOFF
    assert backoff.in_conflict(1000 + MAX_CONFLICT_BACKOFF)
    assert backoff.taken_over(1000 + CONFLICT_OVER_AFTER) == 0
    assert backoff.stable_after(1000 + CONFLICT_OVER_AFTER) == STABLE_AFTER
    backoff.reset()
    assert backoff.lost(1000 + CONFLICT_OVER_AFTER, stable=True, taken_over=True) < MIN_CONFLICT_BACKOFF


def test_take_overs_of_stable_connections_are_a_conflict_too() -> None:
    """Another program may wait a minute before it connects again."""
    backoff = Backoff()
    backoff.lost(0, stable=True, taken_over=True)
    backoff.reset()
    backoff.lost(60, stable=True, taken_over=True)
    assert backoff.in_conflict(60)
