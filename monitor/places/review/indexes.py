"""`indexes`: the registers of the meter now, as a supplier asks for them, and at two dates, as a bill has them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from common.contract.offers import registers_of
from common.contract.registers import (
    DISTRIBUTOR_LABELS,
    INJECTED,
    REACTIVE_LABELS,
    REGISTERS,
    SUPPLIER,
    SUPPLIER_LABELS,
    TOTAL,
    supplier_name,
)
from common.contract.tariff import capitalise, expand_abbreviations
from monitor.base.answer import Count, Share, answer_type, one_of
from monitor.base.calendar import midnight
from monitor.base.formats import Formats
from monitor.base.request_errors import RequestError
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.readings.indexes import Indexes, IndexReader, counted, drawn
from monitor.web.parameters import FROM, METER, TO
from monitor.web.route import ApiRequest, Route

_HOUR = timedelta(hours=1)
_NAMES_OF = timedelta(days=366)  # before now: the names that the meter gave its registers
KINDS = ("total", "supplier", "distributor", "injected", "reactive")
_Index = Annotated[int | None, "Wh, of reactive energy VArh; null: it was not read, or did not exist"]
_Step = Annotated[int | None, "by how much it went on; null: not known, also where the contract changed between them"]


@answer_type
class Register:
    """A register of a meter."""

    name: Annotated[str, "as the meter calls it now: HCHC, BASE in historic mode, EASF01, EAST in standard mode"]
    label: Annotated[str, "in words"]
    kind: Annotated[str, one_of(*KINDS)]
    now: _Index
    from_: _Index
    to: _Index
    wh: _Step


@answer_type
class MeterIndexes:
    """The registers of one meter."""

    id: Annotated[str, "its address"]
    mode: Annotated[str, one_of("historic", "standard")] | None
    now: Annotated[datetime | None, "when its newest registers were read, about ten minutes ago; null: never"]
    from_: Annotated[
        datetime | None,
        "when those of `from` were read: last before it, or first of a meter that was fitted later; null: never, as"
        " imported energy has no registers",
    ]
    to: Annotated[datetime | None, "when those of `to` were read, last before it"]
    registers: Sequence[Register]
    wh: Annotated[int | None, "drawn between the two readings, by its total or all registers of the supplier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexesAnswer:
    """The answer of `indexes`."""

    meter: str
    from_: Annotated[date | None, "the local day at whose beginning registers are asked for; null: at none"]
    to: date | None
    coverage: Annotated[Share | None, "how much of the time between them has frames; null: no dates are given"]
    meters: Annotated[Sequence[MeterIndexes], "of a home whose meter was replaced in between: each, the earliest first"]
    wh: Annotated[Count | None, "drawn between the dates, by all meters; null: not known"]


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of one meter: now, and at both dates."""

    now: Indexes | None
    low: Indexes | None
    high: Indexes | None

    @property
    def all(self) -> Iterable[Indexes]:
        """The readings that are there, the newest first."""
        return (one for one in (self.now, self.high, self.low) if one is not None)


def answer(request: ApiRequest) -> IndexesAnswer:
    """Return the registers now and at both dates."""
    meter, dates = request.meter(), _dates(request)
    parts = _asked_about(meter, dates)
    meters = [_of_meter(request, part, dates, fitted=_is_fitted_later(part, meter)) for part in parts]
    drawn_by = [one.wh for part, one in zip(parts, meters, strict=True) if dates is None or _was_there(part, dates[1])]
    return IndexesAnswer(
        meter=meter.identifier,
        from_=None if dates is None else _day(request, dates[0]),
        to=None if dates is None else _day(request, dates[1]),
        coverage=None if dates is None else _coverage(request.home, meter, *dates, request.now),
        meters=meters,
        wh=None if None in drawn_by else sum(wh for wh in drawn_by if wh is not None),
    )


def _dates(request: ApiRequest) -> tuple[datetime, datetime] | None:
    """Return the local midnights that registers are asked for; None: only those of now are."""
    low, high = request.range.low, request.range.high
    if low is None and high is None:
        return None
    if low is None or high is None:
        raise RequestError("no_range")
    if low > request.now:
        raise RequestError("future", day=_day(request, low))
    first, last = (midnight(_day(request, moment), request.home.zone) for moment in (low, high))
    return first, last


def _day(request: ApiRequest, moment: datetime) -> date:
    return moment.astimezone(request.home.zone).date()


