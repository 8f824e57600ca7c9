"""`forgettable`: meters, programs and sources that are gone, so that their owner may have them forgotten."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from common.contract.sources import SOURCES
from common.database.sections import read_sections
from common.settings.fields import SectionError
from monitor.base.answer import answer_type, one_of
from monitor.live.live import Live
from monitor.money.home import Home
from monitor.readings.hours import Meter
from monitor.readings.sources import Sources
from monitor.web.route import ApiRequest, Route

_GONE = timedelta(days=30)
METER, PROGRAM, SOURCE = "forget-meter", "forget-program", "forget-source"


@answer_type
class Gone:
    """What is not there any more."""

    kind: Annotated[str, one_of(METER, PROGRAM, SOURCE), "of the request that has it forgotten"]
    arguments: Annotated[Mapping[str, str], "of that request"]
    name: str
    label: Annotated[str, "what its owner calls it: its name, else its address"]
    last: Annotated[datetime | None, "of a meter: the hour of its last readings"] = None


@answer_type
class Forgettable:
    """The answer of `forgettable`."""

    gone: Annotated[
        Sequence[Gone],
        "meters without a frame for 30 days while another one has frames, unless they were replaced; programs that are"
        " offline; sources that are stored and not in the section `sources` any more",
    ]


def answer(request: ApiRequest) -> Forgettable:
    """Return what is gone."""
    meters = gone_meters(request.home.meters(), request.now)
    return Forgettable([*meters, *_programs(request.live), *_sources(request.home)])


def gone_meters(meters: Sequence[Meter], now: datetime) -> list[Gone]:
    """Return the meters that have been silent for long, if another one is not; one with imports only is not gone.

    A meter that was replaced is a part of its home, and so is its energy.
    """
    if not any(meter.last is not None and now - meter.last <= _GONE for meter in meters):
        return []
    return [
        Gone(METER, {"meter": meter.identifier}, meter.identifier, meter.name or meter.identifier, meter.last)
        for meter in meters
        if meter.last is not None and now - meter.last > _GONE
    ]


def _programs(live: Live) -> Iterable[Gone]:
    """Yield the programs that are offline; without the broker nobody knows."""
    for kind in ("reader", "storer") if live.connected else ():
        for program in live.programs(kind):
            if program.status == "offline":
                yield Gone(PROGRAM, {"program": kind, "name": program.name}, program.name, program.name)


def _sources(home: Home) -> Iterable[Gone]:
    saved = read_sections(home.connection, [SOURCES.name]).get(SOURCES.name)
    if saved is None:
        return
    try:
        followed = {source.name for source in SOURCES.read(saved.value)}
    except SectionError:  # of another version
        return
    for source in Sources(home.connection).all():
        if source.name not in followed:
            yield Gone(SOURCE, {"name": source.name}, source.name, source.name)


ROUTE = Route("forgettable", "What is gone, and can be forgotten.", (), answer)
