"""The offers: their registers and when each runs, what a meter calls them, and the names that people read. Pure.

A new structure of tariff is a row of OFFERS, and its prices are a part of `options` in a file of prices. All else
follows: contracts, bills, comparisons, reports, the API, and the page by `python -m docs.tools.page_offers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase

Names = Mapping[str, str]  # by language: fr and en


@dataclass(frozen=True, slots=True)
class Window:
    """Off-peak hours, from `start` to `end` by the local clock; past midnight if `end` is not after `start`."""

    start: time
    end: time

    def holds(self, moment: time) -> bool:
        """Return whether the window holds that time of day."""
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


@dataclass(frozen=True, slots=True)
class Colour:
    """A kind of days."""

    letter: str  # in PTEC, in the names of registers and wherever a season is a letter a day
    names: Names


COLOURS: Mapping[str, Colour] = {
    "blue": Colour("B", {"fr": "Bleu", "en": "Blue"}),
    "white": Colour("W", {"fr": "Blanc", "en": "White"}),
    "red": Colour("R", {"fr": "Rouge", "en": "Red"}),
}
COLOUR_OF_LETTER = {colour.letter: name for name, colour in COLOURS.items()}


@dataclass(frozen=True, slots=True)
class Hours:
    """A kind of hours."""

    names: Names
    shade: str  # in the style sheet of the page
    short: Names | None = None
    off_peak: bool | None = None  # None: the time of day does not distinguish them


HOURS: Mapping[str, Hours] = {
    "base": Hours({"fr": "Base", "en": "Base"}, "base"),
    "hc": Hours({"fr": "Heures creuses", "en": "Off-peak hours"}, "hc", {"fr": "HC", "en": "off-peak"}, off_peak=True),
    "hp": Hours({"fr": "Heures pleines", "en": "Peak hours"}, "hp", {"fr": "HP", "en": "peak"}, off_peak=False),
    "hn": Hours({"fr": "Heures normales", "en": "Normal hours"}, "hc"),
    "pm": Hours({"fr": "Pointe mobile", "en": "Mobile peak"}, "hp-red"),
}


@dataclass(frozen=True, slots=True)
class Register:
    """One register, and when it runs."""

    name: str  # as historic mode labels it: so it is called in prices and answers
    period: str | None  # PTEC while it runs; None: historic mode does not have the offer
    hours: str  # a key of HOURS
    colour: str | None = None  # a key of COLOURS; None: it runs on any day, or which days those are cannot be known

    @property
    def off_peak(self) -> bool | None:
        """Return whether it runs in off-peak hours; None: it has nothing to do with them."""
        return HOURS[self.hours].off_peak


@dataclass(frozen=True, slots=True)
class Offer:
    """One structure of a tariff."""

    id: str  # in the state of a meter, in files of prices, in the configuration and in the API
    names: Names
    option: str | None  # OPTARIF; a `?` stands for the program of a meter; None: historic mode does not have it
    calendars: tuple[str, ...]  # NGTF, in capitals and without padding
    registers: tuple[Register, ...]  # in the order of the supplier's registers of standard mode (54E, 6.1)
    day_starts: time = time(0)  # a colour holds from here to here
    off_peak: tuple[Window, ...] | None = None  # None: each meter has its own
    regulated: bool = True  # prices change on 1 February and 1 August

    @property
    def follows_meter(self) -> bool:
        """Return whether its off-peak hours are those that the network gave to the meter."""
        return self.off_peak is None and any(register.off_peak for register in self.registers)

    def day_of(self, local: datetime) -> date:
        """Return the day of the offer that a local moment belongs to."""
        return local.date() - timedelta(1) if local.time() < self.day_starts else local.date()

    def named(self, name: str) -> Register | None:
        """Return one of its registers by name."""
        return next((register for register in self.registers if register.name == name), None)

    def column(self, register: Register, language: str) -> str:
        """Return the name of a register where those of several offers may stand side by side."""
        hours = HOURS[register.hours].names[language]
        if register.colour is not None:
            return f"{COLOURS[register.colour].names[language]}, {hours.lower()}"
        if register.off_peak is None and len(self.registers) > 1:
            return f"{self.names[language]}, {hours.lower()}"
        return hours


OFFERS: tuple[Offer, ...] = (
    Offer(
        "base",
        {"fr": "Base", "en": "Base"},
        option="BASE",
        calendars=("BASE",),
        registers=(Register("BASE", "TH..", "base"),),
    ),
    Offer(
        "hchp",
        {"fr": "Heures creuses", "en": "Off-peak"},
        option="HC..",
        calendars=("H PLEINE/CREUSE", "HC", "HPHC"),
        registers=(Register("HCHC", "HC..", "hc"), Register("HCHP", "HP..", "hp")),
    ),
    Offer(
        "ejp",
        {"fr": "EJP", "en": "EJP"},
        option="EJP.",
        calendars=("EJP",),
        registers=(Register("EJPHN", "HN..", "hn"), Register("EJPHPM", "PM..", "pm")),
    ),
    Offer(
        "tempo",
        {"fr": "Tempo", "en": "Tempo"},
        option="BBR?",
        calendars=("TEMPO",),
        registers=(
            Register("BBRHCJB", "HCJB", "hc", "blue"),
            Register("BBRHPJB", "HPJB", "hp", "blue"),
            Register("BBRHCJW", "HCJW", "hc", "white"),
            Register("BBRHPJW", "HPJW", "hp", "white"),
            Register("BBRHCJR", "HCJR", "hc", "red"),
            Register("BBRHPJR", "HPJR", "hp", "red"),
        ),
        day_starts=time(6),
        off_peak=(Window(time(22), time(6)),),
    ),
)
BY_ID: Mapping[str, Offer] = {offer.id: offer for offer in OFFERS}
TEMPO = BY_ID["tempo"]
_REGISTERS = {offer.id: tuple(register.name for register in offer.registers) for offer in OFFERS}
#: By the name of a register: the first offer that has it, and the register.
BY_REGISTER: Mapping[str, tuple[Offer, Register]] = {
    register.name: (offer, register) for offer in reversed(OFFERS) for register in offer.registers
}


def registers_of(offer: str | None) -> tuple[str, ...]:
    """Return the names of the registers of an offer, none of one that is not known."""
    return _REGISTERS.get(offer or "", ())


def with_option(option: str) -> Offer | None:
    """Return the offer that a meter calls so in OPTARIF.

    >>> [offer and offer.id for offer in map(with_option, ("BBR(", "HC..", "BASES"))]
    ['tempo', 'hchp', None]
    """
    patterns = ((offer, offer.option.rstrip(".").replace("?", "*")) for offer in OFFERS if offer.option is not None)
    return next((offer for offer, pattern in patterns if fnmatchcase(option.rstrip("."), pattern)), None)


def with_calendar(calendar: str) -> Offer | None:
    """Return the offer that a meter calls so in NGTF.

    >>> with_calendar("H PLEINE/CREUSE ").id
    'hchp'
    """
    name = " ".join(calendar.upper().split())
    return next((offer for offer in OFFERS if name in offer.calendars), None)


def is_off_peak(register: str) -> bool | None:
    """Return whether a register runs in off-peak hours; None: that does not matter, or is not known."""
    row = BY_REGISTER.get(register)
    return None if row is None else row[1].off_peak