def _asked_about(meter: Meter, dates: tuple[datetime, datetime] | None) -> list[Meter]:
    """Return the meter that is there now, and before it those that were read between both dates."""
    newest = next((part for part in reversed(meter.parts) if part.last is not None), meter.parts[-1])
    return [
        part
        for part in meter.parts
        if part is newest or (dates and part.last and dates[0] < part.last + _HOUR and _was_there(part, dates[1]))
    ]


def _was_there(meter: Meter, before: datetime) -> bool:
    return meter.first is None or meter.first < before


def _is_fitted_later(part: Meter, meter: Meter) -> bool:
    """Tell whether another meter of the home was read before this one."""
    return part.first is not None and meter.first is not None and meter.first < part.first


def _coverage(home: Home, meter: Meter, low: datetime, high: datetime, now: datetime) -> float:
    covered = sum(home.hours.availability.covered(part.number, [low, high])[0] for part in meter.parts)
    return round(min(covered / max((min(high, now) - low).total_seconds(), 1), 1.0), 4)


def _of_meter(
    request: ApiRequest, meter: Meter, dates: tuple[datetime, datetime] | None, *, fitted: bool
) -> MeterIndexes:
    reader = IndexReader(request.home.connection)
    read = _Read(reader.last(meter, request.now + _HOUR), None, None)
    breaks: Mapping[int, int] = {}
    if dates is not None:
        low, high = dates
        before = reader.last(meter, low)
        if before is None and fitted and meter.first is not None and low <= meter.first < high:
            before = reader.first(meter)
        read = _Read(read.now, before, reader.last(meter, high))
        breaks = reader.breaks(meter, low, high)
    steps = counted(read.low, read.high, breaks)
    return MeterIndexes(
        id=meter.identifier,
        mode=None if read.now is None else "standard" if read.now.contract.standard else "historic",
        now=None if read.now is None else read.now.at,
        from_=None if read.low is None else read.low.at,
        to=None if read.high is None else read.high.at,
        registers=[
            Register(*named, _value(read.now, place), _value(read.low, place), _value(read.high, place), steps[place])
            for place, named in _names(request, meter, read)
        ],
        wh=None if read.high is None else drawn(steps, read.high.values),
    )


def _value(read: Indexes | None, place: int) -> int | None:
    return None if read is None else read.values[place]


def _names(request: ApiRequest, meter: Meter, read: _Read) -> Iterable[tuple[int, tuple[str, str, str]]]:
    """Yield the registers that ever counted, or are of the contract: place in REGISTERS; name, words and kind."""
    formats = Formats(request.language, request.home.zone)
    spans = request.home.reader.contract_spans(meter, request.now - _NAMES_OF, request.now + _HOUR)
    used = {SUPPLIER_LABELS[place - 1] for place in SUPPLIER if read.now is not None and read.now.values[place]}
    sent = request.home.reader.names(meter, spans, used)
    own = {name: capitalise(expand_abbreviations(text)) for name, text in sent.items()}
    for place, _ in enumerate(REGISTERS):
        known = next((one for one in read.all if one.values[place] is not None), None)
        if known is None:
            continue
        contracted = place in SUPPLIER and place <= len(registers_of(known.contract.offer))
        if contracted or place in (TOTAL, INJECTED) or any(one.values[place] for one in read.all):
            yield place, _named(place, known, own, formats)


def _named(place: int, read: Indexes, own: dict[str, str], formats: Formats) -> tuple[str, str, str]:
    standard, offer = read.contract.standard, read.contract.offer
    if place in SUPPLIER:
        name = supplier_name(place, offer)
        label = own[name] if name in own else formats.register(name, {})
        return SUPPLIER_LABELS[place - 1] if standard else name, label, "supplier"
    if place == TOTAL:
        return ("EAST", formats.text("total"), "total") if standard else ("BASE", formats.register("BASE", {}), "total")
    if place == INJECTED:
        return "EAIT", formats.text("injected"), "injected"
    if place > INJECTED:
        number = place - INJECTED
        return REACTIVE_LABELS[number - 1], formats.text("reactive", number=number), "reactive"
    number = place - SUPPLIER.stop + 1
    return DISTRIBUTOR_LABELS[number - 1], formats.text("distributor", number=number), "distributor"


ROUTE = Route(
    "indexes",
    "The registers of the meter: now, and at the beginning of two local days.",
    (METER, FROM, TO),
    answer,
)
