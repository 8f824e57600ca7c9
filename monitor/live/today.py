"""What the database knows of a meter's day so far, for the first page: once a minute a meter, while somebody asks.

A thread of its own, with a connection of its own: live values do not wait for the database, whatever it does.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from common.contract.registers import supplier_name
from common.database.mariadb import Connection
from common.errors import ConfigError, DatabaseError
from common.runtime.logs import ChangeLogger
from monitor.base.calendar import midnight
from monitor.base.formats import ten_thousandths
from monitor.live.chain import DOWN, UNKNOWN, UP
from monitor.live.schedule import Change
from monitor.money.home import Home
from monitor.money.interval import Interval
from monitor.readings.curves import Second
from monitor.readings.hours import Meter
from monitor.sources.sun import SunAnswers

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_SILENT = timedelta(minutes=5)  # what is stored is a minute or two behind


@dataclass(frozen=True, slots=True)
class Today:
    """A look at a local day; None: not known."""

    start: datetime  # local midnight
    at: datetime  # of the look
    last: datetime | None  # the meter's last frame, or its minute
    wh: int | None
    injected_wh: int | None
    cost: int | None  # 1e-4 EUR, with the subscription up to now
    last_week_wh: int | None  # up to the same time of this week-day a week ago; of a silent meter, of its last frame
    last_week_cost: int | None  # of the same hours, 1e-4 EUR with the subscription
    peak: Second | None
    offer: str | None  # that prices are looked up by
    power: int | None  # subscribed, kVA
    switches: Sequence[Change]  # of the last eight days, in order
    stated: bool = False  # the owner has said that this is the offer
    structure: str | None = None  # of the meter's registers: an id of OFFERS
    production_wh: int | None = None  # None: there is no source of it, or it is new today
    production: tuple[datetime, int] | None = None  # the present one, a minute or two old: when, and W


def today(home: Home, meter: Meter, now: datetime, zone: ZoneInfo) -> Today:
    """Look at the local day of `now`."""
    start = midnight(now.astimezone(zone).date(), zone)
    now = max(now, start + timedelta(seconds=1))  # energy is known to the second
    facts = home.facts([meter], now).get(meter.number)
    structure = None if facts is None else facts.structure
    found = home.intervals.interval(meter, start, now, now)
    pieces = [] if found is None else found.pieces
    last = home.last_frame(meter, now)
    # Minutes are made once a minute: of a new day there may be none yet.
    read = last is not None and last >= min(start, now - _SILENT)
    # An index that fell is a break; until the rollups have judged it, nothing is known of the day.
    known = read and bool(pieces) and all(piece.total_wh >= 0 for piece in pieces)
    injected = [piece.injected_wh for piece in pieces if piece.injected_wh is not None]
    until = last if last is not None and start < last < now - _SILENT else now
    sun = SunAnswers(home)
    roofs = sun.roofs(meter)
    before = _a_week_ago(home, meter, now, until, zone)
    return Today(
        start=start,
        at=now,
        last=last,
        wh=sum(piece.total_wh for piece in pieces) if known else None,
        injected_wh=sum(injected) if injected else None,
        cost=_cost(found) if known else None,
        last_week_wh=before[0],
        last_week_cost=before[1],
        peak=None if found is None else found.peak,
        offer=None if facts is None else facts.offer,
        power=None if facts is None else facts.power,
        switches=[
            Change(one.at, supplier_name(one.supplier, structure))
            for one in home.switches(meter, start - _WEEK - _DAY, now)
        ],
        stated=facts is not None and facts.stated,
        structure=structure,
        production_wh=sun.made(roofs, start, now) if roofs else None,
        production=sun.power(roofs, now) if roofs else None,
    )


def _cost(found: Interval | None) -> int | None:
    return None if found is None or found.cost.partial else ten_thousandths(found.cost.total)


def _a_week_ago(
    home: Home, meter: Meter, now: datetime, until: datetime, zone: ZoneInfo
) -> tuple[int | None, int | None]:
    """Return energy and cost from midnight a week before `until` to the same time by the wall clock."""
    then = (until.astimezone(zone).replace(tzinfo=None) - _WEEK).replace(tzinfo=zone).astimezone(UTC)
    start = midnight(then.astimezone(zone).date(), zone)
    if meter.first is None or meter.first > start:
        return None, None
    found = home.intervals.interval(meter, start, then, now)
    if found is None or not any(piece.covered for piece in found.pieces):
        return None, None
    wh = sum(piece.total_wh for piece in found.pieces)
    return (wh, _cost(found)) if wh >= 0 else (None, None)


log = logging.getLogger(__name__)

LOOK_EVERY = 60.0  # seconds
PING_EVERY = 10.0  # seconds; how soon it is noticed that the database is away
ASKED_FOR = 90.0  # seconds for which a question counts
FIRST_LOOK = 1.0  # seconds that a question waits for a new look, where the last one is too old
_MAX_METERS = 200

Opened = tuple[Connection, Home]


@dataclass(slots=True)
class _MeterPoll:
    asked_at: float
    due: bool = True  # at once: somebody waits for it
    taken_at: float = float("-inf")
    today: Today | None = None


class DatabasePoll:
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
        self._poll: dict[str, _MeterPoll] = {}
        self._meters: Sequence[Meter] | None = None
        self.database = UNKNOWN  # whether it answered last: up or down; unknown before the first look
        self._asked_at = self._failed_at = float("-inf")  # monotonic
        self._closing = self._reopening = False
        self._log = ChangeLogger(log)
        self._thread = threading.Thread(target=self._run, name="today", daemon=True)

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
            look = self._poll.get(meter)
            if look is None:
                if len(self._poll) >= _MAX_METERS:
                    del self._poll[min(self._poll, key=lambda one: self._poll[one].asked_at)]
                look = self._poll[meter] = _MeterPoll(now)
            look.asked_at = now
            look.due = not self._is_new(look)
            # A database that was away a moment ago is not waited for.
            self._changed.wait_for(
                lambda: not look.due or self._failed_at > now - 2 * PING_EVERY or self._closing, FIRST_LOOK
            )
            found = look.today
        return found if found is not None and found.start == self._midnight() else None

    def _is_new(self, look: _MeterPoll) -> bool:
        of_today = look.today is None or look.today.start == self._midnight()
        return time.monotonic() - look.taken_at <= LOOK_EVERY and of_today

    def _midnight(self) -> datetime:
        return midnight(self._clock().astimezone(self._zone).date(), self._zone)

    def known(self, meter: str) -> Today | None:
        """Return the last look at a meter, of whatever day; neither waits nor asks for another one."""
        with self._changed:
            look = self._poll.get(meter)
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
                    for meter, look in self._poll.items()
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
            look = None if meter is None else self._poll.get(meter)
            if look is not None:
                look.today, look.taken_at, look.due = looked, time.monotonic(), False
            self._changed.notify_all()
