"""Which offer and subscribed power a meter had when: the user's lines, else what the meter said."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.base.calendar import midnight
from monitor.base.household import ContractLine
from monitor.base.request_errors import RequestError
from monitor.base.windows import OffPeak
from monitor.readings.periods import ContractSpan

#: How far from a change that the meter showed a line may begin and still be about it.
_NEAR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Contract:
    """From `start` to `end` (UTC) the meter had this offer and subscribed power, as far as they are known."""

    start: datetime
    end: datetime
    offer: str | None
    power: int | None  # kVA
    off_peak: OffPeak | None = None  # that the user wrote down
    stated: bool = False  # by a line of the user's, not only by the meter


def contract_at(known: Iterable[Contract], moment: datetime) -> Contract | None:
    """Return the contract that holds at a moment."""
    return next((one for one in known if one.start <= moment < one.end), None)


def subscribed_power(known: Sequence[Contract]) -> int:
    """Return the last subscribed power that is known, kVA.

    Raises:
        RequestError: none is.
    """
    power = next((one.power for one in reversed(known) if one.power is not None), None)
    if power is None:
        raise RequestError("no_power")
    return power


@dataclass(frozen=True, slots=True)
class UnnamedChange:
    """The meter showed another contract, and no line of `contracts` begins there."""

    at: datetime
    before: str
    after: str


def contracts(
    lines: Sequence[ContractLine], spans: Sequence[ContractSpan], zone: ZoneInfo, end: datetime
) -> list[Contract]:
    """Return the contracts of a meter up to `end`, in order.

    Args:
        lines: the lines of `contracts` of this meter.
        spans: what the meter said, in order.
        zone: the zone of the days in `lines`.
        end: where the last line ends; spans are cut there.
    """
    starts = [(_start(line, spans, zone), line) for line in sorted(lines, key=lambda line: line.start)]
    first = starts[0][0] if starts else end
    result = [
        Contract(span.start, min(span.end, first, end), span.offer, span.power)
        for span in spans
        if span.start < min(first, end)
    ]
    limits = [*(start for start, _ in starts[1:]), end]
    result += [
        Contract(start, min(limit, end), line.offer, line.power, written_off_peak(lines, line.start), stated=True)
        for (start, line), limit in zip(starts, limits, strict=False)
        if start < min(limit, end)
    ]
    return result


def _start(line: ContractLine, spans: Sequence[ContractSpan], zone: ZoneInfo) -> datetime:
    """Return when a line begins: at midnight, or later on its day, where the meter goes to other registers.

    What was counted before is on registers that the new offer has no price for.
    """
    changes = (span.start for previous, span in itertools.pairwise(spans) if previous.offer != span.offer)
    return next(
        (change for change in changes if change.astimezone(zone).date() == line.start), midnight(line.start, zone)
    )


def written_off_peak(lines: Sequence[ContractLine], day: date) -> OffPeak | None:
    """Return the off-peak hours of the last line up to a day that has some: a new power or supplier keeps them."""
    found = [line for line in lines if line.start <= day and line.off_peak is not None]
    return max(found, key=lambda line: line.start).off_peak if found else None


def contract_start(lines: Sequence[ContractLine], day: date) -> date | None:
    """Return the first day of the contract that holds on a day, None if no line says: a new power is no new one."""
    found = None
    for line in sorted(lines, key=lambda line: line.start):
        if line.start <= day and (found is None or found.offer != line.offer):
            found = line
    return None if found is None else found.start


def unnamed_changes(
    lines: Sequence[ContractLine], spans: Sequence[ContractSpan], zone: ZoneInfo
) -> list[UnnamedChange]:
    """Return where the meter showed another contract although the user's lines go on; without lines there are none."""
    starts = [midnight(line.start, zone) for line in lines]
    if not starts:
        return []
    changes = []
    for previous, span in itertools.pairwise(spans):
        if (previous.calendar, previous.power) == (span.calendar, span.power) or span.start < min(starts):
            continue
        if not any(abs(start - span.start) <= _NEAR for start in starts):
            changes.append(UnnamedChange(span.start, _words(previous), _words(span)))
    return changes


def _words(span: ContractSpan) -> str:
    power = "" if span.power is None else f" {span.power} kVA"
    return f"{span.calendar or '?'}{power}"
