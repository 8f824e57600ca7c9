"""Looks at the database for what the first page shows of today: once a minute a meter, while somebody asks.

A thread of its own, with a connection of its own: live values do not wait for the database, whatever it does.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from common.database.mariadb import Connection
from common.errors import ConfigError, DatabaseError
from common.runtime.logs import ChangeLogger
from monitor.base.calendar import midnight
from monitor.live.chain import DOWN, UNKNOWN, UP
from monitor.live.today import Today, today
from monitor.money.home import Home
from monitor.readings.hours import Meter

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0  # seconds
PING_EVERY = 10.0  # seconds; how soon it is noticed that the database is away
ASKED_FOR = 90.0  # seconds for which a question counts
FIRST_LOOK = 1.0  # seconds that a question waits for a new look, where the last one is too old
_MAX_METERS = 200

Opened = tuple[Connection, Home]


@dataclass(slots=True)
class _Look:
    asked_at: float
    due: bool = True  # at once: somebody waits for it
    taken_at: float = float("-inf")
    today: Today | None = None


class Looks:
    """Looks at the days of meters; `today` and `meters` may be called from any thread."""

    def __init__(
        self,
        connect: Callable[[], Opened],
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        fill: Callable[[Home, Meter], None],
    ) -> None:
        """Prepare; nothing is opened.

        Args:
            connect: opens a connection, and raises DatabaseError or ConfigError.
            zone: the local time.
            clock: tells the present time.
            fill: asks more about a meter that was looked at, and may raise DatabaseError.
        """
        self._connect = connect
        self._zone = zone
        self._clock = clock
        self._fill = fill
        self._changed = threading.Condition()
        self._looks: dict[str, _Look] = {}
        self._meters: Sequence[Meter] | None = None
        self.database = UNKNOWN  # whether it answered last: up or down; unknown before the first look
        self._asked_at = self._failed_at = float("-inf")  # monotonic
        self._closing = self._reopening = False
        self._log = ChangeLogger(log)
        self._thread = threading.Thread(target=self._run, name="looks", daemon=True)

    def start(self) -> None:
        """Begin to look, as soon as somebody asks."""
        self._thread.start()

    def close(self) -> None:
        """End the thread; it may be busy with the database for some seconds more."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def meters(self) -> Sequence[Meter] | None:
        """Return the meters of the database, as the last look found them; None: it never answered."""
        with self._changed:
            self._ask()
            return self._meters

    def today(self, meter: str) -> Today | None:
        """Return a look at a meter's day; None: there is none. One that is old, by its `at`: no other came in time."""
        with self._changed:
            now = self._ask()
            look = self._looks.get(meter)
            if look is None:
                if len(self._looks) >= _MAX_METERS:
                    del self._looks[min(self._looks, key=lambda one: self._looks[one].asked_at)]
                look = self._looks[meter] = _Look(now)
            look.asked_at = now
            look.due = not self._is_new(look)
            # A database that was away a moment ago is not waited for.
            self._changed.wait_for(
                lambda: not look.due or self._failed_at > now - 2 * PING_EVERY or self._closing, FIRST_LOOK
            )
            found = look.today
        return found if found is not None and found.start == self._midnight() else None

    def _is_new(self, look: _Look) -> bool:
        of_today = look.today is None or look.today.start == self._midnight()
        return time.monotonic() - look.taken_at <= LOOK_EVERY and of_today

    def _midnight(self) -> datetime:
        return midnight(self._clock().astimezone(self._zone).date(), self._zone)

    def known(self, meter: str) -> Today | None:
        """Return the last look at a meter, of whatever day; neither waits nor asks for another one."""
        with self._changed:
            look = self._looks.get(meter)
            return None if look is None else look.today

    def _ask(self) -> float:
        self._asked_at = time.monotonic()
        self._changed.notify_all()
        return self._asked_at

    def reopen(self) -> None:
        """Connect again before the next look: what `connect` returns has changed."""
        with self._changed:
            self._reopening = True

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        opened: Opened | None = None
        pinged_at = float("-inf")
        while True:
            meter = self._wait(pinged_at)
            if self._closing:
                break
            pinged_at = time.monotonic()
            if self._reopening and opened is not None:
                opened[0].close()
                opened = None
            self._reopening = False
            try:
                opened = opened or self._connect()
                self._look(opened[1], meter)
            except (DatabaseError, ConfigError) as error:
                if opened is not None:
                    opened[0].close()
                    opened = None
                self._log.log(logging.WARNING, f"Today's energy cannot be shown: {error}")
                with self._changed:
                    self.database, self._failed_at = DOWN, time.monotonic()
                    self._changed.notify_all()
        if opened is not None:
            opened[0].close()

    def _wait(self, pinged_at: float) -> str | None:
        """Wait for something to do: a meter to look at; None: only see whether the database answers."""
        with self._changed:
            while not self._closing:
                now = time.monotonic()
                ready_at = pinged_at + PING_EVERY if self.database == DOWN else float("-inf")
                due = [
                    (max(look.taken_at + (0.0 if look.due else LOOK_EVERY), ready_at), meter)
                    for meter, look in self._looks.items()
                    if now - look.asked_at <= ASKED_FOR
                ]
                if due and min(due)[0] <= now:
                    return min(due)[1]
                wanted = now - self._asked_at <= ASKED_FOR
                if wanted and pinged_at + PING_EVERY <= now:
                    return None
                times = [at for at, _ in due] + ([pinged_at + PING_EVERY] if wanted else [])
                self._changed.wait(max(0.0, min(times) - now) if times else None)
        return None

    def _look(self, home: Home, meter: str | None) -> None:
        meters = home.meters()
        found = next((one for one in meters if one.identifier == meter), None)
        looked = None
        if found is not None:
            looked = today(home, found, self._clock(), self._zone)
            self._fill(home, found)
        if self._log.reset():
            log.info("Today's totals are available again")
        with self._changed:
            self.database, self._meters, self._failed_at = UP, meters, float("-inf")
            look = None if meter is None else self._looks.get(meter)
            if look is not None:
                look.today, look.taken_at, look.due = looked, time.monotonic(), False
            self._changed.notify_all()
