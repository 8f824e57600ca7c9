"""What the rules of live values look at: the house at one moment."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MeterNow:
    """A meter at one moment; None: not known."""

    identifier: str
    speaking: bool  # frames come
    fresh: bool  # the last frame still tells the power of now
    last_frame: datetime | None  # when it arrived, by our clock
    reader: bool | None  # whether a reader is online that may read it; None: no reader says so
    power: int | None = None  # VA
    phases: tuple[int | None, ...] | None = None  # VA of each of three phases
    warned: tuple[int, ...] | None = None  # phases of which the meter says that too much is drawn; 0: of no single one
    limit: int | None = None  # the subscribed power, VA
    tomorrow: str | None = None  # the colour of the next Tempo day


@dataclass(frozen=True, slots=True)
class HouseNow:
    """All meters at one moment."""

    at: datetime
    connected: bool | None  # whether the broker is; None: there is none to connect to
    meters: tuple[MeterNow, ...] = ()
