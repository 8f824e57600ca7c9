"""Rules that look at live values: overload, silence, the colour of tomorrow. Pure, but for what they remember.

Offline: only the first broken link is notified. Without the broker nothing is known of readers, and without a reader
nothing of its meter. Tempo: notified once whoever says the colour first, and again in the evening; the meter is right.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.contract.frame import format_time, parse_time, write_stamp
from common.contract.offers import TEMPO
from monitor.alerts.events import Condition, Event, Figure, Holds
from monitor.live.chain import MeterSnapshot, Snapshot

_FORGOTTEN_AFTER = timedelta(days=30)  # a meter that was silent for so long is none any more


class OfflineRule:
    """Tells whether meters speak that did so lately; which they are is to be kept over a restart."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._spoke: dict[str, date] = {}  # by meter: the last day (UTC)
        self._present: set[str] = set()  # meters that the broker knew at the last look
        self._since: dict[tuple[str, str], datetime] = {}  # by meter and link, when it broke
        self.changed = False
        """Whether `to_json` has something new that must be kept; the times are, whenever something else is."""

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "spoke": {meter: day.isoformat() for meter, day in self._spoke.items()},
            "since": [[*link, format_time(at)] for link, at in self._since.items()],
        }

    def from_json(self, kept: Mapping[str, Any]) -> None:
        """Remember what `to_json` has kept."""
        spoke = {meter: date.fromisoformat(day) for meter, day in kept["spoke"].items()}
        since = {(meter, link): parse_time(at) for meter, link, at in kept["since"]}
        self._spoke, self._since = spoke, since

    def saved(self) -> None:
        """Take note that `to_json` is kept."""
        self.changed = False

    def conditions(self, snapshot: Snapshot) -> list[Condition]:
        """Return the conditions of a moment."""
        if snapshot.connected is None:
            return []
        gone = self._note(snapshot) if snapshot.connected else ()
        by_identifier = {meter.identifier: meter for meter in snapshot.meters}
        conditions = [self._condition("", "mqtt", snapshot.at, broken=not snapshot.connected)]
        conditions += [
            Condition("silent", Holds.NO, identifier) for identifier in gone
        ]  # without links: their events are over
        for identifier in self._spoke:
            meter = by_identifier.get(identifier) if snapshot.connected else None
            speaks = meter is not None and meter.speaking
            reader = None if meter is None else meter.reader
            absent = None if not snapshot.connected else reader is False and not speaks
            conditions.append(self._condition(identifier, "reader", snapshot.at, broken=absent))
            silent = None if absent is not False else not speaks
            conditions.append(self._condition(identifier, "meter", snapshot.at, broken=silent, meter=meter))
        return conditions

    def _note(self, snapshot: Snapshot) -> set[str]:
        """Note who speaks; forget, and return, who was removed from the broker, or has not spoken for long."""
        today = snapshot.at.date()
        present = {meter.identifier for meter in snapshot.meters}
        spoke = {
            meter: day
            for meter, day in self._spoke.items()
            if abs(today - day) < _FORGOTTEN_AFTER and meter not in self._present - present
        }
        spoke |= {meter.identifier: today for meter in snapshot.meters if meter.speaking}
        self._present = present
        gone = self._spoke.keys() - spoke.keys()
        if spoke != self._spoke:
            self._spoke, self.changed = spoke, True
        return gone

    def _condition(
        self, identifier: str, link: str, at: datetime, *, broken: bool | None, meter: MeterSnapshot | None = None
    ) -> Condition:
        if broken is None:
            return Condition("silent", Holds.UNKNOWN, identifier, link)
        if not broken:
            self._since.pop((identifier, link), None)
            return Condition("silent", Holds.NO, identifier, link)
        last = None if meter is None else meter.last_frame
        since = self._since.setdefault((identifier, link), (last or at).replace(microsecond=0))
        figures: dict[str, Figure] = {"link": link, "since": write_stamp(since)}
        return Condition("silent", Holds.YES, identifier, link, since=since, figures=figures)


# -- overload ----------------------------------------------------------------------------------------------------------

_ABOVE, _BELOW = 0.95, 0.90  # shares of the limit: above it holds, below it is over
_APART = timedelta(minutes=2)  # then it is another one


@dataclass(slots=True)
class _Peak:
    power: int
    last: datetime  # when it was not over


