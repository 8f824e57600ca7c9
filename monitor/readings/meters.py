"""Joins the meters that one house has had into one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from monitor.base.household import ContractLine, House, Note
from monitor.readings.hours import Meter


@dataclass(frozen=True, slots=True)
class Unused:
    """A section of the settings that names a meter which the database does not know: it has no effect."""

    section: str  # contracts, meters or notes
    meter: str


def group_meters(meters: Sequence[Meter], houses: Sequence[House]) -> list[Meter]:
    """Return the meters with their names, by identifier, and those that were replaced as a part of the newest one."""
    known = {meter.identifier: meter for meter in meters}
    for house in houses:
        addresses = (*house.replaced, house.address)
        found = [meter for address in addresses if (meter := known.pop(address, None)) is not None]
        if found:
            known[house.address] = _house(house, found)
    return sorted(known.values(), key=lambda meter: meter.identifier)


def _house(house: House, meters: Sequence[Meter]) -> Meter:
    if not house.replaced:
        return replace(meters[0], name=house.name)
    spans = {meter.number: (meter.first, meter.last) for meter in meters if meter.first and meter.last}
    parts = tuple(
        replace(meter, others=tuple(span for number, span in spans.items() if number != meter.number))
        for meter in meters
    )
    return Meter(
        number=meters[-1].number,
        identifier=house.address,
        first=min((first for first, _ in spans.values()), default=None),
        last=max((last for _, last in spans.values()), default=None),
        name=house.name,
        replaced=house.replaced,
        of_house=parts,
        version=meters[-1].version,
    )


def newest(address: str, houses: Sequence[House]) -> str:
    """Return the address of the meter that is there now, of a house that had a meter of this address."""
    return next((house.address for house in houses if address in house.replaced), address)


def called(meters: Sequence[Meter], text: str) -> list[Meter]:
    """Return the meter of this address or name, else those of which an address ends in these digits."""
    exact = [meter for meter in meters if meter.has(text)]
    named = [meter for meter in meters if meter.name is not None and meter.name.casefold() == text.strip().casefold()]
    ending = [
        meter
        for meter in meters
        if text.isdecimal() and any(address.endswith(text) for address in (meter.identifier, *meter.replaced))
    ]
    return exact or named or ending


def unused(
    known: Collection[str], contracts: Sequence[ContractLine], houses: Sequence[House], notes: Sequence[Note]
) -> list[Unused]:
    """Return what has no effect; nothing while no meter is known."""
    named = {
        "contracts": [line.meter for line in contracts],
        "meters": [address for house in houses for address in (house.address, *house.replaced)],
        "notes": [note.meter for note in notes if note.meter is not None],
    }
    return [
        Unused(section, meter)
        for section, meters in named.items()
        for meter in dict.fromkeys(meters)
        if known and meter not in known
    ]
