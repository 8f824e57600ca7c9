"""Overload: more is drawn than the breaker allows, or nearly so. Pure; it remembers the peaks of what goes on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.alerts.events import Event
from monitor.alerts.signs import Figure, Holds, Sign
from monitor.live.chain import HouseNow, MeterNow

_ABOVE, _BELOW = 0.95, 0.90  # shares of the limit: above it holds, below it is over
_APART = timedelta(minutes=2)  # then it is another one


@dataclass(slots=True)
class _Peak:
    power: int
    last: datetime  # when it was not over


class Overload:
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

    def signs(self, house: HouseNow) -> list[Sign]:
        """Return the signs of a moment."""
        return [sign for meter in house.meters for sign in self._of_meter(meter, house.at)]

    def _of_meter(self, meter: MeterNow, at: datetime) -> list[Sign]:
        if meter.phases is None:
            return [self._sign(meter, None, meter.power, meter.limit, at, warned=bool(meter.warned))]
        warned = meter.warned or ()
        if 0 in warned:  # the meter does not say which phase it is
            known = [power for power in meter.phases if power is not None]
            warned = (meter.phases.index(max(known)) + 1,) if known else ()
        third = None if meter.limit is None else meter.limit // 3
        return [
            self._sign(meter, phase, power, third, at, warned=phase in warned)
            for phase, power in enumerate(meter.phases, 1)
        ]

    def _sign(
        self, meter: MeterNow, phase: int | None, power: int | None, limit: int | None, at: datetime, *, warned: bool
    ) -> Sign:
        key = "" if phase is None else str(phase)
        holds = _holds(meter, power, limit, warned=warned)
        if holds is Holds.NO:
            return Sign("overload", holds, meter.identifier, key)
        peak = self._peaks.get((meter.identifier, key))
        if peak is not None and not timedelta(0) <= at - peak.last < _APART:
            peak = None
        if peak is not None:
            peak.last = at
        if holds is not Holds.YES or power is None:
            return Sign("overload", holds, meter.identifier, key)
        highest = power if peak is None else max(peak.power, power)
        self._peaks[meter.identifier, key] = _Peak(highest, at)
        figures: dict[str, Figure] = {"power": highest, "limit": limit, "phase": phase}
        return Sign("overload", holds, meter.identifier, key, figures=figures)


def _holds(meter: MeterNow, power: int | None, limit: int | None, *, warned: bool) -> Holds:
    if not meter.fresh or power is None or limit is None:
        return Holds.UNKNOWN
    if warned or power > _ABOVE * limit:
        return Holds.YES
    return Holds.BETWEEN if power >= _BELOW * limit else Holds.NO
