"""What the owner lets this program ask of others: the section `fetch`."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EnedisSwitch:
    """Past consumption, by Conso API."""

    on: bool = False
    meter: str | None = None  # an address, or a PRM; None: the only one


@dataclass(frozen=True, slots=True)
class TemperatureSwitch:
    """Outside temperatures."""

    on: bool = False
    place: str | None = None


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Everything is off by default."""

    tempo: bool = False
    enedis: EnedisSwitch = field(default_factory=EnedisSwitch)
    spot: bool = False
    temperature: TemperatureSwitch = field(default_factory=TemperatureSwitch)
    prices: bool = False
    release: bool = False
