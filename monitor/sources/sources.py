"""What those who show energy put in, as it comes, of all that is measured beside the meter.

`measured` is asked once for an answer of energy; it gives fields of JSON, columns of a spreadsheet and lines of text.
Which of them there are depends on the home: who shows them names neither sun nor devices.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from common.runtime.logs import printable
from monitor.base.answer import ABSENT, Absent, Amount, Count, Share, Wh, answer_type
from monitor.base.formats import Formats, round_money
from monitor.money.amounts import amount
from monitor.money.costs import Answer
from monitor.money.home import Home
from monitor.readings.curves import Grid
from monitor.readings.hours import Meter
from monitor.sources.devices import Device, DeviceAnswers, DevicesAnswer
from monitor.sources.sun import SunAnswer, SunAnswers
from monitor.sources.sun_energy import Sun
from monitor.sources.weather import WeatherAnswers

_Production = Annotated[Wh | None, "Wh that the sources of production made; null: not known"]
_Used = Annotated[
    Wh | None,
    "Wh used at home: production less what was injected, so that the three add up over any time; less than 0 where a"
    " counter shows only later what it counted; null: one of the two is not known",
]
_OfProduction = Annotated[Share | None, "share of the production that was used at home; null: not known"]
_OfUse = Annotated[Share | None, "share of what the home used that it made itself; null: not known"]
_Saved = Annotated[
    Amount | None, "1e-4 EUR that self_consumed_wh would have cost by the register that ran; null: not known"
]
_Earned = Annotated[Amount | None, "1e-4 EUR for what was injected, at the prices of feed_in; null: not known"]
_DeviceWh = Annotated[Wh | None, "Wh; null: not known yet"]
_DeviceCost = Annotated[
    Amount | None,
    "1e-4 EUR at the mean price of each hour: of the registers that counted in it, by what the home drew on each; also"
    " for what the home made itself; null: not known, or something has no price",
]


@answer_type
class Contradicted:
    """Periods in which less was made than injected."""

    periods: Count
    production_wh: Wh
    injected_wh: Wh


@answer_type
class SunWhole:
    """What the sun did in a whole range."""

    since: Annotated[
        datetime | None,
        "from when on production is known, and what was injected if it is counted; null: there is no source, or"
        " it is so new that its first whole hour is not over",
    ]
    heard: Annotated[Count | None, "hours in which it sent something; inverters sleep at night"]
    injected_wh: Annotated[Wh | None, "Wh injected in the time in which production is known"]
    production_wh: _Production
    self_consumed_wh: _Used
    self_consumption: _OfProduction
    self_sufficiency: _OfUse
    saved: _Saved
    earned: _Earned
    surplus_hours: Annotated[Count, "in which more was injected than drawn"]
    contradiction: Annotated[
        Contradicted | None,
        "the periods, or of hours the whole, in which the sources made less than was injected: one of the two is"
        " wrong; null: none",
    ]


@answer_type
class DeviceTotal:
    """What a device used in a whole range."""

    wh: _DeviceWh
    cost: _DeviceCost


@answer_type
class AboveHouse:
    """Periods in which devices counted more than the home used."""

    periods: Count
    devices_wh: Wh
    house_wh: Wh


@answer_type
class DevicesWhole:
    """What devices used in a whole range."""

    devices: Mapping[str, DeviceTotal]
    house_wh: Annotated[Wh | None, "all that the home used, what it made itself included; null: that is not known"]
    rest_wh: Annotated[Wh | None, "what no device counted of it"]
    rest_cost: Annotated[Amount | None, "1e-4 EUR; null: the home makes energy of its own, or something has no price"]
    above: Annotated[
        AboveHouse | None,
        "the periods, or of hours the whole, in which devices counted more than the home used: a counter, its"
        " unit or its meter is wrong; null: none",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceColumns:
    """Columns beside those of energy, and the whole of them.

    Those of production are only of a home with a source of it, `earned` only of one with prices of `feed_in`, `sun` of
    both and of one that injects; the others only of a home with sources of the kind `device`.
    """

    production_wh: Sequence[_Production] | Absent = ABSENT
    self_consumed_wh: Sequence[_Used] | Absent = ABSENT
    self_consumption: Sequence[_OfProduction] | Absent = ABSENT
    self_sufficiency: Sequence[_OfUse] | Absent = ABSENT
    saved: Sequence[_Saved] | Absent = ABSENT
    earned: Sequence[_Earned] | Absent = ABSENT
    sun: Annotated[SunWhole | Absent, "of the whole range; only of a home that makes or injects"] = ABSENT
    devices: Annotated[Mapping[str, Sequence[_DeviceWh]] | Absent, "what each device used"] = ABSENT
    devices_cost: Mapping[str, Sequence[_DeviceCost]] | Absent = ABSENT
    devices_whole: DevicesWhole | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesOfInterval:
    """The same of an interval as one."""

    production_wh: Annotated[Wh | Absent, "Wh, to the minute; only of a home with a source of production"] = ABSENT
    self_consumed_wh: Annotated[Wh | Absent | None, "as in columns"] = ABSENT
    devices: Annotated[
        Mapping[str, _DeviceWh] | Absent, "what each device used; only of a home with sources of the kind device"
    ] = ABSENT
    devices_cost: Mapping[str, _DeviceCost] | Absent = ABSENT


@answer_type
class SourceCurves:
    """Curves beside those of the meter."""

    production: Annotated[
        Sequence[int | None] | Absent,
        "mean power that sources of production made, W; only where there is one",
    ] = ABSENT


@answer_type
class SourcesOfMeter:
    """Which sources a meter has."""

    devices: Annotated[Sequence[str] | Absent, "names of its sources of the kind device; not there: it has none"] = (
        ABSENT
    )
    weather: Annotated[
        bool | Absent,
        "outside temperatures are known: `weather` can compare with the year before; not there: none are",
    ] = ABSENT


@answer_type
class UnseenExport:
    """What a home probably injects, and its meter does not count."""

    days: Count
    minutes: Count
    power: Annotated[Count, "mean, VA, roughly"]


#: The channels of `series` that are of sources.
CHANNELS = ("production",)


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a spreadsheet."""

    head: str
    cells: Sequence[int | Decimal | None]  # Wh, or EUR


