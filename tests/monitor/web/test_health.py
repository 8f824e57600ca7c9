from monitor.web.health import STALL_TIMEOUT, evaluate


def test_a_thread_that_hangs_is_seen_and_a_missing_broker_is_no_fault() -> None:
    well, stuck = evaluate(2, 1.0), evaluate(2, STALL_TIMEOUT)
    assert (well.alive, well.healthy, well.status_text) == (True, True, "serving the page, 2 viewers")
    assert not stuck.alive
    assert evaluate(0, float("-inf")).alive  # no broker is configured
