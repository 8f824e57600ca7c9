import math

from storer.health import ANSWER_TIMEOUT, STALL_TIMEOUT, evaluate

COUNTS = {"received": 12, "stored": 8, "duplicate": 1, "rejected": 1}


def check(
    *, connected: bool = True, stalled: bool = False, stirred: float = 1.0, answered: float = 1.0
) -> tuple[bool, bool]:
    """Times are seconds ago."""
    vitals = evaluate(
        COUNTS, connected=connected, stirred=100 - stirred, stalled=stalled, answered=100 - answered, now=100
    )
    return vitals.alive, vitals.healthy


def test_with_broker_and_database_all_is_well() -> None:
    assert check() == (True, True)


def test_what_time_heals_is_no_reason_for_a_clean_start() -> None:
    assert check(connected=False) == (True, False)
    assert check(stalled=True) == (True, False)
    assert check(answered=ANSWER_TIMEOUT + 1) == (True, False)


def test_threads_that_are_stuck_let_the_watchdog_bite() -> None:
    assert check(stirred=STALL_TIMEOUT)[0]
    assert not check(stirred=STALL_TIMEOUT + 1)[0]
    assert check(stirred=-math.inf)[0]  # not started yet


def test_the_words_are_for_people() -> None:
    well = evaluate(COUNTS, connected=True, stirred=1, stalled=False, answered=1, now=1)
    assert well.status_text == "8 frames stored, 1 rejected, connected, database connected, 2 waiting"
    ill = evaluate(COUNTS, connected=False, stirred=1, stalled=True, answered=1, now=1)
    assert "no broker, no database" in ill.status_text
