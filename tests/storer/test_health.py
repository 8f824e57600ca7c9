import math

from storer.health import ANSWER_TIMEOUT, STALL_TIMEOUT, Counters, evaluate

COUNTERS = Counters(received=12, stored=8, duplicate=1, rejected=1)


def check(
    *, connected: bool = True, stalled: bool = False, last_activity: float = 1.0, last_answer: float = 1.0
) -> tuple[bool, bool]:
    """Times are seconds ago."""
    health = evaluate(
        COUNTERS,
        connected=connected,
        last_activity=100 - last_activity,
        stalled=stalled,
        last_answer=100 - last_answer,
        now=100,
    )
    return health.alive, health.healthy


def test_it_is_healthy_with_broker_and_database() -> None:
    assert check() == (True, True)


def test_an_outage_is_not_a_reason_to_restart() -> None:
    assert check(connected=False) == (True, False)
    assert check(stalled=True) == (True, False)
    assert check(last_answer=ANSWER_TIMEOUT + 1) == (True, False)


def test_it_is_not_alive_when_the_threads_of_the_connection_are_stuck() -> None:
    assert check(last_activity=STALL_TIMEOUT)[0]
    assert not check(last_activity=STALL_TIMEOUT + 1)[0]
    assert check(last_activity=-math.inf)[0]  # not started yet


def test_the_status_text_is_one_line() -> None:
    healthy = evaluate(COUNTERS, connected=True, last_activity=1, stalled=False, last_answer=1, now=1)
    assert healthy.status_text == "8 frames stored, 1 rejected, connected, database connected, 2 pending"
    unhealthy = evaluate(COUNTERS, connected=False, last_activity=1, stalled=True, last_answer=1, now=1)
    assert "no broker, no database" in unhealthy.status_text


def test_the_report_has_each_counter_and_what_is_pending() -> None:
    assert COUNTERS.report() == {
        "received": 12,
        "stored": 8,
        "duplicate": 1,
        "rejected": 1,
        "rejected_not_kept": 0,
        "tallies": 0,
        "pending": 2,
    }
