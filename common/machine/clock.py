"""The clock of this machine, and whether it can be trusted.

A Raspberry Pi has no battery for its clock: it boots with the time of its last shutdown, perhaps weeks ago.
"""

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from common.machine.version import BUILD_DATE

LONG_UPTIME = 86_400.0  # seconds; a clock that nothing has synchronised for so long will not be

# adjtimex(2): the return value and the status bit of a clock that is not synchronised.
_TIME_ERROR = 5
_STA_UNSYNC = 0x40
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # on Linux: counts suspended time, too


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`, and more room than the rest of it takes on any platform."""

    _fields_ = (
        ("modes", ctypes.c_uint),  # 0: only read
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


class KernelClock:
    """The system clock, with what the kernel knows of its synchronisation; may be used by several threads."""

    def __init__(self, libc: Any = None, *, build_date: datetime = BUILD_DATE) -> None:
        """Use adjtimex of `libc`, by default the one of this process; a time before `build_date` is wrong."""
        self.build_date = build_date
        self._adjtimex = _find_adjtimex(libc)

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never step."""
        return time.monotonic()

    def uptime(self) -> float:
        """Return seconds since the machine booted."""
        return time.clock_gettime(_BOOTTIME)

    def synchronised(self) -> bool:
        """Return whether the kernel reports the clock as synchronised; True where it cannot be asked."""
        if self._adjtimex is None:
            return True
        timex = _Timex()
        state = self._adjtimex(ctypes.byref(timex))
        if state < 0:
            return True
        return state != _TIME_ERROR and not timex.status & _STA_UNSYNC

    def trusted_now(self) -> datetime | None:
        """Return the time if timestamps of other machines can be judged by it, else None.

        Trusted is a clock that is synchronised, or of a machine that has been up for a day, and never one that is
        before the build date. Otherwise frames of other machines would seem to come from the future.
        """
        now = self.now()
        if now < self.build_date:
            return None
        return now if self.synchronised() or self.uptime() >= LONG_UPTIME else None


def _find_adjtimex(libc: Any) -> Callable[[Any], int] | None:
    try:
        function: Callable[[Any], int] = (libc or ctypes.CDLL(None)).adjtimex
    except (OSError, TypeError, AttributeError):  # not Linux, or no shared library
        return None
    return function
