"""What the kinds of imports hand to the writer: energy of a register over whole hours."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.contract.registers import INJECTED, REGISTERS, SUPPLIER, TOTAL, supplier_number
from common.errors import ConfigError, FileRefused

HOUR = timedelta(hours=1)
MAX_POWER = 40_000  # W: a Linky meter is for at most 36 kVA, and its breaker lets a bit more through for a while
_LABELS = {"EAST": TOTAL, "BASE": TOTAL, "EAIT": INJECTED}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The energy of one register over whole hours of UTC that end at `end`."""

    end: datetime
    hours: int
    register: int  # its place in REGISTERS
    wh: int

    @property
    def start(self) -> datetime:
        """The beginning of the first hour."""
        return self.end - self.hours * HOUR


@dataclass(slots=True)
class Parsed:
    """What a file has: its energy, and how often it was left out, by the reason."""

    periods: list[Period] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Parsed") -> None:
        """Take what another part of the file has."""
        self.periods += other.periods
        self.left_out += other.left_out


def refused(what: str, line: int | None = None) -> FileRefused:
    """Return the error that refuses a file, with the number of the line."""
    return FileRefused(what if line is None else f"line {line}: {what}")


def check_wh(wh: float, hours: float, line: int | None = None) -> None:
    """Refuse energy that no household meter can have counted."""
    if wh < 0:
        raise refused(f"{float(wh):g} Wh is negative: a meter counts what is drawn and what is injected apart", line)
    if wh > MAX_POWER * hours:
        raise refused(
            f"{float(wh):g} Wh in {hours:g} h is more than 40 kW: no such meter counts that; is the unit right?", line
        )


def read_register(text: str) -> int:
    """Return the place of a register by our name, or by its label in frames.

    Raises:
        ConfigError: there is no such register, or imports do not keep it.

    >>> read_register("supplier_2"), read_register("HCHP"), read_register("EASF02"), read_register("EAIT")
    (2, 2, 2, 15)
    """
    number = REGISTERS.index(text) if text in REGISTERS else _LABELS.get(text, supplier_number(text))
    if number is None or number not in (TOTAL, *SUPPLIER, INJECTED):
        raise ConfigError(
            f"{text!r} is not a register that can be imported: total, supplier_1 to supplier_10, injected, or a label"
            " such as EASF01 or HCHP"
        )
    return number


def check_registers(registers: Iterable[int]) -> None:
    """Refuse registers that count the same energy.

    Raises:
        ConfigError: the total is among them, and a part of it, too.
    """
    found = set(registers)
    if TOTAL in found and found & set(SUPPLIER):
        raise ConfigError("total and supplier_* count the same energy: import one or the other")
