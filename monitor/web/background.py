"""Work that is done again and again, whether somebody asks or not, and what is done so."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from common.errors import DatabaseError
from common.runtime.logs import RateLimiter
from monitor.live.prices import Past, past_start
from monitor.money.home import Home, Lend
from monitor.readings.hours import Meter
from monitor.readings.meters import Unused
from monitor.web.workers import Workers

log = logging.getLogger(__name__)

TRY_AGAIN = 60.0  # seconds after a step that failed
TIMEOUT = 120.0  # seconds for all statements over a connection that was lent; nobody waits for them
REMEMBER_AGAIN = 60.0  # seconds; until it is looked whether something is to be found again
MOST_METERS = 20  # those of more are found when somebody asks
SWITCHES_AGAIN = 3600.0  # seconds
UNUSED_AGAIN = 300.0  # seconds


class Background:
    """Does a step again and again, in a thread of the workers, when it is due: one at a time."""

    def __init__(
        self,
        workers: Workers,
        step: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
        *,
        try_again: float = TRY_AGAIN,
    ) -> None:
        """Prepare; `step` returns the seconds until the next; the first is due at once. `clock` is monotonic."""
        self._workers = workers
        self._step = step
        self._clock = clock
        self._try_again = try_again
        self._limiter = RateLimiter()
        self._due = 0.0
        self._busy = False

    def tick(self) -> None:
        """Begin a step if it is time; called every second, and never waits."""
        if not self._busy and self._clock() >= self._due:
            self._busy = True
            self._workers.start(self._run)

    def _run(self) -> None:
        wait = self._try_again
        try:
            wait = self._step()
        except DatabaseError:  # the next question says so
            pass
        except Exception:  # the page works without it
            if self._limiter.allow("step", self._clock()):
                log.exception("Background work failed: %s", self._step.__qualname__)
        finally:
            self._due = self._clock() + wait
            self._busy = False


class CacheWarmer:
    """Keeps what is costly to look up of meters in memory, so that no question waits for it: a meter a step."""

    def __init__(self, lend: Lend, remember: Callable[[Home, Meter], None]) -> None:
        """Prepare; the homes that are lent share the memory, and `remember` looks up what it keeps of a meter."""
        self._lend = lend
        self._remember = remember
        self._meters: list[Meter] = []  # still to do
        self._done: dict[str, tuple[int, datetime | None, int]] = {}  # as it was, by identifier

    def step(self) -> float:
        """Look up a meter, or which are to be looked up."""
        with self._lend() as home:
            if self._meters:
                meter = self._meters.pop()  # if that fails, the next look finds it again
                self._remember(home, meter)
                self._done[meter.identifier] = _state(meter)
            else:
                meters = [meter for meter in home.meters() if meter.first is not None][:MOST_METERS]
                self._meters = [one for one in meters if self._done.get(one.identifier) != _state(one)]
        return 0.0 if self._meters else REMEMBER_AGAIN


def _state(meter: Meter) -> tuple[int, datetime | None, int]:
    """Return what the memory of a meter is right for."""
    return meter.number, meter.first, meter.version


class SwitchHistory:
    """Reads once an hour when the registers of each meter switched lately: prices to come follow from it."""

    def __init__(
        self,
        lend: Lend,
        zone: ZoneInfo,
        use: Callable[[Mapping[str, Past]], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare; `use` is called in another thread, with the past of meters by identifier."""
        self._lend = lend
        self._zone = zone
        self._use = use
        self._now = now

    def step(self) -> float:
        """Read the switches of all meters."""
        now = self._now()
        start = past_start(now, self._zone)
        with self._lend() as home:
            meters = home.meters()
        pasts = {}
        for meter in meters:
            with self._lend() as home:  # each has its time
                switches = home.switches(meter, start, now)
            pasts[meter.identifier] = Past(meter.first, switches)
        self._use(pasts)
        return SWITCHES_AGAIN


class UnusedLines:
    """Logs, once each, the lines of the settings that concern no meter; the page shows them, too."""

    def __init__(self, lend: Lend) -> None:
        self._lend = lend
        self._logged: set[Unused] = set()

    def step(self) -> float:
        """Look for them; a line that gets its meter is logged again if it loses it."""
        with self._lend() as home:
            found = set(home.unused())
        for one in sorted(found - self._logged, key=lambda one: (one.section, one.meter)):
            log.warning("%s: no meter %s is in the database: its entry has no effect", one.section, one.meter)
        self._logged = found
        return UNUSED_AGAIN
