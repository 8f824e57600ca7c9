"""What a kWh costs now and next, as the monitors on the broker say it. Pure: no I/O, no clock.

Several monitors may say something of a meter: that one counts whose name is first, of those that have a price for now.
So it is with the colour that was announced for tomorrow; the key of the meter's own word is another one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from common.contract.prices import MeterPrices, PriceSpan, read_prices
from common.errors import MessageError

#: Monitors whose messages are kept.
MAX_MONITORS = 8
_EVER = datetime.max.replace(tzinfo=UTC)


class Prices:
    """The last message of each monitor, read for the meters of this reader."""

    def __init__(self) -> None:
        self._payloads: dict[str, bytes] = {}
        self._said: dict[str, dict[str, MeterPrices]] = {}  # by monitor and meter, as far as it can be read
        self._meters: list[str] = []

    def on_message(self, monitor: str, payload: bytes) -> None:
        """Take over a message; an empty one forgets the monitor.

        Raises:
            MessageError: it is not one of prices, or of a monitor too many; what was there still counts.
        """
        if not payload:
            self._payloads.pop(monitor, None)
            self._said.pop(monitor, None)
            return
        if monitor not in self._payloads and len(self._payloads) >= MAX_MONITORS:
            raise MessageError(f"more than {MAX_MONITORS} monitors publish prices")
        self._said[monitor] = read_prices(payload, self._meters)
        self._payloads[monitor] = payload

    def add_meter(self, meter: str) -> None:
        """Read the prices of a meter from now on, from what was received, too."""
        self._meters.append(meter)
        for monitor, payload in self._payloads.items():
            try:
                self._said[monitor] |= read_prices(payload, [meter])
            except MessageError:  # of this meter; those of the others are right
                continue

    def of(self, meter: str, now: datetime) -> "Current":
        """Return the prices of a meter now."""
        found = [said[meter] for _, said in sorted(self._said.items()) if meter in said]
        lists = [said.spans for said in found]
        announced = [said.tomorrow for said in found if said.tomorrow is not None and said.tomorrow.until > now]
        colour = announced[0].colour if announced else None
        edges = [moment for spans in lists for span in spans for moment in (span.start, span.end)]
        edges += [one.until for one in announced]
        until = min((edge for edge in edges if edge > now), default=_EVER)
        for spans in lists:
            to_come = [span for span in spans if span.end > now]
            if to_come and to_come[0].start <= now:
                return Current(to_come, now, until, colour)
        return Current((), now, until, colour)


class Current(NamedTuple):
    """The prices from that of now on; the same from `since` until `until`, while no message comes."""

    spans: Sequence[PriceSpan]
    since: datetime
    until: datetime
    announced: str | None = None  # the colour of tomorrow's Tempo day

    @property
    def keys(self) -> dict[str, Any]:
        """The keys of the state: those of prices only with a price for now."""
        rows = [span.to_message() for span in self.spans]
        keys = {} if self.announced is None else {"tempo_announced": self.announced}
        return keys | ({"price": rows[0]["value"], "next_prices": rows} if rows else {})
