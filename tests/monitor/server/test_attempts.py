from monitor.server.attempts import _ADDRESSES, MOST, MOST_OF_ALL, WINDOW, Attempts


def test_after_some_wrong_passwords_an_address_waits_and_others_do_not() -> None:
    attempts = Attempts()
    for number in range(MOST):
        assert attempts.wait("192.168.1.20", number) == 0
        attempts.failed("192.168.1.20", number)
    assert attempts.wait("192.168.1.20", MOST) == WINDOW - MOST
    assert attempts.wait("192.168.1.21", MOST) == 0
    assert attempts.wait("192.168.1.20", WINDOW) == 0


def test_the_right_password_forgets_the_wrong_ones() -> None:
    attempts = Attempts()
    for _ in range(MOST):
        attempts.failed("192.168.1.20", 0)
    attempts.succeeded("192.168.1.20")
    assert attempts.wait("192.168.1.20", 0) == 0


def test_all_addresses_of_one_network_count_as_one() -> None:
    attempts = Attempts()
    for number in range(MOST):
        attempts.failed(f"2001:db8:1:2::{number}", 0)
    assert attempts.wait("2001:db8:1:2:ffff::1", 0) > 0
    assert attempts.wait("2001:db8:1:3::1", 0) == 0
    for _ in range(MOST):
        attempts.failed("::ffff:192.168.1.20", 0)
    assert attempts.wait("192.168.1.20", 0) > 0


def test_many_addresses_together_are_limited_too_and_take_bounded_memory() -> None:
    attempts = Attempts()
    for number in range(MOST_OF_ALL):
        attempts.failed(f"10.0.{number}.1", 0)
    assert attempts.wait("192.168.1.20", 0) > 0
    for number in range(3 * _ADDRESSES):
        attempts.failed(f"10.{number >> 8}.{number & 255}.1", WINDOW + 1)
    assert len(attempts._counts) <= _ADDRESSES
    assert attempts.wait("192.168.1.20", WINDOW + 1) > 0  # that limit is not forgotten first
