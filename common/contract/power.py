"""Facts about phases: which labels only a three-phase meter sends, and what an ampere is worth."""

from collections.abc import Iterable

PHASES = (1, 2, 3)
#: VA of the subscribed power for each ampere of ISOUSC and each phase: contracts count with 200 V (54E, 6.1).
VA_PER_AMPERE = 200
#: Volts of the grid, assumed where a meter sends currents only.
GRID_VOLTS = 230

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
