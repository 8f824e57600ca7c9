"""What the values of a frame, or of a meter's state, say: power, voltage, and the tariff. Pure.

Power is apparent, in VA, as meters send it; the keys of a state are documented in docs/home-assistant.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from common.contract.offers import BY_ID, COLOURS, with_calendar
from common.contract.power import PHASES, apparent_power, is_three_phase, phase_power
from common.contract.registers import supplier_name
from common.contract.tariff import HISTORIC_REGISTERS, status_bits

_WARNINGS = ("ADPS", "ADIR1", "ADIR2", "ADIR3")  # of historic mode
_REGISTER_OF_PERIOD = {
    period.rstrip("."): register for registers in HISTORIC_REGISTERS.values() for period, register in registers.items()
}
_HISTORIC_INDEXES = [frozenset(registers.values()) for registers in HISTORIC_REGISTERS.values()]


@dataclass(frozen=True, slots=True)
class Values:
    """What is measured; None: not known."""

    power: int | None = None  # VA
    injected: int | None = None  # VA
    phases: tuple[int | None, ...] | None = None  # VA of each of three phases
    volts: tuple[int, ...] | None = None  # of each phase
    warned: tuple[int, ...] | None = None  # phases of which the meter says that too much is drawn; 0: of no single one

    def after(self, previous: "Values") -> "Values":
        """Return these, completed by those before: a damaged frame lacks some, and a short one has currents only."""
        phases = self.phases
        if phases is not None and previous.phases is not None and None in phases:
            phases = tuple(new if new is not None else old for new, old in zip(phases, previous.phases, strict=True))
        return replace(
            self,
            power=previous.power if self.power is None else self.power,
            injected=previous.injected if self.injected is None else self.injected,
            phases=phases or previous.phases,
            volts=self.volts or previous.volts,
            warned=previous.warned if self.warned is None else self.warned,
        )


def read_values(values: Mapping[str, Any]) -> Values:
    """Read what is measured.

    >>> read_values({"SINSTS": 1840, "URMS1": 234})
    Values(power=1840, injected=None, phases=None, volts=(234,), warned=None)
    >>> read_values({"ADIR1": 21, "IINST1": 21, "IINST2": 1, "IINST3": 0}).power
    5060
    """
    three = is_three_phase(values)
    volts = tuple(found for phase in PHASES if (found := _number(values, f"URMS{phase}")) is not None)
    return Values(
        power=apparent_power(values),
        injected=_number(values, "SINSTI"),
        phases=tuple(phase_power(values, phase) for phase in PHASES) if three else None,
        volts=volts or None,
        warned=_warned(values),
    )


def index_total(values: Mapping[str, Any]) -> int | None:
    """Return what the meter has drawn in all, Wh; None: a frame that is short or damaged lacks a part of it.

    >>> index_total({"EAST": 5_000, "EASF01": 2_000}), index_total({"HCHC": 3, "HCHP": 4}), index_total({"HCHC": 3})
    (5000, 7, None)
    """
    if (east := _number(values, "EAST")) is not None:
        return east
    labels = next((labels for labels in _HISTORIC_INDEXES if not labels.isdisjoint(values)), ())
    found = [number for label in labels if (number := _number(values, label)) is not None]
    return sum(found) if found and len(found) == len(labels) else None


def _warned(values: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Return the phases above their limit; None: a frame that lacks STGE or PTEC is damaged, or short."""
    status = status_bits(values.get("STGE"))
    if status is not None:
        return (0,) if status >> 7 & 1 else ()
    found = tuple(phase for phase, label in enumerate(_WARNINGS) if label in values)
    return found if found or "PTEC" in values else None


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a state says of the contract and of the tariff period; None: not known."""

    offer: str | None = None  # an id of OFFERS; None: the meter names none that is known
    subscribed: int | None = None  # VA
    register: str | None = None  # that runs, as in Energy.wh
    name: str | None = None  # of the period, where historic mode has none
    colour: str | None = None  # of the Tempo day: blue, white, red
    tomorrow: str | None = None
    overload: bool = False
    highest: tuple[int, str] | None = None  # SMAXSN in VA, and when


def tariff(state: Mapping[str, Any]) -> Tariff:
    """Read the tariff from a state.

    >>> tariff({"contract": "tempo", "period": "HPJW", "tempo_tomorrow": "unknown"}).register
    'BBRHPJW'
    >>> tariff({"contract": "HC et Week-End", "period": "WE HC", "supplier_index": 3}).register
    'EASF03'
    """
    contract = _text(state, "contract") or ""
    offer = BY_ID.get(contract) or with_calendar(contract)
    number = _number(state, "supplier_index")
    register = _REGISTER_OF_PERIOD.get(_text(state, "period") or "") if offer is not None else None
    if register is None and number is not None and 1 <= number <= 10:
        register = supplier_name(number, None if offer is None else offer.id)
    highest, at = _number(state, "SMAXSN"), _text(state, "SMAXSN_at")
    return Tariff(
        offer=None if offer is None else offer.id,
        subscribed=_number(state, "subscribed_power"),
        register=register,
        name=_text(state, "period_name"),
        colour=_colour(state, "tempo_today"),
        tomorrow=_colour(state, "tempo_tomorrow"),
        overload=state.get("overload") is True,
        highest=None if highest is None or at is None else (highest, at),
    )


def _colour(state: Mapping[str, Any], key: str) -> str | None:
    colour = state.get(key)
    return colour if colour in COLOURS else None


def _number(values: Mapping[str, Any], label: str) -> int | None:
    value = values.get(label)
    return value if type(value) is int and abs(value) < 2**31 else None


def _text(values: Mapping[str, Any], label: str) -> str | None:
    value = values.get(label)
    return value[:64] if isinstance(value, str) else None