class OverloadRule:
    """Tells of each meter, or of each of three phases, whether it is near its limit."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._peaks: dict[tuple[str, str], _Peak] = {}

    def resume(self, events: Iterable[Event], at: datetime) -> None:
        """Go on with what was active before a restart."""
        for event in events:
            power = event.figures.get("power") if event.kind == "overload" else None
            if isinstance(power, int):
                self._peaks[event.meter, event.key] = _Peak(power, at)

    def conditions(self, snapshot: Snapshot) -> list[Condition]:
        """Return the conditions of a moment; of a meter that arrives decoded it cannot be told."""
        meters = [meter for meter in snapshot.meters if not meter.decoded]
        return [condition for meter in meters for condition in self._of_meter(meter, snapshot.at)]

    def _of_meter(self, meter: MeterSnapshot, at: datetime) -> list[Condition]:
        if meter.phases is None:
            return [self._condition(meter, None, meter.power, meter.limit, at, warned=bool(meter.warned))]
        warned = meter.warned or ()
        if 0 in warned:  # the meter does not say which phase it is
            known = [power for power in meter.phases if power is not None]
            warned = (meter.phases.index(max(known)) + 1,) if known else ()
        third = None if meter.limit is None else meter.limit // 3
        return [
            self._condition(meter, phase, power, third, at, warned=phase in warned)
            for phase, power in enumerate(meter.phases, 1)
        ]

    def _condition(
        self,
        meter: MeterSnapshot,
        phase: int | None,
        power: int | None,
        limit: int | None,
        at: datetime,
        *,
        warned: bool,
    ) -> Condition:
        key = "" if phase is None else str(phase)
        holds = _holds(meter, power, limit, warned=warned)
        if holds is Holds.NO:
            return Condition("overload", holds, meter.identifier, key)
        peak = self._peaks.get((meter.identifier, key))
        if peak is not None and not timedelta(0) <= at - peak.last < _APART:
            peak = None
        if peak is not None:
            peak.last = at
        if holds is not Holds.YES or power is None:
            return Condition("overload", holds, meter.identifier, key)
        highest = power if peak is None else max(peak.power, power)
        self._peaks[meter.identifier, key] = _Peak(highest, at)
        figures: dict[str, Figure] = {"power": highest, "limit": limit, "phase": phase}
        return Condition("overload", holds, meter.identifier, key, figures=figures)


def _holds(meter: MeterSnapshot, power: int | None, limit: int | None, *, warned: bool) -> Holds:
    if not meter.fresh or power is None or limit is None:
        return Holds.UNKNOWN
    if warned or power > _ABOVE * limit:
        return Holds.YES
    return Holds.UNDECIDED if power >= _BELOW * limit else Holds.NO


# -- Tempo -------------------------------------------------------------------------------------------------------------

REMINDED_AT = time(21)
_WARNED = ("red", "white")
_NEAR = timedelta(minutes=3)  # the clocks of the meter and of this machine may differ by so much
_DAY = timedelta(days=1)

#: What a kWh in peak hours costs, 1e-4 EUR: of a meter, on a day, of a colour; None: not known.
Price = Callable[[str, date, str], int | None]


def tempo_conditions(
    snapshot: Snapshot, zone: ZoneInfo, price: Price, is_on: Callable[[str], bool] = lambda _: True
) -> list[Condition]:
    """Return the conditions of a moment; `is_on` tells whether there are alerts of a colour."""
    day, before, after = (TEMPO.day_of((snapshot.at + by).astimezone(zone)) for by in (timedelta(0), -_NEAR, _NEAR))
    if before != after:  # to the meter, tomorrow may be another day than to us
        return []
    reminder = _is_evening(snapshot.at.astimezone(zone))
    found = [_tempo_condition(meter, day + _DAY, price, is_on, reminder=reminder) for meter in snapshot.meters]
    return [condition for condition in found if condition is not None]


def _tempo_condition(
    meter: MeterSnapshot, day: date, price: Price, is_on: Callable[[str], bool], *, reminder: bool
) -> Condition | None:
    said = meter.tomorrow if meter.speaking else None
    colour, tomorrow = said or meter.announced, day.isoformat()
    if colour in _WARNED and is_on(colour):
        figures: dict[str, Figure] = {
            "day": tomorrow,
            "price": price(meter.identifier, day, colour),
            "reminder": int(reminder),
        }
        key = f"{tomorrow}/reminder" if reminder else tomorrow
        return Condition(colour, Holds.YES, meter.identifier, key, figures=figures)
    if said is not None and meter.announced in _WARNED and said != meter.announced:
        # Whoever was notified of the colour that was announced learns that the meter says another one.
        figures = {"day": tomorrow, "against": "meter", "colour": said, "price": None}
        key = f"{tomorrow}/corrected"
        after = tomorrow, f"{tomorrow}/reminder"
        return Condition(meter.announced, Holds.YES, meter.identifier, key, figures=figures, after=after)
    return None


def _is_evening(local: datetime) -> bool:
    """Tell whether it is late on a Tempo day, which ends at six in the morning."""
    return local.time() >= REMINDED_AT or local.time() < TEMPO.day_starts
