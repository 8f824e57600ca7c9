"""Silence: no frames come from a meter, its reader is gone, or the broker is. Pure; it remembers which meters spoke.

Only the first broken link is told: without the broker nobody knows of readers, without a reader not of its meter.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from common.contract.frame import format_time, parse_time, write_stamp
from monitor.alerts.signs import Figure, Holds, Sign
from monitor.live.chain import HouseNow, MeterNow

_FORGOTTEN_AFTER = timedelta(days=30)  # a meter that was silent for so long is none any more


class Silence:
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

    def signs(self, house: HouseNow) -> list[Sign]:
        """Return the signs of a moment."""
        if house.connected is None:
            return []
        gone = self._note(house) if house.connected else ()
        found = {meter.identifier: meter for meter in house.meters}
        signs = [self._sign("", "mqtt", house.at, broken=not house.connected)]
        signs += [Sign("silent", Holds.NO, identifier) for identifier in gone]  # without links: their events are over
        for identifier in self._spoke:
            meter = found.get(identifier) if house.connected else None
            speaks = meter is not None and meter.speaking
            reader = None if meter is None else meter.reader
            absent = None if not house.connected else reader is False and not speaks
            signs.append(self._sign(identifier, "reader", house.at, broken=absent))
            silent = None if absent is not False else not speaks
            signs.append(self._sign(identifier, "meter", house.at, broken=silent, meter=meter))
        return signs

    def _note(self, house: HouseNow) -> set[str]:
        """Note who speaks; forget, and return, who was removed from the broker, or has not spoken for long."""
        today = house.at.date()
        present = {meter.identifier for meter in house.meters}
        spoke = {
            meter: day
            for meter, day in self._spoke.items()
            if abs(today - day) < _FORGOTTEN_AFTER and meter not in self._present - present
        }
        spoke |= {meter.identifier: today for meter in house.meters if meter.speaking}
        self._present = present
        gone = self._spoke.keys() - spoke.keys()
        if spoke != self._spoke:
            self._spoke, self.changed = spoke, True
        return gone

    def _sign(
        self, identifier: str, link: str, at: datetime, *, broken: bool | None, meter: MeterNow | None = None
    ) -> Sign:
        if broken is None:
            return Sign("silent", Holds.UNKNOWN, identifier, link)
        if not broken:
            self._since.pop((identifier, link), None)
            return Sign("silent", Holds.NO, identifier, link)
        last = None if meter is None else meter.last_frame
        since = self._since.setdefault((identifier, link), (last or at).replace(microsecond=0))
        figures: dict[str, Figure] = {"link": link, "since": write_stamp(since)}
        return Sign("silent", Holds.YES, identifier, link, since=since, figures=figures)