@dataclass(frozen=True, slots=True)
class Measured:
    """What the sources of a home measured in the periods of an answer."""

    sun: SunAnswer | None = None
    devices: DevicesAnswer | None = None

    def columns(self) -> SourceColumns:
        """Return the fields of `energy`."""
        found: dict[str, Any] = {}
        sun, devices = self.sun, self.devices
        if sun is not None:
            if sun.source:
                found |= {name: [value(one) for one in sun.periods] for name, value in _OF_SUN.items()}
            if sun.earned is not None:
                found["earned"] = [amount(one.earned) for one in sun.periods]
            found["sun"] = _sun_whole(sun)
        if devices is not None:
            found["devices"] = {device.name: device.wh for device in devices.devices}
            found["devices_cost"] = {device.name: list(map(amount, device.cost)) for device in devices.devices}
            found["devices_whole"] = _devices_whole(devices)
        return SourceColumns(**found)

    def sheet(self, formats: Formats) -> list[SheetColumn]:
        """Return the columns of a spreadsheet, with heads in a language."""
        made = [] if self.sun is None or self.sun.since is None else self.sun.periods
        of_sun: Mapping[str, Sequence[int | Decimal | None]] = {
            "production": [one.production_wh for one in made],
            "self_consumed": [one.self_consumed_wh for one in made],
            "saved": [one.saved for one in made],
            "earned": [one.earned for one in made],
        }
        return [
            *(SheetColumn(formats.text(f"csv_{name}"), cells) for name, cells in of_sun.items() if made),
            *(SheetColumn(formats.text("csv_wh", name=device.name), device.wh) for device in self._devices()),
        ]

    def of_period(self, place: int) -> dict[str, Any]:
        """Return the fields of a period in the JSON of `report`; amounts are texts with two decimals."""
        found: dict[str, Any] = {}
        if self.sun is not None and self.sun.since is not None:
            one = self.sun.periods[place]
            found |= {"production_wh": one.production_wh, "self_consumed_wh": one.self_consumed_wh}
            found |= {"saved": _euros(one.saved), "earned": _euros(one.earned)}
        if self.devices is not None:
            found["devices"] = {device.name: device.wh[place] for device in self._devices()}
        return found

    def lines(self, formats: Formats) -> Iterator[str]:
        """Return sentences about all periods as one."""
        if self.sun is not None:
            yield from _sun_lines(self.sun, formats)
        if self.devices is not None:
            yield from _device_lines(self.devices, formats)

    def _devices(self) -> Sequence[Device]:
        return () if self.devices is None else self.devices.devices


def measured(home: Home, answer: Answer, by: str, now: datetime) -> Measured:
    """Return what the sources of a home measured in the periods of an answer, which is cut by days, hours or so on."""
    sun = SunAnswers(home).of(answer, by, now)
    return Measured(sun, DeviceAnswers(home).of(answer, sun, now))


def of_interval(
    home: Home, meter: Meter, start: datetime, end: datetime, injected: int | None, now: datetime
) -> SourcesOfInterval:
    """Return what the sources of a home measured in an interval, in which so much was injected."""
    found: dict[str, Any] = {}
    roofs = SunAnswers(home).roofs(meter)
    made = SunAnswers(home).made(roofs, start, end) if roofs else None
    if made is not None:
        found |= {"production_wh": made, "self_consumed_wh": None if injected is None else made - injected}
    if devices := DeviceAnswers(home).of_interval(meter, start, end, now):
        found["devices"] = {device.name: device.total_wh for device in devices}
        found["devices_cost"] = {device.name: amount(device.total_cost) for device in devices}
    return SourcesOfInterval(**found)


def curves(home: Home, meter: Meter, grid: Grid, channels: Collection[str]) -> dict[str, list[int | None]]:
    """Return the curves of those of some channels that a home has."""
    made = SunAnswers(home).curve(meter, grid) if "production" in channels else None
    return {} if made is None else {"production": made}


