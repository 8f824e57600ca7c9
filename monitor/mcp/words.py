"""What several tools ask and say: which meter, local times, amounts, names of tariff periods."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from monitor.base.answer import More
from monitor.base.formats import Formats
from monitor.base.request_errors import RequestError
from monitor.readings.hours import Meter
from monitor.readings.meters import called
from monitor.web.route import ApiRequest, Parameter

LANGUAGE = "en"  # of all that tools say
_DIGITS = 4
_SHORT = 8  # characters of an address that is no secret
_MORE = "…"

METER = Parameter(
    "meter", "Name of the meter, or its last digits, as `meters` says; needed if there are several.", {"type": "string"}
)
_TIME = "year, month or day (2026, 2026-11, 2026-11-24: local midnight) or instant in ISO 8601; a whole hour"
FROM = Parameter("from", f"Beginning: {_TIME}.", {"type": "string"})
TO = Parameter("to", f"End, exclusive: {_TIME}.", {"type": "string"})

Label = Annotated[str, "name of the meter, or its last digits"]
Moment = Annotated[str, "local time with its offset", More(format="date-time")]
Eur = Annotated[float, "EUR, all taxes included"]
Wh = Annotated[int, "Wh"]
MaybeWh = Annotated[int | None, "Wh; null: not known"]
MaybeEur = Annotated[float | None, "EUR, all taxes included; null: not known, or something has no price"]
KwhPrice = Annotated[float | None, "EUR, all taxes included; null: not known"]


def label(meter: Meter) -> str:
    """Return what a meter is called here: other programs are not told its address."""
    return meter.name or short(meter.identifier)


def short(address: str) -> str:
    """Return the last digits of an address.

    >>> short("031961123456"), short("test")
    ('…3456', 'test')
    """
    return address if len(address) <= _SHORT else f"{_MORE}{address[-_DIGITS:]}"


def without_addresses(text: str, meters: Iterable[Meter]) -> str:
    """Return a text in which each meter has its label."""
    for meter in meters:
        for address in (meter.identifier, *meter.replaced):
            text = text.replace(address, short(address))
    return text


def meter_of(request: ApiRequest) -> Meter:
    """Return the meter that is asked about; without a name the only one of which something is known.

    Raises:
        RequestError: there is no such meter, or there are several.
    """
    meters, named = request.home.meters(), request.parameters.get("meter")
    known = ", ".join(label(meter) for meter in meters)
    if named is None:
        firsts = request.home.firsts(meters)
        found = [meter for meter in meters if meter.number in firsts]
    else:
        found = called(meters, named.strip().removeprefix(_MORE))
    if len(found) == 1:
        return found[0]
    if named is None:
        raise RequestError("meter_needed", known=known) if found else RequestError("no_readings")
    if found:
        raise RequestError("ambiguous_meter", meter=named, known=", ".join(label(meter) for meter in found))
    raise RequestError("unknown_meter", meter=named, known=known or "none")


def asking(request: ApiRequest, meter: Meter, **parameters: object) -> ApiRequest:
    """Return the question as a place takes it: with the meter's address, and more parameters."""
    return replace(request, parameters={**request.parameters, "meter": meter.identifier, **parameters})


def formats(request: ApiRequest) -> Formats:
    """Return the formats of names and sentences."""
    return Formats(LANGUAGE, request.config.time_zone)


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Return an instant as a local time.

    >>> from datetime import UTC
    >>> local(datetime(2026, 12, 1, 5, 30, tzinfo=UTC), ZoneInfo("Europe/Paris"))
    '2026-12-01T06:30:00+01:00'
    """
    return moment.astimezone(zone).replace(microsecond=0).isoformat()


def euros(amount: Decimal | None) -> float | None:
    """Return an amount, rounded to the cent."""
    return None if amount is None else round(float(amount), 2)


def of_ten_thousandths(amount: int | Decimal | None) -> float | None:
    """Return an amount of an answer in 1e-4 EUR.

    >>> of_ten_thousandths(2065)
    0.2065
    """
    return None if amount is None else round(float(amount) / 10_000, 4)


def names_of(registers: Iterable[str], names: Mapping[str, str], f: Formats) -> dict[str, str]:
    """Return the words for registers; `names` are those that the meter gave them."""
    return {name: f.register(name, names) for name in registers}
