"""What is shown of a meter, ready to be drawn: texts are in the language of the screen. Pure."""

from dataclasses import dataclass
from enum import IntEnum

NEAR_LIMIT, OVER_LIMIT = 0.7, 0.9  # shares of a limit
SECONDS_PER_POINT = 5.0  # of the power history


class Level(IntEnum):
    """How close a value is to its limit, or how serious an alert is."""

    CALM = 0
    NEAR = 1
    OVER = 2


def level_of(value: int, limit: int | None) -> Level:
    """Return how close a value is to its limit."""
    if not limit or value < NEAR_LIMIT * limit:
        return Level.CALM
    return Level.NEAR if value < OVER_LIMIT * limit else Level.OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A value and its limit."""

    name: str
    value: int
    limit: int | None
    unit: str
    level: Level
    details: tuple[str, ...] = ()  # such as volts


@dataclass(frozen=True, slots=True)
class Register:
    """An index."""

    name: str
    energy: str
    running: bool = False
    total: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """What a householder should know now."""

    text: str
    level: Level


@dataclass(frozen=True, slots=True)
class LineQuality:
    """What has arrived on the line."""

    rate: float | None  # frames a second
    dropped: int  # groups
    groups: int  # dropped ones included
    parity_errors: int | None  # None: not known yet


@dataclass(frozen=True, slots=True)
class SourceValue:
    """What one of the storer's `sources`, such as an inverter, sent last."""

    name: str
    meter: str | None  # that it is behind; None: the only one
    quantity: str  # power, energy or temperature
    number: float  # W, Wh or °C


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that is shown of one meter."""

    meter: str
    online: bool | None
    mode: str
    power: Gauge | None
    details: tuple[str, ...]  # of the power: what is available, currents, estimate
    phases: tuple[Gauge, ...]
    exported: str
    sources: tuple[str, ...] = ()  # what inverters, plugs and thermometers sent
    tariff: tuple[str, ...]
    colours: tuple[tuple[str, str, str], ...]  # the day, the colour in words, the colour's code in the state
    registers: tuple[Register, ...]
    highest: str
    history: tuple[int | None, ...]  # VA, the oldest first
    alerts: tuple[Alert, ...]
    line: LineQuality