def of_meters(home: Home, meters: Sequence[Meter]) -> dict[int, SourcesOfMeter]:
    """Return which sources each of some meters has, by its number."""
    devices, thermometers = DeviceAnswers(home), WeatherAnswers(home).series(meters)
    return {
        meter.number: SourcesOfMeter(
            devices=[one.name for one in devices.devices(meter)] or ABSENT,
            weather=True if meter.number in thermometers else ABSENT,
        )
        for meter in meters
    }


def unseen_export(home: Home, meter: Meter, now: datetime) -> UnseenExport | None:
    """Return what a meter that does not count injection shows of it in the last days; None: nothing."""
    unseen = SunAnswers(home).unseen(meter, now)
    return None if unseen is None else UnseenExport(unseen.days, unseen.minutes, unseen.power)


_OF_SUN: Mapping[str, Callable[[Sun], Any]] = {
    "production_wh": lambda one: one.production_wh,
    "self_consumed_wh": lambda one: one.self_consumed_wh,
    "self_consumption": lambda one: _rounded(one.self_consumption),
    "self_sufficiency": lambda one: _rounded(one.self_sufficiency),
    "saved": lambda one: amount(one.saved),
}


def _sun_whole(sun: SunAnswer) -> SunWhole:
    whole, wrong = sun.whole, sun.contradiction
    return SunWhole(
        since=sun.since,
        heard=None if whole is None else round(whole.heard / 3600),
        injected_wh=None if whole is None else whole.injected_wh,
        **{name: None if whole is None else value(whole) for name, value in _OF_SUN.items()},
        earned=amount(sun.earned),
        surplus_hours=sun.surplus_hours,
        contradiction=None if wrong is None else Contradicted(wrong.periods, wrong.production_wh, wrong.injected_wh),
    )


def _devices_whole(devices: DevicesAnswer) -> DevicesWhole:
    wrong = devices.above
    return DevicesWhole(
        devices={one.name: DeviceTotal(one.total_wh, amount(one.total_cost)) for one in devices.devices},
        house_wh=devices.house_wh,
        rest_wh=devices.rest_wh,
        rest_cost=amount(devices.rest_cost),
        above=None if wrong is None else AboveHouse(wrong.periods, wrong.devices_wh, wrong.house_wh),
    )


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _euros(value: Decimal | None) -> str | None:
    return None if value is None else str(round_money(value))


def _sun_lines(found: SunAnswer, f: Formats) -> Iterator[str]:
    """Say what was made, used at home and injected, and what it was worth."""
    if found.whole is not None and found.whole.production_wh is not None:
        yield from _made(found.whole, found.whole.production_wh, f)
    if found.since is not None and found.periods[0].production_wh is None:
        yield f.text("sun_since", day=f.day(found.since))
    if any(one.injected_wh for one in found.periods):
        yield (f.text("sun_no_feed_in") if found.earned is None else f.text("sun_earned", amount=f.money(found.earned)))
    if found.surplus_hours:
        yield f.text("sun_surplus", hours=f.number(Decimal(found.surplus_hours), 0))
    if (wrong := found.contradiction) is not None:
        figures = {"made": f.kwh(wrong.production_wh), "exported": f.kwh(wrong.injected_wh)}
        yield f.text("sun_contradiction", count=wrong.periods, **figures)


def _made(whole: Sun, production: int, f: Formats) -> Iterator[str]:
    made, used = f.kwh(production), whole.self_consumed_wh
    if used is None or whole.injected_wh is None:
        yield f.text("sun_made_only", made=made)
    else:
        yield f.text("sun_made", made=made, used=f.kwh(used), exported=f.kwh(whole.injected_wh))
    if whole.self_consumption is not None and whole.self_sufficiency is not None:
        shares = {"of_production": f.percent(whole.self_consumption), "of_use": f.percent(whole.self_sufficiency)}
        yield f.text("sun_shares", **shares)
    if whole.saved is not None and used:
        yield f.text("sun_saved", amount=f.money(whole.saved))


def _device_lines(found: DevicesAnswer, f: Formats) -> Iterator[str]:
    """Say what each device used of the home, and what none of them did."""
    for device in found.devices:
        if device.total_wh is not None:
            yield _device(printable(device.name), device.total_wh, device.total_cost, found.house_wh, f)
    if found.rest_wh is not None:
        yield _device(f.text("device_rest"), found.rest_wh, found.rest_cost, found.house_wh, f)
    if (wrong := found.above) is not None:
        figures = {"devices": f.kwh(wrong.devices_wh), "house": f.kwh(wrong.house_wh)}
        yield f.text("devices_above", count=wrong.periods, **figures)


def _device(name: str, wh: int, cost: Decimal | None, house: int | None, f: Formats) -> str:
    parts = [f.text("device", name=name, kwh=f.kwh(wh))]
    if cost is not None:
        parts.append(f.money(cost))
    if house and 0 <= wh <= house:
        parts.append(f.text("device_share", share=f.percent(wh / house)))
    return " · ".join(parts)
