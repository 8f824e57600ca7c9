"""What the owner says of the home: contracts, names of meters, and notes."""

from dataclasses import dataclass
from datetime import date

from common.contract.offers import Window


@dataclass(frozen=True, slots=True)
class OffPeak:
    """Off-peak hours by the season: summer is from 1 April to 31 October."""

    winter: tuple[Window, ...]
    summer: tuple[Window, ...]

    def at(self, day: date) -> tuple[Window, ...]:
        """Return the windows of a day."""
        return self.summer if 4 <= day.month <= 10 else self.winter

    @property
    def moments(self) -> set[int]:
        """The minutes of a day at which one of them begins or ends."""
        ends = (moment for window in (*self.winter, *self.summer) for moment in (window.start, window.end))
        return {moment.hour * 60 + moment.minute for moment in ends}


@dataclass(frozen=True, slots=True)
class ContractLine:
    """One line of `contracts`: from that local day on, the meter has this offer and this subscribed power."""

    meter: str
    start: date
    offer: str
    power: int  # kVA
    off_peak: OffPeak | None = None  # as the bill says; None: as in the line before


@dataclass(frozen=True, slots=True)
class House:
    """One entry of `meters`: the name of a meter, and the meters that it replaced."""

    address: str  # of the meter that is there now
    name: str | None
    replaced: tuple[str, ...]  # addresses, the earliest first


@dataclass(frozen=True, slots=True)
class Note:
    """One entry of `notes`: what changed in the home on a local day."""

    at: date
    text: str
    meter: str | None = None  # None: of all meters
