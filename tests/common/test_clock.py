import pytest

from common import clock


@pytest.mark.parametrize(
    ("synchronised", "uptime", "trusted"),
    [(True, 5.0, True), (True, 1e6, True), (False, 5.0, False), (False, 86_399.0, False), (False, 86_400.0, True)],
)
def test_a_clock_is_trusted_once_it_is_synchronised_or_old(
    monkeypatch: pytest.MonkeyPatch, synchronised: bool, uptime: float, trusted: bool
) -> None:
    monkeypatch.setattr(clock, "_synchronised", lambda: synchronised)
    monkeypatch.setattr("time.clock_gettime", lambda _: uptime)
    assert clock.is_trusted() is trusted


def test_this_machine_can_be_asked() -> None:
    assert clock._synchronised() in (True, False)
