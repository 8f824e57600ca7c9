"""What is to be confirmed on `teleinfo/<meter>/stored`, and how often messages may go out. No I/O."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from common.contract.frame import write_stamp
from storer.frames.decode import Envelope

_OVERHEAD, _PER_FRAME = 400, 40  # bytes of a confirmation


class Pace:
    """Limits how often something is done: `rate` times a second on average, after `burst` times without a limit."""

    def __init__(self, rate: float, burst: float, longest: float = math.inf) -> None:
        """`longest`: seconds that a pause has at most, however much was done before it."""
        self._rate, self._burst, self._longest = rate, burst, longest
        self.ready_at = -math.inf
        """Monotonic time of the next one."""

    def done(self, now: float, times: float = 1) -> None:
        """Note that it was done so many times at monotonic time `now`; half a time counts half."""
        ready_at = max(self.ready_at, now - self._burst / self._rate) + times / self._rate
        self.ready_at = min(ready_at, now + self._longest)


@dataclass(slots=True)
class _OfMeter:
    """What is not confirmed yet, of one meter."""

    stored: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    tallies: list[str] = field(default_factory=list)


class Confirmations:
    """Confirmations that were not published yet, by meter: one message confirms all of a meter."""

    def __init__(self, storer: str) -> None:
        self._storer = storer
        self._pending: dict[tuple[str, str], _OfMeter] = {}

    def __bool__(self) -> bool:
        return bool(self._pending)

    def add(self, envelopes: Iterable[Envelope]) -> None:
        """Add what is final, stored or rejected."""
        for envelope in envelopes:
            base = envelope.message.topic.rsplit("/", 2)[0]
            if envelope.tally is not None:
                self._of(base, envelope.tally.meter).tallies.append(write_stamp(envelope.tally.hour))
            if envelope.identity is not None:
                meter, timestamp = envelope.identity
                pending = self._of(base, meter)
                (pending.stored if envelope.reason is None else pending.rejected).append(timestamp)

    def _of(self, base: str, meter: str) -> _OfMeter:
        of_meter = self._pending.get((base, meter))
        if of_meter is None:
            of_meter = self._pending[base, meter] = _OfMeter()
        return of_meter

    def take(self, max_packet: float) -> Iterator[tuple[str, str, str]]:
        """Yield base topic, meter and JSON of each message, none larger than a packet of `max_packet` bytes allows."""
        most = None if max_packet == math.inf else max(1, int(max_packet - _OVERHEAD) // _PER_FRAME)
        pending, self._pending = self._pending, {}
        for (base, meter), of_meter in pending.items():
            for stored, rejected, tallies in _split(of_meter, most):
                confirmation: dict[str, str | list[str]] = {
                    "storer": self._storer,
                    "timestamps": stored,
                    "rejected": rejected,
                }
                if tallies:
                    confirmation["tallies"] = tallies
                yield base, meter, json.dumps(confirmation)


def _split(of_meter: _OfMeter, most: int | None) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Yield parts of at most `most` items."""
    lists = (of_meter.stored, of_meter.rejected, of_meter.tallies)
    if most is None or sum(map(len, lists)) <= most:
        yield lists
        return
    for place, items in enumerate(lists):
        for begin in range(0, len(items), most):
            part: tuple[list[str], list[str], list[str]] = ([], [], [])
            part[place].extend(items[begin : begin + most])
            yield part
