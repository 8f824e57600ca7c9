"""The clock of the machine, as the kernel reports it, and when other machines' timestamps can be judged by it."""

import ctypes
from datetime import UTC, datetime, timedelta

import pytest

from common.machine.clock import LONG_UPTIME, KernelClock
from common.machine.version import BUILD_DATE


class Libc:
    """A C library whose adjtimex says what the test wants."""

    def __init__(self, state: int, status: int = 0) -> None:
        self.state, self.status = state, status

    def adjtimex(self, reference: object) -> int:
        timex = reference._obj  # type: ignore[attr-defined]
        assert timex.modes == 0  # nothing is set
        timex.status = self.status
        return self.state


@pytest.mark.parametrize(
    ("state", "status", "synchronised"),
    [
        (0, 0x2001, True),  # TIME_OK, STA_NANO | STA_PLL: what a machine with NTP says
        (1, 0x2001, True),  # a leap second is to come
        (4, 0x2001, True),
        (5, 0x2001, False),  # TIME_ERROR
        (5, 0x40, False),
        (0, 0x40, False),  # STA_UNSYNC
        (-1, 0x40, True),  # it is not allowed to ask
    ],
)
def test_what_adjtimex_says_is_understood(state: int, status: int, *, synchronised: bool) -> None:
    assert KernelClock(Libc(state, status)).synchronised() is synchronised


def test_where_adjtimex_is_missing_the_clock_counts_as_synchronised() -> None:
    assert KernelClock(object()).synchronised() is True


def test_this_machine_can_be_asked() -> None:
    clock = KernelClock()
    assert isinstance(clock.synchronised(), bool)
    assert clock.uptime() >= 0
    assert clock.monotonic() <= clock.monotonic()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock.now().utcoffset() == timedelta(0)


def test_adjtimex_is_read_as_the_kernel_writes_it() -> None:
    # `tick` is 10,000 microseconds, or what somebody trimmed it to: where it stands shows that
    # the fields before it, `status` among them, stand where they were expected.
    class Timex(ctypes.Structure):
        _fields_ = (
            ("modes", ctypes.c_uint),
            ("four", ctypes.c_long * 4),
            ("status", ctypes.c_int),
            ("three", ctypes.c_long * 3),
            ("time", ctypes.c_long * 2),
            ("tick", ctypes.c_long),
            ("rest", ctypes.c_byte * 512),
        )

    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        pytest.skip("no adjtimex here")
    timex = Timex()
    if adjtimex(ctypes.byref(timex)) < 0:
        pytest.skip("adjtimex may not be asked here")
    assert 9_000 <= timex.tick <= 11_000


def test_the_build_date_is_past_and_no_older_than_the_project() -> None:
    """A constant beside the version: a wheel, a checkout and an image carry the same one."""
    assert datetime(2026, 11, 24, tzinfo=UTC) <= BUILD_DATE <= datetime.now(UTC)
    assert KernelClock().build_date == BUILD_DATE


# -- trusting it -------------------------------------------------------------------------------------------------------

BUILT = datetime(2025, 1, 1, tzinfo=UTC)


class SetClock(KernelClock):
    """A clock whose answers a test chooses."""

    def __init__(self, now: datetime, *, synchronised: bool, uptime: float) -> None:
        super().__init__(Libc(0 if synchronised else 5), build_date=BUILT)
        self.time, self.seconds_up = now, uptime

    def now(self) -> datetime:
        return self.time

    def uptime(self) -> float:
        return self.seconds_up


@pytest.mark.parametrize(
    ("synchronised", "uptime", "trusted"),
    [
        (True, 5.0, True),
        (True, 1e6, True),
        (False, 5.0, False),
        (False, LONG_UPTIME - 1, False),
        (False, LONG_UPTIME, True),
    ],
)
def test_a_clock_is_trusted_once_it_is_synchronised_or_the_machine_is_up_for_a_day(
    synchronised: bool, uptime: float, trusted: bool
) -> None:
    now = BUILT + timedelta(days=400)
    clock = SetClock(now, synchronised=synchronised, uptime=uptime)
    assert clock.trusted_now() == (now if trusted else None)


@pytest.mark.parametrize("synchronised", [True, False])
@pytest.mark.parametrize("uptime", [5.0, 1e9])
def test_a_clock_before_the_build_date_is_never_trusted(synchronised: bool, uptime: float) -> None:
    early = SetClock(BUILT - timedelta(microseconds=1), synchronised=synchronised, uptime=uptime)
    assert early.trusted_now() is None
    assert SetClock(BUILT, synchronised=True, uptime=uptime).trusted_now() == BUILT


def test_the_clock_of_this_machine_is_trusted_or_not() -> None:
    now = KernelClock().trusted_now()
    assert now is None or abs(now - datetime.now(UTC)) < timedelta(minutes=1)
