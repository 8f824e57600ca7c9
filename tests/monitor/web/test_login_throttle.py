import pytest

from monitor.web.login_throttle import (
    _CLIENTS,
    DELAY,
    MOST,
    MOST_OF_ALL,
    MOST_WAITING,
    MOST_WAITING_EACH,
    WINDOW,
    LoginThrottle,
    network,
)


def test_after_some_wrong_passwords_a_client_waits_and_others_do_not() -> None:
    throttle = LoginThrottle()
    for number in range(MOST):
        assert throttle.begin("192.168.1.20", number, known=False) == 0
    assert throttle.begin("192.168.1.20", MOST, known=False) == DELAY
    assert throttle.begin("192.168.1.21", MOST, known=False) == 0
    assert throttle.begin("192.168.1.20", WINDOW, known=False) == 0


def test_the_right_password_forgets_the_wrong_ones() -> None:
    throttle = LoginThrottle()
    for _ in range(MOST):
        throttle.begin("192.168.1.20", 0, known=False)
    throttle.succeeded("192.168.1.20", known=False)
    assert throttle.begin("192.168.1.20", 0, known=False) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::1", False),
        ("::ffff:192.168.1.20", "192.168.1.20", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("192.168.1.20", "192.168.1.21", False),
    ],
)
def test_all_addresses_of_one_network_count_as_one(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same


def test_many_strangers_together_wait_too_and_take_bounded_memory() -> None:
    throttle = LoginThrottle()
    for number in range(MOST_OF_ALL):
        assert throttle.begin(f"10.0.{number}.1", 0, known=False) == 0
    assert throttle.begin("192.168.1.20", 0, known=False) == DELAY
    throttle.waited("192.168.1.20", known=False)
    for number in range(3 * _CLIENTS):
        client = f"10.{number >> 8}.{number & 255}.1"
        if throttle.begin(client, WINDOW + 1, known=False):
            throttle.waited(client, known=False)
    assert len(throttle._counts) <= _CLIENTS
    assert throttle.begin("192.168.1.20", WINDOW + 1, known=False) == DELAY  # that limit is not forgotten first


def test_whatever_strangers_do_a_browser_that_was_here_before_does_not_wait() -> None:
    throttle = LoginThrottle()
    for number in range(2 * MOST_OF_ALL):
        throttle.begin(f"10.0.{number}.1", 0, known=False)
    assert throttle.begin("token", 0, known=True) == 0
    # Nor can many such browsers guess faster than others.
    for number in range(MOST_OF_ALL):
        throttle.begin(f"token {number}", 0, known=True)
    assert throttle.begin("token", 0, known=True) == DELAY


def test_few_wait_at_the_same_time_and_fewer_of_one_client() -> None:
    throttle = LoginThrottle()
    for _ in range(MOST):
        throttle.begin("192.168.1.20", 0, known=False)
    waits = [throttle.begin("192.168.1.20", 1, known=False) for _ in range(MOST_WAITING_EACH + 1)]
    assert waits == [DELAY] * MOST_WAITING_EACH + [None]
    throttle.waited("192.168.1.20", known=False)
    assert throttle.begin("192.168.1.20", 2, known=False) == DELAY

    for number in range(MOST_OF_ALL):
        throttle.begin(f"10.0.{number}.1", 3, known=False)
    waits = [throttle.begin(f"10.1.{number}.1", 4, known=False) for number in range(MOST_WAITING)]
    assert None in waits
    assert throttle.begin("token", 4, known=True) == 0
