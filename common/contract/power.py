"""The power that a frame or a state shows, in VA, of all phases and of each; what tells a three-phase meter. Pure.

Reader and monitor derive it here, the monitor's SQL takes the same limit of a phase. What comes over MQTT may not be
ours: a value that is no number of a sensible size counts as absent.
"""

from collections.abc import Iterable, Mapping
from typing import Any

PHASES = (1, 2, 3)
#: VA of the subscribed power for each ampere of ISOUSC and each phase: contracts count with 200 V (54E, 6.1).
VA_PER_AMPERE = 200
#: Volts of the grid, assumed where a meter sends currents only.
GRID_VOLTS = 230
#: The labels of the apparent power of all phases; the Linkys of the pilot call it SINST1.
APPARENT_POWER = ("SINSTS", "SINST1", "PAPP")

_LARGEST = 2**31 - 1
# A phase draws no more than volts * amperes; a current is rounded to 1 A.
_TOLERANCE, _ROUNDING = 1.1, 2

_THREE_PHASE_LABELS = frozenset(
    [
        # historic mode
        *(f"{name}{phase}" for name in ("ADIR", "IINST", "IMAX") for phase in PHASES),
        "PPOT",
        # standard mode: IRMS1, URMS1 and UMOY1 are sent by single-phase meters, too
        *(f"{name}{phase}" for name in ("IRMS", "URMS", "UMOY") for phase in (2, 3)),
        *(f"{name}{phase}" for name in ("SINSTS", "SMAXSN") for phase in PHASES),
        *(f"SMAXSN{phase}-1" for phase in PHASES),
    ]
)


def is_three_phase(labels: Iterable[str]) -> bool:
    """Return whether labels of one meter, or keys of its state, are those of a three-phase meter.

    >>> is_three_phase(["ADSC", "IRMS1"]), is_three_phase(["ADSC", "IRMS1", "IRMS2"])
    (False, True)
    """
    return not _THREE_PHASE_LABELS.isdisjoint(labels)


def apparent_power(values: Mapping[str, Any], *, by_current: bool = False) -> int | None:
    """Return the power drawn on all phases; from the currents where a meter sends nothing else.

    Args:
        values: of a frame, or the last ones of a meter.
        by_current: the power among the values is older than the currents, as after an overload frame.

    >>> apparent_power({"SINSTS": 1840, "IRMS1": 8}), apparent_power({"IINST1": 21, "IINST2": 1, "IINST3": 0})
    (1840, 5060)
    """
    currents = historic_currents(values)
    if currents and by_current:
        return sum(currents) * GRID_VOLTS
    for label in APPARENT_POWER:
        if (power := _number(values, label)) is not None:
            return power
    return sum(currents) * GRID_VOLTS if currents else None


def historic_currents(values: Mapping[str, Any]) -> list[int]:
    """Return the currents of historic mode, in A: one of each phase that has a value."""
    labels = ("IINST", *(f"IINST{phase}" for phase in PHASES))
    return [amperes for label in labels if (amperes := _number(values, label)) is not None]


def phase_power(values: Mapping[str, Any], phase: int) -> int | None:
    """Return the power drawn on one of three phases; None where the meter sends none, or an impossible one.

    The first three-phase Linkys send wrong values for single phases, such as 48370 VA.

    >>> phase_power({"SINSTS1": 1840}, 1), phase_power({"SINSTS1": 48370, "URMS1": 230, "IRMS1": 3}, 1)
    (1840, None)
    """
    apparent = _number(values, f"SINSTS{phase}")
    if apparent is None:
        amperes = _number(values, f"IINST{phase}")
        return None if amperes is None else amperes * GRID_VOLTS
    volts, amperes = _number(values, f"URMS{phase}"), _number(values, f"IRMS{phase}")
    possible = volts is None or amperes is None or apparent <= highest_phase_power(volts, amperes)
    return apparent if possible else None


def highest_phase_power(volts: int, amperes: int) -> float:
    """Return the most that a phase can draw."""
    return _TOLERANCE * volts * (amperes + _ROUNDING)


def highest_phase_power_sql(volts: str, amperes: str) -> str:
    """Return the same as an expression of SQL, of two columns.

    >>> highest_phase_power_sql("voltage_1_max", "current_1_max")
    '1.1 * voltage_1_max * (current_1_max + 2)'
    """
    return f"{_TOLERANCE} * {volts} * ({amperes} + {_ROUNDING})"


def _number(values: Mapping[str, Any], label: str) -> int | None:
    value = values.get(label)
    return value if type(value) is int and abs(value) <= _LARGEST else None
