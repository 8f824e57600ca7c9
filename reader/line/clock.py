"""Tells the time of frames: a Raspberry Pi has no clock of its own, and a timestamp must never come twice."""

import logging
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from common.clock import KernelClock
from common.version import BUILD_DATE

log = logging.getLogger(__name__)

ASK = 5.0  # seconds between two questions whether the clock is synchronised
RESIDUES = 16  # microseconds; the grain of timestamps, and how many stretches of time can lie over each other

_STEP_BACK = 1_000_000  # microseconds; a clock that falls more than this was set, and is followed
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NEVER = -(2**63)


class Clock(Protocol):
    """What `Timestamper` asks of a clock."""

    build_date: datetime  # a time before it is wrong, whatever the kernel says

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never step."""

    def uptime(self) -> float:
        """Return seconds since the machine booted."""

    def synchronised(self) -> bool:
        """Tell whether somebody keeps the clock right."""

    def warn_of_build_date(self, now: datetime) -> None:
        """Say that frames are stamped with `now`, which is before the build date."""


class ReaderClock(KernelClock):
    """The host's clock; one for all lines."""

    def __init__(self, libc: Any = None, *, build_date: datetime = BUILD_DATE) -> None:
        super().__init__(libc, build_date=build_date)
        self._warned = False
        self._lock = threading.Lock()

    def warn_of_build_date(self, now: datetime) -> None:
        """Log once that frames are stamped with `now`, which is before the build date."""
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned:
            log.warning(
                "The clock of this machine is wrong: it is at %s, but this program was built on %s. Frames get this"
                ' time and the mark "host_clock": "unsynchronised"; set the clock: sudo timedatectl set-ntp true',
                f"{now:%Y-%m-%d %H:%M} UTC",
                f"{self.build_date:%Y-%m-%d}",
            )


class Timestamper:
    """Gives each frame the time at which it came in: never the same twice, increasing unless the clock is set back.

    Between two steps back lies a *stretch*. Microseconds are rounded down to a multiple of 16, and the stretch's phase,
    0 to 15, is added: where two stretches lie over each other, they have no timestamp in common. The first phase is
    random, so that a restart after a step is safe too, nearly; a step back takes the next that was not used for later
    times. So only 16 stretches that lie over each other are told apart. Were there more, timestamps would stay ahead of
    the clock, after those of the stretch that reached least far, until it has come there: unique still.

    One for each line, used by one thread.
    """

    def __init__(self, clock: Clock, *, patience: float, phase: int | None = None) -> None:
        """Hold frames for a clock to be set, `patience` seconds after the boot at the longest."""
        self.steps_back = 0
        self._clock = clock
        self._patience = patience
        self._kernel_says = clock.synchronised()
        self._asked = clock.monotonic()
        self.synchronised = False  # as last seen
        self._ask(clock.now())
        self._may_wait = True
        self._phase = (secrets.randbelow(RESIDUES) if phase is None else phase) % RESIDUES
        self._last = [_NEVER] * RESIDUES  # microseconds; by phase, the last timestamp given
        self._furthest = _NEVER  # microseconds; how far the clock was in this stretch

    def waiting_for_sync(self) -> bool:
        """Tell whether the clock is still to be set: frames are kept until it is, with their monotonic time.

        Once it was not to be waited for it never is: a clock that loses its source later is still a clock.
        """
        if self._may_wait:
            self._ask(self._clock.now())
            self._may_wait = not self.synchronised and self._clock.uptime() < self._patience
        return self._may_wait

    def timestamp(self, came_in: float) -> tuple[datetime, bool]:
        """Return the UTC time at monotonic `came_in`, by the clock as it is set now, and whether it is synchronised.

        Frames are stamped in the order in which they came in: an older one looks like a step back.
        """
        now = self._clock.now()
        self._ask(now)
        if now < self._clock.build_date:
            self._clock.warn_of_build_date(now)
        ago = round((self._clock.monotonic() - came_in) * 1e6)
        then = (now - _EPOCH) // _MICROSECOND - ago
        if then < self._furthest - _STEP_BACK:
            self.steps_back += 1
            self._furthest = then
            self._phase = self._next_phase(then)
        self._furthest = max(self._furthest, then)
        given = max(then // RESIDUES * RESIDUES + self._phase, self._last[self._phase] + RESIDUES)
        self._last[self._phase] = given
        return _EPOCH + timedelta(microseconds=given), self.synchronised

    def _next_phase(self, then: int) -> int:
        phases = [(self._phase + step) % RESIDUES for step in range(1, RESIDUES + 1)]
        unused = (phase for phase in phases if self._last[phase] < then)
        return next(unused, min(phases, key=self._last.__getitem__))

    def _ask(self, now: datetime) -> None:
        monotonic = self._clock.monotonic()
        if monotonic - self._asked >= ASK:
            self._asked = monotonic
            self._kernel_says = self._clock.synchronised()
        self.synchronised = self._kernel_says and now >= self._clock.build_date
