"""Timestamps of frames: unique, and held back while the host's clock is not set yet, as on a Raspberry Pi at boot."""

import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from common.machine.clock import KernelClock
from common.machine.deployment import here
from common.machine.version import BUILD_DATE

log = logging.getLogger(__name__)

CHECK_EVERY = 5.0  # seconds between two checks whether the clock is synchronised
RESIDUES = 16  # microseconds; the least distance of two timestamps, and how many stretches of time can overlap
RESOLUTION = 1000  # microseconds; where the last byte arrived within a millisecond is noise, which fills databases

_STEP_BACK = 1_000_000  # microseconds; a clock that falls by more than this was set back, and is followed
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NEVER = -(2**63)


class Clock(Protocol):
    """What `Timestamper` needs of a clock."""

    build_date: datetime  # a time before it is wrong, whatever the kernel says

    def now(self) -> datetime:
        """Return the time in UTC, aware."""

    def monotonic(self) -> float:
        """Return seconds that never step."""

    def uptime(self) -> float:
        """Return seconds since the machine booted."""

    def synchronised(self) -> bool:
        """Return whether the clock is kept right by a time source."""

    def warn_of_build_date(self, now: datetime) -> None:
        """Log that frames get the timestamp `now`, which is before the build date."""


class ReaderClock(KernelClock):
    """The host's clock; one for all lines."""

    def __init__(self, libc: Any = None, *, build_date: datetime = BUILD_DATE) -> None:
        super().__init__(libc, build_date=build_date)
        self._warned = False
        self._lock = threading.Lock()

    def warn_of_build_date(self, now: datetime) -> None:
        """Log once that frames get the timestamp `now`, which is before the build date."""
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned:
            log.warning(
                "The clock of this machine is wrong: it is at %s, but this program was built on %s. Frames get this"
                ' time and the mark "host_clock": "unsynchronised"; set the clock: %s',
                f"{now:%Y-%m-%d %H:%M} UTC",
                f"{self.build_date:%Y-%m-%d}",
                here("teleinfo-reader").on_host("sudo timedatectl set-ntp true"),
            )


class Timestamper:
    """Gives each frame the time of its arrival: unique, and increasing unless the clock is set back.

    The time between two steps back is a *stretch*. The time is rounded down to whole milliseconds, and the residue of
    the stretch, 0 to 15 microseconds, is added: so overlapping stretches have no timestamp in common. Frames of the
    same millisecond are 16 microseconds apart. The first residue is random (a restart after a step back is then very
    probably safe, too), and far from those of other lines, which may read the same meter. A step back takes the next
    residue that was not used for later times. This keeps 16 overlapping stretches apart. With more of them, timestamps
    continue after those of the stretch with the earliest last timestamp, ahead of the clock until it catches up: they
    are still unique.

    One for each line, used by one thread.
    """

    def __init__(self, clock: Clock, *, patience: float, residue: int = 0) -> None:
        """Wait for the clock until `patience` seconds after the boot; `residue` is the first."""
        self.steps_back = 0
        self._clock = clock
        self._patience = patience
        self._kernel_synchronised = clock.synchronised()
        self._checked_at = clock.monotonic()
        self.synchronised = False  # at the last check
        self._check(clock.now())
        self._may_wait = True
        self._residue = residue % RESIDUES
        self._last = [_NEVER] * RESIDUES  # microseconds; the last timestamp of each residue
        self._latest = _NEVER  # microseconds; the latest time of the clock in this stretch

    def waiting_for_sync(self) -> bool:
        """Return whether the clock is still to be set; frames wait until then, with their monotonic times.

        Once this was false it stays false: a clock that loses its time source later is still good enough.
        """
        if self._may_wait:
            self._check(self._clock.now())
            self._may_wait = not self.synchronised and self._clock.uptime() < self._patience
        return self._may_wait

    def timestamp(self, at: float) -> tuple[datetime, bool]:
        """Return the UTC time at the monotonic time `at`, and whether the clock is synchronised.

        Call it in the order of arrival: an older frame would look like a step back of the clock.
        """
        now = self._clock.now()
        self._check(now)
        if now < self._clock.build_date:
            self._clock.warn_of_build_date(now)
        age = round((self._clock.monotonic() - at) * 1e6)
        arrival = (now - _EPOCH) // _MICROSECOND - age
        if arrival < self._latest - _STEP_BACK:
            self.steps_back += 1
            self._latest = arrival
            self._residue = self._next_residue(arrival)
        self._latest = max(self._latest, arrival)
        timestamp = max(arrival // RESOLUTION * RESOLUTION + self._residue, _next_free(self._last[self._residue]))
        self._last[self._residue] = timestamp
        return _EPOCH + timedelta(microseconds=timestamp), self.synchronised

    def _next_residue(self, arrival: int) -> int:
        residues = [(self._residue + step) % RESIDUES for step in range(1, RESIDUES + 1)]
        unused = (residue for residue in residues if self._last[residue] < arrival)
        return next(unused, min(residues, key=self._last.__getitem__))

    def _check(self, now: datetime) -> None:
        monotonic = self._clock.monotonic()
        if monotonic - self._checked_at >= CHECK_EVERY:
            self._checked_at = monotonic
            self._kernel_synchronised = self._clock.synchronised()
        self.synchronised = self._kernel_synchronised and now >= self._clock.build_date


def residue_of(number: int) -> int:
    """Return the residue of a line, by its number: each as far as possible from those of the lines before.

    >>> [residue_of(number) for number in range(6)]
    [0, 8, 4, 12, 2, 10]
    """
    return int(f"{number % RESIDUES:04b}"[::-1], 2)


def _next_free(last: int) -> int:
    """Return the timestamp after `last` with the same residue: in the same millisecond, or at the start of the next.

    >>> _next_free(123_005), _next_free(123_989)
    (123021, 124013)
    """
    part = last % RESOLUTION
    if part + RESIDUES < RESOLUTION // RESIDUES * RESIDUES:
        return last + RESIDUES
    return last - part + RESOLUTION + part % RESIDUES
