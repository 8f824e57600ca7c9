"""Tells whether this machine's clock can be used to judge the timestamps of others."""

import ctypes
import time

# adjtimex(2): what it returns, and a bit of what it fills in, while nobody keeps the clock right.
_TIME_ERROR = 5
_STA_UNSYNC = 0x40
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # Linux has it; goes on while the machine sleeps
_LONG_UP = 86_400.0  # seconds; a clock that nobody synchronises for so long is the only one there is


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`, and more room than the rest of it takes anywhere."""

    _fields_ = (
        ("modes", ctypes.c_uint),  # 0: only read
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def is_trusted() -> bool:
    """Tell whether the clock is synchronised, or the machine has been up for a day.

    A Raspberry Pi boots with the time at which it was switched off, perhaps weeks ago: until its clock is set, frames
    of readers on other machines seem to come from the future.
    """
    return _synchronised() or time.clock_gettime(_BOOTTIME) >= _LONG_UP


def _synchronised() -> bool:
    """Return what the kernel says; True where it cannot be asked."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except (OSError, TypeError, AttributeError):  # not Linux, or no shared library
        return True
    timex = _Timex()
    state = adjtimex(ctypes.byref(timex))
    return state < 0 or (state != _TIME_ERROR and not timex.status & _STA_UNSYNC)
